"""`operant info`: what is installed, and what it runs on."""

from __future__ import annotations

import argparse
import os
import platform
import sys
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
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print what was asked for."""
    if options.include_dir:
        print(operant.get_include())
        return 0
    if options.cmake_dir:
        print(operant.get_cmake_dir())
        return 0
    try:
        from operant import simd
    except ImportError as error:
        print(f"operant info: {error}", file=sys.stderr)
        return 2
    facts = {
        "Operant": operant.__version__,
        "SIMD": f"{simd.active} (available: {', '.join(simd.available)})",
        "cores": str(usable_cores()),
        "Python": f"{platform.python_version()} ({platform.platform()})",
        "numpy": version("numpy"),
        "Gymnasium": version("gymnasium"),
        "installed in": str(Path(operant.__file__).parent),
        "C++ headers": operant.get_include(),
        "CMake package": operant.get_cmake_dir(),
    }
    width = max(map(len, facts))
    for name, fact in facts.items():
        print(f"{name:{width}}  {fact}")
    return 0


def usable_cores() -> int:
    """How many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
