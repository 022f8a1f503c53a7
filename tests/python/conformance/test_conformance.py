"""Every environment equals Gymnasium's SyncVectorEnv in every autoreset mode, step for step."""

from __future__ import annotations

import copy
import pickle
import re
from functools import cache
from operator import itemgetter

import gymnasium as gym
import numpy as np
import pytest
from conftest import CONTINUOUS, every_environment, every_id, every_lasting_environment, id_of
from gymnasium import error
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode
from side_by_side import (
    FORKS,
    PUMPS,
    Pair,
    assert_same,
    bounds_of,
    gymnasium_id_of,
    make_oracle,
    random_actions,
)

from operant import envs

pytestmark = pytest.mark.emulated

NUM_ENVS = 10  # with 8 lanes of float64, a whole batch and a part of one


# Spaces and metadata.


@every_id
@pytest.mark.quick
def test_spaces_metadata_and_spec_equal_gymnasium(registration, mode):
    ours = gym.make_vec(registration.id, num_envs=6, autoreset_mode=mode.value, render_mode="rgb_array")
    theirs = make_oracle(registration, 6, mode)
    for space in ("single_observation_space", "single_action_space", "observation_space", "action_space"):
        assert getattr(ours, space) == getattr(theirs, space), space
        assert getattr(ours, space).dtype == getattr(theirs, space).dtype, space
    assert ours.autoreset_mode is ours.metadata["autoreset_mode"] is mode
    assert ours.metadata["render_fps"] == theirs.metadata["render_fps"]
    assert "rgb_array" in ours.metadata["render_modes"]
    assert (ours.num_envs, ours.render_mode) == (6, "rgb_array")
    known = gym.spec(gymnasium_id_of(registration))
    assert ours.spec.max_episode_steps == known.max_episode_steps
    assert ours.max_episode_steps == (known.max_episode_steps or -1)
    assert ours.spec.reward_threshold == known.reward_threshold
    assert ours.spec.id == registration.id
    defaults = gym.make_vec(registration.id, num_envs=2)  # metadata is each environment's own
    assert defaults.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert (defaults.render_mode, defaults.dtype) == (None, np.float32)


# Starts of episodes.

SEEDS = [0, 1, 42, 2**31, 2**32 - 2, 2**63, 2**64 - 3, 2**64, 2**100 + 7, 3**6000]
SEQUENCES = [[5, 2**70, 0, 5, 123456789], [9, None, 3, None, 3]]


@every_id
@pytest.mark.quick
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_seeds_give_the_starts_of_gymnasium(registration, dtype):
    pair = Pair(registration, 5, dtype=dtype)
    for seed in [*SEEDS, *SEQUENCES, None, tuple(SEQUENCES[0]), None]:  # None continues each env's stream
        pair.reset(seed=seed)
    expected, _ = pair.reset(seed=SEQUENCES[0])
    actual, _ = pair.ours.reset(seed=np.array(SEQUENCES[0], dtype=object))
    assert_same(actual, expected, pair.reset_tolerance)
    assert_same(pair.ours.reset(seed=np.int64(4)), pair.ours.reset(seed=4))
    pair.close()


def test_without_a_seed_all_starts_differ(make):
    starts = np.concatenate([make(50).reset()[0] for _ in range(3)])
    assert len(np.unique(starts, axis=0)) == 150


BAD_SEEDS = [
    (-1, error.Error, r"seed: expected a non-negative integer, got -1"),
    ([1, -2, 3], error.Error, r"seed\[1\]: expected a non-negative integer, got -2"),
    ([1, 2], ValueError, r"seed: expected 3 seeds, one for each env, got 2"),
    ([1, 2.5, 3], error.Error, r"seed\[1\]: expected a non-negative integer, got 2.5"),
    (1.5, TypeError, r"seed: expected None, an integer or a sequence of them, got 1.5"),
    ("123", TypeError, r"seed: expected None, an integer or a sequence of them, got '123'"),
]


@every_environment
@pytest.mark.quick
def test_bad_seeds_change_nothing(registration):
    pair = Pair(registration, 3)
    pair.reset(seed=0)
    for seed, exception, message in BAD_SEEDS:
        with pytest.raises(exception, match=message):
            pair.ours.reset(seed=seed)
    pair.reset()
    pair.close()


BOUNDS = [(0.1, 0.2), (0, 1), (0.0, 0.0), (np.float32(0.05), np.float64(0.1)), ("0.5", "1"), (True, 3.5)]
BAD_BOUNDS = [(1, -1), ("a", 1), (-1, None), (-1, "b"), (-np.inf, np.inf), (np.nan, 1), ([1], 2), (0.0, -0.0)]


