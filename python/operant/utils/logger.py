"""Training metrics on the console, in a CSV file, in TensorBoard and wherever else they are wanted."""

from __future__ import annotations

import os
import threading
import warnings
import weakref
from collections.abc import Callable, Iterable
from time import perf_counter, time
from types import TracebackType
from typing import Any

import numpy as np

from operant._checks import integer, number, shown, switch
from operant._checks import path as checked_path
from operant.utils._csv_file import BASE_COLUMNS, ROWS_AT_ONCE, CsvFile, Row
from operant.utils._live_line import LiveLine
from operant.utils._tensorboard import TensorBoard

Sink = Callable[[dict[str, Any]], object]

_open_loggers: weakref.WeakSet[Logger] = weakref.WeakSet()


class Logger:
    """Logs training metrics: a live line on the console, a CSV file, TensorBoard, and any callable.

    >>> with Logger(csv_path="training.csv") as logger:
    ...     for _ in range(1000):
    ...         logger.log(steps=4096, reward=1.0, length=200)

    On a terminal, the console shows one line that is written over; otherwise, a line every `print_interval` seconds. It
    has the steps per second, over the last one to two seconds and of all calls, and the metrics of the latest call.

    In the CSV file, every call is a row: `timestamp` (seconds since 1970), `total_steps`, `steps_per_second`, and a
    column for each metric, in the order in which they appear; a cell is empty when the call has not got that metric.
    Numbers are written such that reading them gives the same number. A thread writes the file twice a second, so a row
    is handed to the operating system within a second of its call, even if the process is killed after that; what a kill
    can leave behind is an incomplete last line, which `resume=True` removes and `operant plot` skips. Whatever ends the
    `with` block, or the interpreter, all rows are written first.

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
        tensorboard_dir: str | os.PathLike[str] | None = None,
        sinks: Sink | Iterable[Sink] = (),
    ) -> None:
        """Open the file and start the clock.

        Args:
            print_interval: Seconds between two lines on the console, or two updates of the live line. 0 shows every
                call.
            newline_interval: After this many updates, the live line stays and a new one begins.
            csv_path: The CSV file. An existing file gets a number, training.csv becomes training.1.csv (or the next
                number that is free), unless `resume` is set.
            resume: Continue an existing CSV file: its columns, and its total steps. Without one, begin it.
            quiet: Show nothing on the console.
            tensorboard_dir: Directory for TensorBoard's event files, which the package tensorboardX writes
                (`pip install "operant[tensorboard]"`). It takes about a tenth of a millisecond for each number.
            sinks: A callable, or several. Each call of `log` calls them with a dict of `timestamp`, `total_steps`,
                `steps_per_second` and the metrics; what they raise, `log` raises.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is out of range; the file to be resumed has not been written by a Logger.
            OSError: The file or the directory cannot be written to.
            ImportError: tensorboardX is not installed.
        """
        self.print_interval = _seconds("print_interval", print_interval)
        self.newline_interval = _integer("newline_interval", newline_interval, 1)
        csv_path = None if csv_path is None else checked_path("csv_path", csv_path)
        tensorboard_dir = None if tensorboard_dir is None else checked_path("tensorboard_dir", tensorboard_dir)
        resume, quiet = switch("resume", resume), switch("quiet", quiet)
        if not callable(sinks) and not isinstance(sinks, Iterable):
            raise TypeError(f"sinks: expected a callable or several, got {shown(sinks)}")
        self._sinks: tuple[Sink, ...] = (sinks,) if callable(sinks) else tuple(sinks)
        for sink in self._sinks:
            if not callable(sink):
                raise TypeError(f"sinks: expected callables, got {shown(sink)}")
        if resume and csv_path is None:
            raise ValueError("resume: expected a csv_path to be resumed, got None")

        self._line = None if quiet else LiveLine(self.newline_interval)
        self._tensorboard = None if tensorboard_dir is None else TensorBoard(tensorboard_dir)
        if self._tensorboard is not None:
            self._sinks += (self._tensorboard,)
        try:
            self._csv = None if csv_path is None else CsvFile(csv_path, resume)
        except BaseException:
            if self._tensorboard is not None:
                self._tensorboard.close()
            raise
        if self._csv is not None:
            weakref.finalize(self, self._csv.close)  # when the logger is forgotten, and when the interpreter exits

        #: Steps of all calls, those of the resumed file included.
        self.total_steps = 0 if self._csv is None else self._csv.total_steps
        self._lock = threading.Lock() if self._csv is None else self._csv.lock
        self._process = os.getpid()
        self._refusal: str | None = None  # why `log` is not possible
        self._names: set[str] = set()  # of metrics that have been checked
        self._latest: Row | None = None
        self._shown: Row | None = None
        now = perf_counter()
        # Moments, with the total steps then, that the rate is measured from: the later one takes over after a second.
        self._since = self._later = (now, self.total_steps)
        self._next_print = now + self.print_interval
        self._next_moment = min(self._next_print, now + 1)  # when there is something to do beside logging
        _open_loggers.add(self)

    def log(self, /, steps: int = 0, **metrics: Any) -> None:
        """Log the metrics of some steps.

        Args:
            steps: How many environment steps were made since the call before, all copies together.
            **metrics: Numbers: Python's, numpy's, or what has the shape () and a method `item`, as scalars of numpy,
                PyTorch and JAX have.

        Raises:
            TypeError: A metric is no number, or `steps` is no integer. Nothing is logged.
            ValueError: `steps` is negative or beyond 64 bits; a metric is an int that no float can hold, or its name is
                that of one of the first three columns, or has a line break, a null character or half a surrogate pair;
                or the logger is closed. Nothing is logged.
            OSError: Earlier rows could not be written; they are kept, and tried again every half a second and when the
                logger is closed. This call is not logged.
            RuntimeError: This process has been forked from the logger's.
        """
        if type(steps) is not int or not 0 <= steps < _LARGE:
            steps = _integer("steps", steps, 0)
        for name, value in metrics.items():
            kind = type(value)
            if kind is not float and not (kind is int and -_LARGE < value < _LARGE):
                metrics[name] = float(value) if kind in _FLOATS else number(name, value)
        if not self._names.issuperset(metrics):
            self._check_names(metrics)
        csv = self._csv
        if csv is not None and csv.error is not None:
            csv.raise_error()

        with self._lock:
            if self._refusal is not None:
                raise (ValueError if self._refusal == _CLOSED else RuntimeError)(self._refusal)
            now = perf_counter()
            self.total_steps = total_steps = self.total_steps + steps
            began, before = self._since
            elapsed = now - began
            steps_per_second = (total_steps - before) / elapsed if elapsed > 0 else 0.0
            self._latest = row = (time(), total_steps, steps_per_second, metrics)
            if csv is not None:
                rows = csv.rows
                rows.append(row)
                if len(rows) >= ROWS_AT_ONCE:
                    csv.format_rows()
            show = now >= self._next_moment and self._pass(now)
        if show:
            self._show(row)
        if self._sinks:
            for sink in self._sinks:
                sink({**dict(zip(BASE_COLUMNS, row, strict=False)), **metrics})

    def close(self) -> None:
        """Show the latest metrics, write the remaining rows, close all files. A second time, it does nothing.

        Raises:
            OSError: Rows could not be written.
        """
        with self._lock:
            if self._refusal is not None:
                return
            self._refusal = _CLOSED
        try:
            if self._latest is not None and self._latest is not self._shown:
                self._show(self._latest)
            if self._line is not None:
                self._line.finish()
        finally:
            try:
                if self._csv is not None:
                    self._csv.close()
            finally:
                if self._tensorboard is not None:
                    self._tensorboard.close()

    def __enter__(self) -> Logger:
        """Return the logger."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exception: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the logger; an exception goes on."""
        try:
            self.close()
        except OSError as error:
            if exception is None:
                raise
            warnings.warn(f"rows of the log are missing: {error}", RuntimeWarning, stacklevel=2)

    def _pass(self, now: float) -> bool:
        """Do what is due at this moment; return whether to show the latest row."""
        if now - self._later[0] >= 1:
            self._since, self._later = self._later, (now, self.total_steps)
        show = now >= self._next_print
        if show:
            self._next_print = now + self.print_interval
        self._next_moment = min(self._next_print, self._later[0] + 1)
        return show

    def _check_names(self, names: Iterable[str]) -> None:
        """Refuse names that a file cannot have, and announce new ones to it."""
        for name in names:
            if name in BASE_COLUMNS:
                raise ValueError(f"{name}: expected another name for a metric, this is one of the log's own")
            if not _NO_NAME.isdisjoint(name):
                raise ValueError(f"{name!r}: expected a metric's name without line breaks and null characters")
            if not name.isascii():
                try:
                    name.encode()
                except UnicodeEncodeError:
                    raise ValueError(f"{name!r}: expected a metric's name that UTF-8 can encode") from None
        with self._lock:
            new = [name for name in names if name not in self._names]
            if self._csv is not None:
                self._csv.names.extend(name for name in new if name not in self._csv.names)
            self._names.update(new)

    def _show(self, row: Row) -> None:
        self._shown = row
        if self._line is not None:
            _, _, steps_per_second, metrics = row
            texts = (f"{name}: {_short(value)}" for name, value in metrics.items())
            self._line.show(" | ".join((f"{_with_prefix(steps_per_second)} steps/s", *texts)))

    def _abandon(self) -> None:
        """In a forked child: the parent has the thread that writes, and the rows."""
        self._lock = threading.Lock()  # another thread may have held it
        if self._tensorboard is not None and self._refusal is None:
            self._tensorboard.abandon()
        self._refusal = f"this Logger belongs to process {self._process}; make another one in this process"


