"""What the environments have in common: the way from Gymnasium's interface to the C++ core."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from operant import _core
from operant._checks import integer, positive_integer, switch
from operant._checks import path as checked_path
from operant.envs import _arguments, _saving
from operant.envs._infos import make_infos
from operant.envs._rendering import Renderer

_UNLIMITED = 2**31 - 1

Bounds = tuple[float, float]
Step = tuple[
    npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.bool_], npt.NDArray[np.bool_], dict[str, Any]
]


class SimdVectorEnv(VectorEnv):
    """`num_envs` copies of one environment, stepped together in C++, one SIMD lane each.

    Follows `gymnasium.vector.SyncVectorEnv`: same seeds, same actions, same results. The results do not depend on
    `workers`, and copy i's do not depend on `num_envs`.

    The arrays that `reset` and `step` return are never written again while the caller can still reach them, through the
    array itself, a view of it or anything that shares its memory. Otherwise they are recycled.

    Environments can be pickled and deep-copied; the copy continues bit for bit where the original stood.

    Attributes:
        num_envs: How many copies there are.
        workers: Threads that step them, the caller's among them.
        max_episode_steps: Steps after which an episode is truncated; 2147483647 for no limit.
        dtype: Precision of the simulated state, float32 or float64.
        parameters: The environment's physical parameters, those with their defaults included.
        record_episode_statistics: Whether infos report the episodes that ended.
        observation_size: How many numbers one copy's observation has.
        single_observation_space: A `Box` of shape `(observation_size,)`, float32.
        single_action_space: A `Discrete`, or a `Box` of shape `(1,)`, float32.
        observation_space: The same of all copies, `num_envs` rows.
        action_space: The same of all copies.
        gymnasium_id: Gymnasium's id of the environment that this one follows.
        render_mode: What the constructor was given.
        metadata: Gymnasium's; `metadata["autoreset_mode"]` is an `AutoresetMode`.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "render_modes": ["human", "rgb_array"],
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    #: Gymnasium's id of the environment that this one follows.
    gymnasium_id: ClassVar[str]
    _core_name: ClassVar[str]
    #: The options of `reset` that bound the starts.
    _bound_names: ClassVar[tuple[str, str]] = ("low", "high")

    # Gymnasium before 1.3 closes every environment that is forgotten, also one whose constructor raised.
    _core: Any = None
    _renderer: Renderer | None = None

    def __init__(
        self,
        num_envs: int,
        workers: int = 1,
        *,
        max_episode_steps: int | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
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
            **parameters: The environment's physical parameters, by Gymnasium's names.

        Raises:
            TypeError: An argument has the wrong type, or there is no such parameter.
            ValueError: An argument is out of range.
            MemoryError: There is not enough memory for `num_envs` copies.
        """
        self._describe = getattr(_core, f"describe_{self._core_name}")
        defaults = self._describe({})["parameters"]
        unknown = sorted(set(parameters) - set(defaults))
        if unknown:
            known = ", ".join(defaults)
            raise TypeError(f"{type(self).__name__}: there is no parameter {unknown[0]!r}; the parameters are {known}")
        self.dtype = _arguments.precision(dtype)
        description = self._describe(
            {name: _arguments.parameter(name, value, defaults[name], self.dtype) for name, value in parameters.items()}
        )

        self.workers = positive_integer("workers", workers, _core.most_workers)
        if max_episode_steps is None:
            max_episode_steps = description["max_episode_steps"]
        elif integer(max_episode_steps) == -1:
            max_episode_steps = _UNLIMITED
        self.max_episode_steps = positive_integer("max_episode_steps", max_episode_steps, _UNLIMITED)
        self.record_episode_statistics = switch("record_episode_statistics", record_episode_statistics)
        #: The environment's physical parameters.
        self.parameters: dict[str, Any] = description["parameters"]
        self.metadata = type(self).metadata | {"autoreset_mode": _arguments.autoreset_mode(autoreset_mode)}
        self.num_envs = _arguments.copies(num_envs, description["bytes_per_copy"])
        self.render_mode = _arguments.render_mode(render_mode, self.metadata["render_modes"], self.num_envs)
        self._core = self._make_core()
        self._derive(description)
        self._renderer = None if self.render_mode is None else Renderer(self)
        self._shorten_step()

    def _derive(self, description: dict[str, Any]) -> None:
        """Set what follows from the parameters and the number of copies."""
        self._default_bounds: Bounds = description["reset_bounds"]
        self._state_shape = (self.num_envs, description["state_size"])
        #: How many numbers one copy's observation has.
        self.observation_size = len(description["observation_low"])
        self.single_observation_space = spaces.Box(
            np.array(description["observation_low"], np.float32),
            np.array(description["observation_high"], np.float32),
            dtype=np.float32,
        )
        actions = description["actions"]
        self.single_action_space: spaces.Space[Any] = (
            spaces.Box(actions[0], actions[1], shape=(1,), dtype=np.float32)
            if isinstance(actions, tuple)
            else spaces.Discrete(actions)
        )
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    def _shorten_step(self) -> None:
        """Where `step` would only call the core's, make it the core's: few copies step in no more time than a call."""
        if self._renderer is None and type(self).step is SimdVectorEnv.step:
            self.__dict__["step"] = self._core.step

    def _make_core(self) -> Any:
        actions = self._describe({})["actions"]
        self._as_actions = (
            partial(_arguments.continuous_actions, num_envs=self.num_envs)
            if isinstance(actions, tuple)
            else partial(_arguments.discrete_actions, num_envs=self.num_envs, n=actions)
        )
        return getattr(_core, self._core_name + self.dtype.name.capitalize())(
            self.num_envs,
            self.workers,
            self.max_episode_steps,
            self.metadata["autoreset_mode"].value,
            self.parameters,
            self.record_episode_statistics,
            self._as_actions,
            make_infos,
        )

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        """Start a new episode in every copy, or in some.

        Args:
            seed: None continues every copy's random stream (the first time: starts it from fresh entropy). An int seeds
                copy i with `seed + i`. A sequence has one int or None for each copy.
            options: `low` and `high` bound the uniform distribution that the start is drawn from (for Pendulum,
                `x_init` and `y_init`), for this reset only. `reset_mask`, a bool array of shape `(num_envs,)`, selects
                the copies to reset; the others stay as they are.

        Returns:
            Observations of all copies, shape `(num_envs, d)`, float32, C-contiguous; and an empty dict.

        Raises:
            TypeError: The seed is neither None nor an integer nor a sequence; the options are no dict; the mask is no
                bool array.
            ValueError: The sequence or the mask has not `num_envs` elements, the mask selects nothing, or a bound is
                not a number that float32 can hold, or above the other.
            OverflowError: A bound is infinite or NaN.
            gymnasium.error.Error: A seed is negative or no integer.
            gymnasium.error.ResetNeeded: The very first reset has a mask.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        seeds = _arguments.seeds(seed, self.num_envs)
        chosen = _arguments.options_mapping(options)
        bounds = self._parse_bounds(chosen)
        mask = _arguments.reset_mask(chosen, self.num_envs)
        observations = self._core.reset(seeds, bounds, mask)
        if self._renderer is not None:
            self._renderer.after_reset(mask)
        return observations, {}

    def _parse_bounds(self, options: Mapping[str, Any]) -> Bounds:
        if not any(name in options for name in self._bound_names):
            return self._default_bounds
        low, high = (
            _arguments.bound(options, name, default)
            for name, default in zip(self._bound_names, self._default_bounds, strict=True)
        )
        self._check_bounds(low, high)
        return low, high

    def _check_bounds(self, low: float, high: float) -> None:
        if low > high:
            gymnasiums = f"Lower bound ({low}) must be lower than higher bound ({high})."
            raise ValueError(f"low, high: expected bounds in order. {gymnasiums}")
        _arguments.check_bounds("low, high", low, high)

    def step(self, actions: npt.ArrayLike) -> Step:
        """Step every copy once.

        With autoreset mode "NextStep", a copy whose episode ended in the last step starts a new one instead: its action
        is ignored, its observation is the new episode's first, its reward 0 and both flags False. With "SameStep", a
        copy whose episode ends returns the new episode's first observation at once, beside the old one's reward and
        flags; its last observation is in `infos["final_obs"]`.

        Args:
            actions: One for each copy: a numpy array, a list, or anything with `__array__` or `__dlpack__` on the CPU.
                Discrete actions have shape `(num_envs,)` and any integer dtype; int32 and int64 are used without a
                copy.
                Continuous ones have shape `(num_envs,)` or `(num_envs, 1)` and any float dtype; float32 and float64 are
                used without a copy, and clipped to the action space.

        Returns:
            Observations `(num_envs, d)` float32, rewards `(num_envs,)` float32, terminations `(num_envs,)` bool,
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
        array = self._as_actions(actions)  # once: a second look at them might find something else
        result = self._core.step(array)
        self._renderer.after_step(array, result)
        return result

    def render(self) -> tuple[npt.NDArray[np.uint8], ...] | None:
        """Draw every copy with Gymnasium's own renderer.

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
        new = _arguments.state(state, self._state_shape, self.dtype, selected)
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

    def _saved(self) -> bytes:
        return _saving.pack(self._described(), self._core.save())

    def _described(self) -> dict[str, Any]:
        arguments = {
            "num_envs": self.num_envs,
            "max_episode_steps": self.max_episode_steps,
            "autoreset_mode": self.metadata["autoreset_mode"].value,
            "dtype": self.dtype.name,
            "record_episode_statistics": self.record_episode_statistics,
            **self.parameters,
        }
        return {"class": type(self).__name__, "arguments": arguments}

    def _load(self, described: dict[str, Any], core: bytes) -> None:
        """Take over what `_saved` has saved of an environment with the same arguments; ValueError if it did not."""
        if described != self._described():
            raise ValueError("it is of another environment or has other arguments")
        self._core.load(core)

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        for made_anew in ("_core", "_describe", "_as_actions", "_renderer"):
            del state[made_anew]
        state.pop("step", None)
        return state | {"_saved": None if self.closed else self._saved()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        try:
            attributes = dict(state)
            saved = attributes.pop("_saved")
            self.__dict__.update(attributes)
            self._describe = getattr(_core, f"describe_{self._core_name}")
            described = None if saved is None else _saving.unpack(saved)
            self._core = self._make_core()
            if described is None:
                self._core.close()
            else:
                self._load(*described)
            self._derive(self._describe(self.parameters))
            for name in ("single_observation_space", "single_action_space", "observation_space", "action_space"):
                if attributes[name] != getattr(self, name):
                    raise ValueError(f"its {name} is another")
                setattr(self, name, attributes[name])  # with its random stream
            _arguments.render_mode(self.render_mode, self.metadata["render_modes"], self.num_envs)
            self._renderer = None if self.render_mode is None else Renderer(self)
            self._shorten_step()
        except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as damage:
            raise ValueError(f"this is no pickled {type(self).__name__}: {damage}") from damage

    def close_extras(self, **kwargs: Any) -> None:
        """Free the copies' memory, stop the worker threads, close the window."""
        if self._core is not None:
            self._core.close()
        if self._renderer is not None:
            self._renderer.close()
