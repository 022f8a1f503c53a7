"""The docstring of a class that is made of a header."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from operant._core import Environment
from operant.envs import _parameters, _spaces


def documentation(environment: Environment) -> str:
    """What the description of an environment says, in the form that the built-in classes have."""
    known = _parameters.known(environment)
    defaults = np.array([number for one in known.values() for number in one.default], np.float64)
    described = environment.spaces(defaults)
    action, _ = _spaces.single_and_batched(described["action"], 1)
    observation, _ = _spaces.single_and_batched(described["observation"], 1)
    limit = environment.max_episode_steps
    episodes = [f"- Truncation: {f'after {limit} steps' if limit < 2**31 - 1 else 'never'}."]
    if environment.reset_bounds:
        options = ", ".join(f"`{name}` ({value:g})" for name, value in environment.reset_bounds.items())
        episodes.insert(0, f"- Start: `reset(options={{...}})` takes {options}.")
    sections = [
        f"Copies of `{environment.name}`.",
        f"## Actions\n\n{_shown(action)}, one for each copy.",
        f"## Observations\n\n{_shown(observation)}, one for each copy.",
        "## State\n\n" + ", ".join(f"`{name}`" for name in environment.state_names) + ".",
        "## Episodes\n\n" + "\n".join(episodes),
    ]
    if known:
        rows = [f"| `{one.name}` | {_default(one)} | {_meaning(one)} |" for one in known.values()]
        sections.append("\n".join(["## Parameters\n", "| parameter | default | meaning |", "|---|---|---|", *rows]))
    infos = [f"`{name}` ({dtype}{f', {width} numbers' if width else ''})" for name, dtype, width in environment.infos]
    if infos:
        sections.append(f"## Infos\n\n{', '.join(infos)}.")
    return "\n\n".join(sections) + "\n"


def _shown(space: spaces.Space[Any]) -> str:
    if not isinstance(space, spaces.Box):
        return f"`{space}`"
    bounds = [f"[{low:g}, {high:g}]" for low, high in zip(space.low, space.high, strict=True)]
    return f"`Box`, shape `{space.shape}`, float32, within {', '.join(bounds)}"


def _default(parameter: _parameters.Parameter) -> str:
    value = parameter.value(np.array(parameter.default))
    if parameter.kind == "grid":
        return f"{len(value)} by {len(value[0])} characters"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _meaning(parameter: _parameters.Parameter) -> str:
    others = f"one of {', '.join(parameter.choices)}" if parameter.choices else ""
    return "; ".join(filter(None, [parameter.documentation, others]))
