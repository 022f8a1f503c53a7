"""Whole episodes in one call. Pickles name this module."""

from __future__ import annotations

import copy
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from gymnasium import error
from gymnasium.vector import AutoresetMode

from operant._checks import positive_integer, shown
from operant.envs import _rollout

if TYPE_CHECKING:
    from operant.envs.vector_env import SimdVectorEnv


class Evaluation(NamedTuple):
    """The results of whole episodes.

    Attributes:
        returns: Shape `(episodes, num_envs)`, float64: the sums of the rewards.
        lengths: Shape `(episodes, num_envs)`, int64: the numbers of steps.
    """

    returns: npt.NDArray[np.float64]
    lengths: npt.NDArray[np.int64]


def evaluate(env: SimdVectorEnv[Any], source: Any, episodes: Any, seed: Any, progress: Any) -> Evaluation:
    """See `SimdVectorEnv.evaluate`."""
    policy = _rollout.compiled(source)
    if policy is None and not callable(source):
        raise TypeError(f"policy: expected a policy or a function of the observations, got {shown(source)}")
    episodes = positive_integer("episodes", episodes, _rollout.MOST)
    _rollout.check_progress(progress)
    if env.closed:
        raise error.ClosedEnvironmentError("this environment has been closed")
    try:
        shape = (episodes, env.num_envs)
        evaluation = Evaluation(np.empty(shape), np.empty(shape, np.int64))
    except (MemoryError, ValueError):
        raise MemoryError(f"episodes: expected as many as memory can hold, got {episodes}") from None
    with _rollout.shown_progress(progress, "episodes") as report:
        _evaluate(env, source, policy, seed, evaluation, report)
    return evaluation


def _evaluate(
    env: SimdVectorEnv[Any], source: Any, policy: Any, seed: Any, evaluation: Evaluation, progress: Any
) -> None:
    tell = _rollout.ProgressReporter(progress, evaluation.lengths.size)
    if env._is_replaced("step") or env._is_replaced("reset"):
        _evaluate_with_replaced_methods(env, source, seed, evaluation, tell)
        return
    fresh = fresh_env(env, AutoresetMode.SAME_STEP, record_episode_statistics=policy is None)
    with closing(fresh._core):  # the `close` of a subclass may need attributes that this environment lacks
        observations, _ = fresh.reset(seed=seed)
        if policy is not None:
            fresh._core.evaluate(policy, len(evaluation.returns), *evaluation, progress)
        else:
            _evaluate_step_by_step(fresh, source, observations, evaluation, tell)


def fresh_env(
    env: SimdVectorEnv[Any], autoreset_mode: AutoresetMode, num_envs: int | None = None, **arguments: Any
) -> Any:
    """Make an environment of the same class with the same parameters, without the attributes that users have added.

    With `num_envs`, the environment has this number of envs, with the parameters of the first ones.
    """
    first = {
        name: value[:num_envs] if isinstance(value, np.ndarray) else value for name, value in env.parameters.items()
    }
    return env._constructed(
        num_envs=env.num_envs if num_envs is None else num_envs,
        workers=env.workers,
        max_episode_steps=env.max_episode_steps,
        autoreset_mode=autoreset_mode,
        dtype=env.dtype,
        **arguments,
        **first,
    )


def _evaluate_step_by_step(
    env: SimdVectorEnv[Any], choose: Any, observations: Any, evaluation: Evaluation, tell: _rollout.ProgressReporter
) -> None:
    episodes = len(evaluation.returns)
    played = np.zeros(env.num_envs, np.int64)
    while (played < episodes).any():
        observations, _, _, _, infos = env.step(choose(observations))
        if "episode" in infos:
            ended = np.flatnonzero(infos["_episode"] & (played < episodes))
            evaluation.returns[played[ended], ended] = infos["episode"]["r"][ended]
            evaluation.lengths[played[ended], ended] = infos["episode"]["l"][ended]
            played[ended] += 1
        tell(int(played.sum()))


def _evaluate_with_replaced_methods(
    env: Any, choose: Any, seed: Any, evaluation: Evaluation, tell: _rollout.ProgressReporter
) -> None:
    """Evaluate an environment whose `step` or `reset` has been replaced, by calling these methods.

    The new environment keeps the autoreset mode and the attributes, on which the methods may rely.
    """
    name = type(env).__name__
    for method in ("reset", "step"):
        bound = getattr(env, method)
        if getattr(bound, "__func__", bound) is not getattr(type(env), method):
            raise NotImplementedError(
                f"evaluate: expected {method} to be defined in a class, got a {name} object on which it was replaced; "
                "the new envs would lack it"
            )
    if not callable(choose):
        raise NotImplementedError(
            f"evaluate: expected a policy that Python can call, as {name} has its own step or reset, got "
            f"{shown(choose)}"
        )
    episodes = len(evaluation.returns)
    fresh = fresh_env(env, env.autoreset_mode, record_episode_statistics=env.record_episode_statistics)
    fresh.__setstate__(copy.deepcopy(env.__getstate__(), {id(env): fresh}))
    with closing(fresh):
        observations, _ = fresh.reset(seed=seed)
        returns, lengths = np.zeros(env.num_envs), np.zeros(env.num_envs, np.int64)
        played, starts_anew = np.zeros(env.num_envs, np.int64), np.zeros(env.num_envs, np.bool_)
        while (played < episodes).any():
            observations, rewards, terminations, truncations, _ = fresh.step(choose(observations))
            returns += np.where(starts_anew, 0, rewards)
            lengths += ~starts_anew
            ends = (terminations | truncations) & ~starts_anew
            counting = np.flatnonzero(ends & (played < episodes))
            evaluation.returns[played[counting], counting] = returns[counting]
            evaluation.lengths[played[counting], counting] = lengths[counting]
            played[counting] += 1
            returns[ends] = lengths[ends] = 0
            starts_anew = ends & (env.autoreset_mode is AutoresetMode.NEXT_STEP)
            if env.autoreset_mode is AutoresetMode.DISABLED and ends.any():
                observations, _ = fresh.reset(options={"reset_mask": ends})
            tell(int(played.sum()))
