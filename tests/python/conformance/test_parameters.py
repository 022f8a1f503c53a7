"""Every physical parameter acts as Gymnasium's attribute of the same name."""

from __future__ import annotations

import math
from functools import cache

import gymnasium as gym
import numpy as np
import pytest
from conftest import ONE_PER_CLASS, id_of
from gymnasium import spaces
from parameter_ranges import BY_FAMILY, derive_attributes
from side_by_side import Pair, assert_same, gymnasium_id_of, random_actions


@pytest.fixture(params=ONE_PER_CLASS, ids=id_of)
def registration(request):
    return request.param


# Values of each parameter. The first changes the results within a few steps.
PARAMETERS = {
    "CartPole": {
        "gravity": [20.0, 0.0, -9.8],
        "masscart": [0.3, 7],
        "masspole": [0.5, 2.0],
        "length": [0.2, 1.5],
        "force_mag": [3.0, 0.0, -10.0, 25],
        "tau": [0.05, 0.001],
        "kinematics_integrator": ["semi-implicit euler", "euler"],
        "theta_threshold_radians": [0.05, 1.0],
        "x_threshold": [0.04, 10.0],
        "sutton_barto_reward": [True, False],
    },
    "MountainCar": {
        "min_position": [-0.5, -2.0],
        "max_position": [-0.4, 1.0],
        "max_speed": [0.002, 0.3],
        "goal_position": [-1.0, 0.3],
        "goal_velocity": [-0.04, 0.02, 1],
        "force": [0.01, 0.0, -0.002],
        "gravity": [0.005, 0.0, -0.001],
    },
    "MountainCarContinuous": {
        "min_action": [-0.25, -3.0, 0.125],
        "max_action": [0.3, 2.5, -0.5],
        "min_position": [-0.5, -2.0],
        "max_position": [-0.4, 1.0],
        "max_speed": [0.002, 0.3],
        "goal_position": [-1.0, 0.3],
        "goal_velocity": [-0.04, 0.02, 1],
        "power": [0.01, 0.0, -0.002],
    },
    "Pendulum": {
        "max_speed": [1.5, 20],
        "max_torque": [0.7, 3.0],
        "dt": [0.1, 0.001],
        "g": [9.81, 0.0, -3, 30.0],
        "m": [0.3, 2.5],
        "l": [0.6, 3.0],
    },
    "Acrobot": {
        "dt": [0.05, 0.31],
        "LINK_LENGTH_1": [0.7, 2.0],
        "LINK_LENGTH_2": [0.7, 2.0],
        "LINK_MASS_1": [0.4, 3],
        "LINK_MASS_2": [0.4, 3.0],
        "LINK_COM_POS_1": [0.3, 0.0, 1.2],
        "LINK_COM_POS_2": [0.3, 0.0, 1.2],
        "LINK_MOI": [0.5, 2.0],
        "MAX_VEL_1": [1.0, 50.0],
        "MAX_VEL_2": [1.0, 100.0],
        "AVAIL_TORQUE": [[-3.0, 0.5, 2.0], (1.0, 1.0, 1.0), np.array([-0.1, 0.0, 0.1])],
        "torque_noise_max": [1.0, 0.01],
        "book_or_nips": ["nips", "book"],
    },
}

# Parameters that only change the picture, not the steps.
DRAWN_ONLY = {"LINK_LENGTH_2"}

NOT_NUMBERS = {"kinematics_integrator", "book_or_nips", "sutton_barto_reward", "AVAIL_TORQUE"}
ANY_SIGN = {
    *("gravity", "force_mag", "min_position", "max_position", "goal_position", "goal_velocity", "force", "power", "g"),
    *("min_action", "max_action"),
}
MAY_BE_ZERO = {*ANY_SIGN, "masspole", "LINK_COM_POS_1", "LINK_COM_POS_2", "torque_noise_max"}

# Bounds of starts from which the parameters take effect within a few steps.
WIDE = {
    "CartPole": {"low": -0.3, "high": 0.3},
    "MountainCar": {"low": -1.2, "high": 0.6},
    "MountainCarContinuous": {"low": -1.2, "high": 0.6},
    "Pendulum": {"x_init": math.pi, "y_init": 6.0},
    "Acrobot": {"low": -2.0, "high": 2.0},
}


