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
    parser.add_argument("-V", "--version", action="version", version=f"operant {operant.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    for command in (bench, info, envs, plot):
        command.add_parser(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    It is 0; 2 after an error, which is explained; and as shells have it, 130 after Ctrl-C and 141 if nothing reads the
    output to its end, as in `operant envs | head -1`.
    """
    name = "operant"
    try:
        parser = _parser()
        try:
            options = parser.parse_args(arguments)
        except SystemExit as end:  # the help, the version or a mistake has been shown
            code = int(end.code or 0)
        else:
            if options.command is None:
                parser.print_help()
                code = 0
            else:
                name = f"operant {options.command}"
                run: Callable[[argparse.Namespace], int] = options.run
                code = run(options)
        _flush()
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = 141
    except (OSError, MemoryError) as error:
        print(f"{name}: {error or 'out of memory'}", file=sys.stderr)
        code = 2
    try:
        _flush()
    except OSError:  # a closed pipe or a full disk; without this, Python would try again at exit, and print an error
        with suppress(OSError), open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), sys.stdout.fileno())
    return code


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()
