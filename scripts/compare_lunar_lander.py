"""Step LunarLander beside Gymnasium's with Box2D, in all modes and with all options, and compare every bit.

.venv/bin/python scripts/compare_lunar_lander.py 600          # for ten minutes
.venv/bin/python scripts/compare_lunar_lander.py 600 5000     # with other seeds, from this one on
"""

import itertools
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "python" / "helpers"))
import landers


def main(seconds, seed=0):
    """Compare until the time is over."""
    end = time.monotonic() + seconds
    steps = episodes = touching = after = 0
    first = seed
    while time.monotonic() < end:
        for continuous, wind in itertools.product((False, True), repeat=2):
            pair = landers.Landers(range(seed, seed + 48), continuous, wind)
            for _ in range(500):
                pair.step()
            steps += pair.steps
            episodes += pair.episodes
            touching += pair.touching
            after += landers.beyond(seed, 300, continuous)
            steps += 300
            seed += 48
    print(
        f"{steps} steps, {episodes} episodes, {touching} steps with a leg on the ground, {after} after the end: equal"
    )
    print(f"seeds {first} to {seed - 1}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
