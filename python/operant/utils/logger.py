"""Training metrics on the console, in a CSV file and in callables."""

from __future__ import annotations

import os
import threading
import warnings
import weakref
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from time import perf_counter, time
from typing import Any, SupportsIndex

from operant import _checks
from operant._checks import number, shown
from operant.utils._csv_file import BASE_COLUMNS, CsvFile
from operant.utils._live_line import LiveLine

Sink = Callable[[dict[str, Any]], object]

_MOST_STEPS = 2**63 - 1

_TENSORBOARD = """tensorboard_dir: removed; pass a sink that writes to TensorBoard, for instance
    def add(row):
        for name, value in list(row.items())[2:]:  # without timestamp and total_steps
            writer.add_scalar(name, value, row["total_steps"])
    logger = Logger(sinks=add)  # with writer = tensorboardX.SummaryWriter(directory)"""


class Logger:
    """Logs training metrics to the console, to a CSV file and to any callable.

    >>> with Logger(csv_path="training.csv") as logger:
    ...     for _ in range(1000):
    ...         logger.log(steps=4096, reward=1.0, length=200)

    On a terminal, the console shows one line that is overwritten; elsewhere, it shows a line every `print_interval`
    seconds. The line has the total steps, the time since the logger was made, the steps per second of all calls in the
    last one to two seconds, and the mean of each metric since the previous line. A terminal shows "…" in place of
    metrics that do not fit. With `total_steps`, the line also shows the progress and the time left, at the mean speed
    since the first call. A console that fails (a closed pipe, a full disk) does not end the training: a RuntimeWarning
    reports the first lost line, and the next line is tried again.

    In the CSV file, every call is a row: `timestamp` (seconds since 1970), `total_steps`, `steps_per_second`, and a
    column for each metric, in order of appearance. A cell is empty if the call does not have the metric. A number reads
    back as the same number. `log` hands the row to the operating system before it returns, so a kill of the process
    loses no row. A metric that first appears in a later call makes the logger rewrite the file with one more column.
    If that is impossible (a pipe, a file that was moved, no space), a RuntimeWarning says so, and the file has all
    metrics but this one. A file that is emptied or removed during the training begins again with its header.

    A full or failing disk does not end the training. A RuntimeWarning reports the first row that cannot be written, and
    `close` warns how many rows are missing.

    Several threads can use a logger. A forked child cannot: `log` raises there, and nothing is written.
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
        tensorboard_dir: None = None,
        sinks: Sink | Iterable[Sink] = (),
    ) -> None:
        """Open the file and start the clock.

        Args:
            print_interval: Seconds between two lines on the console, or two updates of the live line. 0 shows every
                call.
            newline_interval: Number of updates after which the live line stays and a new line begins.
            csv_path: Path of the CSV file, whose directories are made. An existing file is renamed, from training.csv
                to training.1.csv (or the next free number), unless `resume` is set.
            resume: Continue an existing CSV file, with its columns and its total steps. If there is no file, begin it.
            quiet: Show nothing on the console.
            total_steps: Steps of the whole training, with those of a resumed file; the console shows the progress.
            tensorboard_dir: Removed; pass a sink instead.
            sinks: One callable or several. Each call of `log` passes them a dict of `timestamp`, `total_steps`,
                `steps_per_second` and the metrics. `log` raises what a sink raises.

        Raises:
            TypeError: An argument has the wrong type, or is `tensorboard_dir`.
            ValueError: An argument is out of range, or the file to be resumed was not written by a Logger.
            OSError: The file cannot be made.
        """
        print_interval = number("print_interval", print_interval)
        if not print_interval >= 0:
            raise ValueError(f"print_interval: expected a number of seconds, 0 or more, got {shown(print_interval)}")
        newline_interval = _checks.positive_integer("newline_interval", newline_interval)
        total_steps = None if total_steps is None else _checks.positive_integer("total_steps", total_steps, _MOST_STEPS)
        csv_path = None if csv_path is None else _checks.path("csv_path", csv_path)
        resume, quiet = _checks.switch("resume", resume), _checks.switch("quiet", quiet)
        if tensorboard_dir is not None:
            raise TypeError(_TENSORBOARD)
        self._sinks = _callables(sinks)
        if resume and csv_path is None:
            raise ValueError("resume: expected a csv_path to be resumed, got None")

        self._problems: list[str] = []  # the next call warns of them
        self._process = os.getpid()
        self._csv = None if csv_path is None else CsvFile(csv_path, resume, self._problems.append)
        # The garbage collector and the end of the interpreter call this, too.
        self._close_file = weakref.finalize(self, _close, self._csv, self._process)
        #: Steps of all calls, with those of the resumed file.
        self.total_steps = 0 if self._csv is None else self._csv.total_steps
        self._lock = threading.Lock()
        self._has_logged = self._closed = False
        now = perf_counter()
        # The rate is measured from `_since`, a time and the total steps then; `_later` replaces it after a second.
        self._since = self._later = (now, self.total_steps)
        self._line = (
            None if quiet else LiveLine(print_interval, newline_interval, total_steps, now, self._problems.append)
        )

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
            metrics: Metrics in a dict, for names that cannot be keywords. An integer here is the `steps`.
            steps: Steps of all environments since the previous call.
            step: Steps of all environments up to now; replaces `steps`. If the first call has it, the steps per second
                count from that call.
            **more_metrics: Metrics by name: numbers of Python or numpy, or arrays or tensors of any shape with one
                element and a method `item` (as in numpy, PyTorch and JAX).

        Raises:
            TypeError: A metric is not a number, or is given twice; or the steps are not an integer, or are given twice.
                Nothing is logged if `log` raises, unless a sink raises.
            ValueError: The steps are negative or beyond 64 bits, or `step` is less than before; a metric is an int that
                no float can hold; the name of a metric is one of the first three columns, or contains a line break, a
                null character or a surrogate; or the logger is closed.
            RuntimeError: This process is a fork of the logger's process.
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
        self._warn()

        with self._lock:
            if self._closed:
                raise ValueError("log: this Logger is closed")
            now = perf_counter()
            record = {"timestamp": time(), **self._advance(count, total, now), **more_metrics}
            if self._csv is not None:
                self._csv.append(record)
            if self._line is not None:
                self._line.update(self.total_steps, record["steps_per_second"], more_metrics, now)
        for sink in self._sinks:
            sink(record.copy())

    def _advance(self, count: int, total: int | None, now: float) -> dict[str, Any]:
        """Count the steps, and measure their rate."""
        if total is None:
            total = self.total_steps + count
        elif total < self.total_steps:
            raise ValueError(f"step: expected at least {self.total_steps}, the total steps so far, got {total}")
        elif not self._has_logged:  # a training that resumes a checkpoint has steps that took no time here
            self._since = self._later = (now, total)
        self._has_logged = True
        self.total_steps = total
        began, before = self._since
        rate = (total - before) / (now - began) if now > began else 0.0
        if now - self._later[0] >= 1:
            self._since, self._later = self._later, (now, total)
        return {"total_steps": total, "steps_per_second": rate}

    def _warn(self) -> None:
        while self._problems:
            with suppress(IndexError):  # another thread has taken the message
                _warn(self._problems.pop(0), 4)

    def close(self) -> None:
        """Show the latest metrics, and close the file. A second call does nothing.

        If rows could not be written, a RuntimeWarning says how many, and why.
        """
        if os.getpid() != self._process:  # the parent closes the file
            return
        with self._lock:
            closed, self._closed = self._closed, True
        if not closed:
            try:
                if self._line is not None:
                    self._line.finish()
                self._warn()
            finally:
                self._close_file()

    def __enter__(self) -> Logger:
        """Return the logger."""
        return self

    def __exit__(self, kind: object, exception: BaseException | None, traceback: object) -> None:
        """Close the logger, and let an exception pass."""
        self.close()


def _callables(sinks: Any) -> tuple[Sink, ...]:
    given = (sinks,) if callable(sinks) else tuple(sinks) if isinstance(sinks, Iterable) else (None,)
    if not all(map(callable, given)):
        raise TypeError(f"sinks: expected a callable or several, got {shown(sinks)}")
    return given


def _close(file: CsvFile | None, process: int) -> None:
    """Close the file, and warn of missing rows, unless this is a forked child."""
    if file is not None:
        file.close()
        if file.missing and os.getpid() == process:
            _warn(f"rows missing in the log: {file.missing} ({file.error})", 4)


def _warn(message: str, stacklevel: int) -> None:
    """Warn, if there is a standard error for the warning; the stack level is that of the caller."""
    with suppress(ValueError, AttributeError):  # standard error is closed, or cannot write; Python ignores the rest
        warnings.warn(message, RuntimeWarning, stacklevel=stacklevel + 1)


def _with_positional(
    first: Mapping[str, Any] | SupportsIndex, steps: SupportsIndex, metrics: dict[str, Any]
) -> tuple[SupportsIndex, dict[str, Any]]:
    """Return steps and metrics with the positional argument, which is a dict of metrics or the steps."""
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
    """Raise a ValueError if a metric of the file cannot have this name."""
    if name in BASE_COLUMNS:
        raise ValueError(f"{name}: expected another name for a metric, this is one of the log's own")
    if not set("\n\r\0").isdisjoint(name) or any("\ud800" <= letter <= "\udfff" for letter in name):
        raise ValueError(f"{name!r}: expected a metric's name without line breaks, null characters and surrogates")
