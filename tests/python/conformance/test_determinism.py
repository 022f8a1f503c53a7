"""The same seed gives the same bytes with any number of workers and envs. test_kernels.cpp compares processors."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import every_environment
from gymnasium.vector import AutoresetMode
from side_by_side import assert_same, rows_of

SIZES = [1, 7, 8, 17, 63, 64, 65, 1025]
MOST = 4096  # four blocks: work for several workers


def outputs(env, actions):
    """All arrays that a run returns, with envs along the first axis."""
    yield env.reset(seed=3)[0]
    ended = np.zeros(env.num_envs, bool)
    for number, chosen in enumerate(actions):
        if env.metadata["autoreset_mode"] is AutoresetMode.DISABLED and ended.any():
            yield env.reset(options={"reset_mask": ended})[0]
        if number == 20:
            yield env.reset(options={"reset_mask": np.arange(env.num_envs) % 3 == 0})[0]
        *arrays, infos = env.step(chosen)
        yield from arrays
        ended = arrays[2] | arrays[3]
        if "final_obs" in infos:
            yield [one for one in infos["final_obs"] if one is not None]
        if "episode" in infos:
            yield infos["episode"]["r"][ended]
            yield infos["episode"]["l"][ended]


@every_environment
@pytest.mark.quick
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_workers_change_nothing(make, draw, mode, dtype):
    arguments = {
        "dtype": dtype,
        "autoreset_mode": mode,
        "max_episode_steps": 13,
        "record_episode_statistics": True,
    }
    one, other = (make(MOST, workers, **arguments) for workers in (1, 3))
    actions = [draw(one) for _ in range(30)]
    expected = list(outputs(one, actions))
    assert_same(list(outputs(other, actions)), expected)
    assert other.get_logs() == one.get_logs()
    assert one.get_logs()["episode_count"] >= MOST


@every_environment
@pytest.mark.quick
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_num_envs_changes_nothing(make, draw, dtype):
    largest = make(MOST, dtype=dtype)
    actions = [draw(largest) for _ in range(30)]
    expected = list(outputs(largest, actions))
    for num_envs in SIZES:
        actual = outputs(make(num_envs, dtype=dtype), [one[:num_envs] for one in actions])
        assert_same(list(actual), [rows_of(array, slice(num_envs)) for array in expected])
