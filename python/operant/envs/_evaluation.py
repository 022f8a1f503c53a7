"""Whole episodes in one call."""

from __future__ import annotations

from contextlib import closing
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from gymnasium import error
from gymnasium.vector import AutoresetMode

from operant._checks import positive_integer, shown
from operant.envs import _rollout
from operant.envs._parametrised import Parametrised


class Evaluation(NamedTuple):
    """What whole episodes came to.

    Attributes:
        returns: Shape `(episodes, num_envs)`, float64: sums of rewards.
        lengths: Shape `(episodes, num_envs)`, int64: numbers of steps.
    """

    returns: npt.NDArray[np.float64]
    lengths: npt.NDArray[np.int64]


def evaluate(env: Parametrised, source: Any, episodes: Any, seed: Any, progress: Any) -> Evaluation:
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
    env_class: Any = type(env)
    fresh = env_class(
        env.num_envs,
        env.workers,
        max_episode_steps=env.max_episode_steps,
        autoreset_mode=AutoresetMode.SAME_STEP,
        dtype=env.dtype,
        record_episode_statistics=policy is None,
        **env.parameters,
    )
    with closing(fresh):
        observations, _ = fresh.reset(seed=seed)
        if policy is not None:
            fresh._core.evaluate(policy, episodes, *evaluation, progress)
        else:
            tell = _rollout.Telling(progress, evaluation.lengths.size)
            _evaluate_step_by_step(fresh, source, observations, evaluation, tell)
    return evaluation


def _evaluate_step_by_step(
    env: Parametrised, choose: Any, observations: Any, evaluation: Evaluation, tell: _rollout.Telling
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
