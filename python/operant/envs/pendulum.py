"""Pendulum."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.envs.classic_control import utils

from operant.envs.vector_env import _BOUNDS_CHECK, Bounds, SimdVectorEnv


class PendulumVecEnv(SimdVectorEnv):
    """Copies of Gymnasium's `Pendulum-v1`: swing a pendulum up with a weak motor, and hold it there.

    Actions: the torque in N m, clipped to [-2, 2].

    | observation | least | most |
    |---|---|---|
    | cosine of the angle, 0 is upright | -1 | 1 |
    | sine of the angle | -1 | 1 |
    | angular velocity, rad/s | -8 | 8 |

    Reward: -(angle² + 0.1 velocity² + 0.001 torque²), with the angle within ±pi, of the state before the step. Start:
    angle uniform in ±pi, velocity in ±1. An episode is truncated after 200 steps.

    In float32 the angle is kept within ±pi, so it stays accurate however long an episode is; in float64 it grows, as
    Gymnasium's does.

    Parameters: `max_speed` 8 rad/s, `max_torque` 2 N m, `dt` 0.05 s, `g` 10 m/s², `m` 1 kg, `l` 1 m.
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 30}
    gymnasium_id = "Pendulum-v1"
    _core_name = "Pendulum"

    def _parse_bounds(self, options: dict[str, Any]) -> Bounds:
        x, y = (
            utils.verify_number_and_cast(options.get(name, default))
            for name, default in zip(("x_init", "y_init"), self._default_bounds, strict=True)
        )
        high = np.array([x, y])
        _BOUNDS_CHECK.uniform(-high, high)
        return x, y
