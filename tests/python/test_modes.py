"""Every environment in every autoreset mode, step for step what SyncVectorEnv does."""

from __future__ import annotations

import copy
import re

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode
from side_by_side import (
    FORKS,
    PUMPS,
    Pair,
    assert_same_array,
    assert_same_rows,
    gymnasium_id_of,
    lively_actions,
    random_actions,
)

NUM_ENVS = 16


def run(pair, steps):
    """Steps and returns what happened: the flags, shape (steps, copies)."""
    rng = np.random.default_rng(77)
    space = pair.sync.single_action_space
    flags = [
        pair.step_or_reset(lively_actions(pair.registration, space, rng, pair.observations))[2:4] for _ in range(steps)
    ]
    terminations, truncations = (np.array(which) for which in zip(*flags, strict=True))
    return terminations, truncations


def first_episode_ends(terminations):
    """How many steps each copy's first episode took to terminate, where it did."""
    return terminations.argmax(axis=0)[terminations.any(axis=0)] + 1


def test_long_runs_are_gymnasiums_bit_for_bit(registration, mode):
    pair = Pair(registration, NUM_ENVS, (1, 2), mode)
    pair.reset(seed=42)
    terminations, truncations = run(pair, 1100)
    assert np.count_nonzero(terminations | truncations) >= NUM_ENVS
    if gymnasium_id_of(registration) in PUMPS:
        assert np.count_nonzero(terminations[:, ::2]) >= NUM_ENVS  # the goal was reached again and again
    pair.compare_states()
    pair.close()


def test_episodes_that_end_in_both_ways_at_once_are_gymnasiums(registration, mode):
    # The same seeds and actions without a limit tell which limit a termination will meet.
    scout = Pair(registration, NUM_ENVS, (), mode, max_episode_steps=-1)
    scout.reset(seed=5)
    terminations, _ = run(scout, 140)
    ends = first_episode_ends(terminations)
    limit = int(np.bincount(ends).argmax()) if len(ends) else 20
    pair = Pair(registration, NUM_ENVS, (1, 2), mode, max_episode_steps=limit)
    pair.reset(seed=5)
    terminations, truncations = run(pair, 700)
    assert np.count_nonzero(truncations & ~terminations) > NUM_ENVS
    assert np.count_nonzero(truncations & terminations) >= np.count_nonzero(ends == limit)
    pair.compare_states()
    pair.close()


@pytest.mark.parametrize("limit", [1, 2, 9])
def test_short_limits_are_gymnasiums(registration, mode, limit):
    pair = Pair(registration, NUM_ENVS, (1, 2), mode, max_episode_steps=limit)
    pair.reset(seed=6)
    _, truncations = run(pair, 120)
    assert np.count_nonzero(truncations) > 100
    pair.close()


def test_no_limit_is_none(registration, mode, rng):
    pair = Pair(registration, 4, (1,), mode, max_episode_steps=-1)
    pair.reset(seed=6)
    start = pair.states()
    for _ in range(1100):
        pair.set_state(start)
        assert not pair.step_or_reset(random_actions(pair.sync.single_action_space, rng, 4))[3].any()
    pair.close()


def test_ends_in_a_few_copies_or_in_all_are_gymnasiums(registration, mode, rng):
    """Elapsed steps that differ between copies, and no two ends alike."""
    pair = Pair(registration, 9, (1, 2), mode, max_episode_steps=11)
    pair.reset(seed=1)
    for step in range(150):
        if step % 17 == 0:
            pair.reset(options={"reset_mask": rng.random(9) < 0.4})
        if step % 53 == 0:
            pair.reset(seed=[None, 3, None, 2**70, None, 5, 5, None, step])
        pair.step_or_reset(random_actions(pair.sync.single_action_space, rng, 9))
    pair.close()


@pytest.mark.parametrize("given", [lambda mode: mode, lambda mode: mode.value], ids=["enum", "string"])
def test_the_mode_is_in_the_metadata(make, mode, given):
    env = make(2, autoreset_mode=given(mode))
    assert env.metadata["autoreset_mode"] is mode
    assert make(2).metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP  # it is that environment's own


def test_an_unknown_mode_is_refused(make):
    with pytest.raises(ValueError, match=r"autoreset_mode|AutoresetMode"):
        make(2, autoreset_mode="Sometimes")


