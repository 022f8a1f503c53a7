"""Draw the pictures of the environments in docs/images/environments, with Gymnasium's renderers.

python scripts/draw_environments.py
"""

from __future__ import annotations

import os
from pathlib import Path

import gymnasium as gym
import numpy as np
from matplotlib.image import imsave

import operant

#: The environments, and how many random steps there are before the picture.
PICTURES = {
    "cartpole": ("operant/CartPole-v1", 15),
    "mountain_car": ("operant/MountainCar-v0", 40),
    "mountain_car_continuous": ("operant/MountainCarContinuous-v0", 40),
    "pendulum": ("operant/Pendulum-v1", 12),
    "acrobot": ("operant/Acrobot-v1", 40),
    "lunar_lander": ("operant/LunarLander-v3", 60),
    "lunar_lander_continuous": ("operant/LunarLanderContinuous-v3", 70),
    "bipedal_walker": ("operant/BipedalWalkerHardcore-v3", 30),
    "frozen_lake": ("operant/FrozenLake-v1", 3),
    "cliff_walking": ("operant/CliffWalking-v1", 3),
    "taxi": ("operant/Taxi-v4", 10),
    "blackjack": ("operant/Blackjack-v1", 0),
}


def draw(env_id: str, steps: int) -> np.ndarray:
    """The picture after so many steps, RGB, shape (height, width, 3)."""
    env = gym.make_vec(env_id, num_envs=1, render_mode="rgb_array")
    env.reset(seed=1)
    env.action_space.seed(3)
    for _ in range(steps):
        env.step(env.action_space.sample())
    (picture,) = env.render()
    env.close()
    return picture


def main() -> None:
    """Write all of them."""
    os.environ["SDL_VIDEODRIVER"] = "dummy"  # no window is needed
    gym.register_envs(operant)
    folder = Path(__file__).parents[1] / "docs" / "images" / "environments"
    folder.mkdir(parents=True, exist_ok=True)
    for name, (env_id, steps) in PICTURES.items():
        imsave(folder / f"{name}.png", draw(env_id, steps))


if __name__ == "__main__":
    main()
