from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from side_by_side import random_actions

from operant.registration import REGISTRATIONS

# Classic control: float observations, physical parameters, bounds of the start.
CONTROL = [
    one
    for one in REGISTRATIONS
    if one.name in ("CartPole", "MountainCar", "MountainCarContinuous", "Pendulum", "Acrobot")
]


# CartPole-v0 is CartPole-v1 with another limit: where a test is not about that, one id of each class will do.
ONE_PER_CLASS = [one for one in CONTROL if one.id != "operant/CartPole-v0"]
TOY_TEXT = [one for one in REGISTRATIONS if one.id.partition("/")[2] in ("FrozenLake-v1", "CliffWalking-v1", "Taxi-v4")]
BLACKJACK = [one for one in REGISTRATIONS if one.name == "Blackjack"]


def id_of(registration):
    return registration.id


def every(registrations):
    """For tests of what holds whatever the spaces are. Toy text is plain C++, with one set of kernels."""
    marks = {False: [pytest.mark.scalar_tier], True: []}
    params = [pytest.param(one, marks=marks[one in CONTROL]) for one in registrations]
    return pytest.mark.parametrize("registration", params, ids=id_of)


every_id = every(REGISTRATIONS)
every_environment = every(ONE_PER_CLASS + TOY_TEXT + BLACKJACK)
# The same without Blackjack, whose episodes end after a step or two, before a time limit counts.
every_lasting_environment = every(ONE_PER_CLASS + TOY_TEXT)


@pytest.fixture(params=CONTROL, ids=id_of)
def registration(request):
    """An environment of classic control, but in tests of `every_id` or `every_environment`."""
    return request.param


@pytest.fixture
def make(registration):
    """Makes Operant's environment."""

    def make_operant(num_envs, workers=1, **kwargs):
        return gym.make_vec(registration.id, num_envs=num_envs, workers=workers, **kwargs)

    return make_operant


@pytest.fixture(params=AutoresetMode, ids=lambda mode: mode.value)
def mode(request):
    """Every autoreset mode."""
    return request.param


@pytest.fixture
def rng():
    return np.random.default_rng(20240229)


@pytest.fixture
def draw(rng):
    """Draws random actions for a vector environment."""
    return lambda env: random_actions(env.single_action_space, rng, env.num_envs)
