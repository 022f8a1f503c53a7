"""`operant envs`: the table of environments."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from typing import Any


def add_parser(commands: Any) -> None:
    """Add `envs` to the subcommands."""
    parser = commands.add_parser(
        "envs",
        help="list the environments",
        description="Lists the environments: actions (a number of discrete ones, or the bounds of a continuous one), "
        "length of an observation, steps after which an episode is truncated, and physical parameters.",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    try:
        from operant import envs
    except ImportError as error:
        print(f"operant envs: {error}", file=sys.stderr)
        return 2
    from gymnasium.spaces import Discrete

    from operant.registration import REGISTRATIONS

    rows = [("environment", "class", "actions", "observation", "limit", "parameters")]
    for registration in REGISTRATIONS:
        env = getattr(envs, registration.vector_env)(1, **dict(registration.kwargs))
        actions = env.single_action_space
        rows.append(
            (
                registration.id,
                registration.vector_env,
                str(actions.n) if isinstance(actions, Discrete) else f"{actions.low[0]:g} to {actions.high[0]:g}",
                str(env.observation_size),
                "none" if registration.max_episode_steps is None else str(registration.max_episode_steps),
                ", ".join(env.parameters),
            )
        )
        env.close()
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    indent = sum(widths) + 2 * len(widths)
    room = max(shutil.get_terminal_size().columns - indent, 30)
    for *cells, parameters in rows:
        first, *others = textwrap.wrap(parameters, room)
        print("".join(f"{cell:{width}}  " for cell, width in zip(cells, widths, strict=True)) + first)
        for line in others:
            print(" " * indent + line)
    return 0
