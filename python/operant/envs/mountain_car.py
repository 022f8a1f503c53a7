"""MountainCar."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from operant.envs import views
from operant.envs.vector_env import BUILTIN, SimdVectorEnv, Vectors

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from operant.envs.keywords import Keywords, Number

    class MountainCarKeywords(Keywords, total=False):
        """The keywords of `MountainCarVecEnv`."""

        min_position: Number
        max_position: Number
        max_speed: Number
        goal_position: Number
        goal_velocity: Number
        force: Number
        gravity: Number


class MountainCarVecEnv(SimdVectorEnv[Vectors], environment=BUILTIN["MountainCar"]):
    """Envs of Gymnasium's `MountainCar-v0`: a car that is too weak to climb a hill has to swing up.

    ## Actions

    `Discrete(3)`, one for each env:

    | action | push on the car |
    |---|---|
    | 0 | to the left |
    | 1 | none |
    | 2 | to the right |

    ## Observations

    Shape `(num_envs, 2)`, float32; the state itself. Lengths have no unit in the source; the unit of time is a step.

    | observation | unit | lowest | highest |
    |---|---|---|---|
    | `position` | length | -1.2 | 0.6 |
    | `velocity` | length a step | -0.07 | 0.07 |

    ## Dynamics

    The height of the valley is a sine of three times the position; its bottom is at -pi / 6.

    ```python
    velocity = velocity + (action - 1) * force - gravity * cos(3 * position)
    velocity = clip(velocity, -max_speed, max_speed)
    position = clip(position + velocity, min_position, max_position)
    if position == min_position and velocity < 0:  # the wall on the left stops the car
        velocity = 0

    terminated = position >= goal_position and velocity >= goal_velocity
    reward = -1
    ```

    ## Episodes

    - Start: at rest, `position` uniform in [-0.6, -0.4]; `reset(options={"low": ..., "high": ...})` chooses other
      bounds.
    - Reward: -1 for every step, including the last.
    - Termination: `position` is at least 0.5 and `velocity` not negative.
    - Truncation: after 200 steps.

    ## Parameters

    {parameters}

    ## Source

    A. W. Moore, "Efficient Memory-based Learning for Robot Control", PhD thesis, University of Cambridge, 1990.
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 30}
    gymnasium_id = "MountainCar-v0"
    _viewed: ClassVar = {
        "low": views.bounds("min_position", "max_speed", sign=-1),
        "high": views.bounds("max_position", "max_speed"),
    }

    if TYPE_CHECKING:

        def __init__(self, num_envs: int, workers: int = 1, **keywords: Unpack[MountainCarKeywords]) -> None:
            """Create the envs, as `SimdVectorEnv` describes."""
