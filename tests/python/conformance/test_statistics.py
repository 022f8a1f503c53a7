"""The statistics of episodes, in the infos and in the logs."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import every_environment
from gymnasium.vector import AutoresetMode
from side_by_side import Pair, gymnasium_id_of, lively_actions

from operant.registration import REGISTRATIONS

NUM_ENVS = 12


def run(pair, rng, steps):
    """Step both; return the returns and the lengths of the episodes that ended, as Gymnasium counts them."""
    returns, lengths = [], []
    for _ in range(steps):
        infos = pair.step_or_reset(lively_actions(pair.registration, pair.space, rng, pair.observations))[4]
        if "episode" in infos:
            ended = infos["_episode"]
            returns += infos["episode"]["r"][ended].tolist()
            lengths += infos["episode"]["l"][ended].tolist()
    return returns, lengths


@every_environment
@pytest.mark.quick
def test_infos_are_those_of_gymnasiums_wrapper(registration, mode, rng):
    """Each environment has each limit, in another mode each; each mode has all limits, with other environments."""
    limit = (None, 1, 17)[(REGISTRATIONS.index(registration) + list(AutoresetMode).index(mode)) % 3]
    limits = {} if limit is None else {"max_episode_steps": limit}
    pair = Pair(registration, NUM_ENVS, mode, record_episode_statistics=True, **limits)
    pair.reset(seed=0)
    # If no episode ends early, a single limit would end all of them in the same step.
    pair.run(rng, 2)
    pair.reset(options={"reset_mask": rng.random(NUM_ENVS) < 0.5})
    returns, _ = run(pair, rng, 260 if limit is None else 90)
    long = gymnasium_id_of(registration) == "MountainCarContinuous-v0" and limit is None
    assert len(returns) >= (1 if long else NUM_ENVS)
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


@every_environment
def test_logs_cover_the_episodes_since_they_were_cleared(registration, mode, rng):
    pair = Pair(registration, NUM_ENVS, mode, record_episode_statistics=True, max_episode_steps=23)
    ours = pair.ours
    assert ours.get_logs() == EMPTY
    pair.reset(seed=0)
    total_returns, total_lengths = [], []
    for steps in (30, 1, 55):
        returns, lengths = run(pair, rng, steps)
        total_returns += returns
        total_lengths += lengths
        assert_logs(ours, total_returns, total_lengths)
    assert len(total_returns) > NUM_ENVS
    ours.clear_logs()
    assert ours.get_logs() == EMPTY
    returns, lengths = run(pair, rng, 60)  # the first of which began before the logs were cleared
    assert_logs(ours, returns, lengths)
    pair.reset()
    assert_logs(ours, returns, lengths)
    pair.close()