@pytest.mark.quick
@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bounds_of_the_start_act_as_in_gymnasium(registration, rng, dtype):
    pair = Pair(registration, 5, dtype=dtype)
    for low, high in BOUNDS:
        both = bounds_of(registration, low, high)
        pair.reset(seed=3, options=both)
        for name, value in both.items():  # one alone; the other one's default may be on the wrong side of it
            try:
                copy.deepcopy(pair.sync).reset(options={name: value})
            except ValueError:
                continue
            pair.reset(options={name: value})
        pair.reset(options=both)
        pair.reset(options={**both, "reset_mask": np.array([True, False, True, True, False])})
        pair.run(rng, 1)
        pair.reset()  # bounds hold for one reset
        pair.reset(options={})
    pair.close()


def test_bad_bounds_of_the_start_are_refused_as_gymnasium_does_and_change_nothing(registration, rng):
    pair = Pair(registration, 3)
    pair.reset(seed=0)
    for low, high in BAD_BOUNDS:
        options = bounds_of(registration, low, high)
        with pytest.raises((TypeError, ValueError, OverflowError)) as expected:
            copy.deepcopy(pair.sync).reset(seed=8, options=dict(options))
        with pytest.raises(expected.type, match=re.escape(str(expected.value))):
            pair.ours.reset(seed=8, options=options)
        pair.compare_states()
        pair.run(rng, 1)
        pair.reset()
    pair.close()


BAD_MASKS = [[True, False, True], None, True, np.ones(4, bool), np.ones((3, 1), bool), np.ones(3, np.int64)]
BAD_MASKS += [np.ones(3, np.uint8), np.zeros(3, bool)]


@every_environment
def test_bad_masks_are_refused_as_gymnasium_does_and_change_nothing(registration, mode, rng):
    pair = Pair(registration, 3, mode)
    pair.reset(seed=0)
    for mask in BAD_MASKS:
        with pytest.raises((TypeError, ValueError, AssertionError)) as raised:
            copy.deepcopy(pair.sync).reset(seed=7, options={"reset_mask": mask})
        # Gymnasium before 1.4 asserts: any of the exceptions that it raises since will do.
        expected = (TypeError, ValueError) if raised.type is AssertionError else raised.type
        options = {"reset_mask": mask}
        with pytest.raises(expected, match="reset_mask"):
            pair.ours.reset(seed=7, options=options)
        assert options["reset_mask"] is mask
        pair.run(rng, 1)
    pair.reset()
    pair.close()


# Steps and ends of episodes.


@every_environment
@pytest.mark.slow
@pytest.mark.quick
def test_long_runs_equal_gymnasium_bit_for_bit(registration, mode, rng):
    pair = Pair(registration, NUM_ENVS, mode)
    pair.reset(seed=42)
    terminations, truncations = pair.run(rng, (registration.max_episode_steps or 200) + 101, lively=True)
    assert np.count_nonzero(terminations | truncations) >= NUM_ENVS
    if gymnasium_id_of(registration) in PUMPS:
        assert np.count_nonzero(terminations[:, ::2]) >= NUM_ENVS  # the goal was reached again and again
    pair.compare_states()
    pair.close()


@every_lasting_environment
@pytest.mark.quick
def test_float32_equals_gymnasium_within_rounding(registration, mode, rng):
    """Each step begins at Gymnasium's state. The flags are equal, also where a limit and a termination coincide."""
    pair = Pair(registration, NUM_ENVS, mode, np.float32, max_episode_steps=13)
    pair.reset(seed=1)
    _, truncations = pair.run(rng, 150, lively=True)
    assert np.count_nonzero(truncations) > NUM_ENVS
    pair.close()


@cache
def first_ends(registration):
    """The lengths of the first episodes of a run without a limit."""
    scout = Pair(registration, NUM_ENVS, max_episode_steps=-1)
    scout.reset(seed=5)
    terminations, _ = scout.run(np.random.default_rng(77), 140, lively=True)
    return terminations.argmax(axis=0)[terminations.any(axis=0)] + 1


@every_environment
@pytest.mark.slow
def test_episodes_that_terminate_and_are_truncated_at_once_equal_gymnasium(registration, mode):
    # With the same seeds and actions, this limit coincides with terminations.
    ends = first_ends(registration)
    limit = int(np.bincount(ends).argmax()) if len(ends) else 20
    pair = Pair(registration, NUM_ENVS, mode, max_episode_steps=limit)
    pair.reset(seed=5)
    terminations, truncations = pair.run(np.random.default_rng(77), max(150, 3 * limit), lively=True)
    assert np.count_nonzero(truncations & ~terminations) >= NUM_ENVS
    assert np.count_nonzero(truncations & terminations) >= np.count_nonzero(ends == limit)
    pair.compare_states()
    pair.close()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_without_a_limit_nothing_is_truncated(registration, make, mode, draw, dtype):
    env = make(4, max_episode_steps=-1, autoreset_mode=mode, dtype=dtype)
    env.reset(seed=6)
    start = env.state
    for _ in range(registration.max_episode_steps + 100):
        env.set_state(start)
        _, _, terminations, truncations, infos = env.step(draw(env))
        assert not (terminations | truncations).any()
        assert infos == {}