def test_final_observations_are_none_where_no_episode_ended(registration, rng):
    pair = Pair(registration, 5, autoreset_mode="SameStep", max_episode_steps=4)
    pair.reset(seed=0)
    pair.step(random_actions(pair.sync.single_action_space, rng, 5))
    pair.reset(options={"reset_mask": np.array([False, True, False, True, False])})
    seen = 0
    for _ in range(12):
        actions = random_actions(pair.sync.single_action_space, rng, 5)
        _, _, terminations, truncations, infos = pair.ours[0].step(actions)
        expected = pair.sync.step(actions)
        ended = terminations | truncations
        if not ended.any():
            assert infos == {}
            continue
        assert infos.keys() == {"final_obs", "_final_obs", "final_info", "_final_info"}
        assert infos["final_info"] == {}
        final = infos["final_obs"]
        assert isinstance(final, np.ndarray)
        assert final.shape[:1] == (5,)
        assert [row is not None for row in final] == ended.tolist()
        assert [final[i] is not None for i in range(5)] == ended.tolist()
        assert [final[-i] is not None for i in range(1, 6)] == ended.tolist()[::-1]
        assert_same_array(infos["_final_obs"], ended)
        assert_same_array(infos["_final_info"], ended)
        assert_same_rows(final, expected[4]["final_obs"])
        with pytest.raises(IndexError):
            final[5]
        seen += 0 < np.count_nonzero(ended) < 5
    assert seen >= 4


def test_final_observations_that_are_held_do_not_change(make, rng):
    env = make(6, autoreset_mode="SameStep", max_episode_steps=2)
    env.reset(seed=0)
    held = []
    for _ in range(20):
        infos = env.step(random_actions(env.single_action_space, rng, 6))[4]
        if infos:
            row = infos["final_obs"][3]
            held.append((infos["final_obs"], infos["_final_obs"], row, row.copy(), infos["_final_obs"].copy()))
        del infos
    assert len(held) == 10
    for final, mask, row, row_copy, mask_copy in held:
        np.testing.assert_array_equal(row, row_copy)
        np.testing.assert_array_equal(final[3], row_copy)
        np.testing.assert_array_equal(mask, mask_copy)


def test_final_observations_can_be_replaced(make, rng):
    """By anything: wrappers store there what they make of them."""
    env = make(3, autoreset_mode="SameStep", max_episode_steps=1)
    env.reset(seed=0)
    final = env.step(random_actions(env.single_action_space, rng, 3))[4]["final_obs"]
    untouched = np.array(final[2])
    final[0] = np.arange(100.0).reshape(4, 25)
    final[1] = None
    np.testing.assert_array_equal(final[0], np.arange(100.0).reshape(4, 25))
    assert final[1] is None
    np.testing.assert_array_equal(final[2], untouched)
    assert [np.shape(row) for row in final] == [(4, 25), (), untouched.shape]
    np.testing.assert_array_equal(
        env.step(random_actions(env.single_action_space, rng, 3))[4]["_final_obs"], [True] * 3
    )


def test_without_autoreset_nothing_is_stepped_until_all_that_finished_are_reset(registration, rng):
    pair = Pair(registration, 5, (1, 2), "Disabled", max_episode_steps=3)
    space = pair.sync.single_action_space
    pair.reset(seed=0)
    pair.step(random_actions(space, rng, 5))
    pair.reset(options={"reset_mask": np.array([True, False, False, False, True])})
    for _ in range(2):
        pair.step(random_actions(space, rng, 5))
    assert pair.finished.tolist() == [False, True, True, True, False]
    for reset in ([False, True, False, False, False], [False, False, True, True, False]):
        for ours in pair.ours:
            with pytest.raises(ResetNeeded):
                ours.step(random_actions(space, rng, 5))
        pair.compare_states()
        pair.reset(options={"reset_mask": np.array(reset)})
    for _ in range(10):
        pair.step_or_reset(random_actions(space, rng, 5))
    pair.close()


def test_without_autoreset_a_full_reset_is_enough_too(registration, rng):
    pair = Pair(registration, 5, (1, 2), "Disabled", max_episode_steps=2)
    pair.reset(seed=0)
    for step in range(20):
        if pair.finished.any():
            pair.reset(seed=None if step % 3 else step)
        pair.step(random_actions(pair.sync.single_action_space, rng, 5))
    pair.close()


