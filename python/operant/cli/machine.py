"""Describes the machine that runs a measurement."""

from __future__ import annotations

import platform
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """Describe the processor, its cores and the versions of packages."""
    from operant import _core, simd  # not above, as `operant info` works without the compiled module

    info = Path("/proc/cpuinfo")  # the platform module does not know the processor's name on Linux
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": _core.usable_cores(),
        "system": platform.platform(),
        "simd": simd.active,
        "python": platform.python_version(),
        **{name: version(name) for name in ("operant", "numpy", "gymnasium", "envpool") if find_spec(name)},
    }
