"""Single environments, for `gymnasium.make`."""

from __future__ import annotations

from dataclasses import replace
from types import new_class
from typing import Any, ClassVar, NamedTuple

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode

from operant.envs import _arguments
from operant.envs.acrobot import AcrobotVecEnv
from operant.envs.blackjack import BlackjackVecEnv
from operant.envs.cartpole import CartPoleVecEnv
from operant.envs.cliff_walking import CliffWalkingVecEnv
from operant.envs.frozen_lake import FrozenLakeVecEnv
from operant.envs.mountain_car import MountainCarVecEnv
from operant.envs.mountain_car_continuous import MountainCarContinuousVecEnv
from operant.envs.pendulum import PendulumVecEnv
from operant.envs.taxi import TaxiVecEnv
from operant.envs.vector_env import SimdVectorEnv


class SingleEnv(gym.Env):
    """One copy of a vector environment, as a `gymnasium.Env`.

    Follows Gymnasium's environment of the same name: same seeds, same actions, same results. The time limit is
    `gymnasium.make`'s. Made for evaluation and for tools that want a single environment; for speed, step many copies.
    """

    _vector_env: ClassVar[type[SimdVectorEnv[Any]]]

    def __init_subclass__(cls, vector_env: type[SimdVectorEnv[Any]], **kwargs: Any) -> None:
        """Make a class of single copies of a vector environment."""
        super().__init_subclass__(**kwargs)
        if len(cls.__bases__) == 1:  # skrl only looks for Gymnasium among the direct base classes
            cls.__bases__ = (*cls.__bases__, gym.Env)
        cls._vector_env = vector_env
        cls.metadata = {name: value for name, value in vector_env.metadata.items() if name != "autoreset_mode"}

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

    def __getattr__(self, name: str) -> Any:
        vector_env = type(self)._vector_env
        if name in vector_env._known or name in vector_env._derived:
            return getattr(self._env, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        vector_env = type(self)._vector_env
        if name in vector_env._known:
            self.set_parameters(**{name: value})
        elif name in vector_env._derived:
            setattr(self._env, name, value)  # raises an error that explains why it cannot be set
        else:
            super().__setattr__(name, value)

    def set_parameters(self, **parameters: Any) -> None:
        """Change physical parameters, as `SimdVectorEnv.set_parameters` does.

        `env.unwrapped.gravity = 3.7` is `env.unwrapped.set_parameters(gravity=3.7)`.

        Args:
            **parameters: As the constructor takes them. The others stay as they are.

        Raises:
            TypeError: There is no such parameter, or a value has the wrong type. Whatever is raised, nothing is
                changed.
            ValueError: A value is out of range.
        """
        self._env.set_parameters(**parameters)
        self.observation_space = self._env.single_observation_space
        self.action_space = self._env.single_action_space
        if self.spec is not None:
            plain = {name: self._env._plain(name) for name in parameters}
            self.spec = replace(self.spec, kwargs=self.spec.kwargs | plain)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start a new episode.

        Args:
            seed: None continues the random stream, an int starts it anew.
            options: The bounds of the start, as `SimdVectorEnv.reset` takes them.

        Returns:
            The observation, shape `(d,)`, float32 (an int if the space is discrete, or a tuple of them), and a dict.

        Raises:
            TypeError: The options are no dict.
            ValueError: A bound is not a number, or above the other.
            OverflowError: A bound is infinite or NaN.
            gymnasium.error.Error: The seed is no integer, or negative. Whatever is raised, nothing is changed.
        """
        if seed is not None:
            seeding.np_random(seed)  # raises what Gymnasium raises
        observations, infos = self._env.reset(seed=seed, options=options)
        return self._only(observations), self._infos(infos)

    @property
    def np_random_seed(self) -> int:
        """The seed of the random stream; -1 if it is unknown."""
        return self._env.np_random_seed[0]

    @property
    def np_random(self) -> np.random.Generator:
        """A generator in the state of the random stream. Drawing from it does not change the stream."""
        return self._env.np_random[0]

    @np_random.setter
    def np_random(self, value: np.random.Generator) -> None:
        self._env._replace_stream(value)

    @property
    def _np_random(self) -> np.random.Generator | None:  # type: ignore[override]
        """The generator, or None if there is none yet, as Gymnasium's checker expects it."""
        return None if self._env._seeds is None else self.np_random

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Step once. After the episode has terminated, `reset` is needed.

        Args:
            action: An integer, or for a continuous action a number or an array of shape `(1,)`; where an
                action has several numbers, an array of shape `(k,)`.

        Returns:
            The observation as `reset` returns it; the reward, a float; terminated and truncated, bools, the latter
            always False, as the time limit is `gymnasium.make`'s; and a dict.

        Raises:
            TypeError: The action has the wrong type.
            ValueError: It is not in a discrete action space, or NaN. Nothing is stepped.
            gymnasium.error.ResetNeeded: The episode has terminated, or none has begun.
        """
        array = _arguments.as_array("action", action)
        size = self.action_space.shape[0] if self.action_space.shape else 1
        if array.size != size:
            expected = "one number" if size == 1 else f"{size} numbers"
            raise ValueError(f"action: expected {expected}, got an array of shape {array.shape}")
        result = self._env.step(array.reshape(1) if size == 1 else array.reshape(1, size))
        observations, rewards, terminations, truncations, infos = result
        return (
            self._only(observations),
            float(rewards[0]),
            bool(terminations[0]),
            bool(truncations[0]),
            self._infos(infos),
        )

    def _only(self, observations: Any) -> Any:
        """The observation of the only copy."""
        if isinstance(observations, tuple):
            return tuple(int(part[0]) for part in observations)
        return observations[0].copy() if observations.ndim == 2 else int(observations[0])

    @staticmethod
    def _infos(infos: dict[str, Any]) -> dict[str, Any]:
        """The infos of the only copy: numbers, or arrays where a copy has several."""
        return {
            name: value[0].copy() if value.ndim > 1 else value[0].item()
            for name, value in infos.items()
            if not name.startswith("_") and infos[f"_{name}"][0]
        }

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
        """Close the window. As Gymnasium's, a closed environment can be reset and stepped on."""
        if self._env._renderer is not None:
            self._env._renderer.close()


class CartPoleEnv(SingleEnv, vector_env=CartPoleVecEnv):
    """One `CartPoleVecEnv` copy."""


class MountainCarEnv(SingleEnv, vector_env=MountainCarVecEnv):
    """One `MountainCarVecEnv` copy."""


class MountainCarContinuousEnv(SingleEnv, vector_env=MountainCarContinuousVecEnv):
    """One `MountainCarContinuousVecEnv` copy."""


class PendulumEnv(SingleEnv, vector_env=PendulumVecEnv):
    """One `PendulumVecEnv` copy."""


class AcrobotEnv(SingleEnv, vector_env=AcrobotVecEnv):
    """One `AcrobotVecEnv` copy."""


class FrozenLakeEnv(SingleEnv, vector_env=FrozenLakeVecEnv):
    """One `FrozenLakeVecEnv` copy."""


class CliffWalkingEnv(SingleEnv, vector_env=CliffWalkingVecEnv):
    """One `CliffWalkingVecEnv` copy."""


class TaxiEnv(SingleEnv, vector_env=TaxiVecEnv):
    """One `TaxiVecEnv` copy."""


class BlackjackEnv(SingleEnv, vector_env=BlackjackVecEnv):
    """One `BlackjackVecEnv` copy."""


_made: dict[type[SimdVectorEnv[Any]], type[SingleEnv]] = {}


def single_env(vector_env: type[SimdVectorEnv[Any]]) -> type[SingleEnv]:
    """The class of single copies of a vector environment that is not built in."""
    if vector_env not in _made:
        name = vector_env.__name__.removesuffix("VecEnv") + "Env"
        namespace = {
            "__module__": vector_env.__module__,
            "__doc__": f"One `{vector_env.__name__}` copy.",
            "__reduce__": lambda self: (
                _unpickled,
                (self._vector_env,),
                self.__dict__,
            ),  # pickle cannot find the class, as no module has it
        }
        keywords = {"vector_env": vector_env}
        _made[vector_env] = new_class(name, (SingleEnv,), keywords, lambda body: body.update(namespace))
    return _made[vector_env]


def _unpickled(vector_env: type[SimdVectorEnv[Any]]) -> SingleEnv:
    env_class = single_env(vector_env)
    return env_class.__new__(env_class)


class SingleEnvMaker(NamedTuple):
    """Makes single copies of a vector environment: what Gymnasium's registry can hold, copy and pickle."""

    vector_env: type[SimdVectorEnv[Any]]

    @property
    def metadata(self) -> dict[str, Any]:
        """The environment's; `gymnasium.make` reads the render modes from it."""
        return single_env(self.vector_env).metadata

    def __call__(self, **arguments: Any) -> SingleEnv:
        """Make one."""
        return single_env(self.vector_env)(**arguments)
