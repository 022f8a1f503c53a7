"""A CSV file of metrics that is complete after every row."""

from __future__ import annotations

import csv
import errno
import io
import os
import shutil
import stat
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path

#: The columns before the metrics.
BASE_COLUMNS = ("timestamp", "total_steps", "steps_per_second")


class CsvFile:
    """Writes each row with one call of the operating system.

    Nothing is buffered, so a kill loses no row, and a forked child has nothing to write a second time.
    """

    def __init__(self, path: str, resume: bool, warn: Callable[[str], None]) -> None:
        """Create the file and its directories, or open the file to be resumed."""
        self.total_steps = 0  # of the resumed file
        self.missing = 0  # rows that could not be written
        self.error: OSError | None = None  # of the last of them
        self._name = path
        self._warn = warn
        # The path is absolute, because the working directory may change. A pipe keeps its name: /dev/stdout can be a
        # link to a name that does not exist.
        is_pipe = os.path.exists(path) and not os.path.isfile(path)
        self._path = Path(os.path.abspath(path) if is_pipe else os.path.realpath(path))
        self._columns: dict[str, None] = {}
        self._refused: set[str] = set()  # metrics for which there is no column
        self._file = self._open(resume)
        self._is_regular = stat.S_ISREG(os.fstat(self._file.fileno()).st_mode)
        self._has_header = False

    def append(self, record: dict[str, int | float]) -> None:
        """Write a row. A row that cannot be written is left out, and the first such row causes a warning."""
        try:
            self._write(record)
        except OSError as error:
            self.missing += 1
            self.error = OSError(error.errno, error.strerror, self._name)
            if self.missing == 1:
                self._warn(f"{self.error}; the file lacks rows")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, record: dict[str, int | float]) -> None:
        size = self._size()
        late = [name for name in record if name not in self._columns]
        if size == 0:
            self._columns.update(dict.fromkeys((*BASE_COLUMNS, *late)))
        elif not self._refused.issuperset(late):
            try:
                self._add_columns(late)
            except OSError as error:
                self._refused.update(late)
                self._warn(f"{self._name} has no column for {', '.join(late)}: {error}")
        cells = [repr(record[name]) if name in record else "" for name in self._columns]
        row = (",".join(cells) + "\n").encode()  # numbers need no quotes
        text = row if size else _line(self._columns) + row
        try:
            while text:
                text = text[os.write(self._file.fileno(), text) :]
        except OSError:
            if self._is_regular:
                os.ftruncate(self._file.fileno(), size)  # no part of a row stays
            raise
        self._has_header = True

    def _size(self) -> int:
        """Return the size of the file; 0 means that it needs a header. A file that was removed begins again."""
        if not self._is_regular:
            return int(self._has_header)
        status = os.fstat(self._file.fileno())
        if status.st_nlink == 0:
            self._file.close()
            self._file = self._open(resume=False)
            self._warn(f"{self._name} has been removed; it begins again")
            return 0
        return status.st_size

    def _add_columns(self, names: list[str]) -> None:
        """Replace the file by one with more columns, at once or not at all."""
        if not (self._is_regular and os.path.samestat(os.fstat(self._file.fileno()), self._path.stat())):
            raise OSError(errno.EINVAL, "not a regular file, or it has been moved or replaced")
        columns = self._columns | dict.fromkeys(names)
        end = b"," * len(names) + b"\n"
        successor = self._path.with_name(f".{self._path.name}.{os.getpid()}.new")
        try:
            with open(self._path, "rb") as old, open(successor, "wb") as new:
                new.write(_line(columns))
                new.writelines(line.rstrip(b"\r\n") + end for line in old if b"timestamp" not in line)
                new.flush()
                os.fsync(new.fileno())
            shutil.copymode(self._path, successor)
            self._file.close()  # Windows does not replace an open file
            try:
                os.replace(successor, self._path)
                self._columns = columns
            finally:
                self._file = open(self._path, "ab", buffering=0)  # noqa: SIM115
        finally:
            successor.unlink(missing_ok=True)

    def _open(self, resume: bool) -> io.FileIO:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                # Each write goes to the end of the file, even if somebody makes the file shorter.
                return open(
                    self._path, "xb", buffering=0, opener=lambda path, flags: os.open(path, flags | os.O_APPEND, 0o666)
                )
            except FileExistsError:
                if resume and self._path.is_file():
                    self._resume()
                if resume or not self._path.is_file():  # a pipe or a device; `open` refuses a directory
                    return open(self._path, "ab", buffering=0)
                self._move_away()

    def _move_away(self) -> None:
        """Give the existing file the next free number: training.csv becomes training.1.csv."""
        for number in count(1):
            kept = self._path.with_name(f"{self._path.stem}.{number}{self._path.suffix}")
            try:
                kept.touch(exist_ok=False)  # reserves the name, which another process may want, too
            except FileExistsError:
                continue
            try:
                os.replace(self._path, kept)
            except OSError as error:
                kept.unlink()
                if not isinstance(error, FileNotFoundError):  # another process may have moved the file
                    raise
            return

    def _resume(self) -> None:
        """Read columns and total steps from the existing file, and remove an incomplete last line."""
        header = last = b""
        end = 0
        with open(self._path, "rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    header, last, end = header or line, line, end + len(line)
        try:
            columns = next(csv.reader([header.decode("utf-8-sig")]), [])
            if header and (tuple(columns[:3]) != BASE_COLUMNS or len(set(columns)) < len(columns)):
                raise ValueError(f"its columns do not begin with {', '.join(BASE_COLUMNS)}, or one is there twice")
            if end > len(header):
                self.total_steps = int(last.split(b",")[1])
                if not 0 <= self.total_steps < 1 << 63:
                    raise ValueError(f"total_steps: expected an integer from 0 to 2**63 - 1, got {self.total_steps}")
        except (ValueError, IndexError, csv.Error) as error:
            raise ValueError(f"csv_path: {self._name} cannot be resumed: {error}") from None
        self._columns = dict.fromkeys(columns)
        os.truncate(self._path, end)


def _line(columns: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(columns)
    return text.getvalue().encode()
