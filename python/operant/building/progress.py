"""A line that says that an environment is being compiled."""

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
    """Say on standard error that this is being compiled, if it takes long and somebody watches."""
    console = sys.stderr
    if not _is_watched(console):
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


def _is_watched(console: Any) -> bool:
    """Check that a person sees the text now: on a terminal, or in a notebook, where it appears below the cell."""
    if type(console).__module__.partition(".")[0] == "ipykernel":
        return True
    try:
        return bool(console.isatty())
    except Exception:  # a windowed program has no standard error; a closed one raises
        return False


def _try_to_print(console: Any, text: str) -> bool:
    with suppress(Exception):  # the line is not worth the compilation
        encoding = getattr(console, "encoding", None) or "utf-8"
        console.write(text.encode(encoding, "backslashreplace").decode(encoding))
        console.flush()
        return True
    return False
