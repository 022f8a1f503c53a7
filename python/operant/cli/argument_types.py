"""Types of command-line arguments for argparse. Each function returns the value or raises an explanation."""

from __future__ import annotations

import os
from argparse import Action, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any


def positive_integer(text: str) -> int:
    """Parse an integer from 1 up."""
    return _integer(text, 1, "a positive integer")


def not_negative_integer(text: str) -> int:
    """Parse an integer from 0 up."""
    return _integer(text, 0, "an integer from 0 up")


def _integer(text: str, lowest: int, expected: str) -> int:
    with suppress(ValueError):
        if (number := int(text)) >= lowest:
            return number
    raise ArgumentTypeError(f"expected {expected}, got {text}")


def duration(text: str) -> float:
    """Parse a number of seconds above 0, up to a day."""
    with suppress(ValueError):
        if 0 < (number := float(text)) <= 86_400:
            return number
    raise ArgumentTypeError(f"expected a positive number of seconds, up to 86400, got {text}")


def output_file(text: str) -> Path:
    """Check that a file can be written. The check comes first, as the file is written after hours of measuring."""
    path = Path(text)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise ArgumentTypeError(f"expected a file in a directory that exists, got {text}")
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise ArgumentTypeError(f"expected a file that can be written, got {text}")
    return path


def printable(text: str) -> str:
    """Replace the bytes of a file's name that are not text and cannot be printed."""
    return text.encode(errors="replace").decode()


def comma_list(parse: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    """Make a parser of lists with commas, from a parser of their elements."""
    return lambda text: [parse(part.strip()) for part in text.split(",")]


class Collect(Action):
    """Joins the lists of a repeated option, each element once: `--env CartPole,Pendulum --env Acrobot`."""

    def __call__(
        self, parser: ArgumentParser, namespace: Namespace, values: Any, option_string: str | None = None
    ) -> None:
        """Append the values to those collected so far."""
        collected = getattr(namespace, self.dest) or []
        setattr(namespace, self.dest, list(dict.fromkeys([*collected, *values])))
