"""Plays given actions in an environment, and names the results of each step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector import AutoresetMode

from operant.envs import SimdVectorEnv
from operant.envs.spaces import leaves_in

#: The results of a reset or a step, by name. Each array has one element per env.
Results = dict[str, npt.NDArray[Any]]

_HOLD = 16  # steps for which every other env repeats an action


@dataclass
class Play:
    """One run of an environment with given actions."""

    env: SimdVectorEnv[Any]
    keywords: dict[str, Any]
    seed: int
    actions: npt.NDArray[Any]
    step: int = 0  # the number of steps made, including the one that raised an exception
    options: dict[str, float] | None = None  # of the reset
    state: npt.NDArray[np.float64] | None = None  # before the last step
    _results: Results = field(default_factory=dict, init=False)

    def results(self) -> Iterator[Results]:
        """Reset the environment unless it has made steps, make the other steps, and yield the results of each call."""
        if self.step == 0:
            yield self._returned(self.env.reset(seed=self.seed, options=self.options))
        for actions in self.actions[self.step :]:
            self.step, self.state = self.step + 1, self._results.get("state")
            result = self.env.step(actions)
            yield self._returned(result)
            ended = result[2] | result[3]
            if self.env.autoreset_mode is AutoresetMode.DISABLED and ended.any():
                yield self._returned(self.env.reset(options={"reset_mask": ended}))

    def _returned(self, result: tuple[Any, ...]) -> Results:
        """Return the state and the arrays that a reset or a step returned, by name."""
        observations, *flags, infos = result
        named = dict(parts("observation", observations))
        named |= zip(("reward", "terminated", "truncated"), map(np.asarray, flags), strict=False)
        if flags and self.env.autoreset_mode is AutoresetMode.SAME_STEP:
            # For the other envs, the array has the observation, so that every row is comparable.
            named |= {name: part.copy() for name, part in parts("final observation", observations)}
            for i in np.flatnonzero(infos.get("_final_obs", ())):
                for name, part in parts("final observation", infos["final_obs"][i]):
                    named[name][i] = part
        self._results = named | _info_arrays("infos", infos) | {"state": self.env.state}
        return self._results


def parts(name: str, observations: Any) -> list[tuple[str, npt.NDArray[Any]]]:
    """List the arrays of observations (one, or those of a tuple or a dict), each with its name."""
    return [(name + path, np.asarray(leaf)) for path, leaf in leaves_in(observations)]


def _info_arrays(name: str, infos: Mapping[str, Any]) -> Results:
    """Return the arrays of infos by name, with zeros where their masks are False."""
    found: Results = {}
    for key, value in infos.items():
        if isinstance(value, dict):
            found |= _info_arrays(f"{name}[{key!r}]", value)
        elif f"_{key}" in infos and key != "final_obs":
            array, mask = np.asarray(value), np.asarray(infos[f"_{key}"])
            found[f"{name}[{key!r}]"] = np.where(mask.reshape(-1, *[1] * (array.ndim - 1)), array, 0)
    return found


def difference(one: Results, other: Results) -> tuple[str, int] | None:
    """Return the name of the first array that differs in a bit, and the first env that differs. All NaNs are equal."""
    for name, present in (one | other).items():
        a, b = (results[name] if name in results else np.zeros_like(present) for results in (one, other))
        if a.shape != b.shape or a.dtype != b.dtype:
            return name, 0
        if a.tobytes() == b.tobytes():
            continue
        same = (a == b) | ((a != a) & (b != b))
        if a.dtype.kind == "f":
            same &= (np.signbit(a) == np.signbit(b)) | (a != a)
        same = same.all(axis=tuple(range(1, a.ndim)))
        if not same.all():
            return name, int(same.argmin())
    return None


def joined(singles: Iterable[Results]) -> Results:
    """Join the results of environments with one env each. An info that an env lacks is zero there."""
    results = list(singles)
    samples = {name: array for one in results for name, array in one.items()}
    return {
        name: np.concatenate([one[name] if name in one else np.zeros_like(sample) for one in results])
        for name, sample in samples.items()
    }


def random_actions(env: SimdVectorEnv[Any], steps: int, seed: int) -> npt.NDArray[Any]:
    """Draw actions of shape `(steps, num_envs, ...)`. Every other env repeats each action for some steps."""
    env.action_space.seed(seed)
    actions: Any = [env.action_space.sample() for _ in range(steps)]
    if env._action_parts is not None:
        actions = [env._action_parts.pack(one, (env.num_envs,)) for one in actions]
    actions = np.stack(actions)
    actions[:, 1::2] = actions[np.arange(steps) // _HOLD * _HOLD, 1::2]
    return actions


def ranges_of(env: SimdVectorEnv[Any]) -> dict[str, tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """Return the lowest and highest values of all results of a step, in their shapes and dtypes."""
    rewards, flags = np.full(env.num_envs, np.inf, np.float32), np.ones(env.num_envs, np.bool_)
    ranges = {"reward": (-rewards, rewards), "terminated": (~flags, flags), "truncated": (~flags, flags)}
    for path, leaf in leaves_in(env.observation_space):
        is_box = isinstance(leaf, spaces.Box)
        low, high = (leaf.low, leaf.high) if is_box else (np.zeros_like(leaf.nvec), leaf.nvec - 1)
        ranges |= {f"{name}{path}": (low, high) for name in ("observation", "final observation")}
    return ranges
