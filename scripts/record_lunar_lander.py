"""Record runs of Gymnasium's LunarLander with Box2D. tests/cpp/test_recorded_runs.cpp repeats them without Box2D.

    .venv/bin/python scripts/record_lunar_lander.py     # writes tests/cpp/lunar_lander_runs.inc

Each run has a seed, options, a policy and a number of steps, and a hash of the bits of all results of a step:
positions, angles, velocities and sleep of the three bodies, observations, rewards and terminations. Runs continue after
the end of episodes. Some policies also set velocities: bodies then hit the ground much faster than engines could drive
them. The test has the same policies.
"""

import struct
from pathlib import Path

import numpy as np
from gymnasium.envs.box2d.lunar_lander import LunarLander, heuristic

OUTPUT = Path(__file__).parents[1] / "tests" / "cpp" / "lunar_lander_runs.inc"

POLICIES = ("random", "heuristic", "nothing", "main", "mixed", "shove", "kicks", "dive", "wake", "tumble")
MASK = 2**64 - 1


class Numbers:
    """A linear congruential generator, D. Knuth's MMIX. The test has the same one."""

    def __init__(self, seed):
        """Begin with a seed."""
        self.state = seed

    def below(self, count):
        """Return the next integer from 0 to count - 1."""
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & MASK
        return (self.state >> 33) % count


def choose(env, policy, t, s, numbers):
    """Return the action: throttles if the environment is continuous."""
    throttles = [(numbers.below(1025) - 512) / 512 for _ in range(2)]
    action = numbers.below(4)
    chance = numbers.below(10)
    is_random = policy == "random" or (policy in ("mixed", "dive") and chance < 3)
    if is_random or (policy == "shove" and t % 100 >= 60):
        chosen = throttles if env.continuous else action
    elif policy in ("heuristic", "mixed", "shove", "kicks") or (policy == "wake" and t % 250 < 230):
        chosen = heuristic(env, [float(x) for x in s])  # with Python's floats, it computes in double
    elif policy == "main" or (policy == "wake" and t % 250 < 240):
        chosen = (1.0, 0.0) if env.continuous else 2
    elif policy == "wake":
        chosen = (0.0, 1.0) if env.continuous else 3
    else:
        chosen = (0.0, 0.0) if env.continuous else 0
    return np.array(chosen, np.float32) if env.continuous else chosen


def kick(policy, t, numbers):
    """Return a body and its new velocity, or None."""
    body = numbers.below(3)
    x, y, w = (numbers.below(129) - 64 for _ in range(3))
    if policy == "kicks" and t % 60 == 59:
        return body, (x / 4, y / 4, w / 4)
    if policy == "dive" and t % 30 == 29:
        return body, (x / 2, -abs(y) * 2.0, w / 8)
    if policy == "tumble" and t % 40 == 39:
        return body, (x * 2.0, y * 2.0, w * 2.0)
    return None


def bits(number):
    """Return the bits of a float32."""
    return struct.unpack("<I", struct.pack("<f", number))[0]


def hashed(result, bodies, s, reward, terminated):
    """Return the FNV-1a hash that follows `result`, with the bits of a step."""
    words = []
    for body in bodies:
        position, velocity = body.position, body.linearVelocity
        words += map(bits, (position[0], position[1], body.angle, velocity[0], velocity[1], body.angularVelocity))
        words.append(int(body.awake))
    words += map(bits, s)
    words += struct.unpack("<II", struct.pack("<d", float(reward)))
    words.append(int(terminated))
    for word in words:
        result = ((result ^ word) * 1099511628211) & MASK
    return result


def run(seed, continuous, gravity, wind, policy, steps):
    """Return the hash of a run, and statistics of its events."""
    env = LunarLander(
        continuous=continuous,
        gravity=gravity,
        enable_wind=wind > 0,
        wind_power=15.0 * wind,
        turbulence_power=1.5 * wind,
    )
    s, _ = env.reset(seed=seed)
    numbers = Numbers(seed)
    result = 14695981039346656037
    terminations = touching = 0
    for t in range(steps):
        action = choose(env, policy, t, s, numbers)
        pushed = kick(policy, t, numbers)
        bodies = (env.lander, *env.legs)
        if pushed is not None:
            bodies[pushed[0]].linearVelocity = pushed[1][:2]
            bodies[pushed[0]].angularVelocity = pushed[1][2]
        s, reward, terminated, _, _ = env.step(action)
        result = hashed(result, bodies, s, reward, terminated)
        terminations += terminated
        touching += any(leg.ground_contact for leg in env.legs)
    return result, terminations, touching


# Runs that find faults which the others miss (scripts/mutate_rigid_body.py): simultaneous impacts, impacts that do not
# happen after all, more than three impacts of a contact in a step, contact with the floor below the terrain, and deep
# overlaps.
RARE = (
    (1001, "kicks", False, -10.0, 0.0),
    (1032, "dive", False, -11.5, 1.0),
    (1077, "dive", False, -3.0, 0.0),
    (1142, "dive", False, -10.0, 0.0),
    (1101, "kicks", False, -10.0, 0.0),
    (1158, "tumble", False, -3.0, 0.0),
    (1278, "tumble", False, -3.0, 0.0),
)


def main():
    """Record all runs."""
    runs, seed = [], 0
    for policy in POLICIES:
        for continuous, gravity, wind, steps in (
            (False, -10.0, 0.0, 500),
            (False, -10.0, 0.0, 400),
            (True, -10.0, 0.0, 400),
            (False, -11.5, 1.0, 400),
            (True, -3.0, 1.25, 400),
            (False, -1.0, 0.0, 500),
        ):
            seed += 1
            runs.append((seed, policy, continuous, gravity, wind, steps))
    lines = []
    for seed, policy, continuous, gravity, wind, steps in (*runs, *((*rare, 400) for rare in RARE)):
        value, terminations, touching = run(seed, continuous, gravity, wind, policy, steps)
        flag = str(continuous).lower()
        lines.append(
            f"{{{seed}, {flag}, {gravity}, {wind}, {POLICIES.index(policy)}, {steps}, 0x{value:016x}}},"
            f"  // {policy}: {terminations} terminations, {touching} steps with a leg on the ground"
        )
    OUTPUT.write_text(
        "// Written by scripts/record_lunar_lander.py from Gymnasium and Box2D.\n" + "\n".join(lines) + "\n"
    )


if __name__ == "__main__":
    main()
