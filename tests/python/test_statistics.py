"""The statistics of episodes, in the infos and in the logs."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from side_by_side import Pair, gymnasium_id_of, lively_actions, random_actions

NUM_ENVS = 12


def run(pair, rng, steps):
    """Steps, and returns the episodes that ended, as Gymnasium counts them: their returns and their lengths."""
    returns, lengths = [], []
    for _ in range(steps):
        actions = lively_actions(pair.registration, pair.sync.single_action_space, rng, pair.observations)
        infos = pair.step_or_reset(actions)[4]
        if "episode" in infos:
            ended = infos["_episode"]
            returns += infos["episode"]["r"][ended].tolist()
            lengths += infos["episode"]["l"][ended].tolist()
    return returns, lengths


@pytest.mark.parametrize("limit", [None, 1, 17])
def test_infos_are_those_of_gymnasiums_wrapper(registration, mode, rng, limit):
    limits = {} if limit is None else {"max_episode_steps": limit}
    pair = Pair(registration, NUM_ENVS, (1, 2), mode, record_episode_statistics=True, **limits)
    pair.reset(seed=0)
    # Where nothing ends an episode early, a single limit would end all of them in the same step.
    pair.step(random_actions(pair.sync.single_action_space, rng, NUM_ENVS))
    pair.step_or_reset(random_actions(pair.sync.single_action_space, rng, NUM_ENVS))
    pair.reset(options={"reset_mask": rng.random(NUM_ENVS) < 0.5})
    returns, _ = run(pair, rng, 260 if limit is None else 90)
    long = gymnasium_id_of(registration) == "MountainCarContinuous-v0" and limit is None
    assert len(returns) >= (1 if long else NUM_ENVS)
    pair.close()


def test_steps_in_which_nothing_ends_have_no_statistics(make, rng):
    env = make(5, record_episode_statistics=True, max_episode_steps=4)
    assert env.reset(seed=0)[1] == {}
    for step in range(1, 21):  # the fifth of every five calls resets
        infos = env.step(random_actions(env.single_action_space, rng, 5))[4]
        assert infos.keys() == ({"episode", "_episode"} if step % 5 == 4 else set())


def test_statistics_are_only_there_when_asked_for(make, mode, rng):
    env = make(5, autoreset_mode=mode, max_episode_steps=1)
    env.reset(seed=0)
    assert "episode" not in env.step(random_actions(env.single_action_space, rng, 5))[4]


def test_statistics_that_are_held_do_not_change(make, rng):
    env = make(5, record_episode_statistics=True, max_episode_steps=2, autoreset_mode="SameStep")
    env.reset(seed=0)
    held = []
    for _ in range(16):
        infos = env.step(random_actions(env.single_action_space, rng, 5))[4]
        if infos:
            arrays = [*infos["episode"].values(), infos["_episode"]]
            held.append((arrays, [array.copy() for array in arrays]))
    assert len(held) == 8
    for arrays, copies in held:
        for array, contents in zip(arrays, copies, strict=True):
            np.testing.assert_array_equal(array, contents)


def test_the_time_that_an_episode_took_grows_with_it(make, rng):
    env = make(2, record_episode_statistics=True, max_episode_steps=3, autoreset_mode="Disabled")
    env.reset(seed=0)
    for _ in range(3):
        infos = env.step(random_actions(env.single_action_space, rng, 2))[4]
    assert np.all(infos["episode"]["t"] >= 0)
    assert infos["episode"]["t"].dtype == np.float64


def test_a_reset_of_some_restarts_the_statistics_of_those(registration, mode, rng):
    pair = Pair(registration, 4, (1, 2), mode, record_episode_statistics=True, max_episode_steps=6)
    space = pair.sync.single_action_space
    pair.reset(seed=0)
    for _ in range(3):
        pair.step(random_actions(space, rng, 4))
    pair.reset(options={"reset_mask": np.array([False, True, True, False])})
    lengths = []
    for _ in range(6):
        infos = pair.step_or_reset(random_actions(space, rng, 4))[4]
        if infos:
            lengths.append(infos["episode"]["l"].tolist())
    assert lengths == [[6, 0, 0, 6], [0, 6, 6, 0]]
    pair.close()


def test_an_abandoned_episode_is_in_no_statistics(registration, mode, rng):
    pair = Pair(registration, 4, (1, 2), mode, record_episode_statistics=True, max_episode_steps=6)
    space = pair.sync.single_action_space
    for seed in range(3):
        pair.reset(seed=seed)
        for _ in range(5):
            assert pair.step(random_actions(space, rng, 4))[4] == {}
    for ours in pair.ours:
        assert ours.get_logs()["episode_count"] == 0
    pair.step(random_actions(space, rng, 4))
    for ours in pair.ours:
        assert ours.get_logs()["total_steps"] == 24
    pair.close()


EMPTY = {"episode_count": 0, "total_reward": 0.0, "total_steps": 0, "mean_reward": 0.0, "mean_length": 0.0}


def assert_logs(env, returns, lengths):
    logs = env.get_logs()
    assert logs.keys() == EMPTY.keys()
    assert logs["episode_count"] == len(returns)
    assert logs["total_steps"] == sum(lengths)
    assert logs["total_reward"] == pytest.approx(sum(returns), rel=1e-12)
    assert logs["mean_reward"] == pytest.approx(np.mean(returns) if returns else 0.0, rel=1e-12)
    assert logs["mean_length"] == pytest.approx(np.mean(lengths) if lengths else 0.0, rel=1e-12)
    assert not any(isinstance(value, np.ndarray) for value in logs.values())


def test_logs_tell_of_the_episodes_since_they_were_cleared(registration, mode, rng):
    pair = Pair(registration, NUM_ENVS, (1, 2, 3), mode, record_episode_statistics=True, max_episode_steps=23)
    for ours in pair.ours:
        assert ours.get_logs() == EMPTY
    pair.reset(seed=0)
    total_returns, total_lengths = [], []
    for steps in (30, 1, 55, 40):
        returns, lengths = run(pair, rng, steps)
        total_returns += returns
        total_lengths += lengths
        for ours in pair.ours:
            assert_logs(ours, total_returns, total_lengths)
        assert all(ours.get_logs() == pair.ours[0].get_logs() for ours in pair.ours)
    assert len(total_returns) > NUM_ENVS
    for ours in pair.ours:
        ours.clear_logs()
        assert ours.get_logs() == EMPTY
    returns, lengths = run(pair, rng, 60)  # the first of which began before the logs were cleared
    for ours in pair.ours:
        assert_logs(ours, returns, lengths)
    pair.reset()
    for ours in pair.ours:
        assert_logs(ours, returns, lengths)
    pair.close()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logs_do_not_depend_on_the_workers(registration, dtype):
    logs = []
    for workers in (1, 2, 3):
        env = gym.make_vec(
            registration.id,
            num_envs=1000,
            workers=workers,
            dtype=dtype,
            record_episode_statistics=True,
            max_episode_steps=40,
        )
        env.reset(seed=1)
        rng = np.random.default_rng(2)
        for _ in range(90):
            env.step(random_actions(env.single_action_space, rng, 1000))
        logs.append(env.get_logs())
        env.close()
    assert logs[0]["episode_count"] >= 2000
    assert logs[0] == logs[1] == logs[2]


def test_every_episode_is_counted_once(make, mode, rng):
    env = make(10, autoreset_mode=mode, record_episode_statistics=True, max_episode_steps=1)
    env.reset(seed=0)
    for _ in range(30):
        env.step(random_actions(env.single_action_space, rng, 10))
        if mode is AutoresetMode.DISABLED:
            env.reset()
    # With NEXT_STEP, every other call resets.
    assert env.get_logs()["episode_count"] == (150 if mode is AutoresetMode.NEXT_STEP else 300)
    assert env.get_logs()["mean_length"] == 1
