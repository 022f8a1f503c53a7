"""Attributes of the copies by name, as `gymnasium.vector.SyncVectorEnv` has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from operant._checks import shown
from operant.envs import _arguments, _parameters

if TYPE_CHECKING:
    from operant.envs.vector_env import SimdVectorEnv

#: What all copies have in common: their attribute, and that of the vector environment.
_COMMON = {
    "observation_space": "single_observation_space",
    "action_space": "single_action_space",
    "dtype": "dtype",
    "gymnasium_id": "gymnasium_id",
    "max_episode_steps": "max_episode_steps",
    "metadata": "metadata",
    "render_mode": "render_mode",
    "spec": "spec",
}

#: What differs from copy to copy: a row each of the vector environment's attribute of the name.
_OWN = ("np_random", "np_random_seed", "state")


def get(env: SimdVectorEnv[Any], name: str) -> tuple[Any, ...]:
    """What `SimdVectorEnv.get_attr` documents."""
    if name in env._known:
        return _parameters.values_of_each(env._known[name], env._numbers, env.num_envs)
    if name in env._derived:
        value = getattr(env, name)
        return tuple(value.tolist()) if isinstance(value, np.ndarray) else (value,) * env.num_envs
    if name in _OWN:
        return tuple(getattr(env, name))
    if name in _COMMON:
        return (getattr(env, _COMMON[name]),) * env.num_envs
    names = (*env._known, *env._derived, *_OWN, *_COMMON)
    raise AttributeError(
        f"copies of {type(env).__name__} have no attribute {shown(name)}{_parameters.suggestion(name, names)} "
        f"They have {', '.join(names)}"
    )


def call(env: SimdVectorEnv[Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """What `SimdVectorEnv.call` documents."""
    if name != "render":
        return get(env, name)
    frames = env.render(*args, **kwargs)
    return (None,) * env.num_envs if frames is None else tuple(frames)


def set(env: SimdVectorEnv[Any], name: str, values: Any) -> None:
    """What `SimdVectorEnv.set_attr` documents."""
    if name in env._known:
        if isinstance(values, (list, tuple)):
            values = _parameters.ValueOfEach(values)
        env.set_parameters(**{name: values})
    elif name == "state":
        state = _arguments.as_array("state", values)
        shape = (env.num_envs, len(env.state_names))
        env.set_state(np.broadcast_to(state, shape) if state.shape == shape[1:] else state)
    else:
        raise AttributeError(why_not(env, name))


def why_not(env: SimdVectorEnv[Any], name: str) -> str:
    """For a message: why an attribute of copies cannot be set."""
    if name in env._derived:
        return f"{name}: cannot be set, it follows from {env._derived[name]}"
    if name in _COMMON or name in _OWN:
        return f"{name}: cannot be changed once the environment is made"
    names = (*env._known, "state")
    return (
        f"copies of {type(env).__name__} have no attribute {shown(name)} that can be set"
        f"{_parameters.suggestion(name, names)} Those that can are {', '.join(names)}"
    )
