"""A line on the console during a long compilation."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any

#: The time in seconds after which the line appears.
PATIENCE = 1.0


@contextmanager
def shown_compilation(name: str) -> Iterator[None]:
    """Print a line on standard error if a compilation takes long and standard error is a terminal or a notebook."""
    console = sys.stderr
    if not _is_interactive(console):
        yield
        return
    began, shown = time.monotonic(), []

    def show() -> None:
        shown.append(_try_to_print(console, f"operant: compiling {name} ..."))

    timer = Timer(PATIENCE, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if any(shown):
            _try_to_print(console, f" {time.monotonic() - began:.1f} s\n")


def _is_interactive(console: Any) -> bool:
    """Return True for a terminal, and in a notebook, where the text appears below the cell."""
    if type(console).__module__.partition(".")[0] == "ipykernel":
        return True
    try:
        return bool(console.isatty())
    except Exception:  # a windowed program has no standard error; a closed one raises
        return False


def _try_to_print(console: Any, text: str) -> bool:
    with suppress(Exception):  # a line that cannot be printed must not end the compilation
        encoding = getattr(console, "encoding", None) or "utf-8"
        console.write(text.encode(encoding, "backslashreplace").decode(encoding))
        console.flush()
        return True
    return False
