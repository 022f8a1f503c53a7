"""A CSV file that a thread of its own writes."""

from __future__ import annotations

import csv
import io
import os
import shutil
import stat
import threading
from contextlib import suppress
from itertools import count
from pathlib import Path

from operant._core import move_csv_rows

#: The columns before the metrics.
BASE_COLUMNS = ("timestamp", "total_steps", "steps_per_second")

# Rows are on disk a second after their call at the latest; half of it is left for the writing.
_SECONDS_BETWEEN_WRITES = 0.5

#: So many rows are turned into text at once, by who logs them: the thread would have to compete for the interpreter.
ROWS_AT_ONCE = 256


#: One call of `Logger.log`: the base columns and the metrics. A plain tuple, because it is made in every call.
Row = tuple[float, int, float, dict[str, "int | float"]]


class CsvFile:
    """Rows are appended to `rows`, and turned into text when there are enough; a thread writes it out twice a second.

    Both under the `lock`. Only the thread touches the file. There is no buffer in between that a forked child could
    write a second time, and what a kill leaves is complete but for, at worst, the last line.
    """

    def __init__(self, path: str | os.PathLike[str], resume: bool) -> None:
        """Create the file, or open the one to be continued.

        Raises:
            OSError: That is not possible.
            ValueError: The file to be continued is no file of this kind.
        """
        self.lock = threading.Lock()
        self.rows: list[Row] = []  #: to be formatted when there are `ROWS_AT_ONCE`
        self.names: list[str] = []  #: the metrics' names; a name must be in here before a row has it
        self.total_steps = 0
        self.error: Exception | None = None  #: why the last attempt to write has failed
        self._name = os.fspath(path)
        self._path = Path(os.path.realpath(path))  # where it is stays the same when the working directory changes
        self._columns: list[str] | None = None  # of the file; None while it has no header
        self._formatted: list[tuple[int, bytes]] = []  # lines, and how many metrics they have columns for
        self._text = b""  # to be written
        self._closing = False
        self._wake = threading.Event()
        try:
            self._file = self._open(resume)
        except OSError as error:
            raise self._with_name(error) from None
        self._thread = threading.Thread(target=self._run, name=f"operant.Logger {self._name}", daemon=True)
        self._thread.start()

    def format_rows(self) -> None:
        """Turn `rows` into text. Only under the lock."""
        move_csv_rows(self.rows, tuple(self.names), self._formatted)

    def raise_error(self) -> None:
        """Raise the error of the last attempt to write, once; the rows are kept and tried again."""
        error, self.error = self.error, None
        if error is not None:
            raise error

    def close(self) -> None:
        """Write what is left and close the file.

        Raises:
            OSError: Rows could not be written.
        """
        self._closing = True
        self._wake.set()
        # The garbage collector may call this in any thread. That one goes on to write all by itself.
        if threading.current_thread() is not self._thread:
            self._thread.join()
            self.raise_error()

    def _run(self) -> None:
        closing = False
        while not closing:
            self._wake.wait(_SECONDS_BETWEEN_WRITES)
            self._wake.clear()
            closing = self._closing
            self._write_rows(closing)
        self._file.close()

    def _write_rows(self, closing: bool) -> None:
        try:
            self._write_text()
            with self.lock:
                if self.rows:
                    self.format_rows()
                formatted = self._formatted.copy()
                columns = [*BASE_COLUMNS, *self.names]
            if formatted or closing:
                self._add_columns(columns)
                missing = (len(columns) - len(BASE_COLUMNS) - names for names, _ in formatted)
                self._text = b"".join(
                    lines.replace(b"\n", b"," * more + b"\n") if more else lines
                    for more, (_, lines) in zip(missing, formatted, strict=True)
                )
                with self.lock:
                    del self._formatted[: len(formatted)]
                self._write_text()
            self.error = None
        except Exception as error:  # for the thread that logs: this one has nobody to tell
            self.error = self._with_name(error) if isinstance(error, OSError) else error

    def _write_text(self) -> None:
        while self._text:
            self._text = self._text[self._file.write(self._text) :]

    def _add_columns(self, columns: list[str]) -> None:
        """Give the file these columns, the last of which it may lack."""
        if self._columns is None:
            self._text = _line(columns)
            self._columns = columns
            self._write_text()
        elif len(columns) > len(self._columns):
            self._rewrite(columns)

    def _rewrite(self, columns: list[str]) -> None:
        """Put a file with more columns in the place of this one, at once or not at all."""
        now = os.fstat(self._file.fileno())
        if not stat.S_ISREG(now.st_mode):
            raise io.UnsupportedOperation(f"{self._name} is no regular file and cannot get a new column: {columns[-1]}")
        if not (self._path.exists() and os.path.samestat(now, self._path.stat())):
            raise FileNotFoundError(
                f"{self._name} has been moved or replaced and cannot get a new column: {columns[-1]}"
            )
        successor = self._path.with_name(f".{self._path.name}.{os.getpid()}.new")
        try:
            with (
                open(self._path, newline="", encoding="utf-8") as old,
                open(successor, "w", newline="", encoding="utf-8") as new,
            ):
                writer = csv.writer(new, lineterminator="\n")
                writer.writerow(columns)
                rows = csv.reader(old)
                next(rows)
                writer.writerows(row + [""] * (len(columns) - len(row)) for row in rows)
                new.flush()
                os.fsync(new.fileno())
            shutil.copymode(self._path, successor)
            self._file.close()  # Windows does not replace an open file
            try:
                os.replace(successor, self._path)
            finally:
                self._file = open(self._path, "ab", buffering=0)  # noqa: SIM115
        except BaseException:
            with suppress(OSError):
                successor.unlink()
            raise
        self._columns = columns

    def _open(self, resume: bool) -> io.FileIO:
        while True:
            try:
                return open(self._path, "xb", buffering=0)
            except FileExistsError:
                if not self._path.is_file():  # a pipe or a device, which holds nothing; a directory: open says so
                    return open(self._path, "ab", buffering=0)
                if resume:
                    return self._continue()
                self._move_away()

    def _move_away(self) -> None:
        """Give the existing file the next free number: training.csv becomes training.1.csv."""
        for number in count(1):
            kept = self._path.with_name(f"{self._path.stem}.{number}{self._path.suffix}")
            try:
                kept.touch(exist_ok=False)  # nobody else gets this name
            except FileExistsError:
                continue
            try:
                os.replace(self._path, kept)
            except OSError as error:
                kept.unlink()
                if not isinstance(error, FileNotFoundError):  # else: somebody else has moved it
                    raise
            return

    def _continue(self) -> io.FileIO:
        """Take columns and total steps from the existing file; a line that a kill has cut short is removed."""
        file = open(self._path, "r+b", buffering=0)  # noqa: SIM115
        try:
            end, last_line = _last_line(file)
            if end > 0:
                with open(self._path, newline="", encoding="utf-8-sig") as text:
                    columns = next(csv.reader(text))
                if tuple(columns[: len(BASE_COLUMNS)]) != BASE_COLUMNS:
                    raise ValueError(f"its columns do not begin with {', '.join(BASE_COLUMNS)}")
                last_row = next(csv.reader([last_line]))
                if last_row != columns:
                    self.total_steps = int(last_row[1])
                    if not 0 <= self.total_steps < 1 << 63:
                        raise ValueError(f"total_steps: expected an integer from 0 to 2**63 - 1, got {last_row[1]}")
                self._columns = columns
                self.names = columns[len(BASE_COLUMNS) :]
            file.truncate(end)
            file.seek(end)
        except (ValueError, IndexError, csv.Error) as error:
            file.close()
            raise ValueError(f"csv_path: {self._name} cannot be resumed: {error}") from None
        return file

    def _with_name(self, error: OSError) -> OSError:
        """The error with the name of the file."""
        return error if error.errno is None else OSError(error.errno, error.strerror, self._name)


def _last_line(file: io.FileIO) -> tuple[int, str]:
    """Where the last complete line ends, and its text."""
    start = file.seek(0, os.SEEK_END)
    tail = b""
    while start > 0 and tail.count(b"\n") < 2:
        size = min(start, 65536)
        start -= size
        file.seek(start)
        tail = file.read(size) + tail
    end = tail.rfind(b"\n") + 1
    last_line = tail[:end].rpartition(b"\n")[0].rpartition(b"\n")[2]
    return start + end, last_line.decode()


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
