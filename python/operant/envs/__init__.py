"""The environments, as `gymnasium.vector.VectorEnv`."""

from __future__ import annotations

import os
from pathlib import Path

from operant._checks import path as checked_path
from operant._checks import positive_integer
from operant._core import most_workers
from operant.envs import _saving
from operant.envs.acrobot import AcrobotVecEnv
from operant.envs.cartpole import CartPoleVecEnv
from operant.envs.mountain_car import MountainCarVecEnv
from operant.envs.mountain_car_continuous import MountainCarContinuousVecEnv
from operant.envs.pendulum import PendulumVecEnv
from operant.envs.vector_env import SimdVectorEnv

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
        TypeError: The path is none, or `workers` is no integer.
        OSError: The file cannot be read.
        ValueError: It is no such file, of another version, truncated or altered; or `workers` is out of range.
    """
    name = checked_path("path", path)
    positive_integer("workers", workers, most_workers)
    try:
        described, core = _saving.unpack(Path(name).read_bytes())
        env_class = {one.__name__: one for one in _CLASSES}[described["class"]]
        env = env_class(workers=workers, **described["arguments"])
        env._load(described, core)
    except (ValueError, KeyError, TypeError) as damage:
        raise ValueError(f"{name} is not a saved environment: {damage}") from damage
    return env
