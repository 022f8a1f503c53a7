from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from operant.registration import REGISTRATIONS


@pytest.fixture(params=REGISTRATIONS, ids=lambda registration: registration.id)
def registration(request):
    """Every registered environment."""
    return request.param


@pytest.fixture
def make(registration):
    """Makes Operant's environment."""

    def make_operant(num_envs, workers=1, **kwargs):
        return gym.make_vec(registration.id, num_envs=num_envs, workers=workers, **kwargs)

    return make_operant


@pytest.fixture
def gymnasium_id(registration):
    """The id of Gymnasium's environment that it follows."""
    return registration.id.removeprefix("operant/")


@pytest.fixture
def oracle(gymnasium_id):
    """Makes Gymnasium's SyncVectorEnv of the same environment."""

    def make_oracle(num_envs, autoreset_mode=AutoresetMode.NEXT_STEP, **kwargs):
        return gym.vector.SyncVectorEnv(
            [lambda: gym.make(gymnasium_id, **kwargs)] * num_envs, autoreset_mode=autoreset_mode
        )

    return make_oracle


@pytest.fixture(params=AutoresetMode, ids=lambda mode: mode.value)
def mode(request):
    """Every autoreset mode."""
    return request.param


@pytest.fixture
def rng():
    return np.random.default_rng(20240229)


@pytest.fixture
def draw(rng):
    """Draws random actions for a vector environment; continuous ones also beyond the bounds."""

    def draw_actions(env):
        space = env.single_action_space
        if isinstance(space, gym.spaces.Discrete):
            return rng.integers(0, space.n, env.num_envs)
        return rng.uniform(1.3 * space.low, 1.3 * space.high, (env.num_envs, 1)).astype(np.float32)

    return draw_actions


@pytest.fixture
def reachable(make, draw):
    """States that random actions lead to, `count` of them, shape (count, state_size), float64."""

    def reachable_states(count):
        env = make(1000, dtype=np.float64)
        env.reset(seed=5)
        states = []
        while len(states) * 1000 < count:
            for _ in range(3):
                env.step(draw(env))
            states.append(env.state)
        return np.concatenate(states)[:count]

    return reachable_states
