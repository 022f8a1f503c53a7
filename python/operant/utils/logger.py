"""Training metrics on the console, in a CSV file, in TensorBoard and wherever else they are wanted."""

from __future__ import annotations

import os
import threading
import warnings
import weakref
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import cache
from time import perf_counter, time
from typing import Any

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
                (`pip install "operant[tensorboard]"`). It takes about 10 microseconds for each number.
            sinks: A callable, or several. Each call of `log` calls them with a dict of `timestamp`, `total_steps`,
                `steps_per_second` and the metrics; what they raise, `log` raises.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is out of range; the file to be resumed has not been written by a Logger.
            OSError: The file or the directory cannot be written to.
            ImportError: tensorboardX is not installed.
        """
        print_interval = number("print_interval", print_interval)
        if not print_interval >= 0:
            raise ValueError(f"print_interval: expected a number of seconds, 0 or more, got {shown(print_interval)}")
        newline_interval = _checks.positive_integer("newline_interval", newline_interval)
        csv_path = None if csv_path is None else _checks.path("csv_path", csv_path)
        tensorboard_dir = None if tensorboard_dir is None else _checks.path("tensorboard_dir", tensorboard_dir)
        resume, quiet = _checks.switch("resume", resume), _checks.switch("quiet", quiet)
        self._sinks = (sinks,) if callable(sinks) else tuple(sinks) if isinstance(sinks, Iterable) else (None,)
        if not all(map(callable, self._sinks)):
            raise TypeError(f"sinks: expected a callable or several, got {shown(sinks)}")
        if resume and csv_path is None:
            raise ValueError("resume: expected a csv_path to be resumed, got None")

        self._csv = None
        with ExitStack() as files:
            if tensorboard_dir is not None:
                tensorboard = TensorBoard(tensorboard_dir)
                files.callback(tensorboard.close)
                self._sinks += (tensorboard,)
            if csv_path is not None:
                self._csv = CsvFile(csv_path, resume)
                files.callback(self._csv.close)
            self._files = files.pop_all()
        weakref.finalize(self, self._files.close)  # when the logger is forgotten, and when the interpreter exits

        #: Steps of all calls, those of the resumed file included.
        self.total_steps = 0 if self._csv is None else self._csv.total_steps
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._closed = False
        now = perf_counter()
        # Moments, with the total steps then, that the rate is measured from: the later one takes over after a second.
        self._since = self._later = (now, self.total_steps)
        self._line = None if quiet else LiveLine(print_interval, newline_interval, now)

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
        count = None if isinstance(steps, bool) else _checks.integer(steps)
        if count is None:
            raise TypeError(f"steps: expected an integer, 0 or more, got {shown(steps)}")
        if not 0 <= count <= _MOST_STEPS:
            raise ValueError(f"steps: expected an integer, 0 or more and below 2**63, got {shown(steps)}")
        for name, value in metrics.items():
            _check_name(name)
            metrics[name] = number(name, value)
        if os.getpid() != self._process:
            raise RuntimeError(f"this Logger belongs to process {self._process}; make another one in this process")
        if self._csv is not None:
            self._csv.raise_error()

        with self._lock:
            if self._closed:
                raise ValueError("log: this Logger is closed")
            now = perf_counter()
            self.total_steps += count
            began, before = self._since
            rate = (self.total_steps - before) / (now - began) if now > began else 0.0
            if now - self._later[0] >= 1:
                self._since, self._later = self._later, (now, self.total_steps)
            record = {"timestamp": time(), "total_steps": self.total_steps, "steps_per_second": rate, **metrics}
            if self._csv is not None:
                self._csv.append(record)
        if self._line is not None:
            self._line.update(record, now)
        for sink in self._sinks:
            sink(record.copy())

    def close(self) -> None:
        """Show the latest metrics, write the remaining rows, close all files. A second time, it does nothing.

        Raises:
            OSError: Rows could not be written.
        """
        if os.getpid() != self._process:  # the parent has the thread that writes, and the rows
            return
        with self._lock:
            closed, self._closed = self._closed, True
        if not closed:
            with self._files:
                if self._line is not None:
                    self._line.finish()

    def __enter__(self) -> Logger:
        """Return the logger."""
        return self

    def __exit__(self, kind: object, exception: BaseException | None, traceback: object) -> None:
        """Close the logger; an exception goes on."""
        try:
            self.close()
        except OSError as error:
            if exception is None:
                raise
            warnings.warn(f"rows of the log are missing: {error}", RuntimeWarning, stacklevel=2)


@cache
def _check_name(name: str) -> None:
    """Refuse a metric's name that a file cannot have."""
    if name in BASE_COLUMNS:
        raise ValueError(f"{name}: expected another name for a metric, this is one of the log's own")
    if not set("\n\r\0").isdisjoint(name) or any("\ud800" <= letter <= "\udfff" for letter in name):
        raise ValueError(f"{name!r}: expected a metric's name without line breaks, null characters and surrogates")
