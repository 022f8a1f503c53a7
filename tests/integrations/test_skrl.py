"""skrl wraps Operant's environments like Gymnasium's, with the same results."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from side_by_side import RESET_TOLERANCE
from skrl.envs.wrappers.torch import wrap_env
from skrl.envs.wrappers.torch.gymnasium_envs import GymnasiumWrapper
from skrl.utils import set_seed

import operant  # noqa: F401 (registers the ids)


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1", "Acrobot-v1"])
def test_wrap_env_recognises_the_environment_and_gives_gymnasiums_results(env_id):
    ours = gym.make_vec(f"operant/{env_id}", 4, autoreset_mode="SameStep", dtype=np.float64, max_episode_steps=30)
    theirs = SyncVectorEnv([lambda: gym.make(env_id, max_episode_steps=30)] * 4, autoreset_mode=AutoresetMode.SAME_STEP)
    wrapped = []
    for env in (ours, theirs):
        set_seed(2)
        wrapped.append(wrap_env(env, verbose=False))
    assert all(type(env) is GymnasiumWrapper for env in wrapped)
    assert [env.num_envs for env in wrapped] == [4, 4]
    tolerance = RESET_TOLERANCE.get(env_id, 0.0)
    observations = [env.reset()[0] for env in wrapped]
    torch.testing.assert_close(*observations, rtol=0, atol=tolerance)
    ended = torch.zeros(4, 1, dtype=torch.bool)
    for _ in range(100):
        actions = torch.as_tensor(ours.action_space.sample()).reshape(4, -1)
        mine, expected = (env.step(actions)[:4] for env in wrapped)
        for one, other in zip(mine, expected, strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=tolerance)
        ended |= mine[2] | mine[3]
    assert ended.all()


def test_the_example_trains_an_agent(run_example):
    assert run_example("skrl_ppo.py") >= 475
