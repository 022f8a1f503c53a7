"""Single environments, which `gym.make` makes, equal Gymnasium's."""

from __future__ import annotations

import warnings

import gymnasium as gym
import numpy as np
import pytest
from conftest import every_environment, every_lasting_environment
from gymnasium.utils.env_checker import check_env
from side_by_side import (
    FORKS,
    RESET_TOLERANCE,
    FloatProbability,
    assert_same,
    gymnasium_id_of,
    lively_actions,
    random_actions,
)


@pytest.fixture
def singles(registration):
    """Makes Operant's and Gymnasium's environment."""

    def make(**kwargs):
        return (
            gym.make(registration.id, disable_env_checker=True, dtype=np.float64, **kwargs),
            FloatProbability(gym.make(gymnasium_id_of(registration), disable_env_checker=True, **kwargs)),
        )

    return make


def assert_same_start(registration, actual, expected):
    assert_same(actual, expected, RESET_TOLERANCE.get(gymnasium_id_of(registration), 0))


def assert_same_step(actual, expected):
    """Compare two steps. Operant's reward is a float with the value of a float32; Gymnasium's has any type."""
    assert_same((actual[0], *actual[2:]), (expected[0], *expected[2:]))
    assert np.float32(actual[1]) == np.float32(expected[1])
    assert type(actual[1]) is float


def alone(observation):
    """The observation in the form of a vector environment with one env."""
    if isinstance(observation, tuple):
        return tuple(np.array([part]) for part in observation)
    return np.asarray(observation)[None]


@every_environment
@pytest.mark.quick
def test_spaces_and_spec_equal_gymnasium(registration, singles):
    ours, theirs = singles()
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    assert ours.metadata["render_fps"] == theirs.metadata["render_fps"]
    assert ours.spec.id == registration.id


@every_lasting_environment
@pytest.mark.quick
@pytest.mark.parametrize("limit", [None, 12])
def test_episodes_equal_gymnasium_bit_for_bit(registration, singles, rng, limit):
    ours, theirs = singles() if limit is None else singles(max_episode_steps=limit)
    truncations = 0
    for episode in range(6):
        seed = None if episode % 3 else episode + 2**70
        start = theirs.reset(seed=seed)
        assert_same_start(registration, ours.reset(seed=seed), start)
        observation, ended, steps = start[0], False, 0
        while not ended and steps < 250:
            action = lively_actions(registration, theirs.action_space, rng, alone(observation))[0]
            expected = theirs.step(action)
            assert_same_step(ours.step(action), expected)
            observation, ended, steps = expected[0], expected[2] or expected[3], steps + 1
            truncations += expected[3]
    assert limit is None or truncations
    ours.close()
    theirs.close()


@pytest.mark.parametrize("how", ["pickle", "deepcopy"])
def test_a_copy_goes_on_bit_for_bit(registration, singles, rng, how):
    ours, theirs = singles()
    ours.reset(seed=1)
    theirs.reset(seed=1)
    ours.step(random_actions(theirs.action_space, np.random.default_rng(0), 1)[0])
    theirs.step(random_actions(theirs.action_space, np.random.default_rng(0), 1)[0])
    ours = FORKS[how](ours)
    for _ in range(5):
        action = random_actions(theirs.action_space, rng, 1)[0]
        assert_same_step(ours.step(action), theirs.step(action))
    assert_same_start(registration, ours.reset(), theirs.reset())


def complaints(env, **kwargs):
    """Collect the warnings of Gymnasium's checker, which raises errors."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(env, **kwargs)
    return {str(warning.message) for warning in caught}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gymnasiums_checker_finds_no_more_than_in_the_environment_of_gymnasium(registration, dtype):
    ours = gym.make(registration.id, disable_env_checker=True, dtype=dtype)
    theirs = gym.make(gymnasium_id_of(registration), disable_env_checker=True)
    skip = {"skip_render_check": True}
    assert complaints(ours.unwrapped, **skip) <= complaints(theirs.unwrapped, **skip)


def test_single_environments_can_be_vectorized_by_gymnasium(registration, rng):
    """`SyncVectorEnv` of Operant's single environments equals Operant's vector environment."""
    sync = gym.make_vec(registration.id, num_envs=3, vectorization_mode="sync", dtype=np.float64, max_episode_steps=9)
    ours = gym.make_vec(registration.id, num_envs=3, dtype=np.float64, max_episode_steps=9)
    assert_same(ours.reset(seed=5), sync.reset(seed=5))
    for _ in range(25):
        actions = random_actions(ours.single_action_space, rng, 3)
        observations, rewards, *rest = sync.step(actions)
        assert_same(ours.step(actions), (observations, rewards.astype(np.float32), *rest))


@pytest.mark.parametrize("render_mode", [None, "rgb_array"])
def test_a_closed_environment_can_be_reset_as_in_gymnasium(registration, singles, rng, render_mode):
    if render_mode:
        pytest.importorskip("pygame")
    ours, theirs = singles(render_mode=render_mode)
    for env in (ours, theirs):
        env.reset(seed=1)
        if render_mode:
            env.render()
        env.close()
        env.close()
    assert_same_start(registration, ours.reset(seed=2), theirs.reset(seed=2))
    action = random_actions(theirs.action_space, rng, 1)[0]
    assert_same_step(ours.step(action), theirs.step(action))
