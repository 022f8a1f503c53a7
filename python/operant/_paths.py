"""Where the installed package keeps what C++ users need."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def get_include() -> str:
    """The directory to give to a C++ compiler as an include directory: `<operant/cartpole.hpp>` is found in it."""
    return str(_PACKAGE / "include")


def get_cmake_dir() -> str:
    """The directory of the CMake package, for `operant_DIR`, so that `find_package(operant CONFIG)` finds it."""
    return str(_PACKAGE / "share" / "cmake" / "operant")
