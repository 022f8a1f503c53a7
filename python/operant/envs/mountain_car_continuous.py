"""MountainCarContinuous."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from operant.envs import views
from operant.envs.vector_env import BUILTIN, SimdVectorEnv, Vectors

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from operant.envs.keywords import Keywords, Number

    class MountainCarContinuousKeywords(Keywords, total=False):
        """The keywords of `MountainCarContinuousVecEnv`."""

        min_action: Number
        max_action: Number
        min_position: Number
        max_position: Number
        max_speed: Number
        goal_position: Number
        goal_velocity: Number
        power: Number


class MountainCarContinuousVecEnv(SimdVectorEnv[Vectors], environment=BUILTIN["MountainCarContinuous"]):
    """Envs of Gymnasium's `MountainCarContinuous-v0`: `MountainCarVecEnv` with a motor that can be throttled.

    ## Actions

    `Box(-1, 1, shape=(1,), dtype=float32)`, one for each env: the force on the car, as a fraction of the motor's
    power. Actions beyond the bounds are clipped, but their reward is computed without clipping.

    ## Observations

    Shape `(num_envs, 2)`, float32; the state itself. Lengths have no unit in the source; the unit of time is a step.

    | observation | unit | lowest | highest |
    |---|---|---|---|
    | `position` | length | -1.2 | 0.6 |
    | `velocity` | length a step | -0.07 | 0.07 |

    ## Dynamics

    ```python
    force = clip(action, min_action, max_action)
    velocity = velocity + force * power - 0.0025 * cos(3 * position)
    velocity = clip(velocity, -max_speed, max_speed)
    position = clip(position + velocity, min_position, max_position)
    if position == min_position and velocity < 0:  # the wall on the left stops the car
        velocity = 0

    terminated = position >= goal_position and velocity >= goal_velocity
    reward = (100 if terminated else 0) - 0.1 * action**2
    ```

    Gymnasium keeps the state of this environment in float32. With `dtype=numpy.float64`, Operant does the same, to
    follow it bit for bit.

    ## Episodes

    - Start: at rest, `position` uniform in [-0.6, -0.4]; `reset(options={"low": ..., "high": ...})` chooses other
      bounds.
    - Reward: minus a tenth of the square of the action, before it is clipped; 100 more for the step that terminates.
    - Termination: `position` is at least 0.45 and `velocity` not negative.
    - Truncation: after 999 steps.

    ## Parameters

    {parameters}

    ## Source

    A. W. Moore, "Efficient Memory-based Learning for Robot Control", PhD thesis, University of Cambridge, 1990. The
    continuous action and the rewards are Gymnasium's.
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 30}
    gymnasium_id = "MountainCarContinuous-v0"
    _viewed: ClassVar = {
        "low_state": views.bounds("min_position", "max_speed", sign=-1),
        "high_state": views.bounds("max_position", "max_speed"),
    }

    if TYPE_CHECKING:

        def __init__(self, num_envs: int, workers: int = 1, **keywords: Unpack[MountainCarContinuousKeywords]) -> None:
            """Create the envs, as `SimdVectorEnv` describes."""

    def _pose(self, artist: Any, state: npt.NDArray[np.float64], action: Any) -> None:
        # Gymnasium's state is float64 after a reset, and float32 after a step. It draws with either.
        as_float32 = state.astype(np.float32)
        super()._pose(artist, as_float32 if np.array_equal(as_float32, state) else state, action)  # type: ignore[arg-type]
