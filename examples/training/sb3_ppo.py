"""Train Operant's CartPole with Stable-Baselines3's PPO and the settings of the RL Zoo.

pip install stable-baselines3
"""

import gymnasium as gym
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor

from operant.adapters.sb3 import make_vec_env

torch.set_num_threads(1)  # more threads slow down such small networks

env = make_vec_env("CartPole-v1", n_envs=8, seed=1)
model = PPO(
    "MlpPolicy",
    env,
    n_steps=32,
    batch_size=256,
    n_epochs=20,
    gamma=0.98,
    gae_lambda=0.8,
    ent_coef=0.0,
    learning_rate=lambda left: 0.001 * left,
    clip_range=lambda left: 0.2 * left,
    seed=1,
    device="cpu",
)
model.learn(100_000)

mean, _ = evaluate_policy(model, Monitor(gym.make("CartPole-v1")), n_eval_episodes=100)
print("mean return of 100 episodes:", mean)
