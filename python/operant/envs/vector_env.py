"""The class of all environments: Gymnasium's interface to the C++ core."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, VectorEnv

from operant import _core
from operant._checks import positive_integer, switch
from operant.envs import _arguments, _parameters, _streams
from operant.envs._attributes import Attributes
from operant.envs._infos import FinalObservations, final_tuples
from operant.envs._many_steps import ManySteps
from operant.envs._np_random import RandomStreams
from operant.envs._rendering import Renderer
from operant.envs._saving import Saving
from operant.envs._spec import spec_of
from operant.envs._starts import Starts
from operant.envs._states import States
from operant.envs._statistics import Statistics

if TYPE_CHECKING:
    from operant.envs._keywords import Autoreset

#: The environments that the package has built in, by name.
BUILTIN = {environment.name: environment for environment in _core.builtin_environments()}

#: What `reset` returns first: an array, or a tuple of them.
Observations = TypeVar("Observations")
#: The observations of most environments.
Vectors = npt.NDArray[np.float32]
#: The observations of environments whose observation space is discrete.
Integers = npt.NDArray[np.int64]
#: What `step` returns.
Step = tuple[Observations, npt.NDArray[np.float32], npt.NDArray[np.bool_], npt.NDArray[np.bool_], dict[str, Any]]


class SimdVectorEnv(ManySteps, States, Starts, RandomStreams, Statistics, Saving, Attributes, Generic[Observations]):
    """`num_envs` copies of one environment, stepped together in C++, one SIMD lane each.

    Follows `gymnasium.vector.SyncVectorEnv`: same seeds, same actions, same results. The results do not depend on
    `workers`, and copy i's do not depend on `num_envs`.

    The arrays that `reset` and `step` return are never written again while the caller can still reach them, through the
    array itself, a view of it or anything that shares its memory. Otherwise they are recycled.

    Environments can be pickled and deep-copied; the copy continues bit for bit where the original stood.

    Attributes:
        num_envs: How many copies there are.
        workers: Threads that step them, the caller's among them.
        max_episode_steps: Steps after which an episode is truncated; -1 for no limit.
        dtype: Precision of the simulated state, float32 or float64.
        parameters: The environment's physical parameters, those with their defaults included; read-only. Each is an
            attribute, too: `env.gravity = 3.7` is `env.set_parameters(gravity=3.7)`.
        record_episode_statistics: Whether infos report the episodes that ended.
        state_names: Names of the state variables, in the order of the columns of `state`.
        observation_size: How many numbers one copy's observation has.
        single_observation_space: A `Box` of shape `(observation_size,)`, float32; a `Discrete` or a `Tuple` of them.
        single_action_space: A `Discrete`, a `MultiDiscrete`, or a `Box` of shape `(k,)`, float32.
        observation_space: The same of all copies, `num_envs` rows.
        action_space: The same of all copies.
        gymnasium_id: Gymnasium's id of the environment that this one follows; None if there is none.
        render_mode: What the constructor was given.
        metadata: As Gymnasium has it; `metadata["autoreset_mode"]` is an `AutoresetMode`.
        autoreset_mode: The same `AutoresetMode`.
        spec: From this, `gymnasium.make_vec` makes the same environment; None if the class has no id.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "render_modes": ["human", "rgb_array"],
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    #: Gymnasium's id of the environment that this one follows, if there is one.
    gymnasium_id: ClassVar[str | None] = None

    def __init_subclass__(cls, environment: _core.Environment | None = None, **kwargs: Any) -> None:
        """Make a class of an environment of a library.

        Args:
            environment: One of those that `operant.load_library` returns; None for that of the base class.
            **kwargs: Arguments of other base classes.
        """
        super().__init_subclass__(**kwargs)
        if len(cls.__bases__) == 1:  # skrl only looks for Gymnasium among the direct base classes
            cls.__bases__ = (*cls.__bases__, VectorEnv)
        if environment is not None:
            cls._environment = environment
            cls._known = _parameters.known(environment)
            cls._show_parameters()
        if cls.gymnasium_id is None:
            cls.metadata = cls.metadata | {"render_modes": ["rgb_array"] if hasattr(cls, "draw") else []}

    def __init__(
        self,
        num_envs: int,
        workers: int = 1,
        *,
        max_episode_steps: int | None = None,
        autoreset_mode: Autoreset = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
        dtype: npt.DTypeLike = np.float32,
        record_episode_statistics: bool = False,
        **parameters: Any,
    ) -> None:
        """Create the copies.

        Args:
            num_envs: How many copies to step together.
            workers: Threads that step them, the caller's among them. 1 starts none.
            max_episode_steps: Steps after which an episode is truncated. None: as many as Gymnasium's environment has;
                -1: no limit.
            autoreset_mode: What happens to a copy whose episode has ended, an `AutoresetMode` or its value:
                "NextStep", the next step starts a new episode; "SameStep", the same step does; "Disabled", nothing,
                until `reset(options={"reset_mask": mask})`.
            render_mode: "rgb_array", "human" (for one copy) or None.
            dtype: Precision of the simulated state: `numpy.float32` is fast and correct to float32 rounding,
                `numpy.float64` equals Gymnasium bit for bit. Observations are float32 either way.
            record_episode_statistics: Report return, length and duration of episodes in `infos["episode"]` when they
                end, as Gymnasium's wrapper `RecordEpisodeStatistics` does.
            **parameters: The environment's physical parameters, by Gymnasium's names. A number may be an array of shape
                `(num_envs,)` instead: one value for each copy.

        Raises:
            TypeError: An argument has the wrong type, or there is no such parameter.
            ValueError: An argument is out of range.
            MemoryError: There is not enough memory for `num_envs` copies.
        """
        self._check_names("__init__", parameters)
        self.dtype = _arguments.precision(dtype)
        self.workers = positive_integer("workers", workers, _core.most_workers)
        limit = _arguments.time_limit(max_episode_steps, self._environment.max_episode_steps)
        self.max_episode_steps = -1 if limit == _arguments.UNLIMITED else limit
        self.record_episode_statistics = switch("record_episode_statistics", record_episode_statistics)
        self.autoreset_mode = _arguments.autoreset_mode(autoreset_mode)
        self.metadata = type(self).metadata | {"autoreset_mode": self.autoreset_mode}
        self.num_envs = _arguments.copies(num_envs, self._environment.bytes_per_copy)
        self.render_mode = _arguments.render_mode(render_mode, self.metadata["render_modes"], self.num_envs)
        self._take_parameters(_parameters.numbers_of(self._known, parameters, self.num_envs, self.dtype))
        self._start(limit)

    def _start(self, time_limit: int) -> None:
        """Make the copies in the core, from arguments that have been checked."""
        mode = self.autoreset_mode.value
        self._fitting = partial(_arguments.fitting_actions, space=self.single_action_space, num_envs=self.num_envs)
        self._outputs = self._environment.outputs(mode, self.record_episode_statistics)
        self._core = _core.VectorEnv(
            self._environment,
            self.num_envs,
            self.workers,
            time_limit,
            mode,
            self.dtype == np.float64,
            self._numbers,
            self.record_episode_statistics,
            _arguments.as_actions,
            self._fitting,
            FinalObservations,
            final_tuples,
        )
        self.spec = spec_of(self)
        self._renderer = None if self.render_mode is None else Renderer(self)
        # Without a renderer, `step` would only call the core's method. With few copies, that one more call takes a
        # good part of a step's time, so the core's method takes its place.
        if self._renderer is None and type(self).step is SimdVectorEnv.step:
            self.__dict__["step"] = self._core.step

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observations, dict[str, Any]]:
        """Start a new episode in every copy, or in some.

        Args:
            seed: None continues every copy's random stream (the first time: starts it from fresh entropy). An int seeds
                copy i with `seed + i`. A sequence has one int or None for each copy.
            options: The bounds of the start, for this reset only: `low` and `high` of a uniform distribution (for
                Pendulum, `x_init` and `y_init`), whatever the environment has. `reset_mask`, a bool array of shape
                `(num_envs,)`, selects the copies to reset; the others stay as they are.

        Returns:
            Observations of all copies, shape `(num_envs, d)`, float32, C-contiguous (for discrete observations
            `(num_envs,)`, int64, or a tuple of those); and a dict of infos, empty for most environments.

        Raises:
            TypeError: The seed is neither None nor an integer nor a sequence; the options are no dict; the mask is no
                bool array.
            ValueError: The sequence or the mask has not `num_envs` elements, the mask selects nothing, there is no such
                option, or a bound is not a number that float32 can hold, or above the other.
            OverflowError: A bound is infinite or NaN.
            gymnasium.error.Error: A seed is negative or no integer.
            gymnasium.error.ResetNeeded: The mask of the very first reset does not select all copies.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        seeds = _arguments.seeds(seed, self.num_envs)
        chosen = _arguments.options_mapping(options)
        bounds = self._parse_bounds(chosen)
        mask = _arguments.reset_mask(chosen, self.num_envs)
        if not isinstance(seeds, int):
            self._start_streams()
        observations, infos = self._core.reset(seeds, bounds, mask)
        if seeds is not None:
            self._seeds = (self._seeds or _streams.Seeds(-1)).replaced(seeds, mask, self.num_envs)
        if self._renderer is not None:
            self._renderer.after_reset(mask)
        return observations, infos

    def step(self, actions: npt.ArrayLike) -> Step[Observations]:
        """Step every copy once.

        With autoreset mode "NextStep", a copy whose episode ended in the last step starts a new one instead: its action
        is ignored, its observation is the new episode's first, its reward 0 and both flags False. With "SameStep", a
        copy whose episode ends returns the new episode's first observation at once, beside the old one's reward and
        flags; its last observation is in `infos["final_obs"]`.

        Args:
            actions: One for each copy: a numpy array, a list, or anything with `__array__` or `__dlpack__` on the CPU.
                Discrete actions have shape `(num_envs,)`, or `(num_envs, k)` where there are several, and any integer
                dtype; int32 and int64 are used without a copy.
                Continuous ones have shape `(num_envs, k)`, or `(num_envs,)` where k is 1, and any float dtype; float32
                and float64 are used without a copy, and clipped to the action space.

        Returns:
            Observations as `reset` returns them, rewards `(num_envs,)` float32, terminations `(num_envs,)` bool,
            truncations `(num_envs,)` bool, and a dict.

        Raises:
            TypeError: The actions are no array or sequence, or their dtype is wrong.
            ValueError: Their shape is wrong, or one is not in a discrete action space or NaN. Nothing is stepped.
            gymnasium.error.ResetNeeded: `reset` has not been called, or a copy has finished and autoreset is disabled.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
            RuntimeError: Another thread is stepping this environment.
        """
        if self._renderer is None:
            return self._core.step(actions)
        array = self._fitting(
            _arguments.as_actions(actions)
        )  # read once: an object can return other actions when it is read again
        result = self._core.step(array)
        self._renderer.after_step(array, result[2] | result[3])
        return result

    def render(self) -> tuple[npt.NDArray[np.uint8], ...] | None:
        """Draw every copy: with Gymnasium's own renderer, or, where there is none, with the class's method `draw`.

        A subclass has it: `draw(state, action)` gets the state of one copy and its last action, None after a reset, and
        returns a picture, `(height, width, 3)` uint8.

        Returns:
            One frame for each copy, `(height, width, 3)` uint8; None in human mode, which shows the copy in a window at
            every step.

        Raises:
            gymnasium.error.ResetNeeded: `reset` has not been called.
            gymnasium.error.DependencyNotInstalled: pygame is not installed.
        """
        if self._renderer is None:
            gym.logger.warn("render was called without a render_mode; pass one to the constructor")
            return None
        return self._renderer.render()

    def _pose(self, artist: Any, state: npt.NDArray[np.float64], action: Any) -> None:
        """Put Gymnasium's environment, which draws, into the state of one copy. `action` is None after a reset."""
        artist.state = state

    def __del__(self) -> None:
        """Nothing: Gymnasium before 1.3 closes here what a program of JAX may still keep; the core frees itself."""

    def close_extras(self, **kwargs: Any) -> None:
        """Free the copies' memory, stop the worker threads, close the window."""
        if self._core is not None:
            self._core.close()
        if self._renderer is not None:
            self._renderer.close()
