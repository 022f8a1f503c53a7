"""Many steps in one call. Pickles name this module."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
from gymnasium.spaces import Box

from operant import _core
from operant._checks import positive_integer, shown
from operant._extras import require
from operant.envs import arguments
from operant.envs._infos import stacked
from operant.envs.spaces import arranged

if TYPE_CHECKING:
    from operant.envs.vector_env import SimdVectorEnv

#: The observations of all steps of all envs: an array, or a tuple or a dict of arrays.
Observations = TypeVar("Observations")
#: A function that takes the number of completed steps or episodes, and the number of all of them.
Progress = Callable[[int, int], object]
#: A function of the observations that returns actions, or a compiled policy.
Policy = Callable[[Any], Any] | _core.NativePolicy

#: The names that `record` takes in every rollout, and those that need a network that draws its actions, or a critic.
RECORDS = ("observations", "actions", "rewards", "terminations", "truncations", "infos", "returns")
OPTIONAL = ("log_probs", "values")
MOST = 2**31 - 1


@dataclass(eq=False, repr=False)
class Rollout(Generic[Observations]):
    """The stacked results of many steps: `array[t]` is the result of step t. An attribute that is not recorded is None.

    Attributes:
        observations: As `reset` returns them, with a leading time axis: shape `(steps, num_envs, d)`, float32, for
            vectors; `(steps, num_envs)`, int64, for discrete observations; a tuple or a dict of arrays.
        actions: Shape `(steps, num_envs)` or `(steps, num_envs, k)`: the actions that a policy chose, or those that
            were given, which are not copied if they need no conversion. For a `Tuple` or a `Dict`, a tuple or a dict of
            such arrays.
        rewards: Shape `(steps, num_envs)`, float32.
        terminations: Shape `(steps, num_envs)`, bool.
        truncations: Shape `(steps, num_envs)`, bool.
        infos: The infos of `step`, as arrays with a leading time axis. Every key that a step can report is present.
            Masks mark the valid entries: `infos["final_obs"]`, of the same shape as the observations, is valid where
            `infos["_final_obs"]` is True, and `infos["episode"]` where `infos["_episode"]` is True.
        returns: Shape `(num_envs,)`, float64: the sum of each env's rewards.
        log_probs: Shape `(steps, num_envs)`, float32: the logarithms of the probabilities of `actions`; of continuous
            actions, of their density before they are clipped.
        values: Shape `(steps, num_envs)`, float32: the critic's values of `observations`.
    """

    observations: Observations | None = None
    actions: Any = None
    rewards: npt.NDArray[np.float32] | None = None
    terminations: npt.NDArray[np.bool_] | None = None
    truncations: npt.NDArray[np.bool_] | None = None
    infos: dict[str, Any] | None = None
    returns: npt.NDArray[np.float64] | None = None
    log_probs: npt.NDArray[np.float32] | None = None
    values: npt.NDArray[np.float32] | None = None
    _recorded: frozenset[str] = field(default=frozenset(), kw_only=True)
    _arrays: list[Any] = field(default_factory=list, kw_only=True)  # an array or None for each output of a step
    _chosen: npt.NDArray[Any] | None = field(default=None, kw_only=True)  # the actions, unless the caller gave them

    def __repr__(self) -> str:
        records = (
            f"{name}={_outline(getattr(self, name))}" for name in (*RECORDS, *OPTIONAL) if name in self._recorded
        )
        return f"Rollout({', '.join(records)})"


def _outline(value: Any) -> str:
    """Return dtype and shape of an array, `float32[100, 4096, 4]`, or those of the arrays in a tuple or a dict."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{list(value.shape)}"
    if isinstance(value, tuple):
        return f"({', '.join(map(_outline, value))})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name!r}: {_outline(part)}' for name, part in value.items())}}}"
    return repr(value)


class ProgressReporter:
    """Passes the progress to the caller's function, at most ten times a second."""

    def __init__(self, callback: Progress | None, total: int) -> None:
        self._callback, self._total, self._next = callback, total, time.monotonic() + 0.1

    def __call__(self, done: int) -> None:
        if self._callback is not None and (done == self._total or time.monotonic() >= self._next):
            self._callback(done, self._total)
            self._next = time.monotonic() + 0.1