BAD_MASKS = {
    "a list": [True, False, True],
    "None": None,
    "a bool": True,
    "too long": np.ones(4, bool),
    "a column": np.ones((3, 1), bool),
    "integers": np.ones(3, np.int64),
    "bytes": np.ones(3, np.uint8),
    "nothing to do": np.zeros(3, bool),
}


@pytest.mark.parametrize("bad", BAD_MASKS)
def test_bad_masks_are_refused_as_gymnasium_does_and_change_nothing(registration, mode, rng, bad):
    pair = Pair(registration, 3, (1, 2), mode)
    pair.reset(seed=0)
    pair.step(random_actions(pair.sync.single_action_space, rng, 3))
    with pytest.raises((TypeError, ValueError, AssertionError)) as raised:
        copy.deepcopy(pair.sync).reset(seed=7, options={"reset_mask": BAD_MASKS[bad]})
    # Gymnasium before 1.4 asserts: any of the exceptions that it raises since will do.
    expected = (TypeError, ValueError) if raised.type is AssertionError else raised.type
    for ours in pair.ours:
        options = {"reset_mask": BAD_MASKS[bad]}
        with pytest.raises(expected, match="reset_mask"):
            ours.reset(seed=7, options=options)
        assert options == {"reset_mask": BAD_MASKS[bad]} or options["reset_mask"] is BAD_MASKS[bad]
    pair.step(random_actions(pair.sync.single_action_space, rng, 3))
    pair.reset()
    pair.close()


def bounds(registration, low, high):
    """Options for the bounds of the start, by the names that they have in this environment."""
    symmetric = gymnasium_id_of(registration).startswith("Pendulum")
    return {"y_init": low, "x_init": high} if symmetric else {"low": low, "high": high}


@pytest.mark.parametrize(
    ("low", "high"), [(0.1, 0.2), (0, 1), (0.0, 0.0), (np.float32(0.05), np.float64(0.1)), ("0.5", "1"), (True, 3.5)]
)
def test_bounds_of_the_start_are_gymnasiums(registration, mode, rng, low, high):
    pair = Pair(registration, 5, (1, 2), mode)
    both = bounds(registration, low, high)
    pair.reset(seed=3, options=both)
    for name, value in both.items():  # one alone; the other one's default may be on the wrong side of it
        try:
            copy.deepcopy(pair.sync).reset(options={name: value})
        except ValueError:
            continue
        pair.reset(options={name: value})
    pair.reset(options={**both, "unknown": 1})
    pair.reset(options={**both, "reset_mask": np.array([True, False, True, True, False])})
    pair.step(random_actions(pair.sync.single_action_space, rng, 5))
    pair.reset()  # bounds hold for one reset
    pair.reset(options={})
    pair.compare_states()
    pair.close()


BAD_BOUNDS = [(1, -1), ("a", 1), (-1, None), (-1, "b"), (-np.inf, np.inf), (np.nan, 1), ([1], 2), (0.0, -0.0)]


@pytest.mark.parametrize(("low", "high"), BAD_BOUNDS)
def test_bad_bounds_of_the_start_are_refused_as_gymnasium_does_and_change_nothing(registration, mode, rng, low, high):
    pair = Pair(registration, 3, (1, 2), mode)
    pair.reset(seed=0)
    pair.step(random_actions(pair.sync.single_action_space, rng, 3))
    options = bounds(registration, low, high)
    with pytest.raises((TypeError, ValueError, OverflowError)) as expected:
        copy.deepcopy(pair.sync).reset(seed=8, options=dict(options))
    for ours in pair.ours:
        with pytest.raises(expected.type, match=re.escape(str(expected.value))):
            ours.reset(seed=8, options=options)
    pair.compare_states()
    pair.step(random_actions(pair.sync.single_action_space, rng, 3))
    pair.reset()
    pair.close()


@pytest.fixture
def continuous(registration):
    if not isinstance(gym.make(gymnasium_id_of(registration)).action_space, gym.spaces.Box):
        pytest.skip("its actions are discrete")


