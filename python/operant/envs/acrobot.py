"""Acrobot."""

from __future__ import annotations

from operant.envs.vector_env import SimdVectorEnv


class AcrobotVecEnv(SimdVectorEnv):
    """Copies of Gymnasium's `Acrobot-v1`: two links, a motor between them; swing the tip up above the line.

    Actions: 0, 1 and 2 are torques of -1, 0 and 1 N m on the joint between the links.

    | observation | least | most |
    |---|---|---|
    | cosine and sine of the first link's angle, 0 is down | -1 | 1 |
    | cosine and sine of the second link's angle to the first | -1 | 1 |
    | angular velocity of the first link, rad/s | -4 pi | 4 pi |
    | angular velocity of the second link, rad/s | -9 pi | 9 pi |

    Reward: -1 for every step, 0 for the one that terminates. Start: angles and velocities uniform in ±0.1. An episode
    terminates when the tip is more than one link above the upper joint, and is truncated after 500 steps.

    Parameters: `dt` 0.2 s, `LINK_LENGTH_1`, `LINK_LENGTH_2` 1 m, `LINK_MASS_1`, `LINK_MASS_2` 1 kg, `LINK_COM_POS_1`,
    `LINK_COM_POS_2` 0.5 m, `LINK_MOI` 1 kg m², `MAX_VEL_1`, `MAX_VEL_2`, `AVAIL_TORQUE` [-1, 0, 1],
    `torque_noise_max` 0 N m, `book_or_nips` "book" or "nips".

    Source: R. S. Sutton, "Generalization in Reinforcement Learning: Successful Examples Using Sparse Coarse
    Coding", NIPS 8, 1996; R. S. Sutton and A. G. Barto, "Reinforcement Learning: An Introduction", 2018, section
    11.3.
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 15}
    gymnasium_id = "Acrobot-v1"
    _core_name = "Acrobot"
