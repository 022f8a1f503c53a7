"""Draw the pictures of the environments in docs/images/environments, with Gymnasium's renderers.

python scripts/draw_environments.py
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
from matplotlib.image import imsave

import operant
from operant import envs
from operant.registration import id_of

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))
from hooks import environment_pages

#: The number of random steps before the picture, if it is not 15.
STEPS = {
    "mountain_car": 40,
    "mountain_car_continuous": 40,
    "pendulum": 12,
    "acrobot": 40,
    "lunar_lander": 60,
    "lunar_lander_continuous": 70,
    "bipedal_walker": 30,
    "frozen_lake": 3,
    "cliff_walking": 3,
    "taxi": 10,
    "blackjack": 0,
}
#: The ids of environments whose picture is not of the usual one.
IDS = {"BipedalWalker": "operant/BipedalWalkerHardcore-v3"}


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
    for name, page in environment_pages().items():
        env_id = IDS.get(name) or id_of(getattr(envs, f"{name}VecEnv"))
        imsave(folder / f"{page}.png", draw(env_id, STEPS.get(page, 15)))


if __name__ == "__main__":
    main()
