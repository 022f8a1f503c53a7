"""Draw the animations of README.md and of the environments' pages, docs/images/*.gif.

python scripts/draw_animations.py                                # policies of four generations balance a pole
python scripts/draw_animations.py --lander lunarlander-v3.npz    # a policy that `operant train` wrote
python scripts/draw_animations.py --walker bipedalwalker-v3.npz
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from operant import policies
from operant.envs import CartPoleVecEnv
from operant.envs._animation import Animation, played
from operant.policies import Linear

IMAGES = Path(__file__).parents[1] / "docs" / "images"
GIF_FRAMES_PER_SECOND = 25
#: Generations of the cross-entropy method, from 1; 0 is a random policy.
GENERATIONS = (0, 1, 2, 15)
#: The id, the picture, and the seconds that it shows.
FILMS = {
    "lander": ("LunarLander-v3", "lunar_lander.gif", 9),
    "walker": ("BipedalWalker-v3", "bipedal_walker.gif", 6),
}


def drawn(env: Any, policy: Any, seed: int, num_envs: int, seconds: int) -> Iterator[tuple[np.ndarray, ...]]:
    """Iterate over the pictures of all envs at the pace of a GIF."""
    pace = env.metadata["render_fps"]
    envs = played(env, policy, "rgb_array", seed, num_envs)
    return (one.render() for one in islice(envs, 0, seconds * pace, pace // GIF_FRAMES_PER_SECOND))


def means() -> list[np.ndarray]:
    """Return a random policy's weights, and those after each generation of the README's cross-entropy method."""
    env = CartPoleVecEnv(64 * 16, workers=2)
    rng = np.random.default_rng(seed=1)
    mean, spread = np.zeros((2, 4)), np.ones((2, 4))
    found = [rng.normal(mean, spread, size=(2, 4))]
    rng = np.random.default_rng(seed=1)
    for generation in range(15):
        population = rng.normal(mean, spread, size=(64, 2, 4))
        returns = env.evaluate(Linear(population), seed=1024 * generation).returns.reshape(64, 16).mean(axis=1)
        best = population[returns.argsort()[-8:]]
        mean, spread = best.mean(axis=0), best.std(axis=0)
        found.append(mean)
    return found


def sheet(frames: tuple[np.ndarray, ...], captions: list[str]) -> np.ndarray:
    """Arrange the envs in two columns, legible on a phone, at half the size and without the empty parts."""
    pictures = []
    for frame, caption in zip(frames, captions, strict=True):
        picture = Image.fromarray(frame[130:330, 100:500]).resize((200, 100), Image.Resampling.BOX)
        picture = ImageOps.pad(picture, (196, 120), color="white", centering=(0.5, 1))
        ImageDraw.Draw(picture).text((98, 4), caption, fill="black", anchor="ma", font=ImageFont.load_default(12))
        pictures.append(np.asarray(ImageOps.expand(picture, (2, 0), fill="white")))
    return np.concatenate([np.concatenate(pictures[i : i + 2], axis=1) for i in range(0, len(pictures), 2)])


def generations() -> Iterator[np.ndarray]:
    """Iterate over the frames of policies of four generations."""
    learned = means()
    weights = np.stack([learned[generation] for generation in GENERATIONS])
    env = CartPoleVecEnv(100 * len(GENERATIONS))
    returns = env.evaluate(Linear(weights), seed=10_000).returns.reshape(len(GENERATIONS), 100).mean(axis=1)
    names = [f"generation {generation}" if generation else "random" for generation in GENERATIONS]
    captions = [f"{name}: {mean:.0f} steps" for name, mean in zip(names, returns, strict=True)]
    for frames in drawn(env, Linear(weights), 7, len(GENERATIONS), 5):
        yield sheet(frames, captions)


def film(env_id: str, file: str, seconds: int) -> Iterator[np.ndarray]:
    """Iterate over the frames of a trained policy, at half the size."""
    env = gym.make_vec(f"operant/{env_id}", num_envs=1).unwrapped
    for (picture,) in drawn(env, policies.load(file), 5, 1, seconds):
        frame = Image.fromarray(picture)
        yield np.asarray(frame.resize((frame.width // 2, frame.height // 2), Image.Resampling.BOX))


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name in FILMS:
        parser.add_argument(f"--{name}", metavar="FILE", help="film this policy")
    files = {name: file for name, file in vars(parser.parse_args()).items() if file is not None}
    os.environ["SDL_VIDEODRIVER"] = "dummy"  # no window is needed
    pictures = {} if files else {"cartpole.gif": generations()}
    for name, file in files.items():
        env_id, picture, seconds = FILMS[name]
        pictures[picture] = film(env_id, file, seconds)
    for picture, frames in pictures.items():
        animation = Animation(frames, GIF_FRAMES_PER_SECOND)
        animation.save(IMAGES / picture)
        print(f"{picture}: {animation}, {(IMAGES / picture).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
