"""Measure the difference between float32 and float64, which equals Gymnasium bit for bit (the tests check this).

The script makes a float32 run of a million steps with random actions, and repeats each step in float64 from the same
state. It prints the largest difference, relative to max(1, |value|), and the number of terminations that differ.

    python bench/agreement.py
"""

from __future__ import annotations

import gymnasium as gym
import numpy as np

from operant.registration import REGISTRATIONS

NUM_ENVS, CALLS = 4096, 256


def agreement(env_id: str) -> tuple[float, float, int]:
    """Return the largest error of observations and of rewards, and the number of different terminations."""
    fast = gym.make_vec(env_id, num_envs=NUM_ENVS)
    exact = gym.make_vec(env_id, num_envs=NUM_ENVS, dtype=np.float64, max_episode_steps=-1)
    fast.reset(seed=0)
    fast.action_space.seed(0)
    ended = np.zeros(NUM_ENVS, bool)
    worst, different = [0.0, 0.0], 0
    for _ in range(CALLS):
        actions = fast.action_space.sample()
        exact.reset(seed=0)
        exact.set_state(fast.state)
        actual, expected = fast.step(actions), exact.step(actions)
        for k in range(2):
            error = np.abs(actual[k] - expected[k]) / np.maximum(1, np.abs(expected[k]))
            worst[k] = max(worst[k], float(error[~ended].max(initial=0.0)))
        different += np.count_nonzero((actual[2] != expected[2])[~ended])
        ended = actual[2] | actual[3]
    return worst[0], worst[1], different


def main() -> None:
    """Print a table in Markdown."""
    print("| environment | observations | rewards | terminations that differ |")
    print("|---|---|---|---|")
    for registration in REGISTRATIONS:
        if not isinstance(gym.make(registration.id).observation_space, gym.spaces.Box):
            continue  # integer observations do not depend on the precision
        observations, rewards, different = agreement(registration.id)
        print(f"| {registration.id} | {observations:.1e} | {rewards:.1e} | {different} of {NUM_ENVS * CALLS:,} |")


if __name__ == "__main__":
    main()
