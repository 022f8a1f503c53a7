"""Files and pickles of version 0.2.0 can be loaded, and continue as in that version."""

from __future__ import annotations

import pickle
import pickletools
from pathlib import Path

import numpy as np
import pytest

from operant import envs
from operant.envs.single import AcrobotEnv, FrozenLakeEnv

DATA = Path(__file__).parent / "data"


@pytest.fixture
def objects():
    return pickle.loads((DATA / "objects.pickle").read_bytes())


def test_a_file_continues():
    check(envs.load(DATA / "cartpole.saved"), [0.04226003, -0.1820106, 0.0275992, 0.27944198])


def test_a_pickle_continues(objects):
    check(objects["vector"], [0.03888056, 0.20806482, 0.0329545, -0.30244479])


def test_a_file_of_an_environment_in_plain_cpp_continues():
    """Version 0.2.0 kept its state as columns in memory."""
    env = envs.load(DATA / "blackjack.saved")
    assert env.state[1].tolist() == [27, 3, 0, 15, 2, 0, 10, 1, 0]
    expected = [
        ([14, 20, 13], [6, 1, 4], [0, 0, 0], [False, False, False]),
        ([17, 20, 21], [6, 1, 4], [0, -1, 0], [False, True, False]),
        ([26, 18, 29], [6, 10, 4], [-1, 0, -1], [True, False, True]),
        ([10, 18, 20], [10, 10, 7], [0, -1, 0], [False, True, False]),
    ]
    for sums, cards, rewards, terminations in expected:
        observations, *results = env.step(np.array([1, 0, 1]))
        assert [part.tolist() for part in observations] == [sums, cards, [0, 0, 0]]
        assert [one.tolist() for one in results[:2]] == [rewards, terminations]
    assert (env.get_logs()["episode_count"], env.get_logs()["total_reward"]) == (12, -6)


def check(env, expected):
    """Step once; the expected observation of env 1 is that of version 0.2.0."""
    assert type(env) is envs.CartPoleVecEnv
    assert env.gravity == 1.62
    observations, rewards, terminations, truncations, _ = env.step(np.array([0, 1, 0]))
    np.testing.assert_allclose(observations[1], expected, atol=1e-6)  # the last bits depend on the instruction set
    assert rewards.tolist() == [1, 1, 1]
    assert not (terminations | truncations).any()
    assert (env.get_logs()["episode_count"], env.get_logs()["total_steps"]) == (3, 27)


def test_single_environments_continue(objects):
    lake, acrobot = objects["single"], objects["plain single"]
    assert isinstance(lake, FrozenLakeEnv)
    assert isinstance(acrobot, AcrobotEnv)
    assert lake.step(2)[:4] == (0, 0.0, False, False)
    expected = [0.99880195, -0.04893584, 0.99634254, -0.08544883, 0.27069852, -0.334072]
    np.testing.assert_allclose(acrobot.step(0)[0], expected, atol=1e-7)


def test_results_are_found(objects):
    assert objects["evaluation"].returns.shape == (1, 3)
    assert objects["rollout"].rewards.shape == (2, 3)
    assert isinstance(objects["rollout"], envs.Rollout)


def test_a_policy_continues():
    policy = pickle.loads((DATA / "policy.pickle").read_bytes())
    observations = np.arange(16, dtype=np.float32).reshape(8, 2) / 8
    assert policy(observations).tolist() == [0, 0, 1, 1, 1, 1, 1, 1]  # the second call in version 0.2.0


def test_the_pickle_names_the_modules_of_its_version():
    names = {argument for _, argument, _ in pickletools.genops((DATA / "objects.pickle").read_bytes())}
    assert {"operant.envs._saving", "operant.envs._evaluation", "operant.envs._rollout"} <= names
