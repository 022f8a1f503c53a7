"""MountainCar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from operant.envs.vector_env import BUILTIN, SimdVectorEnv, Vectors

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from operant.envs._keywords import Keywords, Number

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
    """Copies of Gymnasium's `MountainCar-v0`: a car too weak to climb a hill has to run up from the other side.

    ## Actions

    `Discrete(3)`, one for each copy:

    | action | push on the car |
    |---|---|
    | 0 | to the left |
    | 1 | none |
    | 2 | to the right |

    ## Observations

    Shape `(num_envs, 2)`, float32; the state itself. Lengths have no unit in the source, and time is counted in steps.

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
    - Reward: -1 for every step, the last included.
    - Termination: `position` is at least 0.5 and `velocity` not negative.
    - Truncation: after 200 steps.

    ## Parameters

    | parameter | default | meaning |
    |---|---|---|
    | `min_position` | -1.2 | the wall on the left |
    | `max_position` | 0.6 | the wall on the right |
    | `max_speed` | 0.07 | length a step, more than 0 |
    | `goal_position` | 0.5 | from here on to the right an episode may terminate |
    | `goal_velocity` | 0 | and does if the car is at least as fast as this |
    | `force` | 0.001 | how much a push changes the velocity in a step |
    | `gravity` | 0.0025 | how much the steepest slope changes the velocity in a step |

    ## Source

    A. W. Moore, "Efficient Memory-based Learning for Robot Control", PhD thesis, University of Cambridge, 1990.
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 30}
    gymnasium_id = "MountainCar-v0"

    if TYPE_CHECKING:

        def __init__(self, num_envs: int, workers: int = 1, **keywords: Unpack[MountainCarKeywords]) -> None:
            """Create the copies, as `SimdVectorEnv` describes."""
