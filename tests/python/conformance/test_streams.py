"""`np_random` and `np_random_seed`: the envs' random streams, as in SyncVectorEnv."""

from __future__ import annotations

import copy
import gc
import weakref

import gymnasium as gym
import numpy as np
import pytest
from conftest import every_environment
from gymnasium import error
from side_by_side import FORKS, Pair, assert_same, gymnasium_id_of, random_actions

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
def test_streams_and_seeds_equal_syncvectorenv_throughout(registration, mode, rng):
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


def draw(generator, kind):
    """Draw in one of several ways. Some draws keep half of 64 bits for the next draw, others use this half."""
    return [
        lambda: generator.random(),
        lambda: generator.integers(10),
        lambda: generator.normal(size=3).tolist(),
        lambda: generator.integers(2**40, size=2).tolist(),
        lambda: generator.integers(5, dtype=np.int32, size=3).tolist(),
        lambda: generator.permutation(5).tolist(),
        lambda: generator.bit_generator.random_raw(),
        lambda: generator.bit_generator.advance(7).state["state"],
        lambda: generator.spawn(1)[0].random(),
    ][kind]()


WAYS_TO_DRAW = 9


@every_environment
def test_envs_continue_after_the_numbers_that_a_caller_draws(registration, mode, rng):
    pair = Pair(registration, NUM_ENVS, mode, max_episode_steps=5)
    pair.reset(seed=3)
    for i in range(WAYS_TO_DRAW):
        for env in (i % NUM_ENVS, 0):
            assert draw(pair.ours.np_random[env], i) == draw(pair.sync.np_random[env], i)
        assert_same_streams(pair)
        if i % 2:
            pair.reset(options={"reset_mask": np.arange(NUM_ENVS) != 1})
        pair.run(rng, 6)
        assert_same_streams(pair)
    pair.close()


@every_environment
def test_a_generator_follows_its_env_until_a_seed_replaces_it(registration, rng):
    pair = Pair(registration, NUM_ENVS, max_episode_steps=5)
    pair.reset(seed=3)
    kept = pair.ours.np_random, pair.sync.np_random
    assert all(one is other for one, other in zip(kept[0], pair.ours.np_random, strict=True))
    pair.run(rng, 12)
    assert [one.random() for one in kept[0]] == [one.random() for one in kept[1]]
    pair.reset()
    assert_same_streams(pair)
    pair.reset(seed=[None, 4, None, 5, None])
    for kind in range(WAYS_TO_DRAW):
        assert [draw(one, kind) for one in kept[0]] == [draw(one, kind) for one in kept[1]]
        assert_same_streams(pair)  # two of the generators no longer share their env's stream
        pair.run(rng, 2)
    pair.close()


@pytest.mark.parametrize("how", ["kept", "asked for each time"])
def test_generators_of_many_envs(how):
    """A generator that nobody keeps is made again on request, and continues its stream."""
    pair = Pair(gym.spec("operant/CartPole-v1"), 100, max_episode_steps=3)
    pair.reset(seed=3)
    kept = pair.ours.np_random if how == "kept" else None
    for i in range(3 * WAYS_TO_DRAW):
        for env in (5, 10 + i, 99):
            kind = (i + env) % WAYS_TO_DRAW
            assert draw(pair.ours.np_random[env], kind) == draw(pair.sync.np_random[env], kind)
        pair.step(np.zeros(100, np.int64))
        if i % 5 == 0:
            pair.reset()
    assert_same_streams(pair)
    assert kept is None or kept[7] is pair.ours.np_random[7]


@every_environment
def test_a_single_environment_continues_after_the_numbers_that_a_caller_draws(registration, rng):
    ours = gym.make(registration.id, disable_env_checker=True, dtype=np.float64)
    theirs = gym.make(gymnasium_id_of(registration), disable_env_checker=True)
    for seed in (3, None, 2**90):
        for kind in range(WAYS_TO_DRAW):
            assert_same(ours.reset(seed=seed)[0], theirs.reset(seed=seed)[0], 2e-7)
            seed = None
            assert draw(ours.np_random, kind) == draw(theirs.np_random, kind)
            action = random_actions(theirs.action_space, rng, 1)[0]
            assert_same(ours.step(action)[0], theirs.step(action)[0], 2e-7)
            assert ours.np_random.random() == theirs.np_random.random()
        assert ours.np_random is ours.np_random


