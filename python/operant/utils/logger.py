"""Training metrics on the console, in a CSV file, in TensorBoard and wherever else they are wanted."""

from __future__ import annotations

import os
import threading
import warnings
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from time import perf_counter, time
from typing import Any, SupportsIndex

from operant import _checks
from operant._checks import number, shown
from operant.utils._csv_file import BASE_COLUMNS, CsvFile
from operant.utils._live_line import LiveLine
from operant.utils._tensorboard import TensorBoard

Sink = Callable[[dict[str, Any]], object]

_MOST_STEPS = 2**63 - 1


class Logger:
    """Logs training metrics: a live line on the console, a CSV file, TensorBoard, and any callable.

    >>> with Logger(csv_path="training.csv") as logger:
    ...     for _ in range(1000):
    ...         logger.log(steps=4096, reward=1.0, length=200)

    On a terminal, the console shows one line that is written over; otherwise, a line every `print_interval` seconds. It
    has the total steps, the time since the logger was made, the steps per second, over the last one to two seconds and
    of all calls, and the mean of each metric over the calls since the line before. What does not fit into a line of the
    terminal is left out, and "…" stands for it. With `total_steps`, the line also says which part of the training is
    done, and how much time the rest takes at the mean speed since the first call.

    In the CSV file, every call is a row: `timestamp` (seconds since 1970), `total_steps`, `steps_per_second`, and a
    column for each metric, in the order in which they appear; a cell is empty when the call has not got that metric.
    Numbers are written such that reading them gives the same number. A thread writes the file twice a second, so a row
    is handed to the operating system within a second of its call, even if the process is killed after that; what a kill
    can leave behind is an incomplete last line, which `resume=True` removes and `operant plot` skips. Whatever ends the
    `with` block, or the interpreter, all rows are written first.

    A disk that is full, or fails, does not end the training. A RuntimeWarning tells of it once; up to a million rows
    are kept in memory and tried again until the logger is closed, and a second warning then says how many are missing.

    A logger can be used from several threads, but not in a forked child: there, `log` raises and nothing is written.
    """

    def __init__(
        self,
        print_interval: float = 0.5,
        newline_interval: int = 10,
        csv_path: str | os.PathLike[str] | None = None,
        *,
        resume: bool = False,
        quiet: bool = False,
        total_steps: int | None = None,
        tensorboard_dir: str | os.PathLike[str] | None = None,
        sinks: Sink | Iterable[Sink] = (),
    ) -> None:
        """Open the file and start the clock.

        Args:
            print_interval: Seconds between two lines on the console, or two updates of the live line. 0 shows every
                call.
            newline_interval: After this many updates, the live line stays and a new one begins.
            csv_path: The CSV file; its directories are made. An existing file gets a number, training.csv becomes
                training.1.csv (or the next number that is free), unless `resume` is set.
            resume: Continue an existing CSV file: its columns, and its total steps. Without one, begin it.
            quiet: Show nothing on the console.
            total_steps: How many steps the whole training makes, for the console; those of a resumed file included.
            tensorboard_dir: Directory for TensorBoard's event files, which the package tensorboardX writes
                (`pip install "operant[tensorboard]"`). It takes about 10 microseconds for each number.
            sinks: A callable, or several. Each call of `log` calls them with a dict of `timestamp`, `total_steps`,
                `steps_per_second` and the metrics; what they raise, `log` raises.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is out of range; the file to be resumed has not been written by a Logger.
            OSError: The file or the directory cannot be made.
            ImportError: tensorboardX is not installed.
        """
        print_interval = number("print_interval", print_interval)
        if not print_interval >= 0:
            raise ValueError(f"print_interval: expected a number of seconds, 0 or more, got {shown(print_interval)}")
        newline_interval = _checks.positive_integer("newline_interval", newline_interval)
        total_steps = None if total_steps is None else _checks.positive_integer("total_steps", total_steps, _MOST_STEPS)
        csv_path = None if csv_path is None else _checks.path("csv_path", csv_path)
        tensorboard_dir = None if tensorboard_dir is None else _checks.path("tensorboard_dir", tensorboard_dir)
        resume, quiet = _checks.switch("resume", resume), _checks.switch("quiet", quiet)
        self._sinks = _callables(sinks)
        if resume and csv_path is None:
            raise ValueError("resume: expected a csv_path to be resumed, got None")

        self._files: list[CsvFile | TensorBoard] = []
        self._process = os.getpid()
        # Called when the logger is garbage, and when the interpreter exits.
        self._close_files = weakref.finalize(self, _close, self._files, self._process)
        #: Steps of all calls, those of the resumed file included.
        self.total_steps = self._open_files(tensorboard_dir, csv_path, resume)
        self._lock = threading.Lock()
        self._has_logged = self._has_warned = self._closed = False
        now = perf_counter()
        # The rate is measured from `_since`: a moment, and the total steps then. `_later` replaces it after a second.
        self._since = self._later = (now, self.total_steps)
        self._line = None if quiet else LiveLine(print_interval, newline_interval, total_steps, now)

    def _open_files(self, tensorboard_dir: str | None, csv_path: str | None, resume: bool) -> int:
        """Open the files that are wanted; returns the total steps of a file that is resumed, else 0."""
        if tensorboard_dir is not None:
            self._files.append(TensorBoard(tensorboard_dir))
        if csv_path is None:
            return 0
        csv_file = CsvFile(csv_path, resume)
        self._files.append(csv_file)
        return csv_file.total_steps

    def log(
        self,
        metrics: Mapping[str, Any] | SupportsIndex | None = None,
        /,
        steps: SupportsIndex = 0,
        *,
        step: SupportsIndex | None = None,
        **more_metrics: Any,
    ) -> None:
        """Log the metrics of some steps.

        >>> logger = Logger(quiet=True)
        >>> logger.log(steps=4096, loss=0.5)
        >>> logger.log({"loss/policy": 0.5, "step": 3.0}, steps=4096)
        >>> logger.log({"loss": 0.25}, step=20_000)
        >>> logger.total_steps
        20000

        Args:
            metrics: Metrics in a dict, for names that cannot be keywords. Or the `steps`, without their name.
            steps: How many environment steps were made since the call before, all copies together.
            step: Instead of `steps`: how many were made up to now. If the first call has it, the steps per second are
                counted from that call on.
            **more_metrics: Metrics by name: Python's or numpy's numbers, or arrays or tensors with one element, of any
                shape, that have a method `item` (those of numpy, PyTorch and JAX do).

        Raises:
            TypeError: A metric is no number, or is given twice; the steps are no integer, or given twice. Whatever is
                raised but by a sink, nothing is logged.
            ValueError: The steps are negative or beyond 64 bits, or `step` is less than it was; a metric is an int that
                no float can hold, or its name is that of one of the first three columns, or has a line break, a null
                character or half a surrogate pair; or the logger is closed.
            RuntimeError: This process has been forked from the logger's.
        """
        if metrics is not None:
            steps, more_metrics = _with_positional(metrics, steps, more_metrics)
        count = _steps("steps", steps)
        total = None if step is None else _steps("step", step)
        if count > 0 and total is not None:
            got = f"{shown(steps)} and {shown(step)}"
            raise TypeError(f"steps, step: expected one of them, got {got}; pass a metric of that name in a dict")
        for name, value in more_metrics.items():
            _check_name(name)
            more_metrics[name] = number(name, value, any_shape=True)
        if os.getpid() != self._process:
            raise RuntimeError(f"this Logger belongs to process {self._process}; make another one in this process")
        self._warn_once()

        with self._lock:
            if self._closed:
                raise ValueError("log: this Logger is closed")
            now = perf_counter()
            record = {"timestamp": time(), **self._advance(count, total, now), **more_metrics}
            for file in self._files:
                file.append(record)
            if self._line is not None:
                self._line.update(self.total_steps, record["steps_per_second"], more_metrics, now)
        for sink in self._sinks:
            sink(record.copy())

    def _advance(self, count: int, total: int | None, now: float) -> dict[str, Any]:
        """Count the steps, and measure their rate."""
        if total is None:
            total = self.total_steps + count
        elif total < self.total_steps:
            raise ValueError(f"step: expected at least {self.total_steps}, as many as there were, got {total}")
        elif not self._has_logged:  # training may continue from there, and all these steps have taken no time
            self._since = self._later = (now, total)
        self._has_logged = True
        self.total_steps = total
        began, before = self._since
        rate = (total - before) / (now - began) if now > began else 0.0
        if now - self._later[0] >= 1:
            self._since, self._later = self._later, (now, total)
        return {"total_steps": total, "steps_per_second": rate}

    def _warn_once(self) -> None:
        if not self._has_warned:
            for file in self._files:
                if file.error is not None:
                    self._has_warned = True
                    warnings.warn(
                        f"{file.error}; rows are kept in memory and tried again until the logger is closed",
                        RuntimeWarning,
                        stacklevel=3,
                    )

    def close(self) -> None:
        """Show the latest metrics, write the remaining rows, close all files. A second time, it does nothing.

        If rows could not be written, a RuntimeWarning says how many, and why.
        """
        if os.getpid() != self._process:  # the parent has the thread that writes, and the rows
            return
        with self._lock:
            closed, self._closed = self._closed, True
        if not closed:
            try:
                if self._line is not None:
                    self._line.finish()
            finally:
                self._close_files()

    def __enter__(self) -> Logger:
        """Return the logger."""
        return self

    def __exit__(self, kind: object, exception: BaseException | None, traceback: object) -> None:
        """Close the logger; an exception goes on."""
        self.close()


