"""MountainCar."""

from __future__ import annotations

from operant.envs.vector_env import SimdVectorEnv


class MountainCarVecEnv(SimdVectorEnv):
    """Copies of Gymnasium's `MountainCar-v0`: a car too weak to climb a hill has to run up from the other side.

    Actions: 0 accelerates to the left, 1 not at all, 2 to the right.

    | observation | least | most |
    |---|---|---|
    | position | -1.2 | 0.6 |
    | velocity (a step) | -0.07 | 0.07 |

    Reward: -1 for every step. Start: at rest, position uniform in [-0.6, -0.4]. An episode terminates at the goal,
    position 0.5, and is truncated after 200 steps.

    Parameters: `min_position`, `max_position`, `max_speed`, `goal_position`, `goal_velocity` 0, `force` 0.001,
    `gravity` 0.0025.

    Source: A. W. Moore, "Efficient Memory-based Learning for Robot Control", PhD thesis, University of Cambridge, 1990.
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 30}
    gymnasium_id = "MountainCar-v0"
    _core_name = "MountainCar"
