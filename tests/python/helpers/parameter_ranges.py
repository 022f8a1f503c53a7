"""Ranges of the parameters of classic control, and the attributes that Gymnasium computes from them."""

from __future__ import annotations

from side_by_side import gymnasium_id_of

from operant.registration import REGISTRATIONS

#: Ranges to draw from, for every parameter that may differ from env to env.
RANGES = {
    "CartPole": {
        "gravity": (5.0, 15.0),
        "masscart": (0.5, 2.0),
        "masspole": (0.05, 0.5),
        "length": (0.3, 1.0),
        "force_mag": (5.0, 15.0),
        "tau": (0.01, 0.03),
        "theta_threshold_radians": (0.1, 0.4),
        "x_threshold": (0.5, 3.0),
    },
    "MountainCar": {
        "min_position": (-1.5, -1.0),
        "max_position": (0.55, 0.8),
        "max_speed": (0.03, 0.1),
        "goal_position": (0.2, 0.5),
        "goal_velocity": (-0.01, 0.02),
        "force": (0.0005, 0.003),
        "gravity": (0.001, 0.003),
    },
    "MountainCarContinuous": {
        "min_action": (-1.5, -0.5),
        "max_action": (0.5, 1.5),
        "min_position": (-1.5, -1.0),
        "max_position": (0.55, 0.8),
        "max_speed": (0.03, 0.1),
        "goal_position": (0.2, 0.45),
        "goal_velocity": (-0.01, 0.02),
        "power": (0.001, 0.005),
    },
    "Pendulum": {
        "max_speed": (4.0, 12.0),
        "max_torque": (1.0, 3.0),
        "dt": (0.02, 0.1),
        "g": (5.0, 15.0),
        "m": (0.5, 2.0),
        "l": (0.5, 2.0),
    },
    "Acrobot": {
        "dt": (0.1, 0.3),
        "LINK_LENGTH_1": (0.7, 1.5),
        "LINK_LENGTH_2": (0.7, 1.5),
        "LINK_MASS_1": (0.5, 2.0),
        "LINK_MASS_2": (0.5, 2.0),
        "LINK_COM_POS_1": (0.3, 0.7),
        "LINK_COM_POS_2": (0.3, 0.7),
        "LINK_MOI": (0.5, 2.0),
        "MAX_VEL_1": (3.0, 13.0),
        "MAX_VEL_2": (3.0, 28.0),
        "torque_noise_max": (0.0, 1.0),
    },
}

BY_FAMILY = {gymnasium_id_of(one).rpartition("-")[0]: one for one in REGISTRATIONS}


def derive_attributes(env):
    """Set the attributes that Gymnasium computes from the parameters only in the constructor."""
    if hasattr(env, "total_mass"):
        env.total_mass = env.masspole + env.masscart
        env.polemass_length = env.masspole * env.length
