"""What the environments have in common: the step from Gymnasium's interface to the C++ core."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.envs.classic_control import utils
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from operant import _core
from operant.envs import _arguments

_UNLIMITED = 2**31 - 1


class SimdVectorEnv(VectorEnv):
    """`num_envs` copies of one environment, stepped together in C++, one SIMD lane each.

    Follows `gymnasium.vector.SyncVectorEnv` with autoreset mode `NEXT_STEP`: same seeds, same actions, same results.
    The results do not depend on `workers`, and copy i's do not depend on `num_envs`.

    The arrays that `reset` and `step` return are never written again while the caller can still reach them, through the
    array itself, a view of it or anything that shares its memory. Otherwise they are recycled.
    """

    _core_name: ClassVar[str]
    _default_bounds: ClassVar[tuple[float, float]]

    def __init__(
        self,
        num_envs: int,
        workers: int = 1,
        *,
        max_episode_steps: int | None = None,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        """Create the copies.

        Args:
            num_envs: How many copies to step together.
            workers: Threads that step them, the caller's among them. 1 starts none.
            max_episode_steps: Steps after which an episode is truncated. None: as many as Gymnasium's environment has;
                -1: no limit.
            dtype: Precision of the simulated state: `numpy.float32` is fast and right to float32 rounding,
                `numpy.float64` equals Gymnasium bit for bit. Observations are float32 either way.

        Raises:
            TypeError: `num_envs`, `workers` or `max_episode_steps` is not an integer.
            ValueError: An argument is out of range.
        """
        description = getattr(_core, self._core_name)
        self.num_envs = _arguments.positive_integer("num_envs", num_envs)
        if max_episode_steps is None:
            max_episode_steps = description["max_episode_steps"]
        elif max_episode_steps == -1:
            max_episode_steps = _UNLIMITED
        self.max_episode_steps = _arguments.positive_integer("max_episode_steps", max_episode_steps)
        precision = np.dtype(dtype)
        if precision not in (np.float32, np.float64):
            raise ValueError(f"dtype: expected float32 or float64, got {precision}")

        self.single_observation_space = spaces.Box(
            np.array(description["observation_low"], np.float32),
            np.array(description["observation_high"], np.float32),
            dtype=np.float32,
        )
        self.single_action_space = spaces.Discrete(description["actions"])
        core = getattr(_core, self._core_name + precision.name.capitalize())
        self._core = core(
            self.num_envs,
            _arguments.positive_integer("workers", workers),
            self.max_episode_steps,
            partial(_arguments.discrete_actions, num_envs=self.num_envs, n=description["actions"]),
        )
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        """Start a new episode in every copy.

        Args:
            seed: None continues every copy's random stream (the first time: starts it from fresh entropy). An int seeds
                copy i with `seed + i`. A sequence has one int or None for each copy.
            options: `low` and `high` bound the uniform distribution that the start is drawn from, for this reset only.

        Returns:
            Observations, shape `(num_envs, d)`, float32, C-contiguous; and an empty dict.

        Raises:
            TypeError: The seed is neither None nor an integer nor a sequence.
            ValueError: The sequence has not `num_envs` elements, or a bound is not a number or above the other.
            gymnasium.error.Error: A seed is negative or no integer.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        seeds = _arguments.seeds(seed, self.num_envs)
        low, high = utils.maybe_parse_reset_bounds(options, *self._default_bounds)
        return self._core.reset(seeds, low, high), {}

    def step(
        self, actions: npt.ArrayLike
    ) -> tuple[
        npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.bool_], npt.NDArray[np.bool_], dict[str, Any]
    ]:
        """Step every copy once.

        A copy whose episode ended in the last step starts a new one instead: its action is ignored, its observation is
        the new episode's first, its reward 0 and both flags False.

        Args:
            actions: One for each copy, shape `(num_envs,)`: a numpy array, a list, or anything with `__array__` or
                `__dlpack__` on the CPU. Any integer dtype; int32 and int64 are used without a copy.

        Returns:
            Observations `(num_envs, d)` float32, rewards `(num_envs,)` float32, terminations `(num_envs,)` bool,
            truncations `(num_envs,)` bool, and a dict.

        Raises:
            TypeError: The actions' dtype is wrong.
            ValueError: Their shape is wrong or one is not in the action space. Nothing is stepped.
            gymnasium.error.ResetNeeded: `reset` has not been called.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
            RuntimeError: Another thread is stepping this environment.
        """
        return self._core.step(actions)

    @property
    def state(self) -> npt.NDArray[Any]:
        """A copy of the simulated state, shape `(num_envs, state_size)`, of the environment's `dtype`."""
        return self._core.state()

    def set_state(self, state: npt.ArrayLike) -> None:
        """Replace the simulated state; elapsed steps and random streams stay as they are.

        Args:
            state: Shape `(num_envs, state_size)`.
        """
        self._core.set_state(np.ascontiguousarray(state, dtype=self.state.dtype))

    def close_extras(self, **kwargs: Any) -> None:
        """Free the copies' memory and stop the worker threads."""
        self._core.close()


def metadata(render_fps: int) -> dict[str, Any]:
    """Gymnasium's class attribute of that name."""
    return {"render_modes": [], "render_fps": render_fps, "autoreset_mode": AutoresetMode.NEXT_STEP}
