"""TorchRL wraps Operant's environments like Gymnasium's, with the same results."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import SyncVectorEnv
from side_by_side import RESET_TOLERANCE
from torchrl.collectors import Collector
from torchrl.envs import GymEnv, GymWrapper
from torchrl.envs.utils import check_env_specs

import operant  # noqa: F401 (registers the ids)

IDS = ["CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1", "Acrobot-v1"]
NUM_ENVS = 4


def assert_same(ours, theirs, tolerance):
    """Compare keys and numbers. TorchRL keeps the dtype of rewards, which is float32 in Operant."""
    assert set(ours.keys(True, True)) == set(theirs.keys(True, True))
    for key in theirs.keys(True, True):
        torch.testing.assert_close(ours[key], theirs[key].to(ours[key].dtype), rtol=0, atol=tolerance)


def vector_pair(env_id, mode, limit):
    ours = gym.make_vec(f"operant/{env_id}", NUM_ENVS, autoreset_mode=mode, dtype=np.float64, max_episode_steps=limit)
    theirs = SyncVectorEnv([lambda: gym.make(env_id, max_episode_steps=limit)] * NUM_ENVS, autoreset_mode=mode)
    return GymWrapper(ours), GymWrapper(theirs)


@pytest.mark.parametrize("mode", [gym.vector.AutoresetMode.DISABLED, gym.vector.AutoresetMode.SAME_STEP])
@pytest.mark.parametrize("env_id", IDS)
def test_vector_environments(env_id, mode):
    results = []
    for env in vector_pair(env_id, mode, 30):
        assert env.batch_size == (NUM_ENVS,)
        env.set_seed(3)
        torch.manual_seed(3)
        results.append(env.rollout(100, break_when_any_done=False))
        env.close()
    ours, theirs = results
    assert ours["next", "done"].any(dim=1).all()
    assert_same(ours, theirs, RESET_TOLERANCE.get(env_id, 0.0))


@pytest.mark.parametrize("env_id", IDS)
def test_single_environments(env_id):
    results = []
    for env in (GymEnv(f"operant/{env_id}", dtype=np.float64), GymEnv(env_id)):
        env.set_seed(3)
        torch.manual_seed(3)
        results.append(env.rollout(250, break_when_any_done=False))
        check_env_specs(env)
        env.close()
    assert_same(*results, RESET_TOLERANCE.get(env_id, 0.0))


def test_a_collector_sees_each_step_once():
    batches = []
    for env in vector_pair("CartPole-v1", gym.vector.AutoresetMode.DISABLED, 30):
        env.set_seed(5)
        torch.manual_seed(5)
        collector = Collector(env, env.rand_action, frames_per_batch=NUM_ENVS * 50, total_frames=NUM_ENVS * 150)
        batches.append(torch.cat([batch.clone() for batch in collector], dim=1))
        collector.shutdown()
    ours, theirs = batches
    assert ours.shape == (NUM_ENVS, 150)
    assert_same(ours.exclude("collector"), theirs.exclude("collector"), 0.0)
    goes_on = ~ours["next", "done"][:, :-1, 0]
    torch.testing.assert_close(ours["next", "observation"][:, :-1][goes_on], ours["observation"][:, 1:][goes_on])


def test_a_mode_that_torchrl_does_not_support_is_an_error():
    env = gym.make_vec("operant/CartPole-v1", 4, autoreset_mode="NextStep")
    with pytest.raises(RuntimeError, match="SAME_STEP or DISABLED"):
        GymWrapper(env)
    with pytest.raises(AttributeError, match="autoreset_mode"):  # TorchRL does not support wrapped vector environments
        GymWrapper(gym.wrappers.vector.RecordEpisodeStatistics(env))


def test_the_example_trains_an_agent(run_example):
    assert run_example("torchrl_ppo.py") >= 400


def test_the_lander_is_learnt(assert_lander_is_learnt):
    assert_lander_is_learnt("TorchRL", -100)