_NO_NAME = frozenset("\n\r\0")  # characters that a file cannot have
_CLOSED = "log: this Logger is closed"


def _abandon_all() -> None:
    for logger in _open_loggers:
        logger._abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_all)


def _seconds(name: str, value: Any) -> float:
    seconds = float(number(name, value))
    if not seconds >= 0:
        raise ValueError(f"{name}: expected a number of seconds, 0 or more, got {shown(value)}")
    return seconds


def _integer(name: str, value: Any, least: int) -> int:
    expectation = f"{name}: expected an integer, {least} or more"
    plain = None if isinstance(value, bool) else integer(value)
    if plain is None:
        raise TypeError(f"{expectation}, got {shown(value)}")
    if plain < least:
        raise ValueError(f"{expectation}, got {shown(value)}")
    if plain >= _LARGE:
        raise ValueError(f"{expectation} and below 2**63, got {shown(value)}")
    return plain


# What training loops log most, without the questions that `_number` asks.
_FLOATS = frozenset((np.float64, np.float32))
_LARGE = 1 << 63  # no integer below it needs a second look


def _short(value: int | float) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _with_prefix(value: float) -> str:
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= 0.99995 * factor:  # below, it is not rounded to 1000.0
            return f"{value / factor:.1f}{prefix}"
    return f"{value:.1f}"
