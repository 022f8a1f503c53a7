"""RLlib's env runners step Operant's vector environments, in this process and in others."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import ray
from gymnasium.vector import AutoresetMode
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner

from operant.envs import CartPoleVecEnv

NUM_ENVS = 16


@pytest.fixture(scope="module")
def cluster():
    """A cluster of this machine alone."""
    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def config(env_id="operant:operant/CartPole-v1", mode="vector_entry_point", runners=0, **env_config):
    return (
        PPOConfig()
        .environment(env_id, env_config=env_config)
        .env_runners(
            num_env_runners=runners,
            num_envs_per_env_runner=NUM_ENVS,
            gym_env_vectorize_mode=mode,
            num_cpus_per_env_runner=1,
        )
        .training(train_batch_size=NUM_ENVS * 64, minibatch_size=256, num_epochs=2)
        .debugging(seed=3)
    )


def test_the_example_trains_an_agent(run_example):
    assert run_example("rllib_ppo.py", "--env-runners", "1") >= 300


def test_an_env_runner_samples_the_same_as_with_gymnasium(cluster):
    """Random actions are drawn from the action space, so the same seeds give the same episodes."""
    episodes = []
    for options in ({"dtype": np.float64}, None):
        made = config(**options) if options else config("CartPole-v1", "sync")
        runner = SingleAgentEnvRunner(config=made, worker_index=0)
        runner.env.action_space.seed(5)
        episodes.append(runner.sample(num_timesteps=NUM_ENVS * 100, random_actions=True))
        assert type(runner.env.unwrapped) is (CartPoleVecEnv if options else gym.vector.SyncVectorEnv)
        assert runner.env.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
        runner.stop()
    ours, theirs = episodes
    assert len(ours) == len(theirs) > NUM_ENVS
    for mine, expected in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine.get_observations(), expected.get_observations())
        np.testing.assert_array_equal(mine.get_actions(), expected.get_actions())
        np.testing.assert_array_equal(mine.get_rewards(), expected.get_rewards())
        assert (mine.is_terminated, mine.is_truncated) == (expected.is_terminated, expected.is_truncated)


@pytest.mark.parametrize("runners", [0, 1, 2])
def test_remote_env_runners(cluster, runners):
    algorithm = config(runners=runners, workers=1).build_algo()
    kinds = algorithm.env_runner_group.foreach_env_runner(
        lambda runner: None if runner.env is None else (type(runner.env.unwrapped).__name__, runner.env.num_envs),
        local_env_runner=runners == 0,
    )
    assert kinds == [("CartPoleVecEnv", NUM_ENVS)] * max(runners, 1)
    results = [algorithm.train() for _ in range(2)]
    algorithm.stop()
    # RLlib does not count the steps that start an episode.
    assert results[-1]["env_runners"]["num_env_steps_sampled_lifetime"] >= 2 * NUM_ENVS * 64
    assert results[-1]["env_runners"]["episode_return_mean"] > 9


def test_the_lander_is_learnt(assert_lander_is_learnt):
    assert_lander_is_learnt("RLlib", -100)
