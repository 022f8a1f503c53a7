"""Single environments, for `gymnasium.make`."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode

from operant.envs import _arguments
from operant.envs.acrobot import AcrobotVecEnv
from operant.envs.cartpole import CartPoleVecEnv
from operant.envs.mountain_car import MountainCarVecEnv
from operant.envs.mountain_car_continuous import MountainCarContinuousVecEnv
from operant.envs.pendulum import PendulumVecEnv
from operant.envs.vector_env import SimdVectorEnv


class SingleEnv(gym.Env):
    """One copy of a vector environment, as a `gymnasium.Env`.

    Follows Gymnasium's environment of the same name: same seeds, same actions, same results. The time limit is
    `gymnasium.make`'s. Made for evaluation and for tools that want a single environment; for speed, step many copies.
    """

    _vector_env: ClassVar[type[SimdVectorEnv]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.metadata = {name: value for name, value in cls._vector_env.metadata.items() if name != "autoreset_mode"}

    def __init__(self, render_mode: str | None = None, **arguments: Any) -> None:
        """Create the environment.

        Args:
            render_mode: "rgb_array", "human" or None.
            **arguments: `dtype` and the physical parameters of the vector environment.

        Raises:
            TypeError: There is no such parameter, or an argument has the wrong type.
            ValueError: An argument is out of range.
        """
        self._env = self._vector_env(
            1, max_episode_steps=-1, autoreset_mode=AutoresetMode.DISABLED, render_mode=render_mode, **arguments
        )
        self.render_mode = render_mode
        self.observation_space = self._env.single_observation_space
        self.action_space = self._env.single_action_space
        self._seeded = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        """Start a new episode.

        Args:
            seed: None continues the random stream, an int starts it anew.
            options: The bounds of the start, as `SimdVectorEnv.reset` takes them.

        Returns:
            The observation, shape `(d,)`, float32, and an empty dict.

        Raises:
            TypeError: The options are no dict.
            ValueError: A bound is not a number, or above the other.
            OverflowError: A bound is infinite or NaN.
            gymnasium.error.Error: The seed is no integer, or negative. Whatever is raised, nothing is changed.
        """
        # As `gymnasium.Env.reset` does it, but only when nothing can go wrong any more.
        random = None if seed is None else seeding.np_random(seed)
        if seed is None and not self._seeded:
            seed = self.np_random_seed  # the random one that Gymnasium chooses now
        observations, infos = self._env.reset(seed=seed, options=options)
        self._seeded = True
        if random is not None:
            self._np_random, self._np_random_seed = random
        return observations[0].copy(), infos

    def step(self, action: Any) -> tuple[npt.NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Step once. After the episode has terminated, `reset` is needed.

        Args:
            action: An integer, or for a continuous action a number or an array of shape `(1,)`.

        Returns:
            The observation, shape `(d,)`, float32; the reward, a float; terminated and truncated, bools, the latter
            always False, as the time limit is `gymnasium.make`'s; and a dict.

        Raises:
            TypeError: The action has the wrong type.
            ValueError: It is not in a discrete action space, or NaN. Nothing is stepped.
            gymnasium.error.ResetNeeded: The episode has terminated, or none has begun.
        """
        array = _arguments.as_array("action", action)
        if array.size != 1:
            raise ValueError(f"action: expected one number, got an array of shape {array.shape}")
        observations, rewards, terminations, truncations, infos = self._env.step(array.reshape(1))
        return observations[0].copy(), float(rewards[0]), bool(terminations[0]), bool(truncations[0]), infos

    def render(self) -> npt.NDArray[np.uint8] | None:
        """Draw the state with Gymnasium's own renderer.

        Returns:
            A frame, `(height, width, 3)` uint8; None in human mode, which shows it in a window.
        """
        frames = self._env.render()
        return None if frames is None else frames[0]

    @property
    def state(self) -> npt.NDArray[Any]:
        """A copy of the simulated state, shape `(state_size,)`."""
        return self._env.state[0]

    @state.setter
    def state(self, state: npt.ArrayLike) -> None:
        self._env.set_state(_arguments.as_array("state", state)[None])

    def close(self) -> None:
        """Close the window and free the memory."""
        self._env.close()


class CartPoleEnv(SingleEnv):
    """One `CartPoleVecEnv` copy."""

    _vector_env = CartPoleVecEnv


class MountainCarEnv(SingleEnv):
    """One `MountainCarVecEnv` copy."""

    _vector_env = MountainCarVecEnv


class MountainCarContinuousEnv(SingleEnv):
    """One `MountainCarContinuousVecEnv` copy."""

    _vector_env = MountainCarContinuousVecEnv


class PendulumEnv(SingleEnv):
    """One `PendulumVecEnv` copy."""

    _vector_env = PendulumVecEnv


class AcrobotEnv(SingleEnv):
    """One `AcrobotVecEnv` copy."""

    _vector_env = AcrobotVecEnv
