"""Train a lander and a walker with `operant train`'s PPO, and film them for the pages of their environments.

python scripts/film_trained.py                         # both; needs torch
python scripts/film_trained.py --walker walker.npz     # one, with a policy that `operant train` wrote
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import gymnasium as gym
import numpy as np
from PIL import Image

from operant import policies
from operant.envs._animation import Animation, played

IMAGES = Path(__file__).parents[1] / "docs" / "images"
GIF_FRAMES_PER_SECOND = 25
#: The id, the picture, and the seconds that it shows.
FILMS = {
    "lander": ("LunarLander-v3", "lunar_lander.gif", 9),
    "walker": ("BipedalWalker-v3", "bipedal_walker.gif", 6),
}


def trained(env_id: str) -> policies.MLP:
    """Return the policy of a training with the first seed."""
    from operant.training import ppo

    agent, mean = ppo.train(env_id, seed=1)
    print(f"{env_id}: mean return {mean:.0f}")
    return agent.without_noise()


def halved(env_id: str, policy: policies.MLP | policies.Linear, seconds: int) -> Iterator[np.ndarray]:
    """Iterate over the frames, at half the size and at the pace of a GIF."""
    env = gym.make_vec(f"operant/{env_id}", num_envs=1).unwrapped
    pace = env.metadata["render_fps"]
    for one in islice(played(env, policy, "rgb_array", 5, 1), 0, seconds * pace, pace // GIF_FRAMES_PER_SECOND):
        frame = Image.fromarray(one.render()[0])
        yield np.asarray(frame.resize((frame.width // 2, frame.height // 2), Image.Resampling.BOX))


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name in FILMS:
        parser.add_argument(f"--{name}", metavar="FILE", help="film this policy only")
    files = vars(parser.parse_args())
    given = [name for name in FILMS if files[name] is not None]
    os.environ["SDL_VIDEODRIVER"] = "dummy"  # no window is needed
    for name in given or FILMS:
        env_id, picture, seconds = FILMS[name]
        policy = policies.load(files[name]) if given else trained(env_id)
        animation = Animation(halved(env_id, policy, seconds), GIF_FRAMES_PER_SECOND)
        animation.save(IMAGES / picture)
        print(f"{picture}: {animation}, {(IMAGES / picture).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
