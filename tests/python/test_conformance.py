"""What Gymnasium's environments do, step for step."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode


def test_spaces_are_gymnasiums(make, oracle):
    ours, theirs = make(6), oracle(6)
    for space in ("single_observation_space", "single_action_space", "observation_space", "action_space"):
        assert getattr(ours, space) == getattr(theirs, space), space
        assert getattr(ours, space).dtype == getattr(theirs, space).dtype, space
    assert ours.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert ours.metadata["render_fps"] == theirs.metadata["render_fps"]
    assert ours.num_envs == 6


@pytest.mark.parametrize("workers", [1, 2])
def test_float64_runs_are_gymnasiums_bit_for_bit(make, oracle, rng, workers):
    num_envs = 64
    ours, theirs = make(num_envs, workers, dtype=np.float64), oracle(num_envs)
    np.testing.assert_array_equal(ours.reset(seed=42)[0], theirs.reset(seed=42)[0])
    ends = 0
    for _ in range(2000):
        actions = rng.integers(0, ours.single_action_space.n, num_envs)
        actual, expected = ours.step(actions), theirs.step(actions)
        np.testing.assert_array_equal(actual[0], expected[0])
        np.testing.assert_array_equal(actual[1], expected[1].astype(np.float32))
        np.testing.assert_array_equal(actual[2], expected[2])
        np.testing.assert_array_equal(actual[3], expected[3])
        assert actual[4] == expected[4] == {}
        ends += np.count_nonzero(actual[2] | actual[3])
    assert ends > 1000  # the run has seen many autoresets


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_time_limits_are_gymnasiums(make, oracle, rng, dtype):
    """Short limits, so that falls and time-outs fall together."""
    for limit in (1, 2, 9, 13):
        ours = make(32, max_episode_steps=limit, dtype=dtype)
        theirs = oracle(32, max_episode_steps=limit)
        ours.reset(seed=1)
        theirs.reset(seed=1)
        both = 0
        for _ in range(100):
            actions = rng.integers(0, 2, 32)
            actual, expected = ours.step(actions), theirs.step(actions)
            np.testing.assert_array_equal(actual[2], expected[2])
            np.testing.assert_array_equal(actual[3], expected[3])
            np.testing.assert_array_equal(actual[1], expected[1].astype(np.float32))
            both += np.count_nonzero(actual[2] & actual[3])
        if limit >= 9:
            assert both > 0


def test_no_time_limit(make):
    env = make(1, max_episode_steps=-1)
    env.reset(seed=0)
    for step in range(600):
        env.set_state(np.zeros((1, 4)))
        assert not env.step([step % 2])[3][0]


def test_one_float32_step_is_right_to_rounding(make, gymnasium_id, rng):
    num_envs = 5000
    env = make(num_envs)
    env.reset(seed=0)
    state = (rng.uniform(-1, 1, (num_envs, 4)) * [2.4, 3.0, 0.2095, 3.0]).astype(np.float32)
    actions = rng.integers(0, 2, num_envs)
    env.set_state(state)
    observations, rewards, terminations, _, _ = env.step(actions)
    single = gym.make(gymnasium_id).unwrapped
    single.reset(seed=0)
    for copy in range(num_envs):
        single.state = state[copy].astype(np.float64)
        single.steps_beyond_terminated = None
        _, reward, terminated, _, _ = single.step(actions[copy])
        expected = np.asarray(single.state)
        assert np.all(np.abs(observations[copy] - expected) <= 1e-6 * np.maximum(1, np.abs(expected)))
        assert rewards[copy] == reward
        x, _, theta, _ = expected
        near = min(abs(abs(x) - 2.4), abs(abs(theta) - 12 * 2 * np.pi / 360)) < 1e-6
        assert terminations[copy] == terminated or near


def test_far_angles_are_stepped_right_too(make, gymnasium_id, rng):
    """Starts far beyond the thresholds take the sine and cosine of any angle."""
    env = make(1000)
    state = rng.uniform(-50, 50, (1000, 4)).astype(np.float32)
    state[::100, 2] *= 1000
    env.reset(seed=0)
    env.set_state(state)
    actions = rng.integers(0, 2, 1000)
    observations = env.step(actions)[0]
    single = gym.make(gymnasium_id).unwrapped
    single.reset(seed=0)
    for copy in range(1000):
        single.state = state[copy].astype(np.float64)
        single.steps_beyond_terminated = None
        single.step(actions[copy])
        expected = np.asarray(single.state)
        assert np.all(np.abs(observations[copy] - expected) <= 1e-6 * np.maximum(1, np.abs(expected)))


def test_make_vec_passes_its_arguments_on(registration, make):
    env = gym.make_vec(registration.id, num_envs=3, workers=2, max_episode_steps=5, dtype=np.float64)
    assert isinstance(env, make)
    assert env.num_envs == 3
    assert env.max_episode_steps == 5
    assert env.state.dtype == np.float64 if env.reset(seed=0) else False
    assert env.spec.id == registration.id


def test_the_default_time_limit_is_gymnasiums(registration, make, gymnasium_id):
    assert make(1).max_episode_steps == gym.spec(gymnasium_id).max_episode_steps
    ours, theirs = gym.spec(registration.id), gym.spec(gymnasium_id)
    assert ours.max_episode_steps == theirs.max_episode_steps
    assert ours.reward_threshold == theirs.reward_threshold
