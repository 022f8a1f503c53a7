"""Ranges of the parameters of classic control, and the attributes that Gymnasium computes from them."""

from __future__ import annotations

from side_by_side import gymnasium_id_of

from operant import envs
from operant.registration import REGISTRATIONS

FAMILIES = ("CartPole", "MountainCar", "MountainCarContinuous", "Pendulum", "Acrobot")

#: Ranges of the parameters whose default is 0.
AROUND_ZERO = {"goal_velocity": (-0.01, 0.02), "torque_noise_max": (0.0, 1.0)}


def ranges_of(family):
    """Ranges to draw from, around the defaults, for every parameter that may differ from env to env."""
    known = getattr(envs, f"{family}VecEnv")._known
    numbers = {name: one.default[0] for name, one in known.items() if one.kind == "number"}
    return {
        name: AROUND_ZERO.get(name, tuple(sorted((0.7 * number, 1.5 * number)))) for name, number in numbers.items()
    }


RANGES = {family: ranges_of(family) for family in FAMILIES}

BY_FAMILY = {gymnasium_id_of(one).rpartition("-")[0]: one for one in REGISTRATIONS}


def derive_attributes(env):
    """Set the attributes that Gymnasium computes from the parameters only in the constructor."""
    if hasattr(env, "total_mass"):
        env.total_mass = env.masspole + env.masscart
        env.polemass_length = env.masspole * env.length
