"""The cache of compiled libraries. A library is reused as long as none of its inputs has changed.

A library's file name contains two digests: one of the inputs that are known before the compiler runs (Operant, the
header, the flags), and one of those that are known afterwards (the compiler, the files that it read, the library). A
JSON record beside the library has the digests of these files, so that a later call can compare them without a compiler.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from operant import __version__, simd
from operant.building import libraries as _libraries
from operant.building.build_directory import build_directory
from operant.building.compiler import CompileError, Compiler, digest_of, find_compiler, search_directories, settings
from operant.building.paths import get_include
from operant.building.progress import shown_compilation

_Opened = TypeVar("_Opened")


class _Wanted(NamedTuple):
    """A library to find in the cache, or to build."""

    directory: Path
    name: str  # the part of the file's name that is known before the compiler runs
    header: Path
    text: bytes  # the contents of the header
    source: bytes
    includes: Sequence[str]
    debug: bool

    @property
    def place(self) -> str:
        """The header's directory with a separator at its end: the prefix of the names of the files in it."""
        return os.path.join(self.header.parent, "")


def built(
    header: Path,
    text: bytes,
    source: bytes,
    opened: Callable[[Path], _Opened],
    *,
    includes: Sequence[str] = (),
    debug: bool = False,
    parts: Sequence[Any] = (),
) -> _Opened:
    """Open a library of the cache directory. Build it first if it is missing or out of date.

    Args:
        header: The header that the source includes. Messages and the library's name mention it.
        text: The contents of the header.
        source: The C++ source.
        opened: A function that opens the library, or raises ImportError.
        includes: Directories of headers, besides Operant's.
        debug: Compile for debugging, as `Compiler.flags` describes.
        parts: JSON values that distinguish this library from others of the same header.

    Raises:
        CompileError: There is no compiler, the compiler refuses the source, or the library cannot be opened.
        OSError: There is no cache directory, or it cannot be written.
    """
    contents = hashlib.sha256(text).hexdigest()
    # Another installation of the same version may have different headers, so the include directory counts, too.
    known = [__version__, get_include(), simd.active, settings(), contents, includes, debug, parts]
    name = f"{re.sub(r'[^A-Za-z0-9_]', '_', header.stem)[:40]}-{_short_digest(known)}"
    wanted = _Wanted(cache_directory(), name, header, text, source, includes, debug)
    try:
        compiler = find_compiler()
    except CompileError:
        found = _open_current(wanted, None, opened)
        if found is None:
            raise
        return found
    found = _open_current(wanted, compiler, opened)
    if found is not None:
        return found
    try:
        with shown_compilation(header.name), build_directory(wanted.directory, name) as directory:
            found = _open_current(wanted, compiler, opened)  # another process may have built it meanwhile
            return _open_new(_make(wanted, compiler, directory), compiler, opened) if found is None else found
    except OSError as error:
        raise OSError(
            f"the cache directory {wanted.directory} cannot be written ({error}); OPERANT_CACHE_DIR names another one"
        ) from error


def cache_directory() -> Path:
    """Return the directory that `OPERANT_CACHE_DIR` names, or else the cache directory of the user.

    Raises:
        OSError: The user has no cache directory.
    """
    named = os.environ.get("OPERANT_CACHE_DIR")
    if named:
        return Path(named).absolute()
    import platformdirs

    try:
        directory = platformdirs.user_cache_path("operant", appauthor=False)
    except RuntimeError:
        directory = Path()
    if not directory.is_absolute():  # without a home directory, older versions return "~/.cache/operant"
        raise OSError("there is no cache directory (no home directory is known); OPERANT_CACHE_DIR names one")
    return directory


def _open_current(wanted: _Wanted, compiler: Compiler | None, opened: Callable[[Path], _Opened]) -> _Opened | None:
    """Open the library if the cache has one that is up to date; return None otherwise."""
    digest = functools.cache(digest_of)
    for record_file in wanted.directory.glob(f"{wanted.name}-*.json"):
        library = record_file.with_suffix(_libraries.SUFFIX)
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):  # a damaged record counts as missing
            record = json.loads(record_file.read_bytes())
            if _is_current(record, wanted, compiler, digest) and digest_of(library) == record["library"]:
                with suppress(ImportError):
                    return opened(library)
    return None


