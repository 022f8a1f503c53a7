"""Acrobot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from operant.envs.vector_env import BUILTIN, SimdVectorEnv, Vectors

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from operant.envs.keywords import Keywords, Number, Numbers

    class AcrobotKeywords(Keywords, total=False):
        """The keywords of `AcrobotVecEnv`."""

        dt: Number
        LINK_LENGTH_1: Number
        LINK_LENGTH_2: Number
        LINK_MASS_1: Number
        LINK_MASS_2: Number
        LINK_COM_POS_1: Number
        LINK_COM_POS_2: Number
        LINK_MOI: Number
        MAX_VEL_1: Number
        MAX_VEL_2: Number
        AVAIL_TORQUE: Numbers
        torque_noise_max: Number
        book_or_nips: Literal["book", "nips"]


class AcrobotVecEnv(SimdVectorEnv[Vectors], environment=BUILTIN["Acrobot"]):
    """Envs of Gymnasium's `Acrobot-v1`: two links, a motor between them; swing the tip up above the line.

    ## Actions

    `Discrete(3)`, one for each env: the torque on the joint between the links is `AVAIL_TORQUE[action]`, in N m.

    | action | torque |
    |---|---|
    | 0 | -1 N m |
    | 1 | 0 |
    | 2 | 1 N m |

    ## Observations

    Shape `(num_envs, 6)`, float32. The state is `(theta1, theta2, theta1_dot, theta2_dot)`; `theta1` is 0 when the
    first link hangs down, `theta2` is 0 when the second link is in line with the first.

    | observation | unit | lowest | highest |
    |---|---|---|---|
    | `cos(theta1)` | | -1 | 1 |
    | `sin(theta1)` | | -1 | 1 |
    | `cos(theta2)` | | -1 | 1 |
    | `sin(theta2)` | | -1 | 1 |
    | `theta1_dot`, angular velocity | rad/s | -4 * pi | 4 * pi |
    | `theta2_dot`, angular velocity relative to the first link | rad/s | -9 * pi | 9 * pi |

    ## Dynamics

    Integrated over `dt` by one step of the classical Runge-Kutta method:

    ```python
    l1, m1, m2, lc1, lc2 = LINK_LENGTH_1, LINK_MASS_1, LINK_MASS_2, LINK_COM_POS_1, LINK_COM_POS_2
    I1 = I2 = LINK_MOI
    g = 9.8
    torque = AVAIL_TORQUE[action] + uniform(-torque_noise_max, torque_noise_max)


    def derivatives(state):
        theta1, theta2, theta1_dot, theta2_dot = state
        d1 = m1 * lc1**2 + m2 * (l1**2 + lc2**2 + 2 * l1 * lc2 * cos(theta2)) + I1 + I2
        d2 = m2 * (lc2**2 + l1 * lc2 * cos(theta2)) + I2
        phi2 = m2 * lc2 * g * cos(theta1 + theta2 - pi / 2)
        phi1 = (
            -m2 * l1 * lc2 * theta2_dot**2 * sin(theta2)
            - 2 * m2 * l1 * lc2 * theta2_dot * theta1_dot * sin(theta2)
            + (m1 * lc1 + m2 * l1) * g * cos(theta1 - pi / 2)
            + phi2
        )
        numerator = torque + d2 / d1 * phi1 - phi2
        if book_or_nips == "book":
            numerator -= m2 * l1 * lc2 * theta1_dot**2 * sin(theta2)
        theta2_acc = numerator / (m2 * lc2**2 + I2 - d2**2 / d1)
        theta1_acc = -(d2 * theta2_acc + phi1) / d1
        return array([theta1_dot, theta2_dot, theta1_acc, theta2_acc])


    state = array([theta1, theta2, theta1_dot, theta2_dot])
    k1 = derivatives(state)
    k2 = derivatives(state + dt / 2 * k1)
    k3 = derivatives(state + dt / 2 * k2)
    k4 = derivatives(state + dt * k3)
    theta1, theta2, theta1_dot, theta2_dot = state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    theta1, theta2 = remainder(theta1, 2 * pi), remainder(theta2, 2 * pi)  # within half a turn of 0
    theta1_dot = clip(theta1_dot, -MAX_VEL_1, MAX_VEL_1)
    theta2_dot = clip(theta2_dot, -MAX_VEL_2, MAX_VEL_2)

    terminated = -cos(theta1) - cos(theta1 + theta2) > 1
    reward = 0 if terminated else -1
    ```

    ## Episodes

    - Start: all four uniform in [-0.1, 0.1], rounded to float32; `reset(options={"low": ..., "high": ...})` chooses
      other bounds.
    - Reward: -1 for every step; 0 for the step that terminates the episode.
    - Termination: with links of equal length, the tip is more than one link's length above the upper joint.
    - Truncation: after 500 steps.

    ## Parameters

    {parameters}

    ## Source

    R. S. Sutton, "Generalization in Reinforcement Learning: Successful Examples Using Sparse Coarse Coding", Advances
    in Neural Information Processing Systems 8, 1996; R. S. Sutton and A. G. Barto, "Reinforcement Learning: An
    Introduction", first edition, 1998, section 11.3.
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 15}
    gymnasium_id = "Acrobot-v1"

    if TYPE_CHECKING:

        def __init__(self, num_envs: int, workers: int = 1, **keywords: Unpack[AcrobotKeywords]) -> None:
            """Create the envs, as `SimdVectorEnv` describes."""
