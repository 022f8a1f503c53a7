"""Pendulum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from operant.envs import arguments
from operant.envs.vector_env import BUILTIN, SimdVectorEnv, Vectors

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from operant.envs.keywords import Keywords, Number

    class PendulumKeywords(Keywords, total=False):
        """The keywords of `PendulumVecEnv`."""

        max_speed: Number
        max_torque: Number
        dt: Number
        g: Number
        m: Number
        l: Number  # noqa: E741


class PendulumVecEnv(SimdVectorEnv[Vectors], environment=BUILTIN["Pendulum"]):
    """Envs of Gymnasium's `Pendulum-v1`: swing a pendulum up with a weak motor, and hold it there.

    ## Actions

    `Box(-2, 2, shape=(1,), dtype=float32)`, one for each env: the torque on the pendulum in N m, counter-clockwise.
    Actions beyond the bounds are clipped.

    ## Observations

    Shape `(num_envs, 3)`, float32. The state is `(theta, theta_dot)`, 0 rad is upright.

    | observation | unit | lowest | highest |
    |---|---|---|---|
    | `cos(theta)` | | -1 | 1 |
    | `sin(theta)` | | -1 | 1 |
    | `theta_dot`, angular velocity | rad/s | -8 | 8 |

    ## Dynamics

    A rod of mass `m` and length `l` that turns about one end, without friction; `dt` seconds a step, semi-implicit
    Euler. The reward is computed from the state before the step.

    ```python
    torque = clip(action, -max_torque, max_torque)
    angle = remainder(theta, 2 * pi)  # within half a turn of upright
    reward = -(angle**2 + 0.1 * theta_dot**2 + 0.001 * torque**2)

    theta_dot = theta_dot + (3 * g / (2 * l) * sin(theta) + 3 / (m * l**2) * torque) * dt
    theta_dot = clip(theta_dot, -max_speed, max_speed)
    theta = theta + theta_dot * dt
    terminated = False
    ```

    In float32, the angle is stored within half a turn, as a fixed-point fraction of a turn, so that it stays accurate
    in long episodes. In float64 it grows, as in Gymnasium.

    ## Episodes

    - Start: `theta` uniform in [-pi, pi], `theta_dot` in [-1, 1]; `reset(options={"x_init": ..., "y_init": ...})`
      sets other limits of the absolute values, x of the angle, y of the velocity.
    - Reward: from -(pi² + 0.1 * 8² + 0.001 * 2²), which is -16.27, to 0, upright and at rest without a torque.
    - Termination: never.
    - Truncation: after 200 steps.

    ## Parameters

    {parameters}

    ## Source

    Gymnasium's `Pendulum-v1`, which names no paper; the equation is that of a rod with moment of inertia m l² / 3.
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 30}
    gymnasium_id = "Pendulum-v1"

    if TYPE_CHECKING:

        def __init__(self, num_envs: int, workers: int = 1, **keywords: Unpack[PendulumKeywords]) -> None:
            """Create the envs, as `SimdVectorEnv` describes."""

    def _check_bounds(self, bounds: dict[str, float]) -> None:
        high = np.array(list(bounds.values()))
        arguments.check_range("x_init, y_init", -high, high)

    def _pose(self, artist: Any, state: npt.NDArray[np.float64], action: Any) -> None:
        super()._pose(artist, state, action)
        # The picture shows the torque as an arrow.
        limit = artist.max_torque
        artist.last_u = None if action is None else np.float32(np.clip(action, -limit, limit).item())
