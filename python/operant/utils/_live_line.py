"""The line on the console that shows the progress of a training."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any


class LiveLine:
    """Keeps overwriting one line of a terminal or a notebook. Elsewhere, such as in a file, it prints new lines.

    If the standard output fails, a line is lost, but the training goes on.
    """

    def __init__(
        self,
        print_interval: float,
        newline_interval: int,
        total_steps: int | None,
        now: float,
        warn: Callable[[str], None],
    ) -> None:
        """Show a line every `print_interval` seconds, and keep every `newline_interval`-th line."""
        self._print_interval = print_interval
        self._newline_interval = newline_interval
        self._total_steps = total_steps  # of the whole training, if it is known
        self._warn = warn
        self._has_warned = False
        self._began = now
        self._first: tuple[float, int] | None = None  # time and steps of the first call; the time left counts from it
        self._next = now + print_interval  # when to show a line again
        self._latest: tuple[float, int, float] | None = None  # time, steps and rate that have not been shown
        self._means: dict[str, tuple[float, int]] = {}  # mean and number of values of each metric since the last line
        self._shown = 0
        self._width = 0  # of the text in the unfinished line

    def update(self, steps: int, rate: float, metrics: Mapping[str, int | float], now: float) -> None:
        """Add the metrics to the means, and show the means if it is time."""
        self._first = self._first or (now, steps)
        self._latest = (now, steps, rate)
        for name, value in metrics.items():
            mean, count = self._means.get(name, (0.0, 0))
            # The sum of large values would be infinite.
            self._means[name] = mean * (count / (count + 1)) + value / (count + 1), count + 1
        if now >= self._next:
            self._next = now + self._print_interval
            self._show()

    def finish(self) -> None:
        """Show the latest metrics, and end the unfinished line."""
        self._show()
        if self._width > 0:
            self._try(_print, "\n")

    def _show(self) -> None:
        latest, means = self._latest, self._means
        self._latest, self._means = None, {}
        if latest is None:
            return
        now, steps, rate = latest
        cells = [*self._progress(now, steps), f"{_with_prefix(rate)}/s"]
        cells += [f"{name}: {_short(mean)}" for name, (mean, _) in means.items()]
        self._try(self._show_cells, cells)

    def _try(self, show: Callable[[Any, Any], None], content: Any) -> None:
        try:
            if sys.stdout is not None:  # a windowed program has no standard output
                show(sys.stdout, content)
        except Exception as error:  # the standard output of a notebook or an IDE can raise anything
            if not self._has_warned:
                self._has_warned = True
                self._warn(f"the console loses lines: {error!r}; the next line is tried again")

    def _show_cells(self, console: Any, cells: Sequence[str]) -> None:
        encoding = getattr(console, "encoding", None) or "utf-8"
        cells = [cell.encode(encoding, "backslashreplace").decode(encoding) for cell in cells]
        if not _overwrites(console):
            _print(console, " | ".join(cells) + "\n")
            return
        self._shown += 1
        more = "…" if "…".encode(encoding, "ignore") else "..."
        text = _fitting(cells, more, shutil.get_terminal_size().columns - 1)
        end = "\n" if self._shown % self._newline_interval == 0 else ""
        _print(console, "\r" + text.ljust(self._width) + end)
        self._width = 0 if end else len(text)

    def _progress(self, now: float, steps: int) -> tuple[str, str]:
        """Return the texts of steps and time, with progress and the time left if the training's length is known."""
        shown, elapsed = _with_prefix(steps), _duration(now - self._began)
        if self._total_steps is None:
            return f"{shown} steps", elapsed
        shown = f"{shown}/{_with_prefix(self._total_steps)} steps ({steps / self._total_steps:.0%})"
        began, before = self._first or (now, steps)
        if steps > before:
            left = (now - began) * max(self._total_steps - steps, 0) / (steps - before)
            elapsed += f", {_duration(left)} left"
        return shown, elapsed


def _overwrites(console: Any) -> bool:
    """Return True if text after a carriage return replaces the line: in a terminal, and in the output of a notebook."""
    is_notebook = type(console).__module__.partition(".")[0] == "ipykernel"
    return is_notebook or (hasattr(console, "isatty") and console.isatty())


def _print(console: Any, text: str) -> None:
    """Print at once, and leave no text in the buffer of a file if printing fails.

    Python would write the buffer again when the program ends, fail, and change the exit code to 120. So the text
    bypasses the buffer, unless the encoding has a byte order mark, which would begin every line.
    """
    plain_file = type(console) is io.TextIOWrapper and type(console.buffer) is io.BufferedWriter
    if plain_file and not "".encode(console.encoding):
        console.flush()
        console.buffer.raw.write(text.replace("\n", os.linesep).encode(console.encoding))
        return
    console.write(text)
    if hasattr(console, "flush"):
        console.flush()


def _fitting(cells: Sequence[str], more: str, width: int) -> str:
    """Join as many cells as fit. A terminal would wrap a longer line, and leave a part of it behind each time."""
    text = " | ".join(cells)
    while len(text) > width and len(cells) > 1:
        cells = cells[:-1]
        text = " | ".join((*cells, more))
    return text[:width]


def _duration(seconds: float) -> str:
    return str(timedelta(seconds=int(min(seconds, 1e12))))


def _short(value: float) -> str:
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def _with_prefix(value: float) -> str:
    for factor, prefix in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= 0.99995 * factor:  # smaller values are not rounded to 1000.0
            return f"{value / factor:.1f}{prefix}"
    return f"{value:.4g}"
