"""Operant's environments for Stable-Baselines3.

>>> from operant.adapters.sb3 import make_vec_env
>>> env = make_vec_env("CartPole-v1", n_envs=8, seed=1)

`env` replaces the environment that `stable_baselines3.common.env_util.make_vec_env` returns.
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
from operant.adapters._ids import is_class, operant_id
from operant.envs import SimdVectorEnv

try:
    from stable_baselines3.common.monitor import Monitor
    from stable_baselines3.common.vec_env import VecEnv
except ModuleNotFoundError:
    require("stable_baselines3", "sb3")
    raise  # the package is installed, but one of its dependencies is not

__all__ = ["OperantVecEnv", "make_vec_env"]

# The infos that describe ended episodes. The environment itself reports all others.
_EPISODE_INFOS = ("final_obs", "final_info", "episode")


def make_vec_env(
    env_id: str | type[SimdVectorEnv[Any]],
    n_envs: int = 1,
    seed: int | None = None,
    *,
    env_kwargs: Mapping[str, Any] | None = None,
) -> OperantVecEnv:
    """Make the same environment as Stable-Baselines3's function of this name, with all envs stepped together.

    Args:
        env_id: Gymnasium's id of an environment that Operant has, such as "CartPole-v1"; the id of a user's Operant
            environment; or a class from `operant.envs` or `operant.load`.
        n_envs: The number of envs.
        seed: The seed of the action space and of the first reset: env i gets `seed + i`. None draws seeds from numpy's
            global generator, as Stable-Baselines3 does.
        env_kwargs: Arguments of the environment: `workers`, `dtype`, `render_mode` ("rgb_array" for pictures and
            videos), physical parameters and so on. The default of `record_episode_statistics` is True.

    Returns:
        The environment, for the algorithms and wrappers of Stable-Baselines3.

    Raises:
        TypeError: An argument has the wrong type, or the environment has no such argument.
        ValueError: An argument is out of range, or Operant has no environment with this id.
        gymnasium.error.Error: There is no such id.
    """
    count = positive_integer("n_envs", n_envs)
    arguments = {"record_episode_statistics": True, **(env_kwargs or {}), "autoreset_mode": AutoresetMode.SAME_STEP}
    if isinstance(env_id, str):
        env: Any = gym.make_vec(operant_id("env_id", env_id), count, "vector_entry_point", **arguments)
    elif is_class(env_id):
        env = env_id(count, **arguments)
    else:
        raise TypeError(f"env_id: expected an id or a class of environments, got {shown(env_id)}")
    env.single_action_space.seed(seed)
    vec_env = OperantVecEnv(env)
    vec_env.seed(seed)
    return vec_env


class OperantVecEnv(VecEnv):  # type: ignore[misc] # packages that are not installed have no types
    """An adapter that gives an environment of Operant the interface of Stable-Baselines3.

    It behaves like a `DummyVecEnv` of `Monitor`s. With `dtype=numpy.float64`, observations, rewards, dones, final
    observations and episodes equal those of the `DummyVecEnv` bit for bit. The infos of an env are empty during its
    episode, unless the environment itself reports infos. When the episode ends, they have `terminal_observation`,
    `TimeLimit.truncated`, and `episode` with the return "r", the length "l", and the seconds since this object was
    made, "t".

    The arrays are never overwritten while the caller can still reach them.

    Attributes:
        env: The environment of Operant.
    """

    def __init__(self, env: SimdVectorEnv[Any]) -> None:
        """Wrap an environment.

        Args:
            env: An environment with autoreset mode "SameStep". With `record_episode_statistics`, the infos have
                `episode`, and `env_is_wrapped` reports a `Monitor`.

        Raises:
            TypeError: The environment is not one of Operant's vector environments.
            ValueError: The environment has another autoreset mode, or its actions are a `Tuple` or a `Dict`, which
                Stable-Baselines3 does not support.
        """
        if not isinstance(env, SimdVectorEnv):
            raise TypeError(f"env: expected a vector environment of Operant, got {shown(env)}")
        mode = env.metadata["autoreset_mode"]
        if mode is not AutoresetMode.SAME_STEP:
            raise ValueError(f'env: expected one with autoreset_mode="SameStep", got {mode.value!r}')
        if env._action_parts is not None:
            kind = type(env.single_action_space).__name__
            raise ValueError(f"env: expected actions of one part, as Stable-Baselines3 supports no {kind} of actions")
        self.env = env
        self._started = time.time()
        self._was_reset = False
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)
        self.metadata = env.metadata

    def reset(self) -> Any:
        """Start new episodes in all envs, with the values that `seed` and `set_options` have set since the last reset.

        Returns:
            Observations as `SimdVectorEnv.reset` returns them: for most environments `(n_envs, d)`, float32.

        Raises:
            ValueError: The number of options differs from the number of envs, or an option is unknown or out of range.
        """
        if len(self._options) != self.num_envs:
            raise ValueError(f"options: expected {self.num_envs} dicts, one for each env, got {shown(self._options)}")
        seeds = None if self._seeds[0] is None else list(self._seeds)
        groups = self._groups_of_options()
        if len(groups) > 1 and not self._was_reset:
            self.env.reset(seed=seeds)  # the first reset must reset every env
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
        """List the different options, each with a mask of the envs that have them; usually there is only one."""
        groups: list[tuple[dict[str, Any], npt.NDArray[np.bool_]]] = []
        for options in self._options:
            if all(known != options for known, _ in groups):
                groups.append((options, np.array([one == options for one in self._options])))
        return groups

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Store the actions for `step_wait`, one for each env."""
        self._actions = actions

    def step_wait(self) -> tuple[Any, npt.NDArray[np.float32], npt.NDArray[np.bool_], list[dict[str, Any]]]:
        """Step every env once. An env whose episode ends starts a new episode at once.

        Returns:
            Observations as `reset` returns them, rewards `(n_envs,)` float32, dones `(n_envs,)` bool, and a list with
            one dict per env.
        """
        observations, rewards, terminations, truncations, vector = self.env.step(self._actions)
        dones = terminations | truncations
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if vector:
            own = {name: value for name, value in vector.items() if name not in _EPISODE_INFOS}
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
        """Fill the infos of the envs whose episodes ended. Their present infos belong to the new episodes."""
        indices = ended.tolist()
        for i in indices:
            self.reset_infos[i], infos[i] = infos[i], {}
        self._distribute(vector["final_info"], infos)
        final = vector["final_obs"][ended]
        for i, observation, truncated in zip(indices, final, cut[ended].tolist(), strict=True):
            infos[i] |= {"terminal_observation": observation, "TimeLimit.truncated": truncated}
        if "episode" in vector:
            now = round(time.time() - self._started, 6)
            returns, lengths = (vector["episode"][name][ended].tolist() for name in ("r", "l"))
            for i, total, length in zip(indices, returns, lengths, strict=True):
                infos[i]["episode"] = {"r": round(total, 6), "l": length, "t": now}

    @staticmethod
    def _distribute(vector: dict[str, Any], infos: list[dict[str, Any]]) -> None:
        """Give each env its share of the vector infos: a number, or an array if there are several numbers per env."""
        for name, values in vector.items():
            if not name.startswith("_"):
                shares = values.tolist() if values.ndim == 1 else values
                for i in np.flatnonzero(vector[f"_{name}"]).tolist():
                    infos[i][name] = shares[i]

    def close(self) -> None:
        """Free the memory of the environment, stop the worker threads and close the render window."""
        self.env.close()

    def get_images(self) -> Sequence[npt.NDArray[np.uint8] | None]:
        """Draw every env. Each image is `(height, width, 3)` uint8, or None without `render_mode="rgb_array"`."""
        if self.render_mode != "rgb_array":
            warnings.warn(f"expected render_mode='rgb_array' for images, got {self.render_mode!r}", stacklevel=2)
            return [None] * self.num_envs
        return list(self.env.render() or ())

    def get_attr(self, attr_name: str, indices: int | Iterable[int] | None = None) -> list[Any]:
        """Return an attribute of some envs, or of all: a physical parameter, `state`, `spec` and so on.

        Raises:
            AttributeError: There is no such attribute.
        """
        values = self.env.get_attr(attr_name)
        return [values[i] for i in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: int | Iterable[int] | None = None) -> None:
        """Set an attribute of some envs, or of all. A physical parameter takes effect in the next step.

        If an exception is raised, nothing is changed.

        Raises:
            AttributeError: There is no such attribute, or it cannot be set.
            TypeError: The value has the wrong type.
            ValueError: The value is out of range.
        """
        values = list(self.env.get_attr(attr_name))
        for i in self._get_indices(indices):
            values[i] = value
        self.env.set_attr(attr_name, values)

    def env_method(
        self, method_name: str, *method_args: Any, indices: int | Iterable[int] | None = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method of all envs, and return the results of some of them, or of all.

        Raises:
            AttributeError: There is no such method.
        """
        results = self.env.call(method_name, *method_args, **method_kwargs)
        return [results[i] for i in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: type, indices: int | Iterable[int] | None = None) -> list[bool]:
        """Return True for `Monitor` if episodes are reported, and False for other wrappers."""
        is_wrapped = issubclass(Monitor, wrapper_class) and self.env.record_episode_statistics
        return [is_wrapped for _ in self._get_indices(indices)]
