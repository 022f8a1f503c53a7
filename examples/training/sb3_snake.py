"""Train a small convolutional network to play Snake with Stable-Baselines3's PPO.

pip install stable-baselines3
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor

import operant
from operant.adapters.sb3 import make_vec_env

torch.set_num_threads(1)  # more threads slow down such small networks

EXAMPLES = Path(__file__).parents[1]
parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--python", action="store_true", help="the Snake that is written in Python; pip install numba")
parser.add_argument("--steps", type=int, default=1_000_000)
arguments = parser.parse_args()
if arguments.python:
    sys.path.append(str(EXAMPLES / "in_python"))
    from snake import Snake as SnakeVecEnv
else:
    SnakeVecEnv = operant.load(EXAMPLES / "environments/snake.hpp")


class BoardNetwork(BaseFeaturesExtractor):
    """Two convolutions. The default network of `CnnPolicy` needs images of at least 36 by 36 pixels."""

    def __init__(self, observation_space, features=128):
        super().__init__(observation_space, features)
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(3, 16, 3, padding=1),
            torch.nn.ReLU(),
            torch.nn.Conv2d(16, 32, 3, stride=2, padding=1),
            torch.nn.ReLU(),
            torch.nn.Flatten(),
            torch.nn.Linear(32 * 5 * 5, features),
            torch.nn.ReLU(),
        )

    def forward(self, observations):
        return self.layers(observations)


def mean_length(model, episodes=200):
    """Return the mean length of the snake at the end of an episode; without a model, of a random player."""
    env = SnakeVecEnv(episodes)
    observations, _ = env.reset(seed=1000)
    env.action_space.seed(0)
    length = env.state_names.index("length")
    lengths, playing = np.zeros(episodes), np.ones(episodes, bool)
    while playing.any():
        if model is None:
            actions = env.action_space.sample()
        else:
            actions, _ = model.predict(observations.transpose(0, 3, 1, 2))  # channels first, as PPO's wrapper has them
        observations, _, terminations, truncations, _ = env.step(actions)
        ended = playing & (terminations | truncations)
        lengths[ended] = env.state[ended, length]
        playing &= ~ended
    return lengths.mean()


model = PPO(
    "CnnPolicy",
    make_vec_env(SnakeVecEnv, n_envs=128, seed=1),
    n_steps=32,
    batch_size=1024,
    n_epochs=4,
    gamma=0.97,
    gae_lambda=0.9,
    ent_coef=0.01,
    learning_rate=lambda left: 0.0025 * left,
    policy_kwargs={"features_extractor_class": BoardNetwork},
    seed=1,
    device="cpu",
)
model.learn(arguments.steps)
trained, random = mean_length(model), mean_length(None)
print("mean length of the trained and of a random player:", trained, random)
print("ratio:", trained / random)
