"""MountainCarContinuous."""

from __future__ import annotations

from operant.envs.vector_env import SimdVectorEnv


class MountainCarContinuousVecEnv(SimdVectorEnv):
    """Copies of Gymnasium's `MountainCarContinuous-v0`: `MountainCarVecEnv` with a motor that can be throttled.

    Actions: the force on the car, clipped to [-1, 1].

    | observation | least | most |
    |---|---|---|
    | position | -1.2 | 0.6 |
    | velocity (a step) | -0.07 | 0.07 |

    Reward: minus a tenth of the square of the action, before it is clipped; 100 more at the goal. Start: at rest,
    position uniform in [-0.6, -0.4]. An episode terminates at the goal, position 0.45, and is truncated after 999
    steps.

    Parameters: `min_action`, `max_action`, `min_position`, `max_position`, `max_speed`, `goal_position`,
    `goal_velocity` 0, `power` 0.0015.

    Source: A. W. Moore, "Efficient Memory-based Learning for Robot Control", PhD thesis, University of Cambridge, 1990.
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 30}
    gymnasium_id = "MountainCarContinuous-v0"
    _core_name = "MountainCarContinuous"
