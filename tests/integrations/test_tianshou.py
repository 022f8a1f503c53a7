"""Tianshou steps single environments in turn; Operant's equal Gymnasium's."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from side_by_side import RESET_TOLERANCE
from tianshou.env import DummyVectorEnv

import operant  # noqa: F401 (registers the ids)


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1", "Acrobot-v1"])
def test_single_environments_equal_gymnasiums(env_id):
    ours = DummyVectorEnv([lambda: gym.make(f"operant/{env_id}", dtype=np.float64, max_episode_steps=30)] * 3)
    theirs = DummyVectorEnv([lambda: gym.make(env_id, max_episode_steps=30)] * 3)
    space = gym.make(env_id).action_space
    space.seed(4)
    tolerance = RESET_TOLERANCE.get(env_id, 0.0)
    for env in (ours, theirs):
        env.seed(4)
    np.testing.assert_allclose(ours.reset()[0], theirs.reset()[0], rtol=0, atol=tolerance)
    for _ in range(100):
        actions = np.array([space.sample() for _ in range(3)])
        mine, expected = ours.step(actions)[:4], list(theirs.step(actions)[:4])
        expected[1] = expected[1].astype(np.float32)  # as Operant's are
        for one, other in zip(mine, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=tolerance)
        if len(ended := np.flatnonzero(mine[2] | mine[3])):
            np.testing.assert_allclose(ours.reset(ended)[0], theirs.reset(ended)[0], rtol=0, atol=tolerance)


def test_the_example_trains_an_agent(run_example):
    assert run_example("tianshou_ppo.py") >= 475


def test_the_lander_is_learnt(assert_lander_is_learnt):
    assert_lander_is_learnt("Tianshou", -100)
