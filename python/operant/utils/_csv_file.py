"""A CSV file that a thread of its own writes."""

from __future__ import annotations

import csv
import errno
import io
import os
import shutil
import threading
from itertools import count
from pathlib import Path

#: The columns before the metrics.
BASE_COLUMNS = ("timestamp", "total_steps", "steps_per_second")

#: Rows that are kept while they cannot be written. At 100 bytes, those are 100 MB.
MOST_WAITING = 1_000_000

# Rows are on disk a second after their call at the latest; half of it is left for the writing.
_SECONDS_BETWEEN_WRITES = 0.5


class CsvFile:
    """`append` turns a row into text, and a thread writes the text to the file twice a second.

    The rows are not left to the thread to format: it would compete for the interpreter with who logs, and fall behind.
    The thread alone touches the file, which has no buffer: a forked child has nothing to write a second time, and what
    a kill leaves is complete but for, at worst, the last line.
    """

    def __init__(self, path: str, resume: bool) -> None:
        """Create the file and its directories, or open the one to be continued."""
        self.total_steps = 0  # of the file that is continued
        self.error: Exception | None = None  # why the last attempt to write has failed
        self._name = path
        self._path = Path(os.path.realpath(path))  # absolute, so that a change of the working directory does not matter
        self._header: list[str] = []  # the columns that the file has
        self._text = b""  # to be written before anything else; it has the columns of the header
        self._rows_of_text = 0
        self._dropped = 0  # rows, as too many were waiting
        self._file = self._open(resume)
        self._lock = threading.Lock()  # for the next two
        self._columns = dict.fromkeys(self._header or BASE_COLUMNS)
        self._lines: list[str] = []  # rows that are not in `_text` yet; each has all columns
        # `close` releases this lock, and the thread waits for it. The garbage collector may close the file at any
        # moment, within the thread's waiting, too; an Event, which is set under a lock of its own, could hang there.
        self._until_close = threading.Lock()
        self._until_close.acquire()
        self._thread = threading.Thread(target=self._run, name=f"operant.Logger {path}", daemon=True)
        self._thread.start()

    def append(self, record: dict[str, int | float]) -> None:
        """Add a row. Names that are new become columns."""
        with self._lock:
            if not record.keys() <= self._columns.keys():
                before = len(self._columns)
                self._columns.update(dict.fromkeys(record))
                empty_cells = "," * (len(self._columns) - before)
                self._lines[:] = [line[:-1] + empty_cells + "\n" for line in self._lines]
            if self.error is not None and len(self._lines) >= MOST_WAITING:
                self._dropped += 1
                return
            cells = [repr(record[name]) if name in record else "" for name in self._columns]
            self._lines.append(",".join(cells) + "\n")  # numbers need no quotes

    @property
    def missing(self) -> int:
        """How many rows are not in the file."""
        of_text = min(self._text.count(b"\n"), self._rows_of_text)  # without the header, which may be in the text
        return of_text + len(self._lines) + self._dropped

    def close(self) -> None:
        """Write what is left and close the file."""
        self._until_close.release()
        # The garbage collector may call this in any thread. The file's own goes on to write all by itself.
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        closing = False
        while not closing:
            closing = self._until_close.acquire(timeout=_SECONDS_BETWEEN_WRITES)
            try:
                self._write_text()
                self._take_lines(closing)
                self._write_text()
                self.error = None
            except Exception as error:  # kept for the thread that logs, which warns; here, no caller would see it
                self.error = OSError(error.errno, error.strerror, self._name) if isinstance(error, OSError) else error
        self._file.close()

    def _write_text(self) -> None:
        while self._text:
            self._text = self._text[self._file.write(self._text) :]

    def _take_lines(self, closing: bool) -> None:
        """Make text of the lines, and give the file their columns."""
        with self._lock:
            columns, lines = list(self._columns), self._lines.copy()
        if not lines and not closing:  # a file without rows gets its header at the end
            return
        text = io.StringIO()
        if not self._header:
            csv.writer(text, lineterminator="\n").writerow(columns)
        elif columns != self._header:
            self._rewrite(columns)
        self._header = columns
        text.writelines(lines)
        self._text, self._rows_of_text = text.getvalue().encode(), len(lines)
        with self._lock:
            del self._lines[: len(lines)]

    def _rewrite(self, columns: list[str]) -> None:
        """Put a file with more columns in the place of this one, at once or not at all."""
        if not (self._path.is_file() and os.path.samestat(os.fstat(self._file.fileno()), self._path.stat())):
            problem = f"Cannot get the column {columns[-1]}: no regular file, or it has been moved or replaced"
            raise OSError(errno.EINVAL, problem)
        successor = self._path.with_name(f".{self._path.name}.{os.getpid()}.new")
        try:
            with (
                open(self._path, newline="", encoding="utf-8") as old,
                open(successor, "w", newline="", encoding="utf-8") as new,
            ):
                writer = csv.writer(new, lineterminator="\n")
                rows = csv.reader(old)
                next(rows)
                writer.writerow(columns)
                writer.writerows(row + [""] * (len(columns) - len(row)) for row in rows)
                new.flush()
                os.fsync(new.fileno())
            shutil.copymode(self._path, successor)
            self._file.close()  # Windows does not replace an open file
            try:
                os.replace(successor, self._path)
            finally:
                self._file = open(self._path, "ab", buffering=0)  # noqa: SIM115
        finally:
            successor.unlink(missing_ok=True)

    def _open(self, resume: bool) -> io.FileIO:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                return open(self._path, "xb", buffering=0)
            except FileExistsError:
                if resume and self._path.is_file():
                    self._continue()
                if resume or not self._path.is_file():  # a pipe or a device holds nothing; a directory: open says so
                    return open(self._path, "ab", buffering=0)
                self._move_away()

    def _move_away(self) -> None:
        """Give the existing file the next free number: training.csv becomes training.1.csv."""
        for number in count(1):
            kept = self._path.with_name(f"{self._path.stem}.{number}{self._path.suffix}")
            try:
                kept.touch(exist_ok=False)  # reserves the name; raises if another process has taken it
            except FileExistsError:
                continue
            try:
                os.replace(self._path, kept)
            except OSError as error:
                kept.unlink()
                if not isinstance(error, FileNotFoundError):  # else another process has moved the file
                    raise
            return

    def _continue(self) -> None:
        """Take columns and total steps from the existing file; a line that a kill has cut short is removed."""
        first = last = ""
        end = 0
        try:
            with open(self._path, "rb") as file:
                for line in file:
                    if line.endswith(b"\n"):
                        last = line.decode()
                        first = first or last
                        end += len(line)
            if first:
                self._header = next(csv.reader([first.removeprefix("\ufeff")]))
                if tuple(self._header[:3]) != BASE_COLUMNS or len(set(self._header)) < len(self._header):
                    raise ValueError(f"its columns do not begin with {', '.join(BASE_COLUMNS)}, or one is there twice")
            if last != first:
                self.total_steps = int(next(csv.reader([last]))[1])
                if not 0 <= self.total_steps < 1 << 63:
                    raise ValueError(f"total_steps: expected an integer from 0 to 2**63 - 1, got {self.total_steps}")
        except (ValueError, IndexError, csv.Error) as error:
            raise ValueError(f"csv_path: {self._name} cannot be resumed: {error}") from None
        os.truncate(self._path, end)
