"""What a figure depends on beside the code: processor, cores, versions."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import operant
from operant import simd


def usable_cores() -> int:
    """The cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe() -> dict[str, Any]:
    """Everything that a result should come with."""
    return {
        "processor": _processor(),
        "cores": usable_cores(),
        "system": platform.platform(),
        "simd": simd.active,
        "python": platform.python_version(),
        "operant": operant.__version__,
        **{package: found for package in ("numpy", "gymnasium", "envpool") if (found := _version(package))},
    }


def summary() -> str:
    """The same in a line."""
    facts = describe()
    versions = ", ".join(
        f"{name} {facts[key]}"
        for name, key in (
            ("Python", "python"),
            ("numpy", "numpy"),
            ("Gymnasium", "gymnasium"),
            ("EnvPool", "envpool"),
            ("Operant", "operant"),
        )
        if key in facts
    )
    return f"SIMD: {facts['simd']}; {facts['processor']}, {facts['cores']} cores; {versions}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    """The processor's name; the platform module does not know it on Linux."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
