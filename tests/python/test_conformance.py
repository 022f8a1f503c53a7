"""What Gymnasium's environments do, step for step."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import operant.envs


def test_spaces_are_gymnasiums(make, oracle):
    ours, theirs = make(6), oracle(6)
    for space in ("single_observation_space", "single_action_space", "observation_space", "action_space"):
        assert getattr(ours, space) == getattr(theirs, space), space
        assert getattr(ours, space).dtype == getattr(theirs, space).dtype, space
    assert ours.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert ours.metadata["render_fps"] == theirs.metadata["render_fps"]
    assert ours.num_envs == 6


@pytest.mark.parametrize("workers", [1, 2])
def test_float64_runs_are_gymnasiums_bit_for_bit(registration, make, oracle, draw, workers):
    num_envs = 64
    ours, theirs = make(num_envs, workers, dtype=np.float64), oracle(num_envs)
    assert_observations_equal(registration, ours.reset(seed=42)[0], theirs.reset(seed=42)[0], np.ones(num_envs, bool))
    ended, ends = np.zeros(num_envs, bool), 0
    for _ in range(500 if registration.name == "Acrobot" else 2000):
        actions = draw(ours)
        actual, expected = ours.step(actions), theirs.step(actions)
        assert_observations_equal(registration, actual[0], expected[0], ended)
        np.testing.assert_array_equal(actual[1], expected[1].astype(np.float32))
        np.testing.assert_array_equal(actual[2], expected[2])
        np.testing.assert_array_equal(actual[3], expected[3])
        assert actual[4] == expected[4] == {}
        ended = actual[2] | actual[3]
        ends += np.count_nonzero(ended)
    assert ends >= num_envs  # the run has seen autoresets


def assert_observations_equal(registration, actual, expected, just_reset):
    """Bit for bit, but for Acrobot's starts: there Gymnasium takes sine and cosine of a float32, in float32."""
    if registration.name == "Acrobot":
        np.testing.assert_allclose(actual[just_reset], expected[just_reset], rtol=0, atol=1.2e-7)
        actual, expected = actual[~just_reset], expected[~just_reset]
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_time_limits_are_gymnasiums(registration, make, oracle, draw, dtype):
    """Short limits, so that falls and time-outs fall together."""
    for limit in (1, 2, 9, 13):
        ours = make(32, max_episode_steps=limit, dtype=dtype)
        theirs = oracle(32, max_episode_steps=limit)
        ours.reset(seed=1)
        theirs.reset(seed=1)
        both = 0
        for _ in range(100):
            actions = draw(ours)
            actual, expected = ours.step(actions), theirs.step(actions)
            np.testing.assert_array_equal(actual[2], expected[2])
            np.testing.assert_array_equal(actual[3], expected[3])
            both += np.count_nonzero(actual[2] & actual[3])
        if registration.name == "CartPole" and limit >= 9:
            assert both > 0


def test_no_time_limit(registration, make, draw):
    env = make(4, max_episode_steps=-1)
    env.reset(seed=0)
    state = env.state
    for _ in range(registration.max_episode_steps + 100):
        env.set_state(state)
        assert not env.step(draw(env))[3].any()


def test_float32_steps_are_right_to_rounding(registration, make, reachable, draw):
    """100,000 steps, each from a random reachable state, against float64, which is Gymnasium bit for bit."""
    count = 100_000
    fast, exact = (make(count, 2, max_episode_steps=-1, dtype=dtype) for dtype in (np.float32, np.float64))
    states = reachable(count).astype(np.float32)
    for env in (fast, exact):
        env.reset(seed=0)
        env.set_state(states)
    actions = draw(fast)
    ours, theirs = fast.step(actions), exact.step(actions)
    tolerance = 1e-5 if registration.name == "Acrobot" else 1e-6
    for actual, expected in zip(ours[:2], theirs[:2], strict=True):
        assert np.all(np.abs(actual - expected) <= tolerance * np.maximum(1, np.abs(expected)))
    assert np.count_nonzero(ours[2] != theirs[2]) <= 1  # a threshold within rounding of a state


