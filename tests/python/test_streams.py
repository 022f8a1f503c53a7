"""`np_random` and `np_random_seed`: the copies' random streams as SyncVectorEnv shows them."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from conftest import every_environment
from gymnasium import error
from side_by_side import FORKS, Pair, assert_same, gymnasium_id_of

from operant import envs

NUM_ENVS = 5


def states(generators):
    return [one.bit_generator.state for one in generators]


def assert_same_streams(pair):
    assert pair.ours.np_random_seed == pair.sync.np_random_seed == pair.ours.get_attr("np_random_seed")
    ours, theirs = states(pair.ours.np_random), states(pair.sync.np_random)
    for mine, other in zip(ours, theirs, strict=True):
        if not mine["has_uint32"] and not other["has_uint32"]:
            mine["uinteger"] = other["uinteger"] = 0  # what is left of a half that was used
    assert ours == theirs


@every_environment
@pytest.mark.quick
def test_streams_and_seeds_are_syncvectorenvs_throughout(registration, mode, rng):
    pair = Pair(registration, NUM_ENVS, mode, max_episode_steps=9)
    for seed in (42, None, [1, None, 2**80, 3, None], [0, 0, 0, 0, 0], 2**63 - 3, 2**64 - 2, 7):
        pair.reset(seed=seed)
        assert_same_streams(pair)
        pair.run(rng, 20)
        assert_same_streams(pair)
    for seed in (None, 100, [5, None, None, 2**70, 6]):
        mask = np.array([True, False, True, True, False])
        pair.reset(seed=seed, options={"reset_mask": mask})
        assert_same_streams(pair)
    pair.close()


def test_a_generator_draws_what_its_copy_will_and_does_not_move_it_on():
    env = envs.CartPoleVecEnv(NUM_ENVS, dtype=np.float64)
    env.reset(seed=3)
    expected = np.array([one.uniform(-0.05, 0.05, 4) for one in env.np_random])
    env.np_random[0].random(100)
    np.testing.assert_array_equal(env.reset()[0], expected.astype(np.float32))


def test_they_are_there_before_the_first_reset_which_draws_from_them():
    env = envs.CartPoleVecEnv(NUM_ENVS)
    seeds, generators = env.np_random_seed, env.np_random
    assert len(set(seeds)) == NUM_ENVS
    for seed, generator in zip(seeds, generators, strict=True):
        assert generator.bit_generator.state == np.random.PCG64(seed).state
    assert env.np_random_seed == seeds
    expected = np.array([one.uniform(-0.05, 0.05, 4) for one in generators])
    np.testing.assert_array_equal(env.reset()[0], expected.astype(np.float32))
    assert env.np_random_seed == seeds != envs.CartPoleVecEnv(NUM_ENVS).np_random_seed


def test_seeds_of_a_reset_without_one_start_it_again(rng):
    """Also where the sequence of seeds leaves some out."""
    for seed in (None, [3, None, None, 4, None]):
        env = envs.CartPoleVecEnv(NUM_ENVS)
        observations = env.reset(seed=seed)[0].copy()
        np.testing.assert_array_equal(env.reset(seed=list(env.np_random_seed))[0], observations)


@pytest.mark.parametrize("how", FORKS)
@pytest.mark.parametrize("seed", [None, 7, [3, 2**90, 4, 5, 6], "unseeded"])
def test_seeds_go_where_the_environment_goes(how, seed):
    env = envs.CartPoleVecEnv(NUM_ENVS)
    if seed != "unseeded":
        env.reset(seed=seed)
    other = FORKS[how](env)
    if seed != "unseeded":
        assert other.np_random_seed == env.np_random_seed
        assert states(other.np_random) == states(env.np_random)
    else:
        assert other.np_random_seed != env.np_random_seed


def test_snapshots_bring_seeds_back():
    env = envs.CartPoleVecEnv(3)
    env.reset(seed=1)
    snapshot = env.snapshot()
    env.reset(seed=50)
    env.restore(snapshot)
    assert env.np_random_seed == (1, 2, 3)


def test_streams_of_others_have_their_seeds():
    env = envs.CartPoleVecEnv(4)
    env.reset(seed=10)
    env.copy_state([0, 1], [1, 2])
    assert env.np_random_seed == (10, 11, 12, 13)
    env.copy_state([0, 1], [1, 2], random=True)
    assert env.np_random_seed == (10, 10, 11, 13)
    env.copy_state(2, [3], random=True)
    assert env.np_random_seed == (10, 10, 11, 11)
    assert states(env.np_random)[2] == states(env.np_random)[3]
    env.reset(seed=[None, 5, None, None])
    assert env.np_random_seed == (10, 5, 11, 11)


def test_they_cannot_be_set_as_in_syncvectorenv():
    for env in (envs.CartPoleVecEnv(2), gym.make_vec("CartPole-v1", num_envs=2, vectorization_mode="sync")):
        for name in ("np_random", "np_random_seed"):
            with pytest.raises(AttributeError):
                setattr(env, name, 1)


def test_of_a_closed_environment_seeds_are_known():
    env = envs.CartPoleVecEnv(2)
    env.reset(seed=1)
    env.close()
    assert env.np_random_seed == (1, 2)
    with pytest.raises(error.ClosedEnvironmentError):
        env.np_random  # noqa: B018


@every_environment
def test_a_single_environment_has_gymnasiums_generator(registration):
    ours = gym.make(registration.id, disable_env_checker=True, dtype=np.float64)
    theirs = gym.make(gymnasium_id_of(registration), disable_env_checker=True)
    assert ours.np_random_seed != gym.make(registration.id, disable_env_checker=True).np_random_seed
    for seed in (3, None, 2**90):
        ours.reset(seed=seed)
        theirs.reset(seed=seed)
        assert ours.np_random_seed == theirs.np_random_seed
        assert ours.np_random.random() == theirs.unwrapped.np_random.random()
        theirs.reset(seed=seed)
        ours.reset(seed=seed)


@every_environment
def test_a_single_environment_takes_another_generator(registration):
    """A half of 64 bits that integers were drawn from goes along."""
    ours = gym.make(registration.id, disable_env_checker=True, dtype=np.float64).unwrapped
    theirs = gym.make(gymnasium_id_of(registration), disable_env_checker=True).unwrapped
    for env in (ours, theirs):
        generator = np.random.default_rng(5)
        generator.integers(5, dtype=np.int32)
        assert generator.bit_generator.state["has_uint32"]
        env.np_random = generator
        assert env.np_random_seed == -1
    assert_same(ours.reset()[0], theirs.reset()[0], 2e-7)


@pytest.mark.parametrize("value", [None, 3, np.random.RandomState(1), np.random.Generator(np.random.MT19937(1))])
def test_a_single_environment_refuses_what_is_no_generator_of_its_kind(value):
    env = gym.make("operant/CartPole-v1").unwrapped
    env.reset(seed=1)
    with pytest.raises(TypeError, match="np_random"):
        env.np_random = value
    assert env.np_random_seed == 1
