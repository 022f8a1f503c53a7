"""The line on the console that tells how training goes."""

from __future__ import annotations

import shutil
import sys


class LiveLine:
    """One line of standard output that is written over again and again; a line each time when it is no terminal."""

    def __init__(self, print_interval: float, newline_interval: int, now: float) -> None:
        """Show a record every `print_interval` seconds, and keep every `newline_interval`-th line for good."""
        self._print_interval = print_interval
        self._newline_interval = newline_interval
        self._next = now + print_interval  # when to show a record again
        self._waiting: dict[str, int | float] | None = None  # the latest record, while it has not been shown
        self._shown = 0
        self._width = 0  # of what stands in the unfinished line

    def update(self, record: dict[str, int | float], now: float) -> None:
        """Show the record if it is time."""
        self._waiting = record
        if now >= self._next:
            self._next = now + self._print_interval
            self._show()

    def finish(self) -> None:
        """Show the latest record if it has not been shown, and end the unfinished line."""
        self._show()
        if self._width > 0:
            print(flush=True)

    def _show(self) -> None:
        record, self._waiting = self._waiting, None
        if record is None or sys.stdout is None:  # a windowed program has no standard output
            return
        metrics = (f"{name}: {_short(value)}" for name, value in list(record.items())[3:])
        text = " | ".join((f"{_with_prefix(record['steps_per_second'])} steps/s", *metrics))
        encoding = sys.stdout.encoding or "utf-8"
        text = text.encode(encoding, "backslashreplace").decode(encoding)
        if not sys.stdout.isatty():
            print(text, flush=True)
            return
        self._shown += 1
        text = text[: shutil.get_terminal_size().columns - 1]  # a longer one would begin a line of its own each time
        end = "\n" if self._shown % self._newline_interval == 0 else ""
        print("\r" + text.ljust(self._width), end=end, flush=True)
        self._width = 0 if end else len(text)


def _short(value: int | float) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _with_prefix(value: float) -> str:
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= 0.99995 * factor:  # below, it is not rounded to 1000.0
            return f"{value / factor:.1f}{prefix}"
    return f"{value:.1f}"