def last_item(infos):
    """Return the item that `popitem` returns for the final observations."""
    while (item := infos.popitem())[0] != "final_obs":
        pass
    return dict([item])


def updated(infos):
    other = {}
    other.update(infos)
    return other


WAYS = {
    "itself": lambda infos: infos,
    "pickle": lambda infos: pickle.loads(pickle.dumps(infos)),
    "deepcopy": copy.deepcopy,
    "copy.copy": copy.copy,
    "copy": lambda infos: infos.copy(),
    "dict": dict,
    "unpacked": lambda infos: {**infos},
    "or": lambda infos: infos | {},
    "update": updated,
    "items": lambda infos: dict(infos.items()),
    "get": lambda infos: {"final_obs": infos.get("final_obs", 3)},
    "setdefault": lambda infos: {"final_obs": infos.setdefault("final_obs", 3)},
    "pop": lambda infos: {"final_obs": infos.pop("final_obs", 3)},
    "popitem": last_item,
    "itemgetter": lambda infos: {"final_obs": itemgetter("final_obs")(infos)},
}

USES = {
    "mask": lambda final, ended: final[ended],
    "slice": lambda final, ended: final[1:-1],
    "numbers": lambda final, ended: final[np.flatnonzero(ended)],
    "asarray": lambda final, ended: np.asarray(final),
    "array": lambda final, ended: np.array(final),
    "copy": lambda final, ended: final.copy(),
    "deepcopy": lambda final, ended: copy.deepcopy(final),
    "pickle": lambda final, ended: pickle.loads(pickle.dumps(final)),
    "where": lambda final, ended: np.where(ended, final, None),
    "take": lambda final, ended: np.take(final, [1, 3]),
    "concatenate": lambda final, ended: np.concatenate([final, final]),
    "ufunc": lambda final, ended: np.frompyfunc(lambda one: one is None, 1, 1)(final),
    "tolist": lambda final, ended: final.tolist(),
    "iteration": lambda final, ended: list(final),
}


@every_environment
@pytest.mark.quick
def test_final_observations_equal_syncvectorenv_by_every_access(registration, rng):
    """Before and after an element was assigned."""
    pair = Pair(registration, 5, "SameStep", max_episode_steps=4)
    pair.reset(seed=0)
    pair.run(rng, 1)
    pair.reset(options={"reset_mask": np.array([False, True, False, True, False])})
    seen, ways = 0, 2 * list(WAYS.values())
    while ways:
        actions = random_actions(pair.space, rng, 5)
        ours, theirs = pair.ours.step(actions)[4], pair.sync.step(actions)[4]
        if "final_obs" in theirs:
            way = ways.pop()
            ended = theirs["_final_obs"].copy()
            seen += 0 < np.count_nonzero(ended) < 5
            actual, expected = way(ours), way(theirs)
            assert_same(actual, expected)
            for final in (actual["final_obs"], expected["final_obs"]):
                final[0], final[1] = np.arange(100.0).reshape(4, 25), None
            assert actual["final_obs"] is actual["final_obs"]
            assert_same(actual, expected)
            for use in USES.values():
                assert_same(use(actual["final_obs"], ended), use(expected["final_obs"], ended))
    assert seen >= 2
    pair.close()


def test_masks_that_are_written_to_do_not_change_final_observations(make, draw):
    """As in SyncVectorEnv, masks and final observations share no memory."""
    env = make(3, autoreset_mode="SameStep", max_episode_steps=1)
    env.reset(seed=0)
    infos = env.step(draw(env))[4]
    infos["_final_obs"][:] = [True, False, False]
    assert all(observation is not None for observation in infos["final_obs"])


def test_infos_with_final_observations_are_equal_to_their_copies_only(make, draw):
    """Python compares the values of dicts by identity first."""
    env = make(1, autoreset_mode="SameStep", max_episode_steps=1)
    env.reset(seed=0)
    infos = env.step(draw(env))[4]
    copied = infos.copy()
    assert infos == copied
    assert copied == infos
    assert not infos != copied  # noqa: SIM202, as these are two methods
    assert infos != {}
    assert repr(infos) == repr(copied)
    assert "dtype=object" in repr(infos)


@every_lasting_environment
@pytest.mark.quick
def test_without_autoreset_no_step_is_made_until_all_finished_envs_are_reset(registration, rng):
    pair = Pair(registration, 5, "Disabled", max_episode_steps=3)
    pair.reset(seed=0)
    pair.run(rng, 1)
    pair.reset(options={"reset_mask": np.array([True, False, False, False, True])})
    pair.run(rng, 2)
    assert pair.finished.tolist() == [False, True, True, True, False]
    for reset in ([False, True, False, False, False], [False, False, True, True, False]):
        with pytest.raises(ResetNeeded):
            pair.ours.step(random_actions(pair.space, rng, 5))
        pair.compare_states()
        pair.reset(options={"reset_mask": np.array(reset)})
    pair.run(rng, 10)
    pair.close()


