"""`SimdVectorEnv`, the base class of all vector environments: Gymnasium's interface to the C++ core."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial, update_wrapper
from inspect import cleandoc
from itertools import repeat
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.envs.registration import EnvSpec
from gymnasium.spaces import Dict, Space, Tuple
from gymnasium.vector import AutoresetMode, VectorEnv

from operant import _core
from operant._checks import positive_integer, shown, switch
from operant.envs import _animation, _evaluation, _rollout, _saving, arguments, attributes, spaces, spec, streams
from operant.envs._animation import Animation
from operant.envs._evaluation import Evaluation
from operant.envs._infos import FinalObservations, Infos, Output
from operant.envs._rollout import Policy, Progress, Rollout
from operant.envs._skrl import StateSpace
from operant.envs.action_parts import ActionParts
from operant.envs.parameters import Parameter, check_names, known, mistake_of, numbers_of, table, values_of
from operant.envs.rendering import Renderer
from operant.envs.views import View

if TYPE_CHECKING:
    from operant.envs.keywords import Autoreset

#: The built-in environments by name.
BUILTIN = {environment.name: environment for environment in _core.builtin_environments()}

#: The observations of all envs: an array, or a tuple or a dict of arrays.
Observations = TypeVar("Observations")
#: The observations of most environments.
Vectors = npt.NDArray[np.float32]
#: The observations of environments with a discrete observation space.
Integers = npt.NDArray[np.int64]
#: The result of `step`.
Step = tuple[Observations, npt.NDArray[np.float32], npt.NDArray[np.bool_], npt.NDArray[np.bool_], dict[str, Any]]


class SimdVectorEnv(VectorEnv, Generic[Observations]):
    """A vector environment: `num_envs` envs of the same kind, stepped together in C++.

    It follows `gymnasium.vector.SyncVectorEnv`: the same seeds and actions give the same results. The results do not
    depend on `workers`, and those of env i do not depend on `num_envs`.

    The arrays that `reset` and `step` return are never overwritten while the caller can still reach them, through the
    array itself, a view of it or an object that shares its memory. Otherwise they are reused.

    Vector environments can be pickled and copied. A copy continues bit for bit where the original stood, and keeps the
    attributes that a subclass or a user has added. Copying does not call the `__init__` of a subclass.

    Attributes:
        num_envs: The number of envs.
        workers: The number of threads that step the envs, including the caller's, if there are as many cores.
        max_episode_steps: The number of steps after which an episode is truncated; -1 for no limit.
        dtype: The precision of the simulated state, float32 or float64.
        parameters: All physical parameters by name, including those with default values; read-only. Each parameter is
            also an attribute: `env.gravity = 3.7` is the same as `env.set_parameters(gravity=3.7)`.
        record_episode_statistics: True if the infos report the episodes that ended.
        state_names: The names of the state variables, in the order of the columns of `state`.
        observation_size: The number of values in one env's observation.
        single_observation_space: A `Box`, `Discrete`, `MultiDiscrete` or `MultiBinary`, or a `Tuple` or `Dict` of them;
            for most environments a `Box` of shape `(observation_size,)`, float32.
        single_action_space: A `Discrete`, a `MultiDiscrete`, a `MultiBinary`, or a `Box` of shape `(k,)`, float32; or a
            `Tuple` or a `Dict` of those.
        observation_space: The observation space of all envs, with `num_envs` rows.
        action_space: The action space of all envs, with `num_envs` rows.
        gymnasium_id: Gymnasium's id of the environment that this one follows; None if there is none.
        render_mode: The argument of the constructor.
        metadata: Gymnasium's metadata; `metadata["autoreset_mode"]` is an `AutoresetMode`.
        autoreset_mode: The same `AutoresetMode`.
        spec: The specification from which `gymnasium.make_vec` makes the same environment; None if the class has no id.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "render_modes": ["human", "rgb_array"],
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    #: Gymnasium's id of the environment that this one follows, if there is one.
    gymnasium_id: ClassVar[str | None] = None

    num_envs: int
    single_observation_space: Space[Any]
    single_action_space: Space[Any]
    observation_space: Space[Any]
    action_space: Space[Any]
    render_mode: str | None
    spec: EnvSpec | None
    dtype: np.dtype[Any]
    workers: int
    autoreset_mode: AutoresetMode
    max_episode_steps: int
    record_episode_statistics: bool
    parameters: Mapping[str, Any]

    _environment: ClassVar[_core.EnvironmentDescription]
    _known: ClassVar[dict[str, Parameter]]
    #: Attributes of Gymnasium's environment that are computed from parameters, and the names of these parameters.
    _derived: ClassVar[dict[str, str]] = {}
    #: Attributes of Gymnasium's environment that each env has, but the vector environment does not.
    _viewed: ClassVar[dict[str, View]] = {}
    #: The `reset` and `step` of this class, which a subclass or a patch may replace.
    _own_methods: ClassVar[dict[str, Any]]

    state_space = StateSpace()
    _has_warned = False

    # Gymnasium before 1.3 also closes an environment whose constructor raised, so these attributes must always exist.
    _core: Any = None
    _renderer: Renderer | None = None
    # The core if nothing is drawn after a step, else None. `step`, which is implemented in C, reads it.
    _undrawn_core: Any = None
    # The seeds of the random streams; None until the streams are started.
    _seeds: streams.Seeds | None = None
    # The parameters as the core takes them, shape `(number_count,)` or `(num_envs, number_count)`.
    _numbers: npt.NDArray[np.float64]
    # Role, name, dtype and shape of each array that a step writes.
    _outputs: list[Output]
    # The indices of the leaves of the observation space, arranged as observations are.
    _observation_tree: spaces.Tree
    # Converts an array of actions to the form that the core takes.
    _fitting: Callable[[np.ndarray], np.ndarray]
    # Packs actions that are tuples or dicts into such an array; None if they are arrays.
    _as_actions: Callable[[Any], np.ndarray] | None
    _action_parts: ActionParts | None

    if TYPE_CHECKING:  # the parameters, which are properties of the subclasses

        def __getattr__(self, name: str) -> Any: ...

    def __init_subclass__(cls, environment: _core.EnvironmentDescription | None = None, **kwargs: Any) -> None:
        """Make the class of an environment. `{parameters}` in its docstring becomes a table of the parameters.

        Args:
            environment: An environment that `operant.load_library` returned; None for that of the base class.
            **kwargs: Arguments of other base classes.

        Raises:
            ValueError: The environment has a mistake, such as a parameter with the name of a constructor argument.
            TypeError: An attribute of the class hides one that only the constructor can set.
        """
        super().__init_subclass__(**kwargs)
        if environment is not None and (mistake := mistake_of(environment, SimdVectorEnv)):
            raise ValueError(f"{environment.name}: {mistake}")
        if len(cls.__bases__) == 1:  # skrl looks for Gymnasium's class only among the direct base classes
            cls.__bases__ = (*cls.__bases__, VectorEnv)
        if environment is not None:
            cls._environment = environment
            cls._known = known(environment)
        if hasattr(cls, "_known"):
            attributes.adopt_defaults(cls, SimdVectorEnv)
            attributes.add_properties(cls)
            if cls.__doc__ is not None and "{parameters}" in cls.__doc__:
                cls.__doc__ = cleandoc(cls.__doc__).replace("{parameters}", table(cls._known.values()))
        if cls.gymnasium_id is None:
            cls.metadata = cls.metadata | {"render_modes": ["human", "rgb_array"] if hasattr(cls, "draw") else []}

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
        """Create the envs.

        Args:
            num_envs: The number of envs to step together.
            workers: The number of threads that step the envs, including the caller's; at most the number of cores that
                the process may use. 1 starts no thread. If other threads would save no time, the caller steps alone.
            max_episode_steps: The number of steps after which an episode is truncated. None: the limit of Gymnasium's
                environment; -1: no limit.
            autoreset_mode: An `AutoresetMode` or its value, for an env whose episode has ended. "NextStep": the next
                step starts a new episode. "SameStep": the same step does. "Disabled": the env waits for
                `reset(options={"reset_mask": mask})`.
            render_mode: "rgb_array", "rgb_array_list", "human" (for one env) or None. As in Gymnasium, another mode is
                only a warning until `render` refuses it.
            dtype: The precision of the simulated state: `numpy.float32` is fast and correct to float32 rounding,
                `numpy.float64` equals Gymnasium bit for bit. Observations are float32 in both cases.
            record_episode_statistics: Report return, length and duration of an episode in `infos["episode"]` when it
                ends, as Gymnasium's wrapper `RecordEpisodeStatistics` does.
            **parameters: The physical parameters by Gymnasium's names. A number may also be an array of shape
                `(num_envs,)`, with one value for each env.

        Raises:
            TypeError: An argument has the wrong type, or there is no such parameter.
            ValueError: An argument is out of range.
            MemoryError: There is not enough memory for `num_envs` envs.
        """
        attributes.check_properties(type(self))
        check_names(f"{type(self).__name__}.__init__()", parameters, self._known)
        self.dtype = arguments.precision(dtype)
        self.workers = positive_integer("workers", workers, _core.most_workers)
        limit = arguments.time_limit(max_episode_steps, self._environment.max_episode_steps)
        self.max_episode_steps = -1 if limit == arguments.UNLIMITED else limit
        self.record_episode_statistics = switch("record_episode_statistics", record_episode_statistics)
        self.autoreset_mode = arguments.autoreset_mode(autoreset_mode)
        self.metadata = type(self).metadata | {"autoreset_mode": self.autoreset_mode}
        self.num_envs = arguments.num_envs(num_envs, self._environment.bytes_per_env)
        self.render_mode = arguments.render_mode(render_mode, self.metadata["render_modes"], self.num_envs)
        if self.render_mode == "rgb_array_list":
            self.metadata["render_modes"] = [*self.metadata["render_modes"], self.render_mode]
        numbers = numbers_of(self._known, parameters, self.num_envs, self.dtype)
        checked = self._environment.check_parameters(numbers)
        self._take_parameters(numbers, checked)
        self._action_parts = self._as_actions = None
        self._fitting = partial(arguments.fitting, space=self.single_action_space, rows=(self.num_envs,))
        if isinstance(self.single_action_space, (Dict, Tuple)):
            self._action_parts = ActionParts(self.single_action_space, self._environment.action_tree)
            self._fitting = self._as_actions = partial(self._action_parts.pack, rows=(self.num_envs,))
        mode = self.autoreset_mode.value
        self._outputs = self._environment.outputs(mode, self.record_episode_statistics)
        self._observation_tree = tree = self._environment.observation_tree
        self._core = _core.Engine(
            checked,
            self.num_envs,
            self.workers,
            limit,
            mode,
            self.dtype == np.float64,
            self.record_episode_statistics,
            self._as_actions or arguments.as_actions,
            self._fitting,
            Infos,
            lambda arrays: FinalObservations((tree, *arrays)),
        )
        self.spec = spec.spec_of(self)
        self._renderer = None if self.render_mode is None else Renderer(self)
        self._undrawn_core = self._core if self._renderer is None else None

    @classmethod
    def _constructed(cls, **arguments: Any) -> Any:
        """Make an environment of this class without the constructor of a subclass, which may take other arguments."""
        env = object.__new__(cls)
        SimdVectorEnv.__init__(env, **arguments)
        return env

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observations, dict[str, Any]]:
        """Start a new episode in every env, or in some of them.

        Args:
            seed: None continues the random stream of every env (the first time: starts it from fresh entropy). An int
                seeds env i with `seed + i`. A sequence has one int or None for each env.
            options: The bounds of the start, for this reset only: for example `low` and `high` of a uniform
                distribution, or Pendulum's `x_init` and `y_init`. `reset_mask`, a bool array of shape `(num_envs,)`,
                selects the envs to reset; the others do not change.

        Returns:
            The observations of all envs, C-contiguous, in the shape and dtype of `observation_space`: vectors
            `(num_envs, d)`, float32; discrete observations `(num_envs,)`, int64; images `(num_envs, h, w, c)`, uint8; a
            tuple or a dict of such arrays. And a dict of infos, empty for most environments.

        Raises:
            TypeError: The seed is not None, an integer or a sequence; the options are not a dict; or the mask is not a
                bool array.
            ValueError: The sequence or the mask does not have `num_envs` elements; the mask selects no env; there is no
                such option; or a bound is not a number that float32 can hold, or is above the other bound.
            OverflowError: A bound is infinite or NaN.
            gymnasium.error.Error: A seed is negative or not an integer.
            gymnasium.error.ResetNeeded: The mask of the very first reset does not select all envs.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
            RuntimeError: The code of the environment threw an exception, which closes the environment.
        """
        seeds = arguments.seeds(seed, self.num_envs)
        chosen = arguments.options_mapping(options)
        bounds = self._parse_bounds(chosen)
        mask = arguments.reset_mask(chosen, self.num_envs)
        if not isinstance(seeds, int):
            self._start_streams()
        observations, infos = self._core.reset(seeds, bounds, mask)
        if seeds is not None:
            self._seeds = (self._seeds or streams.Seeds(-1)).replaced(seeds, mask, self.num_envs)
        if self._renderer is not None:
            self._renderer.after_reset(mask)
        return observations, infos

    def _parse_bounds(self, options: Mapping[str, Any]) -> npt.NDArray[np.float64]:
        """Return the bounds of a reset in the core's order; an empty array stands for the defaults."""
        return arguments.reset_bounds(options, self._environment.reset_bounds, self._check_bounds)

    def _check_bounds(self, bounds: dict[str, float]) -> None:
        """Refuse the bounds that Gymnasium's environment refuses."""
        arguments.check_low_and_high(bounds)

    def step(self, actions: npt.ArrayLike) -> Step[Observations]:
        """Step every env once.

        With autoreset mode "NextStep", an env whose episode ended in the last step starts a new one instead: its action
        is ignored, its observation is the first of the new episode, its reward is 0 and both flags are False. With
        "SameStep", an env whose episode ends returns the first observation of the new episode at once, with the reward
        and the flags of the old one; the last observation of the old episode is in `infos["final_obs"]`.

        Args:
            actions: One action for each env: a numpy array, a list, or an object with `__array__` or `__dlpack__` on
                the CPU. Discrete actions have shape `(num_envs,)`, or `(num_envs, k)` where an action has k numbers,
                and any integer dtype; int32 and int64 are not copied. Continuous actions have shape `(num_envs, k)`, or
                `(num_envs,)` if k is 1, and any float dtype; float32 and float64 are not copied. The built-in
                environments clip them to the action space. For a `Tuple` or a `Dict`, a tuple or a dict of such arrays,
                one for each part.

        Returns:
            The observations as `reset` returns them, rewards `(num_envs,)` float32, terminations `(num_envs,)` bool,
            truncations `(num_envs,)` bool, and a dict of infos.

        Raises:
            TypeError: The actions are not an array or a sequence, are a masked array, or have the wrong dtype.
            ValueError: The shape is wrong, or an action is NaN or not in a discrete action space. Nothing is stepped.
            gymnasium.error.ResetNeeded: `reset` has not been called; or an env has finished and autoreset is disabled.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
            RuntimeError: Another thread is stepping this environment; or the code of the environment threw an
                exception, which closes the environment.
        """
        if self._renderer is None:
            return self._core.step(actions)
        # Convert the actions only once: an object may return different numbers when it is read again.
        array = self._fitting((self._as_actions or arguments.as_actions)(actions))
        result = self._core.step(array)
        self._renderer.after_step(array, result[2] | result[3])
        return result

    def action_masks(self) -> npt.NDArray[Any]:
        """Return the actions that are allowed in the present states, as `infos["action_mask"]` reports them.

        Returns:
            Shape `(num_envs, n)`, bool or int8: True or 1 for the allowed ones. For a `MultiDiscrete`, the masks of its
            numbers follow each other, and n is the sum of their numbers of values.

        Raises:
            AttributeError: The environment has no action mask.
            gymnasium.error.ResetNeeded: `reset` has not been called.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        if not self._environment.has_action_mask:
            raise AttributeError(f"action_masks: {type(self).__name__} has no action mask")
        return self._core.action_masks()

    def rollout(
        self,
        actions: npt.ArrayLike | Policy,
        steps: int | None = None,
        *,
        critic: Policy | None = None,
        record: str | Iterable[str] | None = None,
        out: Rollout[Any] | None = None,
        progress: Progress | bool | None = None,
    ) -> Rollout[Any]:
        """Step every env many times in one call.

        The result, and the environment afterwards, equal those of as many calls of `step`, bit for bit. A rollout is
        faster because a block of envs makes all its steps while it is in the processor's cache, and only the recorded
        arrays leave the cache.

        An exception between two steps (Ctrl-C, an error in a policy or in `progress`, an env that has finished while
        autoreset is disabled) leaves the environment after the last completed step. The attribute `steps` of the
        exception is the number of completed steps.

        Args:
            actions: The actions of all steps, as `step` takes them, with a leading time axis: shape
                `(steps, num_envs)` or `(steps, num_envs, k)`. Or a policy: one of `operant.policies`, which runs
                without Python and follows the action mask of the environment, if it has one; or a function that takes
                the observations of a step, as `reset` returns them, and returns the actions of the next one, at the
                speed of Python. The actions of a `Tuple` or a `Dict` are a tuple or a dict of such arrays.
            steps: The number of steps to make with a policy; with actions, None or the number of actions.
            critic: A `Linear` or an `MLP` with one output, which values the observations of the steps.
            record: The names of the results to keep: "observations", "actions", "rewards", "terminations",
                "truncations", "infos" and "returns"; "values" with a critic; and "log_probs" with a network that draws
                its actions. None keeps all of them but "log_probs", or those that `out` has.
            out: The result of an earlier call. It is overwritten and returned, so that nothing is allocated.
            progress: True shows a progress bar of tqdm, in a terminal or a notebook. A function is called a few times
                a second with the number of completed steps and the number of all steps.

        Returns:
            The recorded results, stacked along the time axis.

        Raises:
            TypeError: An argument has the wrong type. Nothing is stepped.
            ValueError: The actions have the wrong shape, or there are none; an action is NaN or not in a discrete
                action space; `record` has an unknown name; or `out` has another size or other records. Nothing is
                stepped.
            MemoryError: There is not enough memory for the records. Nothing is stepped.
            NotImplementedError: A subclass has its own `step`, or `step` was patched; a rollout would not call it.
                Nothing is stepped.
            gymnasium.error.ResetNeeded: `reset` has not been called; or an env has finished and autoreset is disabled.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
            RuntimeError: Another thread, or `progress`, is using this environment; or the code of the environment or of
                a compiled policy threw an exception, which closes the environment.
        """
        return _rollout.rollout(self, actions, steps, critic, record, out, progress)

    def evaluate(
        self,
        policy: Policy,
        episodes: int = 1,
        seed: int | list[int | None] | None = None,
        *,
        progress: Progress | bool | None = None,
    ) -> Evaluation:
        """Play whole episodes with a policy, from fresh starts, in `num_envs` new envs.

        The new envs have the same parameters, time limit and precision. This environment and its random streams do not
        change. An env that has played its episodes waits for the others, and its further steps do not count.

        If a subclass has its own `step` or `reset`, these are called, and the returns are the sums of the rewards that
        this `step` returns, at the speed of Python. The new envs then also have the same autoreset mode, and a deep
        copy of the attributes that were added to the environment.

        Args:
            policy: A policy or a function, as `rollout` takes it.
            episodes: The number of episodes that each env plays.
            seed: The seed of the new envs, as `reset` takes it. None: fresh entropy.
            progress: True shows a progress bar of tqdm, in a terminal or a notebook. A function is called a few times
                a second with the number of completed episodes and the number of all episodes, both over all envs.

        Returns:
            `returns` and `lengths` of the episodes, both of shape `(episodes, num_envs)`.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is out of range.
            MemoryError: There is not enough memory for as many envs again.
            NotImplementedError: `step` or `reset` was replaced on this object alone, so the new envs cannot have it; or
                a subclass has its own, and Python cannot call the policy.
            gymnasium.error.Error: A seed is negative or not an integer.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
            RuntimeError: The code of the environment or of a compiled policy threw an exception.
        """
        return _evaluation.evaluate(self, policy, episodes, seed, progress)

    def _is_replaced(self, method: str) -> bool:
        """Return True if a subclass, or a patch of a class or of this object, has replaced `step` or `reset`."""
        return getattr(getattr(self, method), "__func__", None) is not self._own_methods[method]

    def set_parameters(self, **parameters: Any) -> None:
        """Change physical parameters. The next step uses the new values.

        Afterwards, `parameters`, attributes, spaces, `spec`, pickles and saved files have the new values, as if the
        environment had been constructed with them. States, elapsed steps, random streams and totals do not change.

        Args:
            **parameters: The new values, as the constructor takes them. Other parameters do not change.

        Raises:
            TypeError: There is no such parameter, or a value has the wrong type. On any error, nothing changes.
            ValueError: A value is out of range; it would change the rewards within a running episode (CartPole's
                `sutton_barto_reward`, after the first reset); or it makes the present state of an env invalid (a
                FrozenLake player outside the new map).
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        check_names(f"{type(self).__name__}.set_parameters()", parameters, self._known)
        numbers = numbers_of(self._known, parameters, self.num_envs, self.dtype, self._numbers)
        checked = self._environment.check_parameters(numbers)
        self._core.set_parameters(checked)
        self._take_parameters(numbers, checked)
        self.spec = spec.with_values(self.spec, self, parameters)

    @arguments.ignoring_float_errors  # Gymnasium multiplies bounds when it compares spaces
    def _take_parameters(self, numbers: npt.NDArray[np.float64], checked: _core.Parameters) -> None:
        """Set the parameters to these numbers, and replace the spaces whose bounds change with them."""
        is_first = self._core is None
        self._numbers = numbers
        object.__setattr__(self, "parameters", MappingProxyType(values_of(self._known, numbers)))
        for name, space in spaces.spaces_of(self._environment, checked, self.num_envs).items():
            if is_first:
                setattr(self, name, space)
            elif getattr(self, name) != space:
                setattr(self, name, spaces.in_place_of(getattr(self, name), space))

    def _plain(self, name: str) -> Any:
        """Return the value of a parameter as JSON can represent it."""
        return _plain(self.parameters[name])

    def _parameters_of_each(self) -> Iterator[Mapping[str, Any]]:
        """Iterate over the parameters of each env by name."""
        if self._numbers.ndim == 1:
            return repeat(self.parameters, self.num_envs)
        return (values_of(self._known, numbers) for numbers in self._numbers)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "closed":
            # At the end of Python, a wrapper closes the environment when the modules here may be None already.
            super().__setattr__(name, value)
        elif name in type(self)._known:
            self.set_parameters(**{name: value})
        elif (reason := attributes.why_not_assigned(self, name)) is not None:
            raise AttributeError(reason)
        else:
            super().__setattr__(name, value)

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Return an attribute of every env, as `SyncVectorEnv.get_attr` does.

        Args:
            name: A parameter; `state`, `np_random` or `np_random_seed`; `observation_space` or `action_space`, those of
                one env; an attribute that all envs share, such as `spec` and `render_mode`; or an attribute of
                Gymnasium's environment, such as FrozenLake's `s` and `P`. Arrays are read-only: use `set_attr` to
                change a state.

        Returns:
            One value for each env.

        Raises:
            AttributeError: There is no such attribute.
        """
        return attributes.values_of_each(self, name)

    def set_attr(self, name: str, values: Any) -> None:
        """Set an attribute of every env, as `SyncVectorEnv.set_attr` does. The next step uses it.

        Args:
            name: A parameter, as `set_parameters` changes it; `state`, as `set_state` does; or an attribute that shows
                the state, such as FrozenLake's `s`.
            values: A list or a tuple has one value for each env. An array of shape `(num_envs,)` has one number for
                each env. Anything else is one value for all envs, as the constructor takes it.

        Raises:
            AttributeError: There is no such attribute, or it cannot be set. On any error, nothing changes.
            TypeError: A value has the wrong type.
            ValueError: The number of values is not `num_envs`, or a value is out of range.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        attributes.set_values(self, name, values)

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Call a method of every env, as `SyncVectorEnv.call` does, or return an attribute as `get_attr` does.

        Args:
            name: "render", a method of Gymnasium's environment, such as Taxi's `encode`, or an attribute.
            *args: Arguments of the method.
            **kwargs: Arguments of the method.

        Returns:
            One result for each env.

        Raises:
            AttributeError: There is no such attribute.
        """
        if name == "action_masks" and self._environment.has_action_mask:
            return tuple(self.action_masks(*args, **kwargs))
        if name != "render":
            return tuple(one(*args, **kwargs) if callable(one) else one for one in self.get_attr(name))
        frames = self.render(*args, **kwargs)
        return (None,) * self.num_envs if frames is None else tuple(frames)

    @property
    def state_names(self) -> tuple[str, ...]:
        """The names of the state variables, in the order of the columns of `state`."""
        return tuple(self._environment.state_names)

    @property
    def observation_size(self) -> int:
        """The number of values in one env's observation."""
        return self._environment.observation_size

    @property
    def state(self) -> npt.NDArray[np.float64]:
        """A copy of the simulated state, shape `(num_envs, state_size)`, float64 in either precision.

        The variables, their order and their units are those of the environment's equations; for Pendulum and Acrobot,
        they are not those of the observations.

        Raises:
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        return self._core.state()

    def set_state(self, state: npt.ArrayLike, mask: npt.NDArray[np.bool_] | None = None) -> None:
        """Replace the simulated state. Elapsed steps and random streams do not change.

        Args:
            state: Shape `(num_envs, state_size)`, as the property `state` returns it; any number dtype.
            mask: The envs to change, shape `(num_envs,)`, bool; None changes all.

        Raises:
            TypeError: The dtype of the state is not a number's, the state is a masked array, or the mask is not bool.
                On any error, nothing changes.
            ValueError: The state or the mask has the wrong shape; a number is infinite, NaN or too large for `dtype`;
                or the environment refuses a state, such as a taxi outside its map.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        selected = None if mask is None else arguments.state_mask(mask, self.num_envs)
        self._core.set_state(arguments.state(state, (self.num_envs, len(self.state_names))), selected)

    def copy_state(self, source: npt.ArrayLike, target: npt.ArrayLike, *, random: bool = False) -> None:
        """Copy state, elapsed steps and the return so far from some envs to others. Parameters do not change.

        All sources are read before any target is written.

        Args:
            source: The indices of the envs to copy from, one for each target, any integer dtype; or one index for all
                targets.
            target: The indices of the envs to change, all different.
            random: Copy the random streams, too. If False, every env keeps its own.

        Raises:
            TypeError: The indices are not integers. On any error, nothing changes.
            ValueError: The numbers of sources and targets differ, an index is not that of an env, a target occurs
                twice, or the environment refuses a state with the parameters of its target.
            gymnasium.error.ResetNeeded: `reset` has not been called.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        targets = np.atleast_1d(arguments.env_indices("target", target))
        sources = arguments.env_indices("source", source)
        if sources.ndim == 0:
            sources = np.full(targets.shape, sources)
        with_random = switch("random", random)
        self._core.copy_state(sources, targets, with_random)
        if with_random and self._seeds is not None:
            self._seeds = self._seeds.copied(sources, targets, self.num_envs)
        if self._renderer is not None:
            self._renderer.after_jump()

    def snapshot(self) -> _core.Snapshot:
        """Take an in-memory snapshot of the environment, for `restore`.

        A snapshot has state, elapsed steps, random streams, totals and parameters, and is cheap enough for every step.
        To keep an environment in a file, or to continue with another object, use `save`, pickling or deep copies.

        Returns:
            A snapshot for `restore`.

        Raises:
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        return self._core.snapshot((self._numbers, self._seeds))

    def restore(self, snapshot: _core.Snapshot) -> None:
        """Return to the time of a snapshot. The environment continues from there bit for bit.

        Args:
            snapshot: A snapshot of this environment; it can be restored any number of times.

        Raises:
            TypeError: The argument is not a snapshot.
            ValueError: The snapshot is of another environment. Nothing changes.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        if not isinstance(snapshot, _core.Snapshot):
            raise TypeError(f"snapshot: expected a result of snapshot(), got {shown(snapshot)}")
        numbers, self._seeds = self._core.restore(snapshot)
        if numbers is not self._numbers:
            self._take_parameters(numbers, self._environment.check_parameters(numbers))
            names = () if self.spec is None else self._known.keys() & self.spec.kwargs.keys()
            self.spec = spec.with_values(self.spec, self, names)
        if self._renderer is not None:
            self._renderer.after_jump()

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """The seed of every env's random stream; -1 if it is unknown, as in `SyncVectorEnv`."""
        self._start_streams()
        assert self._seeds is not None
        return tuple(self._seeds.of_all(self.num_envs))

    @property  # type: ignore[misc]
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """The generator of every env's random stream, as in `SyncVectorEnv`.

        The env and the caller share the generator: a number that one of them draws, the other does not draw again. A
        reset with a seed gives the env a new generator and leaves the old one to the caller. `restore` and
        `copy_state(..., random=True)` change the streams of the generators, too. Generators that the caller keeps cost
        time at every step, so ask for them when they are needed.

        Raises:
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        seeds = self.np_random_seed
        return self._core.generators(lambda index: streams.generator(seeds[index]))

    def _start_streams(self) -> None:
        """Start the random streams from fresh entropy, unless they have been started."""
        if self._seeds is None:
            seed = streams.random_seed()
            self._core.seed(seed)
            self._seeds = streams.Seeds(seed)

    def _replace_stream(self, generator: Any) -> None:
        """Let the only env share the stream of this generator."""
        self._core.take_generator(0, streams.checked_generator(generator))
        self._seeds = streams.Seeds(-1)

    def get_logs(self) -> dict[str, Any]:
        """Return the totals of the episodes that ended since `clear_logs`. They are exact for any number of episodes.

        Returns:
            `episode_count`, an int; `total_reward`, a float, and `total_steps`, an int, the sums of the returns and
            lengths of the episodes; `mean_reward` and `mean_length`, floats, per episode, 0.0 without one.

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
        """Set the totals of `get_logs` to zero. Episodes that are under way count in full when they end."""
        self._core.clear_logs()

    def render(self) -> tuple[Any, ...] | None:
        """Draw every env with Gymnasium's renderer or, for other environments, with the method `draw` of a subclass.

        `draw(state, action)` gets the state of one env and its last action, None after a reset, and returns a picture,
        `(height, width, 3)` uint8.

        Returns:
            One frame for each env, `(height, width, 3)` uint8; in mode "rgb_array_list", a list of the frames since the
            last call or since the episode began; None in human mode, which shows the env in a window at every step.

        Raises:
            ValueError: The environment was made with a `render_mode` that it does not have.
            gymnasium.error.ResetNeeded: `reset` has not been called.
            gymnasium.error.DependencyNotInstalled: pygame is not installed.
        """
        if self._renderer is None:
            gym.logger.warn("render was called without a render_mode; pass one to the constructor")
            return None
        return self._renderer.render()

    def animate(
        self,
        policy: Policy,
        seconds: float = 10.0,
        *,
        path: str | os.PathLike[str] | None = None,
        seed: int | list[int | None] | None = None,
        num_envs: int = 1,
    ) -> Animation:
        """Make a video of envs that a policy controls. A notebook shows it as the value of a cell.

        The policy plays in new envs with the same parameters, time limit and precision, episode after episode. This
        environment does not change, and needs no render mode.

        Args:
            policy: A policy or a function, as `rollout` takes it.
            seconds: The length of the video, at the pace of the environment, `metadata["render_fps"]` steps a second.
            path: A file to write, which ends in `.gif` or `.mp4`; None writes none.
            seed: The seed of the new envs, as `reset` takes it. None: fresh entropy.
            num_envs: The number of envs in the picture: the first ones of this environment.

        Returns:
            The video, with the methods `save` and `__iter__`, which iterates over the frames.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is out of range; `path` has another ending; or nothing draws this environment, which
                is not one of Gymnasium's and has no method `draw`.
            ModuleNotFoundError: The library that writes the file is not installed.
            gymnasium.error.DependencyNotInstalled: pygame is not installed.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        return _animation.animate(self, policy, seconds, path, seed, num_envs)

    def _pose(self, artist: Any, state: npt.NDArray[np.float64], action: Any) -> None:
        """Copy the state of one env to `artist`, the environment of Gymnasium that draws it. `action` may be None."""
        artist.state = state

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the whole environment to a file: parameters, state, elapsed steps, random streams, totals.

        `operant.envs.load` makes an environment from the file that continues bit for bit. The file does not contain the
        render mode and the random streams of the spaces. Of the attributes that a subclass or a user has added, a file
        can keep None, bools, numbers, strings, and lists and dicts of them; a pickle keeps others, too.

        Args:
            path: The file; an existing one is replaced.

        Raises:
            TypeError: The path is neither a string nor a path; a file cannot keep an added attribute; or the class
                cannot be imported by its module and name, so that the file could not be loaded.
            OSError: The file cannot be written.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        _saving.save(self, path)

    def __reduce__(self) -> Any:
        return _saving.reduced(self)

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes that are copied as they are: the spaces, and those that a subclass or a user has added.

        A subclass with an attribute that cannot be copied leaves it out here, and makes it in `__setstate__`.
        """
        return _saving.copied_attributes(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Set the attributes that `__getstate__` has returned."""
        for name, value in state.items():
            object.__setattr__(self, name, value)

    def __del__(self) -> None:
        """Do nothing. Gymnasium < 1.3 closes the environment here, but a JAX program may still use it."""

    def close_extras(self, **kwargs: Any) -> None:
        """Free the memory of the envs, stop the worker threads, and close the window."""
        if self._core is not None:
            self._core.close()
        if self._renderer is not None:
            self._renderer.close()


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


# `step` is implemented in C, because a Python function would dominate the time of a step with few envs.
_step: Any = _core.step_method(SimdVectorEnv.step)
SimdVectorEnv.step = update_wrapper(_step, SimdVectorEnv.step)  # type: ignore[method-assign]
SimdVectorEnv._own_methods = {"reset": SimdVectorEnv.reset, "step": SimdVectorEnv.step}
