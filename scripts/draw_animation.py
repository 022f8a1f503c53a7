"""Draw docs/images/cartpole.gif, the animation in the README: policies of four generations balance a pole.

python scripts/draw_animation.py
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from operant.envs import CartPoleVecEnv
from operant.envs._animation import Animation, played
from operant.policies import Linear

#: Generations of the cross-entropy method, from 1; 0 is a random policy.
GENERATIONS = (0, 1, 2, 15)
SECONDS = 5
GIF_FRAMES_PER_SECOND = 25


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


def shown() -> Iterator[np.ndarray]:
    """Iterate over the frames of the picture."""
    learned = means()
    weights = np.stack([learned[generation] for generation in GENERATIONS])
    env = CartPoleVecEnv(100 * len(GENERATIONS))
    returns = env.evaluate(Linear(weights), seed=10_000).returns.reshape(len(GENERATIONS), 100).mean(axis=1)
    names = [f"generation {generation}" if generation else "random" for generation in GENERATIONS]
    captions = [f"{name}: {mean:.0f} steps" for name, mean in zip(names, returns, strict=True)]
    pace = env.metadata["render_fps"]
    drawn = played(env, Linear(weights), "rgb_array", 7, len(GENERATIONS))
    for one in islice(drawn, 0, round(SECONDS * pace), pace // GIF_FRAMES_PER_SECOND):
        yield sheet(one.render(), captions)


def main() -> None:
    """Write the picture."""
    os.environ["SDL_VIDEODRIVER"] = "dummy"  # no window is needed
    path = Path(__file__).parents[1] / "docs" / "images" / "cartpole.gif"
    animation = Animation(shown(), GIF_FRAMES_PER_SECOND)
    animation.save(path)
    print(f"{path.name}: {animation}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
