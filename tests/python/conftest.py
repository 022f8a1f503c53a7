from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from operant import envs
from operant.registration import REGISTRATIONS


@pytest.fixture(params=REGISTRATIONS, ids=lambda registration: registration.id)
def registration(request):
    """Every registered environment."""
    return request.param


@pytest.fixture
def make(registration):
    """Makes the environment with the class that it is registered with."""
    return getattr(envs, registration.vector_env)


@pytest.fixture
def gymnasium_id(registration):
    """The id of Gymnasium's environment that it follows."""
    return registration.id.removeprefix("operant/")


@pytest.fixture
def oracle(gymnasium_id):
    """Makes Gymnasium's SyncVectorEnv of the same environment."""

    def make_oracle(num_envs, **kwargs):
        return gym.vector.SyncVectorEnv([lambda: gym.make(gymnasium_id, **kwargs)] * num_envs)

    return make_oracle


@pytest.fixture
def rng():
    return np.random.default_rng(20240229)
