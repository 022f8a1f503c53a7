"""Finds the environment that a caller of an adapter asks for."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from operant._checks import shown
from operant.envs import SimdVectorEnv


def is_class(value: Any) -> bool:
    """Return True if the value is a class of Operant's environments."""
    return isinstance(value, type) and issubclass(value, SimdVectorEnv)


def operant_id(argument: str, env_id: str) -> str:
    """Return the id of Operant's version of one of Gymnasium's environments, or the id of a user's Operant environment.

    Args:
        argument: The name of the argument in messages.
        env_id: An id, with or without `operant/`.

    Raises:
        ValueError: Operant does not have this environment.
        gymnasium.error.Error: There is no such id.
    """
    if f"operant/{env_id}" in gym.registry:
        return f"operant/{env_id}"
    entry = gym.spec(env_id).vector_entry_point
    env_class = gym.envs.registration.load_env_creator(entry) if isinstance(entry, str) else entry
    if not is_class(env_class):
        raise ValueError(f"{argument}: expected an environment that Operant has, got {shown(env_id)}")
    return env_id
