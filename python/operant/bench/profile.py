"""Where a step's time goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

from operant.bench.contenders import environment_class
from operant.bench.measurement import make_stepper

#: The parts of a step: Python's call and its results, the check of the actions, the kernel, and new episodes.
PARTS = ("call", "check", "kernel", "reset")


@dataclass
class Profile:
    """Seconds that each part of a step takes, in each round, with one worker."""

    environment: str
    num_envs: int
    parts: dict[str, list[float]] = field(default_factory=lambda: {part: [] for part in PARTS})
    step: list[float] = field(default_factory=list)

    def share(self, part: str) -> float:
        """The part of the median step, from 0 to 1."""
        return median(self.parts[part]) / median(self.step)


def profile(environment: str, num_envs: int, dtype: str, rounds: int, seconds: float) -> Profile:
    """Measure whole steps from outside and their parts inside, in turn.

    Check, kernel and reset are timed in the core, `call` is what is left of a whole step. The clock is read between the
    kernel and the resets of every block of copies, so with few copies the parts are somewhat too long and `call` too
    short.
    """
    env_class = environment_class(environment)
    stepper = make_stepper(lambda: env_class(num_envs, dtype=dtype), num_envs, seconds / 2)
    env: Any = stepper.env  # whose core has what is measured here
    result = Profile(environment, num_envs)
    for _ in range(rounds):
        whole = stepper.seconds_per_call()
        inside = np.zeros(3)
        for _ in range(stepper.calls):
            inside += env._core.profile(next(stepper.actions))
        check, kernel, reset = inside / stepper.calls
        result.step.append(whole)
        for part, value in zip(PARTS, (whole - check - kernel - reset, check, kernel, reset), strict=True):
            result.parts[part].append(float(value))
    env.close()
    return result
