"""The command line: `python -m operant` or `operant`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

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
    """Run the command line and return its exit code: 0; 2 after an error, which it explains; 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        code = run(options)
        _flush()
    except KeyboardInterrupt:
        code = 130
    except (OSError, MemoryError) as error:
        print(f"operant {options.command}: {error or 'out of memory'}", file=sys.stderr)
        code = 2
    try:
        _flush()
    except OSError:  # nobody reads it, or there is no space: without this, Python tries again at exit
        with suppress(OSError), open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), sys.stdout.fileno())
    return code


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()