def test_float32_flags_are_gymnasiums_but_for_rounding(registration, make, draw):
    """In a million steps of float32 runs, less than one flag may differ: where a threshold falls within rounding."""
    num_envs, calls = 4096, 250
    fast, exact = make(num_envs, 2), make(num_envs, 2, dtype=np.float64, max_episode_steps=-1)
    fast.reset(seed=3)
    exact.reset(seed=3)
    different = steps = 0
    ended = np.zeros(num_envs, bool)
    for _ in range(calls):
        state, actions = fast.state, draw(fast)
        exact.reset(seed=3)
        exact.set_state(state)
        actual, expected = fast.step(actions), exact.step(actions)
        steps += np.count_nonzero(~ended)
        different += np.count_nonzero((actual[2] != expected[2])[~ended])
        ended = actual[2] | actual[3]
    assert steps > 900_000
    assert different <= 1


def test_one_step_is_gymnasiums(registration, make, oracle, reachable, draw):
    """The same against Gymnasium itself."""
    count = 300
    states = reachable(count).astype(np.float32)
    ours, theirs = make(count), oracle(count)
    ours.reset(seed=0)
    theirs.reset(seed=0)
    ours.set_state(states)
    for single, state in zip(theirs.envs, states, strict=True):
        single.unwrapped.state = state.astype(np.float64)
    actions = draw(ours)
    actual, expected = ours.step(actions), theirs.step(actions)
    tolerance = 1e-5 if registration.name == "Acrobot" else 1e-6
    for k in range(2):
        assert np.all(np.abs(actual[k] - expected[k]) <= tolerance * np.maximum(1, np.abs(expected[k])))
    np.testing.assert_array_equal(actual[2], expected[2])


def test_far_angles_are_stepped_right_too(rng):
    """CartPole starts far beyond the thresholds take the sine and cosine of any angle."""
    fast, exact = (operant.envs.CartPoleVecEnv(1000, dtype=dtype) for dtype in (np.float32, np.float64))
    states = rng.uniform(-50, 50, (1000, 4)).astype(np.float32)
    states[::100, 2] *= 1000
    actions = rng.integers(0, 2, 1000)
    for env in (fast, exact):
        env.reset(seed=0)
        env.set_state(states)
    actual, expected = fast.step(actions)[0], exact.step(actions)[0]
    assert np.all(np.abs(actual - expected) <= 1e-6 * np.maximum(1, np.abs(expected)))


def test_a_pendulum_hanging_at_rest_stays_at_rest():
    env = operant.envs.PendulumVecEnv(3, max_episode_steps=-1)
    env.reset(seed=0)
    env.set_state([[np.pi, 0], [-np.pi, 0], [0, 0]])
    for _ in range(100_000):
        observations = env.step(np.zeros((3, 1), np.float32))[0]
    np.testing.assert_allclose(observations, [[-1, 0, 0], [-1, 0, 0], [1, 0, 0]], rtol=0, atol=1e-6)


def test_the_pendulums_cosine_and_sine_stay_on_the_circle(draw):
    env = operant.envs.PendulumVecEnv(1000)
    env.reset(seed=0)
    for _ in range(300):
        cosine, sine, _ = env.step(draw(env))[0].T.astype(np.float64)
        assert np.abs(cosine**2 + sine**2 - 1).max() < 2e-7


def test_make_vec_passes_its_arguments_on(registration):
    env = gym.make_vec(registration.id, num_envs=3, workers=2, max_episode_steps=5, dtype=np.float64)
    assert type(env).__name__ == registration.vector_env
    assert env.num_envs == 3
    assert env.max_episode_steps == 5
    env.reset(seed=0)
    assert env.dtype == np.float64
    assert env.spec.id == registration.id


def test_the_default_time_limit_is_gymnasiums(registration, make, gymnasium_id):
    assert make(1).max_episode_steps == gym.spec(gymnasium_id).max_episode_steps
    ours, theirs = gym.spec(registration.id), gym.spec(gymnasium_id)
    assert ours.max_episode_steps == theirs.max_episode_steps
    assert ours.reward_threshold == theirs.reward_threshold
