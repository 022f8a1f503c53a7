"""Compare BipedalWalker with environments of Gymnasium that are made anew for every episode, for as long as you like.

    .venv/bin/python scripts/compare_bipedal_walker.py 600            # seconds
    .venv/bin/python scripts/compare_bipedal_walker.py 600 5000 64    # first seed; episodes of each policy at a time

Every policy of tests/python/helpers/fresh_walkers.py plays both versions. Observations, rewards, terminations and the
states of all bodies are compared in every bit. The script ends with status 1 at the first difference. Then it shows how
often an environment of Gymnasium that has been used before plays another episode than a fresh one.
"""

import copy
import sys
import time
from pathlib import Path

import numpy as np
from gymnasium.envs.box2d.bipedal_walker import BipedalWalker

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "python" / "helpers"))

from fresh_walkers import POLICIES, Gait, Walkers


def compare(seconds: float, seed: int, num_envs: int) -> None:
    """Step until the time is over."""
    totals = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for policy in POLICIES:
            for hardcore in (False, True):
                beyond = 400 if policy.startswith(("thrown", "extreme", "constant")) else 20
                walkers = Walkers(policy, num_envs, seed, hardcore, beyond)
                while walkers.episodes < num_envs and time.monotonic() < end:
                    walkers.step()
                total = totals.setdefault((policy, hardcore), np.zeros(3, int))
                total += [walkers.steps, walkers.episodes, walkers.arrivals]
        seed += num_envs
    print("steps, episodes, arrivals at the end of the track:")
    for (policy, hardcore), total in totals.items():
        print(f"{policy}{' hardcore' if hardcore else ''}: {', '.join(map(str, total))}")
    print(f"all: {', '.join(map(str, sum(totals.values())))}; nothing differs")


def play(env: BipedalWalker) -> bytes:
    """Return the observations of an episode of the gait."""
    gait, rng, observation = Gait(), np.random.default_rng(0), env.reset()[0]
    observations = [observation]
    for t in range(300):
        observation, _, terminated, _, _ = env.step(gait(rng, observation, t))
        observations.append(observation)
        if terminated:
            break
    return np.array(observations).tobytes()


def show_history(hardcore: bool, episodes: int = 25) -> None:
    """Play the same episodes in one environment of Gymnasium, and in fresh ones."""
    used = BipedalWalker(hardcore=hardcore)
    used.reset(seed=0)
    differ = 0
    for _ in range(episodes):
        fresh = BipedalWalker(hardcore=hardcore)
        fresh.np_random = copy.deepcopy(used.np_random)
        differ += play(used) != play(fresh)
    name = "BipedalWalkerHardcore" if hardcore else "BipedalWalker"
    print(
        f"{name}: {differ} of {episodes} episodes in a used environment of Gymnasium differ from those in a fresh one"
    )


if __name__ == "__main__":
    given = dict(enumerate(sys.argv))
    compare(float(given.get(1, 60)), int(given.get(2, 0)), int(given.get(3, 16)))
    for one in (False, True):
        show_history(one)