def test_a_state_that_a_caller_sets_moves_the_stream():
    """Users of Gymnasium store the state of a stream, and set it later to return to it."""
    first = {}
    for name in ("operant/Blackjack-v1", "Blackjack-v1"):
        env = gym.make(name, disable_env_checker=True)
        env.reset(seed=3)
        env.np_random.integers(5)
        state = env.np_random.bit_generator.state
        assert state["has_uint32"] == 1
        starts = [env.reset()[0] for _ in range(5)]
        env.np_random.bit_generator.state = state
        assert [env.reset()[0] for _ in range(5)] == starts
        first[name] = starts
    assert first["operant/Blackjack-v1"] == first["Blackjack-v1"]


def test_a_state_that_no_seed_can_lead_to_is_refused():
    env, theirs = gym.make("operant/CartPole-v1"), gym.make("CartPole-v1")
    theirs.reset(seed=1)
    env.reset(seed=1)
    bits = env.np_random.bit_generator
    good = bits.state
    bits.state = good | {"state": {"state": 1, "inc": 2}}
    with pytest.raises(ValueError, match="np_random: expected a generator whose state has an odd increment"):
        env.reset()
    bits.state = good
    np.testing.assert_array_equal(env.reset()[0], theirs.reset()[0])
    bits.state = good | {"state": {"state": 1, "inc": 2}}
    env.close()


@pytest.mark.parametrize("how", FORKS)
@pytest.mark.parametrize("name", ["CartPole", "Blackjack"])
def test_copies_continue_after_the_numbers_that_a_caller_has_drawn(how, name):
    """The oracle is a copy of Gymnasium's environment. Its integers keep half of a draw, which the next ones use."""
    ours = getattr(envs, f"{name}VecEnv")(2)
    theirs = gym.make_vec(f"{name}-v1", 2, vectorization_mode="sync")
    for env in (ours, theirs):
        env.reset(seed=[2**90, 5])
        env.np_random[1].integers(10)
        if how != "file":  # which has streams, but not how many others were spawned from them
            env.np_random[1].spawn(2)
    other, expected = FORKS[how](ours), [copy.deepcopy(one) for one in theirs.np_random]
    assert other.np_random_seed == ours.np_random_seed
    before = states(ours.np_random)
    for mine, one in zip(other.np_random, expected, strict=True):
        assert [mine.integers(10) for _ in range(3)] == [one.integers(10) for _ in range(3)]
        assert mine.random() == one.random()
        assert mine.spawn(1)[0].random() == one.spawn(1)[0].random()
    assert states(ours.np_random) == before


def test_shallow_copies_share_no_streams():
    env = envs.CartPoleVecEnv(2)
    env.reset(seed=5)
    kept = env.np_random
    other = copy.copy(env)
    assert states(other.np_random) == states(kept)
    expected = [copy.deepcopy(one).random() for one in kept]
    other.reset()
    assert [one.random() for one in kept] == expected


@pytest.mark.parametrize("name", ["CartPole", "Blackjack"])
def test_a_snapshot_restores_generators(name):
    env = getattr(envs, f"{name}VecEnv")(3)
    env.reset(seed=1)
    kept = env.np_random
    kept[0].integers(10)
    snapshot, expected = env.snapshot(), [copy.deepcopy(one) for one in kept]
    for one in kept:
        one.integers(10, size=5)
    env.reset()
    env.restore(snapshot)
    for mine, one in zip(kept, expected, strict=True):
        assert [mine.integers(10) for _ in range(3)] == [one.integers(10) for _ in range(3)]


@pytest.mark.parametrize("name", ["CartPole", "Blackjack"])
def test_generators_follow_copied_streams(name):
    env = getattr(envs, f"{name}VecEnv")(3)
    env.reset(seed=1)
    kept = env.np_random
    kept[0].integers(10)
    kept[2].integers(10)
    expected = [copy.deepcopy(kept[i]) for i in (0, 0, 1)]
    env.copy_state([0, 1], [1, 2], random=True)
    for mine, one in zip(kept, expected, strict=True):
        assert [mine.integers(10) for _ in range(3)] == [one.integers(10) for _ in range(3)]


def test_numbers_drawn_during_a_call_count():
    """The progress function and the conversion of actions draw numbers during the call."""

    class Actions:
        def __array__(self, dtype=None, copy=None):
            drawn.append(kept[1].random())
            return np.zeros(2, np.int64)

    env = envs.CartPoleVecEnv(2, max_episode_steps=4)
    env.reset(seed=1)
    kept, drawn = env.np_random, []
    expected = copy.deepcopy(kept[1])
    env.step(Actions())
    env.rollout(np.zeros((4, 2), np.int64), progress=lambda done, steps: drawn.append(kept[1].random()))
    before = expected.random()
    expected.random(4)  # the start of the episode that begins in the last step of the rollout
    assert drawn == [before, expected.random()]
    np.testing.assert_array_equal(env.reset()[0][1], expected.uniform(-0.05, 0.05, 4).astype(np.float32))


