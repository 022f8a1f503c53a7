"""Docstrings for the classes that `operant.load` makes."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from operant._core import EnvironmentDescription
from operant.envs import parameters as _parameters, spaces as _spaces


def documentation(environment: EnvironmentDescription) -> str:
    """Describe an environment in the form of the docstrings of the built-in classes."""
    known = _parameters.known(environment)
    defaults = np.array([number for one in known.values() for number in one.default], np.float64)
    made = _spaces.spaces_of(environment, environment.check_parameters(defaults), 1)
    action, observation = made["single_action_space"], made["single_observation_space"]
    limit = environment.max_episode_steps
    episodes = [f"- Truncation: {f'after {limit} steps' if limit < 2**31 - 1 else 'never'}."]
    if environment.reset_bounds:
        options = _parameters.listed([f"`{name}` ({value:g})" for name, value in environment.reset_bounds.items()])
        episodes.insert(0, f"- Start: `reset(options={{...}})` takes {options}.")
    sections = [
        f"A vector environment of `{environment.name}`.",
        f"## Actions\n\n{_shown(action)}, one for each env.",
        f"## Observations\n\n{_shown(observation)}, one for each env.",
        f"## State\n\n{_parameters.listed([f'`{name}`' for name in environment.state_names])}.",
        "## Episodes\n\n" + "\n".join(episodes),
    ]
    if known:
        sections.append(f"## Parameters\n\n{_parameters.table(known.values())}")
    infos = [f"`{name}` ({dtype}{f', shape {shape}' if shape else ''})" for name, dtype, shape in environment.infos]
    if infos:
        sections.append(f"## Infos\n\n{', '.join(infos)}.")
    return "\n\n".join(sections) + "\n"


def _shown(space: spaces.Space[Any]) -> str:
    if not isinstance(space, spaces.Box) or space.dtype != np.float32 or len(space.shape) > 1:
        return f"`{space}`"
    bounds = [f"[{low:g}, {high:g}]" for low, high in zip(space.low, space.high, strict=True)]
    within = (
        f"each within {bounds[0]}" if len(set(bounds)) == 1 < len(bounds) else f"within {_parameters.listed(bounds)}"
    )
    return f"`Box`, shape `{space.shape}`, float32, {within}"
