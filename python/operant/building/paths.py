"""The directories of the C++ headers and of the CMake package in the installed Python package."""

from __future__ import annotations

import sys
from pathlib import Path


def get_include() -> str:
    """Return the include directory for a C++ compiler; `<operant/cartpole.hpp>` is in it."""
    return str(_installed("include"))


def get_cmake_dir() -> str:
    """Return the directory of the CMake package: set `operant_DIR` to it for `find_package(operant CONFIG)`."""
    return str(_installed("share") / "cmake" / "operant")


def _installed(name: str) -> Path:
    """Find a directory of the package. An editable install has two roots: the sources, and CMake's output."""
    places = [Path(place) / name for place in sys.modules["operant"].__path__]
    return next((place for place in places if place.is_dir()), places[0])
