"""Gymnasium's classic control environments, thousands at a time, one SIMD lane each.

>>> import gymnasium as gym
>>> env = gym.make_vec("operant/CartPole-v1", num_envs=4096)

The environments are in `operant.envs`; `operant.simd` tells which instruction set they run on.
"""

from importlib import import_module
from typing import Any

__version__ = "0.2.0"

# Imported at first use: `operant._plugin` runs in every process, and must not make it import Gymnasium.
_SUBMODULES = ("envs", "registration", "simd")
_FUNCTIONS = ("get_cmake_dir", "get_include")

__all__ = ["__version__", *_SUBMODULES, *_FUNCTIONS]


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return import_module(f"operant.{name}")
    if name in _FUNCTIONS:
        return getattr(import_module("operant._paths"), name)
    raise AttributeError(f"module 'operant' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
