"""The command line: `python -m operant` or `operant`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import operant
from operant.cli import bench, check, envs, info, plot, train, watch
from operant.registration import REGISTRATIONS


class _Parser(argparse.ArgumentParser):
    """A parser that raises an exception if it cannot print its help; argparse ignores the error."""

    def _print_message(self, message: str, file: Any = None) -> None:
        if file is None or file is not sys.stdout:
            super()._print_message(message, file)
        else:
            file.write(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="operant", description="Gymnasium's environments, thousands at a time, with SIMD.")
    parser.add_argument("-V", "--version", action="version", version=f"operant {operant.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    for command in (bench, check, info, envs, train, watch, plot):
        command.add_parser(commands)
    return parser


def _completions(prefix: str, action: argparse.Action, **others: Any) -> Iterable[str]:
    """Complete environments, and files elsewhere."""
    from argcomplete.completers import FilesCompleter

    if action.dest == "env":
        ids = [registration.id for registration in REGISTRATIONS]
        return ids if "/" in prefix else [one.removeprefix("operant/") for one in ids]
    completed: Iterable[str] = FilesCompleter()(prefix, action=action, **others)
    return completed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    The code is 0 on success, 1 if `operant check` found errors, and 2 after any other error, with an explanation on the
    standard error. As in shells, it is 130 after Ctrl-C, and 141 if the reader of the output stops early, as in
    `operant envs | head -1`.
    """
    name = "operant"
    try:
        parser = _parser()
        try:
            if "_ARGCOMPLETE" in os.environ:  # the shell asks for completions
                import argcomplete

                completer: Any = _completions  # argcomplete's type is a class, but it calls any function
                argcomplete.autocomplete(parser, default_completer=completer)  # and ends the process
            options = parser.parse_args(arguments)
        except SystemExit as end:  # after the help, the version or an error message
            code = int(end.code or 0)
        else:
            if options.command is None:
                parser.print_help()
                code = 0
            else:
                name = f"operant {options.command}"
                run: Callable[[argparse.Namespace], int] = options.run
                code = run(options)
        _flush(sys.stdout)
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = 141
    except (OSError, MemoryError, ValueError, ImportError) as error:
        if sys.stderr is not None:
            with suppress(OSError, ValueError):
                print(f"{name}: {str(error) or 'out of memory'}", file=sys.stderr)
        code = 2
    for stream in (sys.stdout, sys.stderr):
        _flush_at_last(stream)
    return code


def _flush(stream: Any) -> None:
    if hasattr(stream, "flush"):  # windowed programs have no streams, and those of notebooks may have no buffer
        stream.flush()


def _flush_at_last(stream: Any) -> None:
    """Write the rest of the output, or drop it: Python would try again at exit, and print an error."""
    with suppress(ValueError, AttributeError):  # the stream is closed, or is not a file
        try:
            _flush(stream)
        except OSError:  # a closed pipe or a full disk
            with open(os.devnull, "wb") as nothing, suppress(OSError):
                os.dup2(nothing.fileno(), stream.fileno())