# Actions.


@pytest.mark.slow
@pytest.mark.parametrize("registration", CONTINUOUS, ids=id_of)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_continuous_actions_out_of_range_are_clipped_as_gymnasium_does(registration, mode, rng, dtype):
    pair = Pair(registration, 8, mode, max_episode_steps=15)
    pair.reset(seed=0)
    high = pair.space.high.item()
    beyond = np.nextafter(dtype(high), dtype(np.inf))
    special = [high, -high, beyond, -beyond, 1e6, -1e6, 0.0, -0.0, 1e-30, 0.1, -1 / 3, 1e10]
    for _ in range(60):
        pair.step_or_reset(rng.choice(special, (8, 1)).astype(dtype))
    pair.step_or_reset(np.array([np.inf, -np.inf] * 4, dtype).reshape(8, 1))
    pair.compare_states()
    pair.close()


# States, and environments that continue elsewhere.


def test_the_state_is_copied_on_its_way_in_and_out(make):
    env = make(4, dtype=np.float64)
    env.reset(seed=0)
    before = env.state.copy()
    env.state[...] = 5
    np.testing.assert_array_equal(env.state, before)
    given = before + 1
    env.set_state(given)
    given[...] = 7
    np.testing.assert_array_equal(env.state, before + 1)


ARGUMENTS = ("num_envs", "max_episode_steps", "dtype", "parameters", "metadata")
ARGUMENTS += ("single_observation_space", "single_action_space", "observation_space", "action_space")


@every_environment
@pytest.mark.quick
@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("how", FORKS)
def test_a_copy_goes_on_bit_for_bit(make, mode, draw, how, dtype):
    original = make(NUM_ENVS, dtype=dtype, autoreset_mode=mode, max_episode_steps=12, record_episode_statistics=True)
    fresh = FORKS[how](original)
    assert_same(fresh.reset(seed=9), original.reset(seed=9))
    for steps in (12, 12, 7):  # the second time right after the episodes ended, with resets pending
        for _ in range(steps):
            flags = original.step(draw(original))[2:4]
            if mode is AutoresetMode.DISABLED and np.any(flags):
                original.reset(options={"reset_mask": flags[0] | flags[1]})
        env = FORKS[how](original)
        for name in ARGUMENTS:
            assert getattr(env, name) == getattr(original, name)
        assert env.get_logs() == original.get_logs()
        for _ in range(1 if mode is AutoresetMode.DISABLED else 4):
            actions = draw(original)
            assert_same(env.step(actions), original.step(actions))
        assert env.get_logs() == original.get_logs()
        assert_same(env.reset(), original.reset())


# float32, in greater numbers than Gymnasium could step: against float64, which is Gymnasium bit for bit.


def test_steps_from_large_angles_are_correct(rng):
    """CartPole starts far beyond the thresholds take the sine and cosine of any angle."""
    fast, exact = (envs.CartPoleVecEnv(1000, dtype=dtype) for dtype in (np.float32, np.float64))
    states = rng.uniform(-50, 50, (1000, 4)).astype(np.float32)
    states[::100, 2] *= 1000
    for env in (fast, exact):
        env.reset(seed=0)
        env.set_state(states)
    actions = rng.integers(0, 2, 1000)
    assert_same(fast.step(actions)[0], exact.step(actions)[0], 1e-6)


def test_a_first_reset_may_have_a_mask_that_selects_all(registration, mode):
    pair = Pair(registration, 4, mode)
    pair.reset(seed=[3, 1, 2, 5], options={"reset_mask": np.ones(4, bool)})
    assert pair.ours.np_random_seed == (3, 1, 2, 5)


@pytest.mark.parametrize("name", ["operant/MountainCarContinuous-v0", "operant/Pendulum-v1"])
@pytest.mark.parametrize(("convert", "same"), [(np.asarray, np.float32), (np.ndarray.tolist, np.float64)])
def test_actions_in_other_float_types_are_those_of_the_same_values(name, convert, same):
    """Gymnasium computes with Python's floats and with float16 in other ways; docs/determinism.md says where."""
    ours, expected = (gym.make_vec(name, num_envs=5, dtype=np.float64) for _ in range(2))
    ours.reset(seed=1)
    expected.reset(seed=1)
    for halves in np.random.default_rng(0).uniform(-2, 2, (30, 5, 1)).astype(np.float16):
        assert_same(ours.step(convert(halves)), expected.step(halves.astype(same)))
