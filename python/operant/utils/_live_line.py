"""The line on the console that tells how training goes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta


class LiveLine:
    """One line of standard output that is written over again and again; a line each time when it is no terminal."""

    def __init__(self, print_interval: float, newline_interval: int, total_steps: int | None, now: float) -> None:
        """Show a line every `print_interval` seconds, and keep every `newline_interval`-th for good."""
        self._print_interval = print_interval
        self._newline_interval = newline_interval
        self._total_steps = total_steps  # of the whole training, if that is known
        self._began = now
        self._first: tuple[float, int] | None = None  # moment and steps of the first call: what the time left is from
        self._next = now + print_interval  # when to show a line again
        self._latest: tuple[float, int, float] | None = None  # moment, steps and rate, while they have not been shown
        self._sums: dict[str, tuple[float, int]] = {}  # of each metric since the last line, and how many values
        self._shown = 0
        self._width = 0  # of what stands in the unfinished line

    def update(self, steps: int, rate: float, metrics: Mapping[str, int | float], now: float) -> None:
        """Count the metrics, and show their means if it is time."""
        self._first = self._first or (now, steps)
        self._latest = (now, steps, rate)
        for name, value in metrics.items():
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = total + value, count + 1
        if now >= self._next:
            self._next = now + self._print_interval
            self._show()

    def finish(self) -> None:
        """Show what has not been shown, and end the unfinished line."""
        self._show()
        if self._width > 0:
            print(flush=True)

    def _show(self) -> None:
        latest, sums = self._latest, self._sums
        self._latest, self._sums = None, {}
        if latest is None or sys.stdout is None:  # a windowed program has no standard output
            return
        now, steps, rate = latest
        cells = [*self._progress(now, steps), f"{_with_prefix(rate)}/s"]
        cells += [f"{name}: {_short(total / count)}" for name, (total, count) in sums.items()]
        encoding = sys.stdout.encoding or "utf-8"
        cells = [cell.encode(encoding, "backslashreplace").decode(encoding) for cell in cells]
        if not sys.stdout.isatty():
            print(" | ".join(cells), flush=True)
            return
        self._shown += 1
        more = "…" if "…".encode(encoding, "ignore") else "..."
        text = _fitting(cells, more, shutil.get_terminal_size().columns - 1)
        end = "\n" if self._shown % self._newline_interval == 0 else ""
        print("\r" + text.ljust(self._width), end=end, flush=True)
        self._width = 0 if end else len(text)

    def _progress(self, now: float, steps: int) -> tuple[str, str]:
        """Steps and time, with those of the whole training where its length is known."""
        shown, elapsed = _with_prefix(steps), _duration(now - self._began)
        if self._total_steps is None:
            return f"{shown} steps", elapsed
        shown = f"{shown}/{_with_prefix(self._total_steps)} steps ({steps / self._total_steps:.0%})"
        began, before = self._first or (now, steps)
        if steps > before:
            left = (now - began) * max(self._total_steps - steps, 0) / (steps - before)
            elapsed += f", {_duration(left)} left"
        return shown, elapsed


def _fitting(cells: Sequence[str], more: str, width: int) -> str:
    """As many cells as fit; a longer line would begin one of its own each time."""
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
        if value >= 0.99995 * factor:  # below, it is not rounded to 1000.0
            return f"{value / factor:.1f}{prefix}"
    return f"{value:.4g}"
