"""How long steps take: warm up, choose how many calls to time, then measure everyone in turn."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

_WARM_UP_STEPS = 500
# So few that they stay in the second-level cache, as what a policy has just computed would be: 512 KiB at 4096 copies.
_ACTION_ARRAYS = 16
_MOST_EXTRA_ACTIONS = 1 << 22


def draw_actions(env: gym.vector.VectorEnv, num_envs: int, dtype: npt.DTypeLike | None = None) -> list[np.ndarray]:
    """Random actions for many steps, drawn beforehand: 16 arrays.

    Args:
        env: Has `single_action_space`, discrete or one number.
        num_envs: How many actions an array has.
        dtype: Of the arrays; by default what the space samples, int64 or float32.

    Returns:
        Arrays of shape `(num_envs,)`, or `(num_envs, 1)` for a continuous action, that do not overlap. With more than
        262,144 copies they are windows of one array that do, so that they fit into memory.
    """
    space = env.single_action_space
    extra = max(16 * _ACTION_ARRAYS, min(num_envs * (_ACTION_ARRAYS - 1), _MOST_EXTRA_ACTIONS))
    rng = np.random.default_rng(0)
    if isinstance(space, spaces.Discrete):
        drawn = rng.integers(int(space.n), size=num_envs + extra).astype(dtype or np.int64)
    else:
        assert isinstance(space, spaces.Box)
        drawn = rng.uniform(space.low, space.high, (num_envs + extra, 1)).astype(dtype or np.float32)
    starts = np.linspace(0, extra, _ACTION_ARRAYS).astype(int) // 16 * 16  # whole cache lines, as arrays of one's own
    return [drawn[start : start + num_envs] for start in starts]


class Stepper:
    """An environment in the middle of its episodes, with a supply of actions."""

    def __init__(self, env: gym.vector.VectorEnv, num_envs: int, action_dtype: npt.DTypeLike | None = None) -> None:
        """Take over an environment that has been made, and reset it."""
        self.env = env
        self.num_envs = num_envs
        self.actions: Iterator[np.ndarray] = cycle(draw_actions(env, num_envs, action_dtype))
        self._calls = 1
        env.reset(seed=0)

    def warm_up(self, seconds: float) -> None:
        """Step until episodes are out of phase, for 500 steps or about `seconds`, and see how long a step takes."""
        at_once = 10 if self.time(1) * 10 < seconds else 1
        steps, elapsed = 0, 0.0
        while steps < _WARM_UP_STEPS and elapsed < seconds:
            elapsed += self.time(at_once)
            steps += at_once
        self._calls = max(1, round(seconds * steps / elapsed))

    def time(self, calls: int) -> float:
        """Seconds that `calls` steps take, with the last step's arrays still held, as in a training loop."""
        env, result = self.env, None
        start = time.perf_counter()
        for action in islice(self.actions, calls):
            result = env.step(action)
        elapsed = time.perf_counter() - start
        del result
        return elapsed

    def seconds_per_call(self) -> float:
        """Measure once, for about the `seconds` of the warm-up."""
        return self.time(self._calls) / self._calls

    @property
    def calls(self) -> int:
        """How many steps one measurement is."""
        return self._calls

    def rate(self) -> float:
        """Measure once: steps per second, all copies together."""
        return self.num_envs / self.seconds_per_call()


def make_stepper(
    make: Callable[[], gym.vector.VectorEnv], num_envs: int, seconds: float, action_dtype: npt.DTypeLike | None = None
) -> Stepper:
    """Make an environment and warm it up; what its library warns of meanwhile is not a benchmark's business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stepper = Stepper(make(), num_envs, action_dtype)
    stepper.warm_up(seconds)
    return stepper


def in_turn(
    measures: Sequence[Callable[[], float]], rounds: int, announce: Callable[[int], None] = lambda index: None
) -> list[list[float]]:
    """Call each of `measures` once a round, and return what each gave in every round.

    So all of them meet the same weather: a machine that becomes slower does so for everyone, and ratios hold.
    """
    results: list[list[float]] = [[] for _ in measures]
    for _ in range(rounds):
        for index, measure in enumerate(measures):
            announce(index)
            results[index].append(measure())
    return results
