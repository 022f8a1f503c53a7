"""`operant info`: shows versions, instruction sets and paths."""

from __future__ import annotations

import argparse
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import operant


def add_parser(commands: Any) -> None:
    """Add `info` to the subcommands."""
    parser = commands.add_parser(
        "info",
        help="show versions, SIMD instruction sets and paths",
        description="Shows versions, the SIMD instruction set in use and those available, cores and paths.",
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--include-dir", action="store_true", help="print only the directory of the C++ headers")
    only.add_argument("--cmake-dir", action="store_true", help="print only the directory of the CMake package")
    only.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the selected facts."""
    if options.include_dir:
        print(operant.get_include())
        return 0
    if options.cmake_dir:
        print(operant.get_cmake_dir())
        return 0
    from operant import _core, simd

    facts: dict[str, tuple[str, Any]] = {
        "operant": ("Operant", operant.__version__),
        "simd": ("SIMD", {"active": simd.active, "available": list(simd.available)}),
        "cores": ("cores", _core.usable_cores()),
        "python": ("Python", platform.python_version()),
        "system": ("system", platform.platform()),
        "numpy": ("numpy", version("numpy")),
        "gymnasium": ("Gymnasium", version("gymnasium")),
        "path": ("installed in", str(Path(operant.__file__).parent)),
        "include_dir": ("C++ headers", operant.get_include()),
        "cmake_dir": ("CMake package", operant.get_cmake_dir()),
    }
    if options.json:
        print(json.dumps({key: fact for key, (_, fact) in facts.items()}, indent=2))
        return 0
    facts["simd"] = "SIMD", f"{simd.active} (available: {', '.join(simd.available)})"
    width = max(len(name) for name, _ in facts.values())
    for name, fact in facts.values():
        print(f"{name:{width}}  {fact}")
    return 0
