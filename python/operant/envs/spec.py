"""Gymnasium's specification of an environment that was constructed without `gymnasium.make_vec`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AutoresetMode

from operant.registration import id_of

if TYPE_CHECKING:
    from operant.envs.vector_env import SimdVectorEnv


def spec_of(env: SimdVectorEnv[Any]) -> EnvSpec | None:
    """Make the specification from which `gymnasium.make_vec` makes the same environment; None without an id."""
    registered = gym.registry.get(id_of(type(env)) or "")
    if registered is None:
        return None
    kwargs = {
        one.name: env._plain(one.name)
        for one in env._known.values()
        if (env._numbers[..., one.first : one.first + one.size] != one.default).any()
    }
    if env.max_episode_steps != -1 or env._environment.max_episode_steps < 2**31 - 1:
        kwargs["max_episode_steps"] = env.max_episode_steps
    others = {
        "workers": (env.workers, 1),
        "autoreset_mode": (env.autoreset_mode.value, AutoresetMode.NEXT_STEP.value),
        "render_mode": (env.render_mode, None),
        "dtype": (env.dtype.name, "float32"),
        "record_episode_statistics": (env.record_episode_statistics, False),
        "num_envs": (env.num_envs, 1),
    }
    kwargs |= {name: value for name, (value, default) in others.items() if value != default}
    limit = None if env.max_episode_steps == -1 else env.max_episode_steps
    return replace(registered, max_episode_steps=limit, kwargs=kwargs | {"vectorization_mode": "vector_entry_point"})


def with_values(spec: EnvSpec | None, env: SimdVectorEnv[Any], names: Iterable[str]) -> EnvSpec | None:
    """Return the specification with the present values of these parameters."""
    return None if spec is None else replace(spec, kwargs=spec.kwargs | {name: env._plain(name) for name in names})
