"""`operant envs`: lists the environments."""

from __future__ import annotations

import argparse
import json
import shutil
import textwrap
from typing import Any

from operant.registration import REGISTRATIONS


def add_parser(commands: Any) -> None:
    """Add `envs` to the subcommands."""
    parser = commands.add_parser(
        "envs",
        help="list the environments",
        description="Lists the environments: the number of discrete actions or the bounds of a continuous one, the "
        "length of an observation, the time limit of an episode in steps, the class and its parameters.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, with the defaults of the parameters")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    described = _descriptions()
    if options.json:
        print(json.dumps(described, indent=2))
        return 0
    rows = [("environment", "actions", "observation", "limit")]
    for one in described:
        actions = one["actions"] if isinstance(one["actions"], int) else "{:g} to {:g}".format(*one["actions"])
        limit = "none" if one["max_episode_steps"] is None else one["max_episode_steps"]
        rows.append((one["id"], str(actions), str(one["observation_size"]), str(limit)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    print(lines[0])
    for line, one in zip(lines[1:], described, strict=True):
        parameters = f"{one['class']}: {', '.join(one['parameters'])}"
        wrapped = textwrap.wrap(parameters, max(shutil.get_terminal_size().columns - 4, 30))
        print(line, *(f"    {part}" for part in wrapped), sep="\n")
    return 0


def _descriptions() -> list[dict[str, Any]]:
    from gymnasium.spaces import Discrete

    from operant import envs

    described = []
    for registration in REGISTRATIONS:
        env = getattr(envs, registration.vector_env)(1, **dict(registration.kwargs))
        space: Any = env.single_action_space
        actions = int(space.n) if isinstance(space, Discrete) else [float(space.low[0]), float(space.high[0])]
        described.append(
            {
                "id": registration.id,
                "class": registration.vector_env,
                "actions": actions,
                "observation_size": env.observation_size,
                "max_episode_steps": registration.max_episode_steps,
                "parameters": dict(env.parameters),
            }
        )
        env.close()
    return described
