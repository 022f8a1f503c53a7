"""Which environment an adapter is asked for."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from operant._checks import shown
from operant.envs import SimdVectorEnv


def is_class(value: Any) -> bool:
    """Whether it is a class of environments of Operant."""
    return isinstance(value, type) and issubclass(value, SimdVectorEnv)


def our_id(argument: str, env_id: str) -> str:
    """The id of Operant's environment that follows Gymnasium's of this id, or the id of one of the user's own.

    Args:
        argument: Its name in messages.
        env_id: An id, with or without `operant/`.

    Raises:
        ValueError: It is the id of an environment that Operant does not have.
        gymnasium.error.Error: There is no such id.
    """
    if f"operant/{env_id}" in gym.registry:
        return f"operant/{env_id}"
    entry = gym.spec(env_id).vector_entry_point
    env_class = gym.envs.registration.load_env_creator(entry) if isinstance(entry, str) else entry
    if not is_class(env_class):
        raise ValueError(f"{argument}: expected an environment that Operant has, got {shown(env_id)}")
    return env_id
