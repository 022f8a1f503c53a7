"""Shared libraries of environments."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from operant import _core
from operant._checks import path as checked_path

#: The suffix of the libraries that `operant_add_environments` and `operant.load` build.
SUFFIX = ".dll" if sys.platform == "win32" else ".so"


def load_library(path: str | os.PathLike[str]) -> dict[str, _core.EnvironmentDescription]:
    """Load a library of environments that the CMake function `operant_add_environments` has built.

    ```python
    library = operant.load_library(Path(__file__).with_name("environments"))


    class DoubleIntegratorVecEnv(SimdVectorEnv, environment=library["DoubleIntegrator"]):
        ...
    ```

    The library stays loaded until the process ends. As with any shared library, the system may kill the process if the
    file was cut short.

    Args:
        path: The file. A name without a suffix gets the suffix of libraries on this system. Loading runs code in the
            file: do not load files that you do not trust.

    Returns:
        The environments by name. Make a class of each, as above.

    Raises:
        TypeError: The path is neither a string nor a path.
        FileNotFoundError: There is no such file.
        ImportError: The file is not a library of environments, or was built for another version of Operant.
    """
    environments, _ = contents_of(Path(checked_path("path", path)))
    return {environment.name: environment for environment in environments}


def contents_of(path: Path) -> tuple[list[_core.EnvironmentDescription], list[_core.PolicyDescription]]:
    """Load a library; return its environments and its policies, in the library's order."""
    file = path if path.suffix else path.with_name(path.name + SUFFIX)
    if not file.is_file():
        raise FileNotFoundError(f"path: there is no file {file}")
    return _core.load_library(os.fsencode(file.absolute()))
