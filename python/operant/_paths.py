"""Where the installed package keeps what C++ users need."""

from __future__ import annotations

import sys
from pathlib import Path


def get_include() -> str:
    """The directory to give to a C++ compiler as an include directory: `<operant/cartpole.hpp>` is found in it."""
    return str(_installed("include"))


def get_cmake_dir() -> str:
    """The directory of the CMake package, for `operant_DIR`, so that `find_package(operant CONFIG)` finds it."""
    return str(_installed("share") / "cmake" / "operant")


def _installed(name: str) -> Path:
    """A directory of the package. An editable install has two places: the sources, and what CMake has installed."""
    places = [Path(place) / name for place in sys.modules["operant"].__path__]
    return next((place for place in places if place.is_dir()), places[0])
