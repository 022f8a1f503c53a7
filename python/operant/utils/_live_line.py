"""The line on the console that tells how training goes."""

from __future__ import annotations

import shutil
import sys


class LiveLine:
    """One line of standard output that is written over again and again; a line each time when it is no terminal."""

    def __init__(self, newline_interval: int) -> None:
        """Keep every `newline_interval`-th text for good."""
        self._newline_interval = newline_interval
        self._shown = 0
        self._width = 0  # of what stands in the unfinished line

    def show(self, text: str) -> None:
        """Show the text instead of the one before."""
        if sys.stdout is None:  # there is none in a windowed program
            return
        encoding = sys.stdout.encoding or "utf-8"
        text = text.encode(encoding, "backslashreplace").decode(encoding)
        if not sys.stdout.isatty():
            print(text, flush=True)
            return
        self._shown += 1
        text = text[: shutil.get_terminal_size().columns - 1]  # a longer one would begin a line of its own each time
        sys.stdout.write("\r" + text.ljust(self._width))
        self._width = len(text)
        if self._shown % self._newline_interval == 0:
            self.finish()
        sys.stdout.flush()

    def finish(self) -> None:
        """End the unfinished line."""
        if self._width > 0:
            self._width = 0
            print(flush=True)