def test_generators_outlive_their_environment():
    expected = np.random.default_rng(1)
    env = envs.CartPoleVecEnv(2)
    env.reset(seed=1)
    expected.random(4)
    of_closed, _ = env.np_random
    env.close()
    assert of_closed.random() == expected.random()
    env = envs.CartPoleVecEnv(2)
    env.reset(seed=1)
    of_deleted, _ = env.np_random
    reference = weakref.ref(env)
    del env
    gc.collect(1)  # without the objects of other tests
    assert reference() is None
    expected = np.random.default_rng(1)
    expected.random(4)
    assert of_deleted.random() == expected.random()


def test_streams_exist_before_the_first_reset():
    env = envs.CartPoleVecEnv(NUM_ENVS)
    seeds, generators = env.np_random_seed, env.np_random
    assert len(set(seeds)) == NUM_ENVS
    for seed, generator in zip(seeds, generators, strict=True):
        assert generator.bit_generator.state == np.random.PCG64(seed).state
    assert env.np_random_seed == seeds
    expected = np.array([copy.deepcopy(one).uniform(-0.05, 0.05, 4) for one in generators])
    np.testing.assert_array_equal(env.reset()[0], expected.astype(np.float32))
    assert env.np_random_seed == seeds != envs.CartPoleVecEnv(NUM_ENVS).np_random_seed


def test_reported_seeds_repeat_a_reset_without_a_seed():
    """A sequence of seeds may have None for some envs."""
    for seed in (None, [3, None, None, 4, None]):
        env = envs.CartPoleVecEnv(NUM_ENVS)
        observations = env.reset(seed=seed)[0].copy()
        np.testing.assert_array_equal(env.reset(seed=list(env.np_random_seed))[0], observations)


@pytest.mark.parametrize("how", FORKS)
def test_copies_of_an_environment_without_seeds_have_their_own(how):
    env = envs.CartPoleVecEnv(NUM_ENVS)
    assert FORKS[how](env).np_random_seed != env.np_random_seed


def test_copied_streams_have_the_seeds_of_their_source():
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


def test_streams_and_seeds_cannot_be_set():
    for env in (envs.CartPoleVecEnv(2), gym.make_vec("CartPole-v1", num_envs=2, vectorization_mode="sync")):
        for name in ("np_random", "np_random_seed"):
            with pytest.raises(AttributeError):
                setattr(env, name, 1)


def test_a_closed_environment_still_shows_its_seeds():
    env = envs.CartPoleVecEnv(2)
    env.reset(seed=1)
    env.close()
    assert env.np_random_seed == (1, 2)
    with pytest.raises(error.ClosedEnvironmentError):
        env.np_random  # noqa: B018


@every_environment
def test_a_single_environment_takes_another_generator(registration):
    """The generator's half of 64 bits, left over from a draw of integers, is kept, too."""
    ours = gym.make(registration.id, disable_env_checker=True, dtype=np.float64).unwrapped
    theirs = gym.make(gymnasium_id_of(registration), disable_env_checker=True).unwrapped
    drawn = []
    for env in (ours, theirs):
        generator = np.random.default_rng(5)
        generator.integers(5, dtype=np.int32)
        assert generator.bit_generator.state["has_uint32"]
        env.np_random = generator
        assert env.np_random_seed == -1
        assert env.np_random is generator
        env.reset()
        drawn.append([generator.integers(9), *generator.random(3)])
    assert drawn[0] == drawn[1]
    assert_same(ours.reset()[0], theirs.reset()[0], 2e-7)


def test_two_environments_can_share_a_generator():
    generator = {}
    for name in ("operant/CartPole-v1", "CartPole-v1"):
        both = [gym.make(name, disable_env_checker=True).unwrapped for _ in range(2)]
        generator[name] = np.random.default_rng(5)
        for env in both:
            env.np_random = generator[name]
        for env in (*both, *both):
            env.reset()
    assert generator["operant/CartPole-v1"].random() == generator["CartPole-v1"].random()
    assert both[0].np_random is both[1].np_random


@pytest.mark.parametrize("value", [None, 3, np.random.RandomState(1), np.random.Generator(np.random.MT19937(1))])
def test_a_single_environment_refuses_other_generators(value):
    env = gym.make("operant/CartPole-v1").unwrapped
    env.reset(seed=1)
    with pytest.raises(TypeError, match="np_random"):
        env.np_random = value
    assert env.np_random_seed == 1
