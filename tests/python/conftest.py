from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from side_by_side import random_actions

from operant.registration import REGISTRATIONS

# CartPole-v0 is CartPole-v1 with another limit: where a test is not about that, its module overrides `registration` by
# these.
ONE_A_CLASS = list({registration.vector_env: registration for registration in REGISTRATIONS}.values())


def id_of(registration):
    return registration.id


@pytest.fixture(params=REGISTRATIONS, ids=id_of)
def registration(request):
    """Every registered environment."""
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