@pytest.mark.usefixtures("continuous")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_continuous_actions_may_be_flat(registration, rng, dtype):
    flat, column = (gym.make_vec(registration.id, num_envs=7, dtype=np.float64) for _ in range(2))
    flat.reset(seed=0)
    column.reset(seed=0)
    for _ in range(30):
        actions = rng.uniform(-3, 3, (7, 1)).astype(dtype)
        for ours, theirs in zip(flat.step(actions[:, 0])[:4], column.step(actions)[:4], strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.usefixtures("continuous")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_continuous_actions_out_of_range_are_clipped_as_gymnasium_does(registration, mode, rng, dtype):
    pair = Pair(registration, 8, (1, 2), mode, max_episode_steps=15)
    pair.reset(seed=0)
    high = pair.sync.single_action_space.high.item()
    beyond = np.nextafter(dtype(high), dtype(np.inf))
    special = [high, -high, beyond, -beyond, 1e6, -1e6, 0.0, -0.0, 1e-30, 0.1, -1 / 3, 1e10]
    for _ in range(60):
        pair.step_or_reset(rng.choice(special, (8, 1)).astype(dtype))
    pair.step_or_reset(np.array([np.inf, -np.inf] * 4, dtype).reshape(8, 1))
    pair.compare_states()
    pair.close()


@pytest.mark.usefixtures("continuous")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(7,), (7, 1)])
def test_an_action_that_is_no_number_steps_nothing(registration, mode, rng, dtype, shape):
    pair = Pair(registration, 7, (1, 2), mode)
    pair.reset(seed=0)
    actions = rng.uniform(-1, 1, shape).astype(dtype)
    actions[5] = np.nan
    for ours in pair.ours:
        with pytest.raises(ValueError, match=r"actions\[5\]"):
            ours.step(actions)
    pair.compare_states()
    pair.step(rng.uniform(-1, 1, (7, 1)).astype(dtype))
    pair.close()


@pytest.mark.parametrize("how", FORKS)
def test_a_copy_goes_on_bit_for_bit(registration, mode, how):
    pair = Pair(registration, NUM_ENVS, (1, 2), mode, max_episode_steps=12, record_episode_statistics=True)
    pair.reset(seed=9)
    rng = np.random.default_rng(3)
    for _ in range(5):
        for _ in range(12):  # also right after the episodes ended, with resets pending
            pair.step_or_reset(random_actions(pair.sync.single_action_space, rng, NUM_ENVS))
        pair.fork(FORKS[how])
        pair.compare_states()
    pair.close()


@pytest.mark.parametrize("how", FORKS)
def test_a_copy_keeps_what_the_environment_was_made_with(registration, mode, how):
    original = gym.make_vec(
        registration.id, num_envs=3, autoreset_mode=mode, max_episode_steps=7, dtype=np.float64, render_mode="rgb_array"
    )
    original.reset(seed=0)
    env = FORKS[how](original)
    assert type(env) is type(original)
    for name in ("single_observation_space", "single_action_space", "observation_space", "action_space", "metadata"):
        assert getattr(env, name) == getattr(original, name)
    for name in ("num_envs", "max_episode_steps", "render_mode"):
        assert getattr(env, name) == getattr(original, name)
    assert env.spec == original.spec


@pytest.mark.parametrize("how", FORKS)
def test_a_copy_of_what_was_never_reset_can_be_reset(make, how):
    env = FORKS[how](make(3))
    np.testing.assert_array_equal(env.reset(seed=4)[0], make(3).reset(seed=4)[0])


def test_states_can_be_set_in_some_copies_only(registration, mode, rng):
    pair = Pair(registration, 6, (1, 2), mode, max_episode_steps=9)
    space = pair.sync.single_action_space
    pair.reset(seed=2)
    for _ in range(40):
        before = pair.states()
        pair.set_state(before + rng.uniform(-0.01, 0.01, before.shape), rng.random(6) < 0.5)
        pair.compare_states()
        pair.step_or_reset(random_actions(space, rng, 6))
        pair.compare_states()
    pair.close()


def test_the_state_that_is_handed_out_is_a_copy(make):
    env = make(4, dtype=np.float64)
    env.reset(seed=0)
    before = env.state.copy()
    env.state[...] = 5
    np.testing.assert_array_equal(env.state, before)
    given = before + 1
    env.set_state(given)
    given[...] = 7
    np.testing.assert_array_equal(env.state, before + 1)
