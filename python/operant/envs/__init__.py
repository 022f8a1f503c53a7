"""The environments, as `gymnasium.vector.VectorEnv`."""

from __future__ import annotations

import json
import os
from pathlib import Path

from operant.envs.acrobot import AcrobotVecEnv
from operant.envs.cartpole import CartPoleVecEnv
from operant.envs.mountain_car import MountainCarVecEnv
from operant.envs.mountain_car_continuous import MountainCarContinuousVecEnv
from operant.envs.pendulum import PendulumVecEnv
from operant.envs.vector_env import SimdVectorEnv
from operant.registration import register_envs

_CLASSES = (CartPoleVecEnv, MountainCarVecEnv, MountainCarContinuousVecEnv, PendulumVecEnv, AcrobotVecEnv)

__all__ = [
    "AcrobotVecEnv",
    "CartPoleVecEnv",
    "MountainCarContinuousVecEnv",
    "MountainCarVecEnv",
    "PendulumVecEnv",
    "SimdVectorEnv",
    "load",
]


def load(path: str | os.PathLike[str], workers: int = 1) -> SimdVectorEnv:
    """Make the environment that `SimdVectorEnv.save` has written to a file; it continues bit for bit.

    Args:
        path: The file.
        workers: Threads that step the copies; the results do not depend on it.

    Returns:
        An environment of the class that was saved, with the same arguments, but without a render mode.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no such file, or damaged.
    """
    header, _, saved = Path(path).read_bytes().partition(b"\n")
    try:
        described = json.loads(header)
        env_class = {one.__name__: one for one in _CLASSES}[described["class"]]
        env = env_class(workers=workers, **described["arguments"])
        env._core.load(saved)
    except (ValueError, KeyError, TypeError) as damage:
        raise ValueError(f"{os.fspath(path)} is not a saved environment: {damage}") from damage
    return env


register_envs()
