"""skrl wraps Operant's environments like Gymnasium's, with the same results."""

from __future__ import annotations

import warnings

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from side_by_side import RESET_TOLERANCE
from skrl.agents.torch.ppo import PPO, PPO_CFG
from skrl.envs.wrappers.torch import wrap_env
from skrl.envs.wrappers.torch.gymnasium_envs import GymnasiumWrapper
from skrl.memories.torch import RandomMemory
from skrl.models.torch import CategoricalMixin, DeterministicMixin, Model
from skrl.trainers.torch import SequentialTrainer
from skrl.utils import set_seed

from operant.envs import CartPoleVecEnv


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


@pytest.mark.parametrize(("mode", "warned"), [("NextStep", 1), ("SameStep", 0)])
def test_training_in_mode_next_step_learns_from_restarts_and_warns_once(mode, warned, tmp_path):
    """A step of CartPole has reward 1, and a restart 0."""
    env = CartPoleVecEnv(4, autoreset_mode=mode)
    wrapped = wrap_env(env, verbose=False)
    memory = RandomMemory(memory_size=64, num_envs=4, device="cpu")
    spaces = {"observation_space": wrapped.observation_space, "action_space": wrapped.action_space, "device": "cpu"}
    cfg = PPO_CFG(rollouts=64, learning_epochs=1, mini_batches=1)
    cfg.experiment.directory, cfg.experiment.write_interval = str(tmp_path), 0
    agent = PPO(models={"policy": Policy(**spaces), "value": Value(**spaces)}, memory=memory, cfg=cfg, **spaces)
    trainer = SequentialTrainer(
        cfg={"timesteps": 64, "headless": True, "disable_progressbar": True}, env=wrapped, agents=agent
    )
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        trainer.train()
    assert sum("SameStep" in str(one.message) for one in seen) == warned
    ended = (memory.get_tensor_by_name("terminated") | memory.get_tensor_by_name("truncated"))[:-1]
    rewards = memory.get_tensor_by_name("rewards")[1:]
    assert ended.sum() > 4
    assert (rewards[ended] == 1 - warned).all()  # CartPole's steps have a reward of 1
    assert (rewards[~ended] == 1).all()


class Policy(CategoricalMixin, Model):
    def __init__(self, **spaces):
        Model.__init__(self, **spaces)
        CategoricalMixin.__init__(self)
        self.net = torch.nn.Linear(4, 2)

    def compute(self, inputs, role):
        return self.net(inputs["observations"]), {}


class Value(DeterministicMixin, Model):
    def __init__(self, **spaces):
        Model.__init__(self, **spaces)
        DeterministicMixin.__init__(self)
        self.net = torch.nn.Linear(4, 1)

    def compute(self, inputs, role):
        return self.net(inputs["observations"]), {}


def test_the_example_trains_an_agent(run_example):
    assert run_example("skrl_ppo.py") >= 475


def test_the_lander_is_learnt(assert_lander_is_learnt):
    assert_lander_is_learnt("skrl", 0)
