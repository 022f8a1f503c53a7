"""Single environments, for `gymnasium.make`. Pickles name this module."""

from __future__ import annotations

import copy
from types import new_class
from typing import Any, ClassVar, NamedTuple

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode

from operant import envs
from operant._checks import switch
from operant.envs import arguments, spec
from operant.envs._saving import attributes_of
from operant.envs.vector_env import SimdVectorEnv


class SingleEnv(gym.Env):
    """A vector environment with one env, as a `gymnasium.Env`.

    It follows Gymnasium's environment of the same name: the same seeds and actions give the same results.
    `gymnasium.make` adds the time limit. Use it for evaluation and for tools that need a single environment; for speed,
    use a vector environment with many envs.
    """

    _vector_env: ClassVar[type[SimdVectorEnv[Any]]]
    #: The reward of a step after the episode has terminated; None for the reward of the equations.
    _reward_beyond: ClassVar[float | None] = None

    # The array that `state` has returned since the last step, and a copy. The difference shows what the caller wrote.
    _shown: tuple[npt.NDArray[Any], npt.NDArray[Any]] | None = None
    # The action of the last step; None after a reset.
    _last_action: Any = None
    # The steps since the episode terminated; None if it has not.
    _beyond: int | None = None

    def __init_subclass__(cls, vector_env: type[SimdVectorEnv[Any]], **kwargs: Any) -> None:
        """Make the class of the single environments of a vector environment."""
        super().__init_subclass__(**kwargs)
        if len(cls.__bases__) == 1:  # skrl only looks for Gymnasium among the direct base classes
            cls.__bases__ = (*cls.__bases__, gym.Env)
        cls._vector_env = vector_env
        for name in vars(cls):
            if name in vector_env._known or name in vector_env._derived or name in vector_env._viewed:
                raise TypeError(
                    f"{cls.__name__}.{name}: cannot be an attribute of the class; pass it to the constructor"
                )
        cls.metadata = {name: value for name, value in vector_env.metadata.items() if name != "autoreset_mode"}

    def __init__(self, render_mode: str | None = None, **keywords: Any) -> None:
        """Create the environment.

        Args:
            render_mode: "rgb_array", "human" or None.
            **keywords: `dtype` and the physical parameters of the vector environment.

        Raises:
            TypeError: There is no such parameter, or an argument has the wrong type.
            ValueError: An argument is out of range.
        """
        self._env = self._vector_env(
            1, max_episode_steps=-1, autoreset_mode=AutoresetMode.DISABLED, render_mode=render_mode, **keywords
        )
        self.render_mode = render_mode
        self.observation_space = self._env.single_observation_space
        self.action_space = self._env.single_action_space

    def __getattr__(self, name: str) -> Any:
        vector_env = type(self)._vector_env
        if name in vector_env._viewed:
            self._take_writes()
            return self._env.get_attr(name)[0]
        if name in vector_env._known or name in vector_env._derived:
            return getattr(self._env, name)
        if name == "action_masks" and vector_env._environment.has_action_mask:
            return self._action_masks
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        vector_env = type(self)._vector_env
        if name in vector_env._known:
            self.set_parameters(**{name: value})
        elif name in vector_env._derived:
            setattr(self._env, name, value)  # raises an error with the reason
        elif name in vector_env._viewed:
            self._take_writes()
            self._env.set_attr(name, [value])
            self._after_write()
        elif name == "render_mode" and name in self.__dict__:
            raise AttributeError(
                "render_mode: cannot be changed once the environment is made; pass it to the constructor"
            )
        else:
            super().__setattr__(name, value)

    def _take_writes(self) -> None:
        """Apply what the caller has written into the array that `state` returned."""
        if self._shown is not None:
            shown, before = self._shown
            if shown.tobytes() != before.tobytes():
                self._env.set_state(shown[None])
                self._after_write()
                self.__dict__["_shown"] = shown, shown.copy()

    def _after_write(self) -> None:
        """Note that the state was replaced. As in Gymnasium, CartPole still counts the steps after the end."""
        self.__dict__["_shown"] = None
        if self._reward_beyond is None:
            self.__dict__["_beyond"] = None

    def set_parameters(self, **parameters: Any) -> None:
        """Change physical parameters, as `SimdVectorEnv.set_parameters` does.

        `env.unwrapped.gravity = 3.7` is the same as `env.unwrapped.set_parameters(gravity=3.7)`.

        Args:
            **parameters: The new values, as the constructor takes them. Other parameters do not change.

        Raises:
            TypeError: There is no such parameter, or a value has the wrong type. On any error, nothing changes.
            ValueError: A value is out of range.
        """
        self._env.set_parameters(**parameters)
        self.observation_space = self._env.single_observation_space
        self.action_space = self._env.single_action_space
        self.spec = spec.with_values(self.spec, self._env, parameters)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start a new episode.

        Args:
            seed: None continues the random stream, an int restarts it.
            options: The bounds of the start, as `SimdVectorEnv.reset` takes them.

        Returns:
            The observation and a dict. The observation is an array in the shape and dtype of `observation_space`, an
            int if the space is discrete, or a tuple or a dict of them.

        Raises:
            TypeError: The options are not a dict. On any error, nothing changes.
            ValueError: A bound is not a number, or is above the other bound.
            OverflowError: A bound is infinite or NaN.
            gymnasium.error.Error: The seed is negative or not an integer.
        """
        if seed is not None:
            seeding.np_random(seed)  # raises Gymnasium's errors
        observations, infos = self._env.reset(seed=seed, options=options)
        self.__dict__.update(_shown=None, _beyond=None, _last_action=None)
        return self._only(observations), self._infos(infos)

    @property
    def np_random_seed(self) -> int:
        """The seed of the random stream; -1 if it is unknown."""
        return self._env.np_random_seed[0]

    @property
    def np_random(self) -> np.random.Generator:
        """The generator of the random stream, a `Generator` of numpy's `PCG64`. `reset` draws from it, too."""
        return self._env.np_random[0]

    @np_random.setter
    def np_random(self, value: np.random.Generator) -> None:
        self._env._replace_stream(value)

    @property
    def _np_random(self) -> np.random.Generator | None:  # type: ignore[override]
        """The generator; None before the stream is started, as Gymnasium's checker expects."""
        return None if self._env._seeds is None else self.np_random

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Step once. As in Gymnasium, a step after the end of an episode continues from the last state.

        The first such step logs a warning, and CartPole's reward is then 0 (-1 with `sutton_barto_reward`).

        Args:
            action: An integer; for a continuous action a number or an array of shape `(1,)`; an array of shape `(k,)`
                if an action has k numbers; a tuple or a dict of those for a `Tuple` or a `Dict`.

        Returns:
            The observation as `reset` returns it; the reward, a float; terminated and truncated, bools (truncated is
            always False, as `gymnasium.make` adds the time limit); and a dict.

        Raises:
            TypeError: The action has the wrong type.
            ValueError: The action is NaN or not in a discrete action space. Nothing is stepped.
            gymnasium.error.ResetNeeded: `reset` has not been called.
        """
        if self._env._action_parts is not None:
            array = rows = self._env._action_parts.pack_one(action)
        else:
            array = arguments.as_array("action", action)
            size = self.action_space.shape[0] if self.action_space.shape else 1
            if array.size != size:
                expected = "one number" if size == 1 else f"{size} numbers"
                raise ValueError(f"action: expected {expected}, got an array of shape {array.shape}")
            rows = array.reshape((1, *(self.action_space.shape or ())))
        if self._shown is not None:
            self._take_writes()
        observations, rewards, terminations, truncations, infos = self._env.step(rows)
        own = self.__dict__  # __setattr__ is slower
        own["_shown"], own["_last_action"] = None, array
        terminated = bool(terminations[0])
        reward = self._after_end(float(rewards[0])) if terminated else float(rewards[0])
        return self._only(observations), reward, terminated, bool(truncations[0]), self._infos(infos)

    def _after_end(self, reward: float) -> float:
        """Let the terminated episode continue. Return the reward of the step that terminated it."""
        self._env._core.resume()
        if self._beyond is None:
            self.__dict__["_beyond"] = 0
            return reward
        if self._beyond == 0:
            gym.logger.warn("step: the episode has terminated already; call reset, as further steps have no meaning")
        self.__dict__["_beyond"] = self._beyond + 1
        return reward if self._reward_beyond is None else self._reward_beyond

    def _only(self, observations: Any) -> Any:
        """Return the observation of the only env."""
        if isinstance(observations, tuple):
            return tuple(self._only(part) for part in observations)
        if isinstance(observations, dict):
            return {name: self._only(part) for name, part in observations.items()}
        return observations[0].copy() if observations.ndim > 1 else int(observations[0])

    @staticmethod
    def _infos(infos: dict[str, Any]) -> dict[str, Any]:
        """Return the infos of the only env: numbers, or arrays if an env has several."""
        return {
            name: value[0].copy() if value.ndim > 1 else value[0].item()
            for name, value in infos.items()
            if not name.startswith("_") and infos[f"_{name}"][0]
        }

    def _action_masks(self) -> npt.NDArray[Any]:
        """Return the actions that are allowed in the present state, shape `(n,)`."""
        return self._env.action_masks()[0].copy()

    def render(self) -> npt.NDArray[np.uint8] | None:
        """Draw the state with Gymnasium's own renderer.

        Returns:
            A frame, `(height, width, 3)` uint8; None in human mode, which shows the frame in a window.
        """
        self._take_writes()
        frames = self._env.render()
        return None if frames is None else frames[0]

    @property
    def state(self) -> npt.NDArray[Any]:
        """The simulated state, shape `(state_size,)`. The next step uses what the caller has written into the array."""
        if self._shown is None:
            state = self._env.state[0]
            self.__dict__["_shown"] = state, state.copy()
        assert self._shown is not None
        return self._shown[0]

    @state.setter
    def state(self, state: npt.ArrayLike) -> None:
        self._env.set_state(arguments.as_array("state", state)[None])
        self._after_write()

    def _show_action(self, action: Any) -> None:
        """Set the last action that pictures show."""
        self.__dict__["_last_action"] = action
        if self._env._renderer is not None:
            self._env._renderer.show_action(action)

    def __reduce_ex__(self, protocol: Any) -> Any:
        reduced: Any = super().__reduce_ex__(protocol)
        if type(self) is _made.get(self._vector_env):  # pickle may not find a generated class
            return (_unpickled, (self._vector_env,), *reduced[2:])
        return reduced

    def __copy__(self) -> SingleEnv:
        """Return an environment with the same attributes, which is stepped separately."""
        other = object.__new__(type(self))
        for name, value in attributes_of(self).items():
            object.__setattr__(other, name, value)
        other._env = copy.copy(self._env)
        return other

    def close(self) -> None:
        """Close the render window. As in Gymnasium, the environment can still be reset and stepped."""
        if self._env._renderer is not None:
            self._env._renderer.close()


# The single environments that have more attributes than `SingleEnv`; `__getattr__` makes the others.


class CartPoleEnv(SingleEnv, vector_env=envs.CartPoleVecEnv):
    """A single env of `CartPoleVecEnv`."""

    @property
    def _reward_beyond(self) -> float:  # type: ignore[override]
        return -1.0 if self.sutton_barto_reward else 0.0

    @property
    def steps_beyond_terminated(self) -> int | None:
        """The number of steps since the one that terminated the episode; None if it has not terminated."""
        return self._beyond

    @steps_beyond_terminated.setter
    def steps_beyond_terminated(self, steps: int | None) -> None:
        self.__dict__["_beyond"] = steps


class PendulumEnv(SingleEnv, vector_env=envs.PendulumVecEnv):
    """A single env of `PendulumVecEnv`."""

    @property
    def last_u(self) -> Any:
        """The torque of the last step, None after a reset. Pictures show it."""
        if self._last_action is None:
            return None
        return np.float32(np.clip(self._last_action, -self.max_torque, self.max_torque).item())

    @last_u.setter
    def last_u(self, torque: Any) -> None:
        self._show_action(torque)


_lastaction = property(
    lambda self: None if self._last_action is None else int(self._last_action),
    lambda self, action: self._show_action(action),
    doc="The action of the last step, None after a reset. Pictures show it.",
)


class LunarLanderEnv(SingleEnv, vector_env=envs.LunarLanderVecEnv):
    """A single env of `LunarLanderVecEnv`, or of `LunarLanderContinuousVecEnv` if `continuous`."""

    def __new__(cls, *arguments: Any, continuous: bool = False, **keywords: Any) -> Any:
        """Make the single environment of `LunarLanderContinuousVecEnv` if `continuous`."""
        if not switch("continuous", continuous):
            return super().__new__(cls)
        return single_env(envs.LunarLanderContinuousVecEnv)(*arguments, **keywords)

    def __init__(self, render_mode: str | None = None, *, continuous: bool = False, **keywords: Any) -> None:
        """Create the environment, as `SingleEnv` describes."""
        super().__init__(render_mode, **keywords)


class FrozenLakeEnv(SingleEnv, vector_env=envs.FrozenLakeVecEnv):
    """A single env of `FrozenLakeVecEnv`."""

    lastaction = _lastaction


class CliffWalkingEnv(SingleEnv, vector_env=envs.CliffWalkingVecEnv):
    """A single env of `CliffWalkingVecEnv`."""

    lastaction = _lastaction


class TaxiEnv(SingleEnv, vector_env=envs.TaxiVecEnv):
    """A single env of `TaxiVecEnv`."""

    @property
    def lastaction(self) -> int | None:
        """The action of the last step, None after a reset. Pictures show the last direction, `taxi_orientation`."""
        return None if self._last_action is None else int(self._last_action)

    @lastaction.setter
    def lastaction(self, action: int | None) -> None:
        self._show_action(action)
        if action is not None and action < 4:
            self.taxi_orientation = action


_made: dict[type[SimdVectorEnv[Any]], type[SingleEnv]] = {}


def single_env(vector_env: type[SimdVectorEnv[Any]]) -> type[SingleEnv]:
    """Make the class of the single environments of a vector environment, or return the one made before."""
    if vector_env not in _made:
        name = vector_env.__name__.removesuffix("VecEnv") + "Env"
        namespace = {"__module__": vector_env.__module__, "__doc__": f"A single env of `{vector_env.__name__}`."}
        keywords = {"vector_env": vector_env}
        _made[vector_env] = new_class(name, (SingleEnv,), keywords, lambda body: body.update(namespace))
    return _made[vector_env]


def __getattr__(name: str) -> type[SingleEnv]:
    """Make the class of a built-in environment that needs no more than `SingleEnv`, such as `AcrobotEnv`."""
    vector_env = getattr(envs, f"{name.removesuffix('Env')}VecEnv", None)
    if vector_env is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return single_env(vector_env)


def _unpickled(vector_env: type[SimdVectorEnv[Any]]) -> SingleEnv:
    env_class = single_env(vector_env)
    return env_class.__new__(env_class)


class SingleEnvMaker(NamedTuple):
    """Makes single environments of a vector environment. Gymnasium's registry can hold, copy and pickle it."""

    vector_env: type[SimdVectorEnv[Any]]

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata of the environment, from which `gymnasium.make` reads the render modes."""
        return single_env(self.vector_env).metadata

    def __call__(self, **keywords: Any) -> SingleEnv:
        """Make a single environment."""
        return single_env(self.vector_env)(**keywords)
