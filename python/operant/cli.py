"""The command line: `python -m operant` or `operant`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import operant
from operant.commands import bench, envs, info, plot


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="operant", description="Gymnasium's classic control environments, one SIMD lane each."
    )
    parser.add_argument("--version", action="version", version=f"operant {operant.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for command in (bench, info, envs, plot):
        command.add_parser(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    return run(options)
