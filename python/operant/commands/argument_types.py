"""What the command lines' options may be, for argparse: each function returns the value or raises an explanation."""

from __future__ import annotations

import math
import os
from argparse import Action, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any


def positive_integer(text: str) -> int:
    """An integer from 1 up."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise ArgumentTypeError(f"expected a positive integer, got {text}")
    return number


def duration(text: str) -> float:
    """A number of seconds above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise ArgumentTypeError(f"expected a positive number of seconds, got {text}")
    return number


def output_file(text: str) -> Path:
    """A file in a directory that can be written to; checked first, as it is written after hours of measuring."""
    path = Path(text)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise ArgumentTypeError(f"expected a file in a directory that exists, got {text}")
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise ArgumentTypeError(f"expected a file that can be written, got {text}")
    return path


def printable(text: str) -> str:
    """A file's name, with a replacement for bytes that are not text, as these cannot be printed."""
    return text.encode(errors="replace").decode()


def comma_list(parse: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    """Elements that `parse` accepts, between commas."""
    return lambda text: [parse(part.strip()) for part in text.split(",")]


class Collect(Action):
    """Puts the lists of a repeated option together, each element once: `--env CartPole,Pendulum --env Acrobot`."""

    def __call__(
        self, parser: ArgumentParser, namespace: Namespace, values: Any, option_string: str | None = None
    ) -> None:
        """Add to what the option has collected so far."""
        collected = getattr(namespace, self.dest) or []
        setattr(namespace, self.dest, list(dict.fromkeys([*collected, *values])))
