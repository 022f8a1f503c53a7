"""Train Operant's CartPole with RLlib's PPO. Each env runner steps one vector environment.

pip install "ray[rllib]" torch

python rllib_ppo.py                     # samples in this process
python rllib_ppo.py --env-runners 2     # samples in two other processes, on any machine of a cluster
"""

import argparse

import gymnasium as gym
import ray
import torch
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig

parser = argparse.ArgumentParser()
parser.add_argument("--env-runners", type=int, default=0)
parser.add_argument("--iterations", type=int, default=73)
arguments = parser.parse_args()
torch.set_num_threads(1)  # more threads slow down such small networks

config = (
    PPOConfig()
    # Each process that makes the environment imports the module before the colon.
    .environment("operant:operant/CartPole-v1")
    .env_runners(
        num_env_runners=arguments.env_runners,
        num_envs_per_env_runner=32,
        gym_env_vectorize_mode="vector_entry_point",  # the default makes 32 single environments
        rollout_fragment_length="auto",
    )
    .training(
        lr=[[0, 0.001], [150_000, 0.0]],  # decays over environment steps
        gamma=0.98,
        lambda_=0.9,
        clip_param=0.2,
        use_kl_loss=False,
        grad_clip=0.5,
        vf_loss_coeff=0.5,
        vf_clip_param=float("inf"),  # the default, 10, is too small for the values of CartPole
        train_batch_size=2048,
        minibatch_size=256,
        num_epochs=8,
    )
    .rl_module(model_config=DefaultModelConfig(fcnet_hiddens=[64, 64], vf_share_layers=False))
    .debugging(seed=1, log_level="ERROR")
)

ray.init(num_cpus=arguments.env_runners + 1, include_dashboard=False, log_to_driver=False)
algorithm = config.build_algo()
for iteration in range(arguments.iterations):
    result = algorithm.train()
    mean = result["env_runners"].get("episode_return_mean", 0.0)
    print(f"iteration {iteration}: mean return {mean:.1f}", flush=True)
    if mean >= 490:
        break

env = gym.make_vec("CartPole-v1", num_envs=100, vectorization_mode="sync")
module = algorithm.get_module()
observations, _ = env.reset(seed=1)
returns, alive = 0.0, 1.0
for _ in range(500):
    with torch.no_grad():
        logits = module.forward_inference({"obs": torch.as_tensor(observations)})["action_dist_inputs"]
    observations, rewards, terminations, _, _ = env.step(logits.argmax(dim=1).numpy())
    returns += rewards * alive
    alive *= ~terminations
algorithm.stop()
ray.shutdown()
print("mean return of 100 episodes:", returns.mean())
