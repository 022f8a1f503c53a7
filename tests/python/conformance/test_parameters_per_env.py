"""Parameters that differ between envs: each env equals Gymnasium's environment with the same parameters."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from parameter_ranges import BY_FAMILY, RANGES, derive_attributes
from side_by_side import Pair

NUM_ENVS = 37  # not a multiple of any number of lanes

FLAGS = {
    "CartPole": {"sutton_barto_reward": True, "kinematics_integrator": "euler"},
    "Acrobot": {"book_or_nips": "book"},
}


@pytest.fixture(params=RANGES)
def family(request):
    return request.param


def drawn(family, rng):
    """An array for every parameter; some envs of Acrobot have no noise, and each has other torques."""
    parameters = {name: rng.uniform(low, high, NUM_ENVS) for name, (low, high) in RANGES[family].items()}
    if family == "Acrobot":
        parameters["torque_noise_max"][rng.random(NUM_ENVS) < 0.5] = 0
        parameters["AVAIL_TORQUE"] = rng.uniform(-2, 2, (NUM_ENVS, 3))
    return parameters


def make_ours(family, **kwargs):
    return gym.make_vec(BY_FAMILY[family].id, num_envs=NUM_ENVS, **kwargs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_runs_equal_gymnasium(family, mode, rng, dtype):
    """Only the envs with noise draw: a draw in another one would change its next start."""
    parameters = drawn(family, rng)
    pair = Pair(BY_FAMILY[family], NUM_ENVS, mode, dtype, max_episode_steps=70, parameters=parameters)
    for i, env in enumerate(pair.sync.envs):
        for name, values in parameters.items():
            assert hasattr(env.unwrapped, name)
            setattr(env.unwrapped, name, values[i].tolist())
        derive_attributes(env.unwrapped)
    pair.reset(seed=3)
    terminations, truncations = pair.run(rng, 150)
    assert truncations.any()
    assert family != "CartPole" or terminations.sum() > NUM_ENVS
    pair.close()


def test_equal_numbers_for_all_envs_are_one_number(family):
    numbers = {name: float(low) for name, (low, _) in RANGES[family].items()}
    arrays = {name: np.full(NUM_ENVS, value) for name, value in numbers.items()}
    assert make_ours(family, **arrays).parameters == make_ours(family, **numbers).parameters


@pytest.mark.parametrize(("family", "name"), [(family, name) for family, flags in FLAGS.items() for name in flags])
def test_flags_and_choices_are_the_same_for_all(family, name):
    with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b"):
        make_ours(family, **{name: [FLAGS[family][name]] * NUM_ENVS})
    with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b"):
        make_ours(family, **{name: np.array([FLAGS[family][name]] * NUM_ENVS)})
    make_ours(family, **FLAGS[family]).close()  # nothing else breaks


def test_bounds_that_contradict_each_other_are_refused_with_their_env():
    low = np.full(NUM_ENVS, -1.2)
    low[11] = 0.7
    with pytest.raises(ValueError, match=r"min_position.*env 11"):
        make_ours("MountainCar", min_position=low)