def rollout(
    env: SimdVectorEnv[Any], source: Any, steps: Any, critic: Any, record: Any, out: Any, progress: Any
) -> Rollout[Any]:
    """See `SimdVectorEnv.rollout`."""
    if env._is_replaced("step"):
        raise NotImplementedError(
            f"rollout: expected an environment with Operant's own step, got a {type(env).__name__} whose step was "
            "replaced and would not be called: call step in a loop"
        )
    policy = compiled(source)
    given = None
    if policy is None and not callable(source):
        given = _many_actions(env, source)
        if steps is not None and positive_integer("steps", steps) != len(given):
            raise ValueError(f"steps: expected None or {len(given)}, the number of given actions, got {shown(steps)}")
        steps = len(given)
    steps = positive_integer("steps", steps, MOST)
    check_progress(progress)
    values = None if critic is None else _as_critic(critic)
    recorded = _recorded(record, critic) if out is None else _records_in(out, record)
    if "log_probs" in recorded and not isinstance(policy, _core.NetworkPolicy):
        raise ValueError("record: expected no log_probs, as they need a Linear or MLP that draws its actions")
    if ("values" in recorded) != (critic is not None):
        wrong = "expected None, as no values are" if critic is not None else "expected a network, as values are"
        raise ValueError(f"critic: {wrong} recorded")
    result = _new(env, steps, recorded) if out is None else _checked_out(env, steps, out, given)
    with shown_progress(progress, "steps") as report:
        if env._renderer is not None or (given is None and policy is None):
            _run_step_by_step(env, source if given is None else iter(given), policy, steps, result, values, report)
        else:
            if given is None:
                _make_room_for_actions(result, *_chosen_actions(env, steps))
            chosen = result._chosen if given is None and "actions" in result._recorded else None
            flat: Any = policy if given is None else given.reshape(-1, *given.shape[2:])
            others = (result.returns, result.log_probs, result.values)
            env._core.rollout(flat, steps, result._arrays, chosen, *others, values, report)
    _set_attributes(env, result, given)
    return result


def compiled(policy: Any) -> _core.NativePolicy | None:
    """Return the core's policy, which runs without Python; None if the policy needs Python."""
    bound = getattr(policy, "_core", policy)
    return bound if isinstance(bound, _core.NativePolicy) and not getattr(policy, "_acts_in_python", False) else None


def _many_actions(env: SimdVectorEnv[Any], actions: Any) -> npt.NDArray[Any]:
    """Return the actions of many steps in the form that the core takes."""
    if env._action_parts is not None:
        return env._action_parts.pack_many(actions, env.num_envs)
    return arguments.many_actions(actions, env.single_action_space, env.num_envs)


def _chosen_actions(env: SimdVectorEnv[Any], steps: int) -> tuple[tuple[int, ...], npt.DTypeLike]:
    """Return shape and dtype of the actions that a compiled policy chooses, in the form that the core takes."""
    if env._action_parts is not None:
        return (steps, env.num_envs, env._action_parts.size), np.float32
    space = env.single_action_space
    return (steps, env.num_envs, *(space.shape or ())), np.float32 if isinstance(space, Box) else np.int32


def check_progress(progress: Any) -> None:
    if progress is True:
        require("tqdm")
    elif progress is not None and progress is not False and not callable(progress):
        raise TypeError(f"progress: expected None, True or a function of two numbers, got {shown(progress)}")


