"""LunarLander equals Gymnasium's with Box2D, bit for bit. `scripts/compare_with_box2d.py` makes more steps."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

pytest.importorskip("Box2D", reason="needs Box2D, the oracle")

import landers

from operant import envs


@pytest.mark.parametrize(("continuous", "wind"), [(False, False), (True, True)])
def test_bodies_observations_and_rewards_are_equal(continuous, wind):
    pair = landers.Landers(range(24), continuous, wind)
    for _ in range(420):
        pair.step()
    assert pair.episodes > 24
    assert pair.touching > 500


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_episodes_that_begin_by_themselves_are_equal(mode):
    pair = landers.AutoresetLanders(range(16), mode, continuous=True, wind=True)
    for _ in range(200):
        pair.step()
    assert pair.episodes > 10


@pytest.mark.filterwarnings("ignore:.*the episode has terminated already")
@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5, 6, 7, 9])
def test_steps_after_the_end_of_an_episode_are_equal(seed):
    assert landers.beyond(seed, 300, continuous=seed % 2 == 1) > 20


def test_dtype_makes_no_difference():
    pair = landers.Landers(range(8), dtype=np.float64)
    for _ in range(120):
        pair.step()


@pytest.mark.parametrize("gravity", [0.0, -12.0, 9.8])
def test_gravity_beyond_the_bounds_is_refused_as_gymnasium_does(gravity):
    with pytest.raises(AssertionError, match="must be between -12 and 0"):
        landers.LunarLander(gravity=gravity)
    with pytest.raises(ValueError, match="gravity: expected a number between -12 and 0, both excluded, got"):
        envs.LunarLanderVecEnv(2, gravity=gravity)


@pytest.mark.parametrize(("name", "value"), [("wind_power", 20.5), ("wind_power", -1.0), ("turbulence_power", 2.5)])
def test_strong_wind_warns_as_gymnasium_does(name, value):
    with pytest.warns(UserWarning, match="value is recommended to be between") as expected:
        landers.LunarLander(**{name: value})
    with pytest.warns(UserWarning, match="value is recommended to be between") as warned:
        envs.LunarLanderVecEnv(2, **{name: value})
    assert [str(one.message) for one in warned] == [str(one.message) for one in expected]


def test_a_state_with_contacts_that_cannot_be_is_refused():
    env = envs.LunarLanderVecEnv(2)
    env.reset(seed=0)
    state = env.state
    state[0, env.state_names.index("world.contact_count")] = 34
    with pytest.raises(ValueError, match=r"world\.contact_count: expected an integer from 0 to 33, got 34"):
        env.set_state(state)


def test_continuous_is_an_argument_as_in_gymnasium():
    ours, theirs = (gym.make(f"{prefix}LunarLander-v3", continuous=True, gravity=-5.0) for prefix in ("operant/", ""))
    assert ours.action_space == theirs.action_space
    assert ours.unwrapped.continuous is theirs.unwrapped.continuous is True
    np.testing.assert_array_equal(ours.reset(seed=3)[0], theirs.reset(seed=3)[0])
    action = np.array([0.7, -0.8], np.float32)
    for mine, other in zip(ours.step(action)[:4], theirs.step(action)[:4], strict=True):
        np.testing.assert_array_equal(mine, np.float32(other) if isinstance(other, float) else other)
    env = gym.make_vec("operant/LunarLander-v3", 2, continuous=True)
    assert isinstance(env, envs.LunarLanderContinuousVecEnv)
    assert env.get_attr("continuous") == (True, True)
    assert isinstance(gym.make_vec(env.spec), envs.LunarLanderContinuousVecEnv)
    assert type(envs.LunarLanderVecEnv(2, continuous=False)) is envs.LunarLanderVecEnv
    assert gym.make("operant/LunarLander-v3").unwrapped.continuous is False
    with pytest.raises(AttributeError, match="continuous: cannot be set, it follows from the class"):
        ours.unwrapped.continuous = False
    with pytest.raises(TypeError, match="continuous: expected True or False, got 1"):
        envs.LunarLanderVecEnv(2, continuous=1)
    with pytest.raises(TypeError, match="continuous: Mine has the actions of its base LunarLanderVecEnv"):
        type("Mine", (envs.LunarLanderVecEnv,), {})(2, continuous=True)
