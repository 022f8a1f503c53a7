"""Operant's environments for Stable-Baselines3.

>>> from operant.adapters.sb3 import make_vec_env
>>> env = make_vec_env("CartPole-v1", n_envs=8, seed=1)

`env` takes the place of what `stable_baselines3.common.env_util.make_vec_env` returns.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from operant._checks import positive_integer, shown
from operant._extras import require
from operant.adapters._ids import is_class, our_id
from operant.envs import SimdVectorEnv

try:
    from stable_baselines3.common.monitor import Monitor
    from stable_baselines3.common.vec_env import VecEnv
except ModuleNotFoundError:
    require("stable_baselines3", "operant[sb3]")
    raise  # it is there, but something that it needs is not

__all__ = ["OperantVecEnv", "make_vec_env"]

# What the infos of a step tell of the episodes that ended; all else is the environment's own.
_OF_EPISODES = ("final_obs", "final_info", "episode")


def make_vec_env(
    env_id: str | type[SimdVectorEnv[Any]],
    n_envs: int = 1,
    seed: int | None = None,
    *,
    env_kwargs: Mapping[str, Any] | None = None,
) -> OperantVecEnv:
    """Make what Stable-Baselines3's function of the same name makes, all copies stepped together.

    Args:
        env_id: Gymnasium's id of an environment that Operant has, as "CartPole-v1"; an id of an environment of one's
            own; or a class of `operant.envs` or `operant.load`.
        n_envs: How many copies to step together.
        seed: Of the action space, and of the first reset: copy i gets `seed + i`. None: random numbers from numpy's
            global generator, as Stable-Baselines3 does it.
        env_kwargs: Arguments of the environment: `workers`, `dtype`, `render_mode` ("rgb_array" for pictures and
            videos), physical parameters and so on. `record_episode_statistics` is True unless this says otherwise.

    Returns:
        The environment, for the algorithms and wrappers of Stable-Baselines3.

    Raises:
        TypeError: An argument has the wrong type, or the environment has no such argument.
        ValueError: An argument is out of range, or the id is not that of an environment of Operant.
        gymnasium.error.Error: There is no such id.
    """
    copies = positive_integer("n_envs", n_envs)
    arguments = {"record_episode_statistics": True, **(env_kwargs or {}), "autoreset_mode": AutoresetMode.SAME_STEP}
    if isinstance(env_id, str):
        env: Any = gym.make_vec(our_id("env_id", env_id), copies, "vector_entry_point", **arguments)
    elif is_class(env_id):
        env = env_id(copies, **arguments)
    else:
        raise TypeError(f"env_id: expected an id or a class of environments, got {shown(env_id)}")
    env.single_action_space.seed(seed)
    vec_env = OperantVecEnv(env)
    vec_env.seed(seed)
    return vec_env


class OperantVecEnv(VecEnv):  # type: ignore[misc] # what is not installed has no types
    """An environment of Operant behind Stable-Baselines3's interface: what `DummyVecEnv` of `Monitor`s does.

    With `dtype=numpy.float64`, observations, rewards, dones, final observations and episodes are equal to theirs, bit
    for bit. The infos of a copy are empty while its episode goes on, unless the environment has infos of its own; of a
    copy whose episode has ended, they have `terminal_observation`, `TimeLimit.truncated`, and `episode` with the
    return "r", the length "l" and the seconds since this object was made, "t".

    The arrays are never written again while the caller can still reach them.

    Attributes:
        env: The environment of Operant, with all that it can do besides.
    """

    def __init__(self, env: SimdVectorEnv[Any]) -> None:
        """Take an environment.

        Args:
            env: One whose autoreset mode is "SameStep". With `record_episode_statistics` the infos have `episode`, and
                Stable-Baselines3 is told that there is a `Monitor`.

        Raises:
            TypeError: It is something else.
            ValueError: It has another autoreset mode.
        """
        if not isinstance(env, SimdVectorEnv):
            raise TypeError(f"env: expected a vector environment of Operant, got {shown(env)}")
        mode = env.metadata["autoreset_mode"]
        if mode is not AutoresetMode.SAME_STEP:
            raise ValueError(f'env: expected one with autoreset_mode="SameStep", got {mode.value!r}')
        self.env = env
        self._started = time.time()
        self._was_reset = False
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)
        self.metadata = env.metadata

    def reset(self) -> Any:
        """Start new episodes in all copies, with what `seed` and `set_options` have set since the last reset.

        Returns:
            Observations, shape `(n_envs, d)`, float32 (for discrete observations `(n_envs,)`, int64, or a tuple).

        Raises:
            ValueError: There are not as many options as copies, or there is no such option, or it is out of range.
        """
        if len(self._options) != self.num_envs:
            raise ValueError(f"options: expected {self.num_envs} dicts, one for each copy, got {shown(self._options)}")
        seeds = None if self._seeds[0] is None else list(self._seeds)
        groups = self._groups_of_options()
        if len(groups) > 1 and not self._was_reset:
            self.env.reset(seed=seeds)  # the very first reset cannot be one of some copies
        for options, mask in groups:
            chosen = options if len(groups) == 1 else options | {"reset_mask": mask}
            observations, vector = self.env.reset(seed=seeds, options=chosen)
            infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
            self._distribute(vector, infos)
            for i in np.flatnonzero(mask):
                self.reset_infos[i] = infos[i]
        self._was_reset = True
        self._reset_seeds()
        self._reset_options()
        return observations

    def _groups_of_options(self) -> list[tuple[dict[str, Any], npt.NDArray[np.bool_]]]:
        """The different options, and which copies have them; hardly ever more than one."""
        groups: list[tuple[dict[str, Any], npt.NDArray[np.bool_]]] = []
        for i, options in enumerate(self._options):
            for known, mask in groups:
                if known == options:
                    mask[i] = True
                    break
            else:
                groups.append((options, np.arange(self.num_envs) == i))
        return groups

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Note the actions for `step_wait`, one for each copy."""
        self._actions = actions

    def step_wait(self) -> tuple[Any, npt.NDArray[np.float32], npt.NDArray[np.bool_], list[dict[str, Any]]]:
        """Step every copy once; one whose episode ends starts a new one at once.

        Returns:
            Observations as `reset` returns them, rewards `(n_envs,)` float32, dones `(n_envs,)` bool, and a list with a
            dict for each copy.
        """
        observations, rewards, terminations, truncations, vector = self.env.step(self._actions)
        dones = terminations | truncations
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if vector:
            own = {name: value for name, value in vector.items() if name not in _OF_EPISODES}
            self._distribute(own, infos)
            if "final_obs" in vector:
                self._report_ended(vector, np.flatnonzero(dones), truncations & ~terminations, infos)
        return observations, rewards, dones, infos

    def _report_ended(
        self,
        vector: dict[str, Any],
        ended: npt.NDArray[np.intp],
        cut: npt.NDArray[np.bool_],
        infos: list[dict[str, Any]],
    ) -> None:
        """Fill the infos of the copies whose episodes ended; what they have so far is of their new episodes."""
        copies = ended.tolist()
        for i in copies:
            self.reset_infos[i], infos[i] = infos[i], {}
        self._distribute(vector["final_info"], infos)
        final = np.asarray(vector["final_obs"])[ended]
        for i, observation, truncated in zip(copies, final, cut[ended].tolist(), strict=True):
            infos[i] |= {"terminal_observation": observation, "TimeLimit.truncated": truncated}
        if "episode" in vector:
            now = round(time.time() - self._started, 6)
            returns, lengths = (vector["episode"][name][ended].tolist() for name in ("r", "l"))
            for i, total, length in zip(copies, returns, lengths, strict=True):
                infos[i]["episode"] = {"r": round(total, 6), "l": length, "t": now}

    @staticmethod
    def _distribute(vector: dict[str, Any], infos: list[dict[str, Any]]) -> None:
        """Give each copy its share of a vector environment's infos: numbers, or arrays where a copy has several."""
        for name, values in vector.items():
            if not name.startswith("_"):
                shares = values.tolist() if values.ndim == 1 else values
                for i in np.flatnonzero(vector[f"_{name}"]).tolist():
                    infos[i][name] = shares[i]

    def close(self) -> None:
        """Free the copies' memory, stop the worker threads, close the window."""
        self.env.close()

    def get_images(self) -> Sequence[npt.NDArray[np.uint8] | None]:
        """Draw every copy: a frame for each, `(height, width, 3)` uint8; None without `render_mode="rgb_array"`."""
        if self.render_mode != "rgb_array":
            warnings.warn(f"expected render_mode='rgb_array' for images, got {self.render_mode!r}", stacklevel=2)
            return [None] * self.num_envs
        return list(self.env.render() or ())

    def get_attr(self, attr_name: str, indices: int | Iterable[int] | None = None) -> list[Any]:
        """Return an attribute of some copies, or of all: a physical parameter, `state`, `spec` and so on.

        Raises:
            AttributeError: There is no such attribute.
        """
        values = self.env.get_attr(attr_name)
        return [values[i] for i in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: int | Iterable[int] | None = None) -> None:
        """Set an attribute of some copies, or of all; a physical parameter counts from the next step on.

        Raises:
            AttributeError: There is no such attribute, or it cannot be set.
            TypeError: The value has the wrong type.
            ValueError: The value is out of range. Whatever is raised, nothing is changed.
        """
        values = list(self.env.get_attr(attr_name))
        for i in self._get_indices(indices):
            values[i] = value
        self.env.set_attr(attr_name, values)

    def env_method(
        self, method_name: str, *method_args: Any, indices: int | Iterable[int] | None = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method of all copies, and return what it returns for some of them, or for all.

        Raises:
            AttributeError: There is no such method.
        """
        results = self.env.call(method_name, *method_args, **method_kwargs)
        return [results[i] for i in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: type, indices: int | Iterable[int] | None = None) -> list[bool]:
        """Whether there is such a wrapper: a `Monitor`, if episodes are reported, and no other."""
        is_wrapped = issubclass(Monitor, wrapper_class) and self.env.record_episode_statistics
        return [is_wrapped for _ in self._get_indices(indices)]
