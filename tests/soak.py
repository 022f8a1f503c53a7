"""Checks memory, counters and accuracy in runs of minutes, and prints a table; `make soak`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "python" / "helpers"))

import numpy as np
from long_runs import counts, growth_while_stepping, memory_of_kept_frames, pendulum_errors

from operant.registration import REGISTRATIONS

TORQUES = [-2.0, -1.5, -1.0, -0.5, -0.1, 0.0, 0.1, 0.5, 1.0, 1.5, 2.0]
WITH_EVERYTHING = {"autoreset_mode": "SameStep", "record_episode_statistics": True, "workers": 2}


class Table:
    """A table with a row for each measurement and its limit, printed at once."""

    def __init__(self):
        self.failed = False
        self.began = time.perf_counter()

    def add(self, tried, measured, allowed=None, ok=True):
        now = time.perf_counter()
        verdict = "" if allowed is None else "ok" if ok else "FAILED"
        print(f"{tried:<66} {measured:>24} {allowed or '-':>16} {now - self.began:7.1f} s  {verdict}", flush=True)
        self.failed |= not ok
        self.began = now


def main():
    """Make all measurements, and return the exit status."""
    table = Table()
    for registration in REGISTRATIONS[1:]:  # CartPole-v0 is CartPole-v1 with another limit
        steps = 12_000_000 if registration.id == "operant/CartPole-v1" else 2_000_000
        grown = growth_while_stepping(registration.id, steps)
        table.add(
            f"{registration.id}, {steps:,} steps dropped: growth", f"{grown:,} B", "< 1,000,000 B", grown < 1_000_000
        )
        grown = growth_while_stepping(registration.id, 1_000_000, **WITH_EVERYTHING)
        table.add("  the same, 1,000,000 with statistics", f"{grown:,} B", "< 1,000,000 B", grown < 1_000_000)

    for num_envs in (64, 1024, 4096):
        taken, more = memory_of_kept_frames(10_000, num_envs)
        table.add(
            f"10,000 frames of {num_envs} envs, {taken / 1e6:.0f} MB, kept, let go, kept again: more",
            f"{more / 1e6:.1f} MB",
            "< 5 MB",
            more < 5e6 < taken,
        )

    for name, run in (("2^32 steps", (65536, 66, 1000)), ("2^24 episodes", (4096, 4100, 1))):
        expected, counted = counts(*run)
        table.add(
            f"{expected[0]:,} episodes, {expected[1]:,} steps, past {name}: logs off by",
            "nothing" if counted == expected else str(counted),
            "nothing",
            counted == expected,
        )

    for dtype, restart_every, limit in ((np.float32, 1, 1e-6), (np.float64, 1000, 1e-5), (np.float32, 1000, None)):
        errors = pendulum_errors(TORQUES, 1_000_000, dtype, restart_every)
        tried = f"Pendulum, {dtype.__name__}, 1,000,000 steps: off after {restart_every} from a state"
        if limit is None:  # no limit, as a pendulum near the top amplifies every rounding
            for torque, error in zip(TORQUES, errors, strict=True):
                table.add(f"{tried}, torque {torque}", f"{error:.1e}")
        else:
            table.add(tried, f"{errors.max():.1e}", f"< {limit:.0e}", errors.max() < limit)
    return int(table.failed)


if __name__ == "__main__":
    raise SystemExit(main())