def _is_current(
    record: dict[str, Any], wanted: _Wanted, compiler: Compiler | None, digest: Callable[[str], str | None]
) -> bool:
    """Return True if a new build would read the same files as the recorded one."""
    if compiler is not None and record["compiler"] != _identity(compiler, wanted.debug):
        return False
    if record["place"] not in (None, wanted.place):
        return False
    for name, expected in record["files"].items():
        now = digest(name)
        gone_with_the_compiler = now is None and compiler is None and not name.startswith(wanted.place)
        if (now is None or now != expected) and not gone_with_the_compiler:
            return False
    return not any(os.path.exists(os.path.join(wanted.place, name)) for name in record["absent"])


def _open_new(library: Path, compiler: Compiler, opened: Callable[[Path], _Opened]) -> _Opened:
    try:
        return opened(library)
    except ImportError as error:
        for file in (library.with_suffix(".json"), library):
            with suppress(OSError):  # Windows does not remove a library that a process has loaded
                file.unlink()
        raise CompileError(
            f"{compiler.name} has made a library that cannot be loaded ({error}): expected a C++ compiler, "
            "such as g++ or clang++, named in CXX, and flags for this Python in CXXFLAGS"
        ) from error


def _make(wanted: _Wanted, compiler: Compiler, directory: Path) -> Path:
    """Compile in the directory, then move the library and its record into the cache."""
    source, target = directory / "library.cpp", directory / f"library{_libraries.SUFFIX}"
    source.write_bytes(wanted.source)
    files: dict[str, str | None] = {}
    while True:
        before = files
        names = compiler.compile(wanted.header, source, target, simd.active, wanted.includes, wanted.debug)
        files = {name: digest_of(name) for name in (os.path.join(os.getcwd(), name) for name in names)}
        files.pop(str(source), None)
        if files == before or not any(_is_newer(name, source) for name in files):
            break
        # A file changed after the start, and the compiler may have read its former contents: compile again.
    if files.pop(str(wanted.header), digest_of(wanted.header)) != hashlib.sha256(wanted.text).hexdigest():
        raise CompileError(f"{wanted.header} changed while it was compiled: load it again")
    record = {
        "library": digest_of(target),
        "compiler": _identity(compiler, wanted.debug),
        # A header that includes files beside it may include other files in another directory.
        "place": wanted.place if any(name.startswith(wanted.place) for name in files) else None,
        "files": files,
        "absent": _absent(wanted, files),
    }
    # The system loads only one library of each name, so each library has its own name.
    library = wanted.directory / f"{wanted.name}-{_short_digest(record)}{_libraries.SUFFIX}"
    try:
        _move(target, library)
    except PermissionError:  # on Windows, if a process has loaded a library with the same contents
        if digest_of(library) != record["library"]:
            raise
    written = directory / "record.json"
    written.write_text(json.dumps(record), encoding="ascii")
    _move(written, library.with_suffix(".json"))
    return library


def _absent(wanted: _Wanted, files: Iterable[str]) -> list[str]:
    """List the missing files that the compiler would read instead of files that it did read.

    Names of files beside the header are relative to its directory, because the header may move.
    """
    searched = [*search_directories(), get_include(), *wanted.includes]
    beginnings = [wanted.place, *(os.path.join(directory, "") for directory in searched)]
    candidates = [
        (earlier, name.removeprefix(beginning))
        for name in files
        for i, beginning in enumerate(beginnings)
        if name.startswith(beginning)
        for earlier in beginnings[:i]
    ]
    absent = (pair for pair in candidates if not os.path.exists("".join(pair)))
    return list(dict.fromkeys(name if earlier == wanted.place else earlier + name for earlier, name in absent))


def _is_newer(file: str, other: Path) -> bool:
    try:
        found = os.stat(file)
    except OSError:
        return True
    return max(found.st_mtime_ns, found.st_ctime_ns) > other.stat().st_mtime_ns


def _move(file: Path, target: Path) -> None:
    """Move a file into the cache. Other processes, or the system after a crash, see a complete file or none."""
    with file.open("r+b") as opened:
        os.fsync(opened.fileno())
    file.replace(target)


def _identity(compiler: Compiler, debug: bool) -> str:
    return _short_digest([compiler, compiler.flags(simd.active, debug)])


def _short_digest(parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]
