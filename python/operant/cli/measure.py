"""Measurements of steps per second of Operant and of other libraries, for `operant bench` and `bench/`."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle, islice
from statistics import median
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
from gymnasium.vector.utils import batch_space

from operant import envs
from operant._extras import require
from operant.registration import REGISTRATIONS

_WARM_UP_STEPS = 500
# A policy has just computed its actions, so they come from the cache. Few arrays of actions stay there too: 512 KiB
# for 4096 envs.
_ACTION_ARRAYS = 16
# With more than 262,144 envs, the arrays overlap, so that they fit into memory.
_MOST_EXTRA_ACTIONS = 1 << 22
# SyncVectorEnv steps one env after the other: its rate does not grow with their number, and 65,536 take a second.
_LARGEST_SYNC = 4096


class NotMeasuredError(ValueError):
    """The contender cannot be measured with this environment and `num_envs`; the message says why."""


class Contender(NamedTuple):
    """A vector environment in a comparison."""

    name: str
    made_by: str
    workers: int
    make: Callable[[], Any]  # EnvPool's class is not a subclass of Gymnasium's, but has the same methods


def contenders(
    library: str, environment: str, num_envs: int, workers: Sequence[int] = (1,), dtype: str = "float32"
) -> list[Contender]:
    """List the contenders of `operant`, `envpool`, `gymnasium` or `gymnasium-sync`.

    The first two have one for each number of workers. The environment is a name or an id: `CartPole`, `CartPole-v0`.
    """
    make_ours, env_id = _environment(environment)
    if library == "operant":
        name, argument, make = "Operant, {} worker", "workers", partial(make_ours, num_envs, dtype=dtype)
    elif library == "envpool":
        try:
            require("envpool")
        except ModuleNotFoundError as missing:
            raise NotMeasuredError(str(missing)) from missing
        import envpool

        known = env_id.replace("Taxi-v4", "Taxi-v3")  # EnvPool's name of it
        make = partial(envpool.make, known, env_type="gymnasium", num_envs=num_envs, seed=0)
        name, argument = "EnvPool, {} thread", "num_threads"
    else:
        mode, kind = "sync", "SyncVectorEnv"
        try:
            spec = gym.spec(env_id)
        except gym.error.Error as missing:
            raise NotMeasuredError(f"this version of Gymnasium does not have the environment: {missing}") from None
        if library == "gymnasium":
            entry_point = spec.vector_entry_point
            if entry_point is None:
                raise NotMeasuredError("Gymnasium has no numpy version of the environment")
            mode, kind = "vector_entry_point", f"{str(entry_point).rpartition(':')[2]} (numpy)"
        elif num_envs > _LARGEST_SYNC:
            raise NotMeasuredError(f"SyncVectorEnv is measured up to {_LARGEST_SYNC} envs: more are not faster")
        make = partial(gym.make_vec, env_id, num_envs, vectorization_mode=mode)
        return [Contender(f"Gymnasium {kind}", library, 1, make)]
    return [Contender(name.format(n) + "s" * (n > 1), library, n, partial(make, **{argument: n})) for n in workers]


def _environment(name: str) -> tuple[Callable[..., Any], str]:
    """Return a function that makes Operant's environment of a name or id, and Gymnasium's id of it."""
    for registration in REGISTRATIONS:
        if registration.id == f"operant/{name}":
            limit = -1 if registration.max_episode_steps is None else registration.max_episode_steps
            env_class = getattr(envs, registration.vector_env)
            return partial(env_class, max_episode_steps=limit, **dict(registration.kwargs)), name
    env_class = getattr(envs, f"{name}VecEnv")
    return env_class, env_class.gymnasium_id


class Stepper:
    """A vector environment in the middle of its episodes, with random actions drawn in advance."""

    def __init__(
        self, make: Callable[[], Any], num_envs: int, seconds: float, action_dtype: Any = None, *, least_steps: int = 0
    ) -> None:
        """Make the environment and step 500 times, or for about `seconds`, so that episodes get out of phase.

        Where early steps of an episode take less time, `least_steps` makes slow contenders get out of phase, too.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings of other libraries do not concern the benchmark
            self.env, self.num_envs = make(), num_envs
            self.env.reset(seed=0)
        extra = max(16 * _ACTION_ARRAYS, min(num_envs * (_ACTION_ARRAYS - 1), _MOST_EXTRA_ACTIONS))
        space = batch_space(self.env.single_action_space, num_envs + extra)
        space.seed(0)
        actions = np.asarray(space.sample(), action_dtype)
        starts = np.linspace(0, extra, _ACTION_ARRAYS).astype(int) // 16 * 16  # whole cache lines
        self._actions = cycle([actions[start : start + num_envs] for start in starts])
        steps, elapsed = 0, 0.0
        while steps < least_steps or (steps < _WARM_UP_STEPS and elapsed < seconds):
            elapsed += self.time(10)
            steps += 10
        self._calls = max(1, round(seconds * steps / elapsed))

    def time(self, calls: int) -> float:
        """Return the seconds that `calls` steps take. The last step's arrays are held, as in a training loop."""
        env, result = self.env, None
        start = time.perf_counter()
        for action in islice(self._actions, calls):
            result = env.step(action)
        elapsed = time.perf_counter() - start
        del result
        return elapsed

    def rate(self) -> float:
        """Measure for about the `seconds` of the constructor; return the steps per second of all envs together."""
        return self.num_envs * self._calls / self.time(self._calls)


def in_turn(
    measures: Sequence[Callable[[], float]], rounds: int, *, keep_interrupted: bool = False
) -> list[list[float]]:
    """Call each of `measures` in every round, so that a slower machine slows all of them; return their results.

    With `keep_interrupted`, Ctrl-C ends the measurement after at least one round, with the results of whole rounds.
    """
    by_round: list[list[float]] = []
    try:
        for _ in range(rounds):
            by_round.append([measure() for measure in measures])
    except KeyboardInterrupt:
        if not (keep_interrupted and by_round):
            raise
    return [list(values) for values in zip(*by_round, strict=True)]


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """Divide round by round: a disturbance that lasts a round slows both, and hardly changes the ratio."""
    return [numerator / denominator for numerator, denominator in zip(numerators, denominators, strict=True)]


def spread(values: Sequence[float]) -> str:
    """Format the median, the lowest and the highest value: `12.3 (11.9 - 12.8)`."""
    middle = median(values)
    digits = 0 if middle >= 100 else 1 if middle >= 10 else 2 if middle >= 1 else 3
    return f"{middle:.{digits}f} ({min(values):.{digits}f} - {max(values):.{digits}f})"
