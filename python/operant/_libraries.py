"""Shared libraries of environments."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

from operant import _core
from operant._checks import path as checked_path

#: The end of the file names of the libraries that `operant_add_environments` and `operant.load` make.
SUFFIX = ".dll" if sys.platform == "win32" else ".so"


def load_library(path: str | os.PathLike[str]) -> dict[str, _core.Environment]:
    """Load a library of environments that the CMake function `operant_add_environments` has built.

    ```python
    library = operant.load_library(Path(__file__).with_name("environments"))


    class DoubleIntegratorVecEnv(SimdVectorEnv, environment=library["DoubleIntegrator"]):
        ...
    ```

    The library stays loaded until the process ends.

    Args:
        path: The file. Without a suffix, the one that libraries have on this system is added. What it contains runs:
            do not load files that you do not trust.

    Returns:
        The environments by name, each for a class of its own as above.

    Raises:
        TypeError: The path is neither a string nor a path.
        FileNotFoundError: There is no such file.
        ImportError: It is no library of environments, damaged, or built for another version of Operant.
    """
    environments, _ = contents_of(Path(checked_path("path", path)))
    return {environment.name: environment for environment in environments}


def contents_of(path: Path) -> tuple[list[_core.Environment], list[_core.PolicyClass]]:
    """The environments and the policies of a library, in the order in which the library lists them."""
    file = path if path.suffix else path.with_name(path.name + SUFFIX)
    if not file.is_file():
        raise FileNotFoundError(f"path: there is no file {file}")
    _check_complete(file)
    return _core.load_library(str(file.absolute()))


def _check_complete(file: Path) -> None:
    """Refuse a library whose end is missing: the process would be killed when the system loads it."""
    with file.open("rb") as opened:
        head = opened.read(64)
    if len(head) < 64 or head[:5] != b"\x7fELF\x02":
        return  # no 64-bit ELF file: the system's loader will raise an error if it cannot load it
    order = "<" if head[5] == 1 else ">"
    (sections,) = struct.unpack_from(f"{order}Q", head, 40)
    size, count = struct.unpack_from(f"{order}HH", head, 58)
    expected, actual = sections + size * count, file.stat().st_size
    if actual < expected:
        raise ImportError(f"{file} is damaged: it has {actual} bytes and should have {expected}")
