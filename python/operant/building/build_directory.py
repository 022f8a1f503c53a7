"""Temporary directories for compilation. One process at a time uses each; those of killed processes are removed."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

_PREFIX, _LOCK = "building-", "lock"
_POLL = 0.05
_LONGEST = 3600.0


@contextmanager
def build_directory(parent: Path, name: str) -> Iterator[Path]:
    """Make an empty directory. Other processes that ask for the same name wait until this one has finished.

    They wait for a lock on a file, which the system releases when a process ends. On file systems without locks, the
    processes work at the same time.

    Raises:
        OSError: The directory cannot be created.
    """
    parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(parent)
    place = parent / f"{_PREFIX}{name}"
    while (lock := _locked(place)) is None:
        time.sleep(_POLL)
    try:
        with tempfile.TemporaryDirectory(dir=place, ignore_cleanup_errors=True) as directory:
            yield Path(directory)
    finally:
        _remove(place, lock)


def _locked(place: Path) -> IO[Any] | None:
    """Create the directory and lock it; return None if another process holds the lock."""
    with suppress(FileExistsError):
        place.mkdir()
    try:
        lock = (place / _LOCK).open("ab")
    except FileNotFoundError:  # another process has just finished and removed the directory
        return None
    if _try_lock(lock) is not False and _is_there(lock, place / _LOCK):
        return lock
    lock.close()
    return None


def _is_there(lock: IO[Any], file: Path) -> bool:
    """Check that the open file still has its name: a process that finishes removes the file, then unlocks it."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), file.stat())
    except FileNotFoundError:
        return False


def _try_lock(lock: IO[Any]) -> bool | None:
    """Try to lock the file. Return True on success, None if the file system has no locks."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _remove(place: Path, lock: IO[Any]) -> None:
    """Remove the directory, unless another process works in it too, and release the lock."""
    if sys.platform == "win32":  # it does not remove open files
        lock.close()
    with suppress(OSError):
        (place / _LOCK).unlink(missing_ok=True)
        place.rmdir()
    lock.close()


def _remove_leftovers(parent: Path) -> None:
    """Remove the directories of processes that were killed."""
    for place in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            is_old = time.time() - place.stat().st_mtime > _LONGEST
            try:
                lock = (place / _LOCK).open("r+b")
            except FileNotFoundError:  # an older version made it, or the process was killed early
                if is_old:
                    shutil.rmtree(place, ignore_errors=True)
                continue
            held = _try_lock(lock)
            if (held or (held is None and is_old)) and _is_there(lock, place / _LOCK):
                for one in place.iterdir():
                    if one.name != _LOCK:
                        shutil.rmtree(one, ignore_errors=True)
                _remove(place, lock)
            lock.close()