@contextmanager
def shown_progress(progress: Progress | bool | None, unit: str) -> Iterator[Progress | None]:
    """Yield the function to call with the progress; for True, a function that moves a progress bar."""
    if progress is not True:
        yield progress or None
        return
    from tqdm.auto import tqdm

    with tqdm(unit=f" {unit}", unit_scale=True) as bar:

        def move(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield move


def _as_critic(critic: Any) -> _core.NetworkPolicy:
    """Return the critic's network in the core."""
    bound = getattr(critic, "_core", None)
    if not isinstance(bound, _core.NetworkPolicy):
        raise TypeError(f"critic: expected None, a Linear or an MLP, got {shown(critic)}")
    return bound


def _recorded(record: Any, critic: Any = None) -> frozenset[str]:
    names = [record] if isinstance(record, str) else record
    if record is None:
        names = RECORDS if critic is None else (*RECORDS, "values")
    try:
        chosen = frozenset(names)
    except TypeError:
        raise TypeError(f"record: expected names, got {shown(record)}") from None
    for name in chosen:
        if name not in (*RECORDS, *OPTIONAL):
            raise ValueError(f"record: expected some of {', '.join((*RECORDS, *OPTIONAL))}, got {shown(name)}")
    return chosen


def _arrays_of(env: SimdVectorEnv[Any], steps: int) -> Iterator[tuple[str, tuple[int, ...], npt.DTypeLike]]:
    """Yield record, shape and dtype of each array: those of a step in the core's order, then the others."""
    of_role = {role: f"{role}s" for role in ("observation", "reward", "termination", "truncation")}
    for role, _, dtype, shape in env._outputs:
        yield of_role.get(role, "infos"), (steps, env.num_envs, *shape), dtype
    yield "returns", (env.num_envs,), np.float64
    yield "log_probs", (steps, env.num_envs), np.float32
    yield "values", (steps, env.num_envs), np.float32


def _new(env: SimdVectorEnv[Any], steps: int, recorded: frozenset[str]) -> Rollout[Any]:
    """Make a rollout with arrays for the records."""
    result: Rollout[Any] = Rollout(_recorded=recorded)
    try:
        *result._arrays, result.returns, result.log_probs, result.values = (
            np.empty(shape, dtype) if name in result._recorded else None
            for name, shape, dtype in _arrays_of(env, steps)
        )
    except (MemoryError, ValueError):
        raise MemoryError(f"steps: expected as many as memory can hold, got {steps}") from None
    return result


def _records_in(out: Any, record: Any) -> frozenset[str]:
    """Return the names that the rollout `out` of an earlier call has."""
    if not isinstance(out, Rollout):
        raise TypeError(f"out: expected None or the result of an earlier call, got {shown(out)}")
    if record is not None and _recorded(record) != out._recorded:
        raise ValueError(f"out: expected {', '.join(sorted(_recorded(record)))}, the names in record, got {out}")
    return out._recorded


def _checked_out(env: SimdVectorEnv[Any], steps: int, out: Rollout[Any], given: Any) -> Rollout[Any]:
    """Return the rollout `out` of an earlier call; raise ValueError if its arrays do not fit this call."""
    wanted = list(_arrays_of(env, steps))
    if len(out._arrays) != len(wanted) - 3:
        raise ValueError("out: expected a rollout of this environment and autoreset mode, got one with other arrays")
    others = (out.returns, out.log_probs, out.values)
    for (name, shape, dtype), array in zip(wanted, [*out._arrays, *others], strict=True):
        if name not in out._recorded:
            continue
        if not isinstance(array, np.ndarray) or (array.shape, array.dtype) != (shape, dtype):
            got = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else shown(array)
            raise ValueError(f"out.{name}: expected an array {np.dtype(dtype)} {shape}, got {got}")
        if not array.flags.carray:
            raise ValueError(f"out.{name}: expected an array that is contiguous, aligned and can be written to")
        if given is not None and np.may_share_memory(given, array):
            raise ValueError(f"actions: expected an array that shares no memory with out.{name}, which is overwritten")
    return out


def _make_room_for_actions(result: Rollout[Any], shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
    former = result._chosen
    if "actions" in result._recorded and not (
        former is not None and (former.shape, former.dtype) == (shape, dtype) and former.flags.carray
    ):
        result._chosen = np.empty(shape, dtype)


def _set_attributes(env: SimdVectorEnv[Any], result: Rollout[Any], given: npt.NDArray[Any] | None) -> None:
    """Set the attributes of the rollout from its arrays."""
    first = len(env._environment.leaves)  # after those of the observations
    result.rewards, result.terminations, result.truncations = result._arrays[first : first + 3]
    is_recorded = "observations" in result._recorded
    result.observations = arranged(env._observation_tree, result._arrays) if is_recorded else None
    result.actions = (result._chosen if given is None else given) if "actions" in result._recorded else None
    if env._action_parts is not None and result.actions is not None:
        # Policies choose int32, as for spaces of one part.
        result.actions = env._action_parts.unpack(result.actions, np.int32 if given is None else np.int64)
    result.infos = stacked(env._outputs, result._arrays, env._observation_tree) if "infos" in result._recorded else None


def _run_step_by_step(
    env: SimdVectorEnv[Any],
    source: Any,
    policy: _core.NativePolicy | None,
    steps: int,
    result: Rollout[Any],
    critic: _core.NetworkPolicy | None,
    progress: Progress | None,
) -> None:
    """Step with given actions, with a function in Python or, if every step is drawn, with a compiled policy."""
    returns, rewards = np.zeros(env.num_envs), np.empty(env.num_envs)
    tell = ProgressReporter(progress, steps)
    given = policy is None and not callable(source)
    flags = [i for i, (role, _, _, _) in enumerate(env._outputs) if role in ("termination", "truncation")]
    done = 0

    def row(array: npt.NDArray[Any] | None) -> npt.NDArray[Any] | None:
        return None if array is None else array[done : done + 1]

    try:
        while done < steps:
            arrays: list[Any] = [row(array) for array in result._arrays]
            if env._renderer is not None:  # it needs the flags
                for i in flags:
                    arrays[i] = np.empty((1, env.num_envs), np.bool_) if arrays[i] is None else arrays[i]
            chosen = None
            if policy is not None:
                chosen = np.empty(*_chosen_actions(env, 1))
                actions = chosen[0]
            else:
                wanted = next(source) if given else source(env._core.observe())
                actions = env._fitting((env._as_actions or arguments.as_actions)(wanted))
            others = (row(result.log_probs), row(result.values), critic, None)
            env._core.rollout(actions if policy is None else policy, 1, arrays, chosen, rewards, *others)
            if env._renderer is not None:
                env._renderer.after_step(actions, np.logical_or(*(arrays[i][0] for i in flags)))
            _add(rewards, returns)
            done += 1
            if not given and "actions" in result._recorded:
                _keep_actions(result, steps, done - 1, actions)
            tell(done)
    except BaseException as stopped:
        stopped.steps = done  # type: ignore[attr-defined]
        raise
    if result.returns is not None:
        result.returns[...] = returns


@arguments.ignoring_float_errors  # the sum of the rewards may overflow
def _add(rewards: npt.NDArray[np.float64], returns: npt.NDArray[np.float64]) -> None:
    returns += rewards


def _keep_actions(result: Rollout[Any], steps: int, t: int, actions: npt.NDArray[Any]) -> None:
    if t == 0:
        _make_room_for_actions(result, (steps, *actions.shape), actions.dtype)
    assert result._chosen is not None
    if result._chosen.dtype != actions.dtype:
        result._chosen = result._chosen.astype(np.result_type(result._chosen, actions))
    result._chosen[t] = actions
