"""What the environments have in common: the way from Gymnasium's interface to the C++ core."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, VectorEnv

from operant import _core
from operant._checks import integer, positive_integer, shown, switch
from operant._checks import path as checked_path
from operant.envs import _arguments, _attributes, _parameters, _rollout, _saving, _spaces, _streams
from operant.envs._infos import FinalObservations, final_tuples
from operant.envs._rendering import Renderer
from operant.envs._rollout import Evaluation, Policy, Progress, Rollout
from operant.envs._spec import spec_of

if TYPE_CHECKING:
    from operant.envs._keywords import Autoreset

_UNLIMITED = 2**31 - 1

#: The environments that the package has built in, by name.
BUILTIN = {environment.name: environment for environment in _core.builtin_environments()}

#: Attributes that only the constructor sets, and why nobody else does.
_FIXED = {
    **dict.fromkeys(
        ("num_envs", "workers", "dtype", "record_episode_statistics", "render_mode", "autoreset_mode"),
        "cannot be changed once the environment is made; pass it to the constructor",
    ),
    "max_episode_steps": "cannot be changed once the environment is made, as the steps at which the episodes under way "
    "are truncated follow from it; pass it to the constructor",
    "parameters": "cannot be changed as a whole; set_parameters changes some of them",
}

#: What `reset` returns first: an array, or a tuple of them.
Observations = TypeVar("Observations")
#: Of most environments.
Vectors = npt.NDArray[np.float32]
#: Of environments with discrete observations.
Integers = npt.NDArray[np.int64]
#: What `step` returns.
Step = tuple[Observations, npt.NDArray[np.float32], npt.NDArray[np.bool_], npt.NDArray[np.bool_], dict[str, Any]]


class SimdVectorEnv(VectorEnv, Generic[Observations]):
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
        metadata: Gymnasium's; `metadata["autoreset_mode"]` is an `AutoresetMode`.
        autoreset_mode: The same `AutoresetMode`.
        spec: What `gymnasium.make_vec` makes the same environment of; None if the class has no id.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "render_modes": ["human", "rgb_array"],
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    #: Gymnasium's id of the environment that this one follows, if there is one.
    gymnasium_id: ClassVar[str | None] = None
    _environment: ClassVar[_core.Environment]
    _known: ClassVar[dict[str, _parameters.Parameter]]
    #: Attributes of Gymnasium's environment that follow from parameters, and from which.
    _derived: ClassVar[dict[str, str]] = {}

    # Gymnasium before 1.3 closes every environment that is forgotten, also one whose constructor raised.
    _core: Any = None
    _renderer: Renderer | None = None
    # Of the random streams; None until they are started.
    _seeds: _streams.Seeds | None = None

    def __init_subclass__(cls, environment: _core.Environment | None = None, **kwargs: Any) -> None:
        """Make a class of an environment of a library.

        Args:
            environment: What `operant.load_library` returns; None for the same as the base class.
            **kwargs: Of other base classes.
        """
        super().__init_subclass__(**kwargs)
        if len(cls.__bases__) == 1:  # skrl looks for Gymnasium among the direct bases alone
            cls.__bases__ = (*cls.__bases__, VectorEnv)
        if environment is not None:
            cls._environment = environment
            cls._known = _parameters.known(environment)
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
            dtype: Precision of the simulated state: `numpy.float32` is fast and right to float32 rounding,
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
        for name in parameters:
            if name not in self._known:
                raise TypeError(self._unexpected("__init__", name))
        self.dtype = _arguments.precision(dtype)
        self.workers = positive_integer("workers", workers, _core.most_workers)
        if max_episode_steps is None:
            max_episode_steps = self._environment.max_episode_steps
        elif integer(max_episode_steps) == -1:
            max_episode_steps = _UNLIMITED
        limit = positive_integer("max_episode_steps", max_episode_steps, _UNLIMITED)
        self.max_episode_steps = -1 if limit == _UNLIMITED else limit
        self.record_episode_statistics = switch("record_episode_statistics", record_episode_statistics)
        self.autoreset_mode = _arguments.autoreset_mode(autoreset_mode)
        self.metadata = type(self).metadata | {"autoreset_mode": self.autoreset_mode}
        self.num_envs = _arguments.copies(num_envs, self._environment.bytes_per_copy)
        self.render_mode = _arguments.render_mode(render_mode, self.metadata["render_modes"], self.num_envs)
        numbers = _parameters.numbers_of(self._known, parameters, self.num_envs, self.dtype)
        self._take_parameters(numbers)
        mode = self.autoreset_mode.value
        self._fitting = partial(_arguments.fitting_actions, space=self.single_action_space, num_envs=self.num_envs)
        self._outputs = self._environment.outputs(mode, self.record_episode_statistics)
        self._core = _core.VectorEnv(
            self._environment,
            self.num_envs,
            self.workers,
            limit,
            mode,
            self.dtype == np.float64,
            numbers,
            self.record_episode_statistics,
            _arguments.as_actions,
            self._fitting,
            FinalObservations,
            final_tuples,
        )
        self.spec = spec_of(self)
        self._renderer = None if self.render_mode is None else Renderer(self)
        # Where `step` would only call the core's, make it the core's: few copies step in no more time than a call.
        if self._renderer is None and type(self).step is SimdVectorEnv.step:
            self.__dict__["step"] = self._core.step

    def __getattr__(self, name: str) -> Any:
        if name in type(self)._known:
            return self.parameters[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in type(self)._known:
            self.set_parameters(**{name: value})
        elif name in _FIXED and name in self.__dict__:
            raise AttributeError(f"{name}: {_FIXED[name]}")
        elif name in type(self)._derived:
            raise AttributeError(_attributes.why_not(self, name))
        else:
            super().__setattr__(name, value)

    @classmethod
    def _unexpected(cls, function: str, name: str) -> str:
        """What Python says, and more."""
        return (
            f"{cls.__name__}.{function}() got an unexpected keyword argument {name!r}"
            f"{_parameters.suggestion(name, cls._known)} The parameters are {', '.join(cls._known) or 'none'}"
        )

    def _take_parameters(self, numbers: npt.NDArray[np.float64]) -> None:
        """Have these numbers as parameters, and the spaces that follow from them."""
        described = self._environment.spaces(numbers)
        kept = self.__dict__.get("_numbers")
        self._numbers = numbers
        self.__dict__["parameters"] = MappingProxyType(_parameters.values_of(self._known, numbers))
        for kind in ("observation", "action"):
            single, batched = _spaces.single_and_batched(described[kind], self.num_envs)
            for name, space in ((f"single_{kind}_space", single), (f"{kind}_space", batched)):
                if kept is None:
                    setattr(self, name, space)
                elif getattr(self, name) != space:
                    setattr(self, name, _spaces.in_place_of(getattr(self, name), space))

    def set_parameters(self, **parameters: Any) -> None:
        """Change physical parameters: the next step is made with the new ones.

        From then on the environment is as if it had been constructed with them: `parameters`, attributes, spaces,
        `spec`, pickles and saved files have the new values. States, elapsed steps, random streams and totals stay.

        Args:
            **parameters: As the constructor takes them. The others stay as they are.

        Raises:
            TypeError: There is no such parameter, or a value has the wrong type. Whatever is raised, nothing is
                changed.
            ValueError: A value is out of range, or rewards would change that totals of episodes are computed from
                (CartPole's `sutton_barto_reward`, after the first reset).
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        for name in parameters:
            if name not in self._known:
                raise TypeError(self._unexpected("set_parameters", name))
        numbers = _parameters.numbers_of(self._known, parameters, self.num_envs, self.dtype, self._numbers)
        self._core.set_parameters(numbers)
        self._take_parameters(numbers)
        self._show_in_spec(parameters)

    def _show_in_spec(self, names: Iterable[str]) -> None:
        """Have the specification make an environment with these parameters as they are."""
        if self.spec is not None:
            self.spec = replace(self.spec, kwargs=self.spec.kwargs | {name: self._plain(name) for name in names})

    def _plain(self, name: str) -> Any:
        """A parameter as JSON can have it."""
        value = self.parameters[name]
        return value.tolist() if isinstance(value, np.ndarray) else list(value) if isinstance(value, tuple) else value

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Look at an attribute of every copy, as `SyncVectorEnv.get_attr` does.

        Args:
            name: A parameter; `state`, `np_random` or `np_random_seed`; `observation_space` or `action_space`, those of
                one copy; or what all copies have in common, as `spec` and `render_mode`.

        Returns:
            One value for each copy.

        Raises:
            AttributeError: There is no such attribute.
        """
        return _attributes.get(self, name)

    def set_attr(self, name: str, values: Any) -> None:
        """Set an attribute of every copy, as `SyncVectorEnv.set_attr` does; the next step is made with it.

        Args:
            name: A parameter, as `set_parameters` changes it, or `state`, as `set_state` does.
            values: A list or a tuple has one value for each copy. Anything else is as the constructor takes it: an
                array of shape `(num_envs,)` has one number for each copy, and all else is one value for all.

        Raises:
            AttributeError: There is no such attribute, or it cannot be set. Whatever is raised, nothing is changed.
            TypeError: A value has the wrong type.
            ValueError: There are not as many values as copies, or one is out of range.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        _attributes.set(self, name, values)

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Call a method of every copy, as `SyncVectorEnv.call` does, or look at an attribute as `get_attr` does.

        Args:
            name: "render", which is the only method that copies have, or an attribute.
            *args: Of the method.
            **kwargs: Of the method.

        Returns:
            One result for each copy.

        Raises:
            AttributeError: There is no such attribute.
        """
        return _attributes.call(self, name, args, kwargs)

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the state variables, in the order of the columns of `state`."""
        return tuple(self._environment.state_names)

    @property
    def observation_size(self) -> int:
        """How many numbers one copy's observation has."""
        space = self.single_observation_space
        return len(space) if isinstance(space, gym.spaces.Tuple) else 1 if space.shape == () else int(space.shape[0])  # type: ignore[index]

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

    def _start_streams(self) -> None:
        """Start the random streams from fresh entropy, unless they have been started."""
        if self._seeds is None:
            seed = _streams.random_seed()
            self._core.seed(seed)
            self._seeds = _streams.Seeds(seed)

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """The seed of every copy's random stream; -1 where nobody knows it, as in `SyncVectorEnv`."""
        self._start_streams()
        assert self._seeds is not None
        return tuple(self._seeds.of_all(self.num_envs))

    @property  # type: ignore[misc]
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """A generator for every copy, which stands where the copy's random stream does.

        It draws what the copy will draw; but to draw from it does not move the copy's stream on.

        Raises:
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        self._start_streams()
        return tuple(map(_streams.generator, self._core.generators()))

    def _replace_stream(self, generator: Any) -> None:
        """Have the only copy draw what this generator would."""
        row = _streams.row_of(generator, self._core.generators().shape[1])
        self._core.set_generators(row[None])
        self._seeds = _streams.Seeds(-1)

    def _parse_bounds(self, options: Mapping[str, Any]) -> npt.NDArray[np.float64]:
        """The bounds of a reset in the core's order; none at all for the defaults."""
        defaults = self._environment.reset_bounds
        for name in options:
            if name not in defaults and name != "reset_mask":
                names = (*defaults, "reset_mask")
                raise ValueError(
                    f"options: expected {', '.join(names)}, got {shown(name)}{_parameters.suggestion(name, names)}"
                )
        if defaults.keys().isdisjoint(options):
            return np.empty(0)
        bounds = {name: _arguments.bound(options, name, default) for name, default in defaults.items()}
        self._check_bounds(bounds)
        return np.array(list(bounds.values()))

    def _check_bounds(self, bounds: dict[str, float]) -> None:
        if {"low", "high"} <= bounds.keys():
            low, high = bounds["low"], bounds["high"]
            if low > high:
                gymnasiums = f"Lower bound ({low}) must be lower than higher bound ({high})."
                raise ValueError(f"low, high: expected bounds in order. {gymnasiums}")
            _arguments.check_bounds("low, high", low, high)
        for name, value in bounds.items():
            if not np.isfinite(value):
                raise OverflowError(f"{name}: expected a finite number, got {value}")

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
        array = self._fitting(_arguments.as_actions(actions))  # once: a second look at them might find something else
        result = self._core.step(array)
        self._renderer.after_step(array, result[2] | result[3])
        return result

    def rollout(
        self,
        actions: npt.ArrayLike | Policy,
        steps: int | None = None,
        *,
        record: str | Iterable[str] | None = None,
        out: Rollout[Any] | None = None,
        progress: Progress | None = None,
    ) -> Rollout[Any]:
        """Step every copy many times in one call.

        By definition what as many calls of `step` return and leave behind, bit for bit; but faster, as a block of
        copies makes all its steps while it is in the processor's cache, and what is not recorded never leaves it.

        An exception that ends it between two steps (Ctrl-C, what a policy or `progress` raises, a copy that has
        finished where autoreset is disabled) leaves the environment where that many steps have brought it, and has an
        attribute `steps` that says how many.

        Args:
            actions: Those of all steps, as `step` takes them, with an axis for time before the others: shape
                `(steps, num_envs)` or `(steps, num_envs, k)`. Or a policy: one of `operant.policies`, which is called
                without Python, or any function that takes the observations of a step, as `reset` returns them, and
                returns the actions for the next, at the speed of Python.
            steps: How many steps to make with a policy; with actions, None or as many as there are.
            record: Names of what to keep: "observations", "actions", "rewards", "terminations", "truncations",
                "infos" and "returns". None: all of it, or what `out` has.
            out: What a former call returned, to be written again and returned: nothing is allocated then.
            progress: A function that is called a few times a second, with how many steps have been made and how many
                there are.

        Returns:
            What was recorded, stacked; a `Rollout`.

        Raises:
            TypeError: An argument has the wrong type. Nothing is stepped.
            ValueError: The actions have the wrong shape, or one is not in a discrete action space or NaN; there are
                none; `record` has another name; `out` has no room for so many steps, or other records. Nothing is
                stepped.
            MemoryError: There is not enough memory for what is to be recorded. Nothing is stepped.
            gymnasium.error.ResetNeeded: `reset` has not been called, or a copy has finished and autoreset is disabled.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
            RuntimeError: Another thread, or this one in `progress`, is inside of this environment.
        """
        return _rollout.rollout(self, actions, steps, record, out, progress)

    def evaluate(
        self,
        policy: Policy,
        episodes: int = 1,
        seed: int | list[int | None] | None = None,
        *,
        progress: Progress | None = None,
    ) -> Evaluation:
        """Play whole episodes with a policy, from fresh starts, in as many copies as here are.

        The copies are new ones with the same parameters, time limit and precision; this environment, its random streams
        among it, is left as it is. A copy whose episodes are over waits for the others, and nothing of that counts.

        Args:
            policy: As `rollout` takes it.
            episodes: How many each copy plays.
            seed: Of the new copies, as `reset` takes it. None: fresh entropy.
            progress: A function that is called a few times a second, with how many episodes are over and how many there
                are, those of all copies together.

        Returns:
            `returns` and `lengths` of the episodes, both of shape `(episodes, num_envs)`.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is out of range.
            MemoryError: There is not enough memory for as many copies again.
            gymnasium.error.Error: A seed is negative or no integer.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        return _rollout.evaluate(self, policy, episodes, seed, progress)

    def copy_state(self, source: npt.ArrayLike, target: npt.ArrayLike, *, random: bool = False) -> None:
        """Bring copies to where others are: state, elapsed steps and return so far; parameters stay.

        All sources are read before any target is written.

        Args:
            source: Numbers of copies, one for each target, any integer dtype; or one number, for all targets.
            target: Numbers of the copies to change, all different.
            random: Whether to copy the random streams, too. Else every copy keeps its own.

        Raises:
            TypeError: The numbers are no integers. Whatever is raised, nothing is changed.
            ValueError: There are not as many sources as targets, a number is no copy's, or a target comes twice.
            gymnasium.error.ResetNeeded: `reset` has not been called.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        targets = np.atleast_1d(_arguments.copy_numbers("target", target, self.num_envs))
        sources = _arguments.copy_numbers("source", source, self.num_envs)
        if sources.ndim == 0:
            sources = np.full(targets.shape, sources)
        with_random = switch("random", random)
        self._core.copy_state(sources, targets, with_random)
        if with_random and self._seeds is not None:
            self._seeds = self._seeds.copied(sources, targets, self.num_envs)
        if self._renderer is not None:
            self._renderer.after_jump()

    def snapshot(self) -> _core.Snapshot:
        """Where the environment stands, in memory, for `restore`.

        That is state, elapsed steps, random streams, totals and parameters. Cheap enough for every step. To keep an
        environment in a file, or to go on with another, there are `save`, pickling
        and deep copies.

        Returns:
            An object for `restore`.

        Raises:
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        return self._core.snapshot((self._numbers, self._seeds))

    def restore(self, snapshot: _core.Snapshot) -> None:
        """Go back, or forth, to where the environment stood; it goes on from there bit for bit.

        Args:
            snapshot: What `snapshot` of this environment has returned; it can be restored again and again.

        Raises:
            TypeError: It is something else.
            ValueError: It is of another environment. Nothing is changed.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        if not isinstance(snapshot, _core.Snapshot):
            raise TypeError(f"snapshot: expected what snapshot() returned, got {shown(snapshot)}")
        numbers, self._seeds = self._core.restore(snapshot)
        if numbers is not self._numbers:
            self._take_parameters(numbers)
            self._show_in_spec([] if self.spec is None else self._known.keys() & self.spec.kwargs.keys())
        if self._renderer is not None:
            self._renderer.after_jump()

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
        """Put Gymnasium's environment, which draws, into the state of one copy; `action` is None after a reset."""
        artist.state = state

    @property
    def state(self) -> npt.NDArray[np.float64]:
        """A copy of the simulated state, shape `(num_envs, state_size)`, float64 whatever it is simulated in.

        The variables, their order and their units are those of the environment's equations, and for Pendulum and
        Acrobot not those of its observations.

        Raises:
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        return self._core.state()

    def set_state(self, state: npt.ArrayLike, mask: npt.NDArray[np.bool_] | None = None) -> None:
        """Replace the simulated state; elapsed steps and random streams stay as they are.

        Args:
            state: Shape `(num_envs, state_size)`, as the property `state` has it; any number dtype.
            mask: Which copies to change, shape `(num_envs,)`, bool; None changes all.

        Raises:
            TypeError: The state has no number dtype, or the mask is not bool. Nothing is changed.
            ValueError: The state or the mask has the wrong shape, or a number is infinite, NaN or beyond what `dtype`
                can hold. Nothing is changed.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        selected = _arguments.state_mask(mask, self.num_envs)
        shape = (self.num_envs, len(self.state_names))
        new = _arguments.state(state, shape, self.dtype, selected)
        self._core.set_state(new if mask is None else np.where(selected[:, None], new, self.state))

    def get_logs(self) -> dict[str, Any]:
        """Totals of the episodes that ended since `clear_logs`, exact however many.

        Returns:
            `episode_count`, an int; `total_reward`, a float, and `total_steps`, an int, the sums of the episodes'
            returns and lengths; `mean_reward` and `mean_length`, floats, per episode, 0.0 without one.

        Raises:
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        count, reward, steps = self._core.logs()
        return {
            "episode_count": count,
            "total_reward": reward,
            "total_steps": steps,
            "mean_reward": reward / max(count, 1),
            "mean_length": steps / max(count, 1),
        }

    def clear_logs(self) -> None:
        """Start the totals of `get_logs` anew; episodes under way count in full when they end."""
        self._core.clear_logs()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the whole environment to a file: parameters, state, elapsed steps, random streams, totals.

        `operant.envs.load` makes an environment of it that continues bit for bit. The render mode is not saved.

        Args:
            path: The file; an existing one is replaced.

        Raises:
            TypeError: The path is none.
            OSError: The file cannot be written.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        target = Path(checked_path("path", path))
        target.write_bytes(self._saved())

    def _described(self) -> dict[str, Any]:
        arguments = {
            "num_envs": self.num_envs,
            "max_episode_steps": self.max_episode_steps,
            "autoreset_mode": self.metadata["autoreset_mode"].value,
            "dtype": self.dtype.name,
            "record_episode_statistics": self.record_episode_statistics,
            **{name: self._plain(name) for name in self.parameters},
        }
        return {"class": f"{type(self).__module__}:{type(self).__qualname__}", "arguments": arguments}

    def _saved(self) -> bytes:
        seeds = None if self._seeds is None else self._seeds.plain(self.num_envs)
        return _saving.pack(self._described() | {"seeds": seeds}, b"" if self.closed else self._core.save())

    def __reduce__(self) -> Any:
        state = {name: getattr(self, name) for name in (*_SPACES, "spec")}
        return _unpickled, (type(self), self._saved(), self.workers, self.render_mode, self.closed), state

    def __setstate__(self, state: dict[str, Any]) -> None:
        try:
            is_mine = all(state[name] == getattr(self, name) for name in _SPACES)
        except (KeyError, TypeError, AttributeError, ValueError):
            is_mine = False
        if not is_mine:
            raise ValueError(f"this is no pickled {type(self).__name__}: it has other spaces")
        self.__dict__.update(state)

    def close_extras(self, **kwargs: Any) -> None:
        """Free the copies' memory, stop the worker threads, close the window."""
        if self._core is not None:
            self._core.close()
        if self._renderer is not None:
            self._renderer.close()


#: Attributes that a pickle keeps as they are: the spaces have random streams of their own.
_SPACES = ("single_observation_space", "single_action_space", "observation_space", "action_space")


def restored(env_class: type[SimdVectorEnv[Any]], saved: bytes, **arguments: Any) -> SimdVectorEnv[Any]:
    """The environment that `SimdVectorEnv._saved` has described.

    Raises:
        ValueError: It is damaged, or the class does not fit.
    """
    described, core = _saving.unpack(saved)
    seeds = described.pop("seeds", -1)
    env = env_class(**described["arguments"], **arguments)
    if env._described() != described:
        raise ValueError("it is of another environment or has other arguments")
    if core:
        env._core.load(core)
    if seeds is not None:
        env._seeds = _streams.from_plain(seeds, env.num_envs)
    return env


def _unpickled(
    env_class: type[SimdVectorEnv[Any]], saved: bytes, workers: int, render_mode: str | None, closed: bool
) -> SimdVectorEnv[Any]:
    env = restored(env_class, saved, workers=workers, render_mode=render_mode)
    if closed:
        env.close()
    return env
