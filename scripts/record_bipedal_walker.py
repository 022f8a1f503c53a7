"""Record runs of Gymnasium's BipedalWalker with Box2D. tests/cpp/test_recorded_runs.cpp repeats them without Box2D.

    .venv/bin/python scripts/record_bipedal_walker.py     # writes tests/cpp/bipedal_walker_runs.inc

Each run has a seed, a version, a policy and a number of steps, and a hash of the bits of all results of a step:
positions, angles, velocities and sleep of the five bodies, observations, rewards and terminations. Runs continue after
the end of episodes. Each has its own environment. Some policies also set velocities: bodies then hit the ground fast,
fly along the track, or overlap it so far that the limit of a push counts (flung). The test has the same policies.
"""

from pathlib import Path

import numpy as np
from gymnasium.envs.box2d.bipedal_walker import BipedalWalker, BipedalWalkerHeuristics
from record_lunar_lander import Numbers, hashed

OUTPUT = Path(__file__).parents[1] / "tests" / "cpp" / "bipedal_walker_runs.inc"

POLICIES = ("random", "held", "extreme", "rest", "stand", "gait", "stumble", "thrown", "hurled", "flung")
STEPS = {"rest": 300, "stand": 300, "gait": 500, "stumble": 500, "thrown": 400, "hurled": 400, "flung": 100}


def choose(policy, t, s, gait, held, numbers):
    """Return the action, and keep it in `held`."""
    drawn = [(numbers.below(1331) - 665) / 512 for _ in range(4)]
    signs = [numbers.below(3) - 1.0 for _ in range(4)]
    chance = numbers.below(10)
    if policy in ("random", "held", "thrown", "hurled", "flung") and (policy == "random" or t % 8 == 0):
        held[:] = drawn
    if policy == "extreme" and t % 25 == 0:
        held[:] = signs
    if policy == "stand":
        held[:] = [0.0, 0.25, 0.0, 0.25]
    if policy in ("gait", "stumble"):
        # With Python's floats, the gait computes in double.
        held[:] = gait.step_heuristic([float(x) for x in s]) if t > 0 else [0.0] * 4
        if policy == "stumble" and chance == 0:
            held[:] = drawn
    return held


def throw(policy, t, numbers):
    """Return a body and its new velocity, or None."""
    body = numbers.below(5)
    x, y, w = (numbers.below(129) - 64 for _ in range(3))
    if policy == "thrown" and t % 30 == 29:
        return body, (x / 4, y / 8, w / 8)
    if policy == "hurled" and t % 40 == 39:
        return body, (abs(x) * 1.0, y * 1.0, w / 4)
    if policy == "flung" and t % 20 == 19:
        return body, (x * 2.0, y * 2.0, w * 1.0)
    return None


def run(seed, hardcore, policy, steps):
    """Return the hash of a run, and statistics of its events."""
    env = BipedalWalker(hardcore=hardcore)
    s, _ = env.reset(seed=seed)
    numbers, gait, held = Numbers(seed), BipedalWalkerHeuristics(), [0.0] * 4
    result = 14695981039346656037
    end = touching = asleep = 0
    for t in range(steps):
        action = np.array(choose(policy, t, s, gait, held, numbers), np.float32)
        thrown = throw(policy, t, numbers)
        bodies = (env.hull, *env.legs)
        if thrown is not None:
            bodies[thrown[0]].linearVelocity = thrown[1][:2]
            bodies[thrown[0]].angularVelocity = thrown[1][2]
        s, reward, terminated, _, _ = env.step(action)
        result = hashed(result, bodies, s, reward, terminated)
        end = end or (t if terminated else 0)
        touching += bool(s[8] or s[13])
        asleep += not env.hull.awake
    x = env.hull.position[0]
    return result, f"ends after {end} steps, {touching} with a leg on the ground, {asleep} asleep, {x:.0f} m"


def main():
    """Record all runs."""
    lines, seed = [], 0
    for policy in POLICIES:
        for hardcore in (False, True, False, True):
            seed += 1
            steps = STEPS.get(policy, 250)
            value, shown = run(seed, hardcore, policy, steps)
            flag = str(hardcore).lower()
            lines.append(
                f"{{{seed}, {flag}, {POLICIES.index(policy)}, {steps}, 0x{value:016x}}},  // {policy}: {shown}"
            )
    OUTPUT.write_text(
        "// Written by scripts/record_bipedal_walker.py from Gymnasium and Box2D.\n" + "\n".join(lines) + "\n"
    )


if __name__ == "__main__":
    main()