def family_of(registration):
    """CartPole for CartPole-v0 and CartPole-v1."""
    return gymnasium_id_of(registration).rpartition("-")[0]


CASES = [
    pytest.param(registration, name, value, id=f"{registration.id}-{name}-{value}".replace(" ", ""))
    for registration in ONE_PER_CLASS
    for name, values in PARAMETERS[family_of(registration)].items()
    for value in values
]


def setter(family, parameters):
    """Return a function that sets Gymnasium's attributes, and those that its constructors compute from them."""

    def prepare(env):
        for name, value in parameters.items():
            attribute = "_sutton_barto_reward" if name == "sutton_barto_reward" else name
            assert hasattr(env, attribute)
            setattr(env, attribute, value)
        if family == "CartPole":
            derive_attributes(env)
            high = [env.x_threshold * 2, np.inf, env.theta_threshold_radians * 2, np.inf]
            low = [-bound for bound in high]
        elif family == "Pendulum":
            high = [1.0, 1.0, env.max_speed]
            low = [-bound for bound in high]
            env.action_space = spaces.Box(-env.max_torque, env.max_torque, shape=(1,), dtype=np.float32)
        elif family == "Acrobot":
            high = [1.0, 1.0, 1.0, 1.0, env.MAX_VEL_1, env.MAX_VEL_2]
            low = [-bound for bound in high]
        else:
            low, high = [env.min_position, -env.max_speed], [env.max_position, env.max_speed]
            if family == "MountainCarContinuous":
                env.action_space = spaces.Box(env.min_action, env.max_action, shape=(1,), dtype=np.float32)
        env.observation_space = spaces.Box(np.array(low, np.float32), np.array(high, np.float32), dtype=np.float32)

    return prepare


def make_pair(registration, **parameters):
    prepare = setter(family_of(registration), parameters)
    return Pair(registration, 13, max_episode_steps=11, parameters=parameters, prepare=prepare)


def history(env, registration):
    """The results of 60 steps from wide starts, with actions in the space of the default parameters."""
    rng = np.random.default_rng(8)
    space = gym.make(gymnasium_id_of(registration)).action_space
    returned = []
    for seed in range(4):
        returned.append(env.reset(seed=seed, options=WIDE[family_of(registration)]))
        returned += [env.step(random_actions(space, rng, env.num_envs)) for _ in range(15)]
    return returned


@pytest.mark.quick
@pytest.mark.parametrize(("registration", "name", "value"), CASES)
def test_each_parameter_acts_as_the_attribute_of_gymnasium(registration, name, value):
    pair = make_pair(registration, **{name: value})
    for space in ("single_observation_space", "single_action_space", "observation_space", "action_space"):
        assert getattr(pair.ours, space) == getattr(pair.sync, space), space
    changed = history(pair, registration)
    pair.compare_states()
    pair.close()
    if name not in DRAWN_ONLY and value is PARAMETERS[family_of(registration)][name][0]:  # the value has an effect
        with pytest.raises(AssertionError):
            assert_same(changed, unchanged_history(registration))


@cache
def unchanged_history(registration):
    return history(make_pair(registration).theirs, registration)


@pytest.mark.quick
@pytest.mark.parametrize("value", [-1.5, -5e-324, -1.7e308, 0.0, -0.0])
def test_numbers_of_the_wrong_sign_are_refused_by_name(registration, value):
    accepted = {*NOT_NUMBERS, *(ANY_SIGN if value else MAY_BE_ZERO)}
    limited = PARAMETERS[family_of(registration)].keys() - accepted
    assert limited
    for name in limited:
        with pytest.raises(ValueError, match=rf"\b{name}\b"):
            gym.make_vec(registration.id, num_envs=3, **{name: value})


@pytest.mark.parametrize(
    ("family", "name", "value"),
    [
        ("MountainCar", "min_position", 0.6),
        ("MountainCar", "max_position", -1.2),
        ("MountainCarContinuous", "min_position", 0.6),
        ("MountainCarContinuous", "max_position", -1.3),
        ("MountainCarContinuous", "min_action", 1.0),
        ("MountainCarContinuous", "max_action", -2.0),
    ],
)
def test_bounds_that_contradict_each_other_are_refused(family, name, value):
    """The message may name either."""
    with pytest.raises(ValueError, match=f"(min|max)_{name[4:]}"):
        gym.make_vec(BY_FAMILY[family].id, num_envs=3, **{name: value})