def _callables(sinks: Any) -> tuple[Sink, ...]:
    """One sink, or several, as a tuple."""
    given = (sinks,) if callable(sinks) else tuple(sinks) if isinstance(sinks, Iterable) else (None,)
    if not all(map(callable, given)):
        raise TypeError(f"sinks: expected a callable or several, got {shown(sinks)}")
    return given


def _close(files: Sequence[CsvFile | TensorBoard], process: int) -> None:
    """Close the files, and warn of rows that they lack; a forked child does not warn, as its parent has the rows."""
    for file in files:
        file.close()
    for file in files:
        if file.error is not None and os.getpid() == process:
            warnings.warn(f"rows missing in the log: {file.missing} ({file.error})", RuntimeWarning, stacklevel=4)


def _with_positional(
    first: Mapping[str, Any] | SupportsIndex, steps: SupportsIndex, metrics: dict[str, Any]
) -> tuple[SupportsIndex, dict[str, Any]]:
    """Steps and metrics with what was passed without a name: more metrics, or the steps."""
    if not isinstance(first, Mapping):
        if _steps("steps", steps) > 0:
            raise TypeError(f"steps: expected one number of steps, got {shown(first)} and {shown(steps)}")
        return first, metrics
    for name in first:
        if not isinstance(name, str):
            raise TypeError(f"metrics: expected names that are strings, got {shown(name)}")
        if name in metrics:
            raise TypeError(f"{name}: expected one value of a metric, got two")
    return steps, {**first, **metrics}


def _steps(name: str, value: Any) -> int:
    count = None if isinstance(value, bool) else _checks.integer(value)
    if count is None:
        raise TypeError(f"{name}: expected an integer, 0 or more, got {shown(value)}")
    if not 0 <= count <= _MOST_STEPS:
        raise ValueError(f"{name}: expected an integer, 0 or more and below 2**63, got {shown(value)}")
    return count


@cache
def _check_name(name: str) -> None:
    """Refuse a metric's name that a file cannot have."""
    if name in BASE_COLUMNS:
        raise ValueError(f"{name}: expected another name for a metric, this is one of the log's own")
    if not set("\n\r\0").isdisjoint(name) or any("\ud800" <= letter <= "\udfff" for letter in name):
        raise ValueError(f"{name!r}: expected a metric's name without line breaks, null characters and surrogates")
