"""A saved environment: a line with version and checksum, a line of JSON, the bytes of the core.

Files, pickles and deep copies have the same format.
"""

from __future__ import annotations

import json
import os
import zlib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from operant._checks import path as checked_path
from operant._checks import positive_integer
from operant._core import most_workers

if TYPE_CHECKING:
    from operant.envs.vector_env import SimdVectorEnv

_KIND = b"operant environment 2, checksum "


def pack(described: dict[str, Any], core: bytes) -> bytes:
    """Put together the class and its arguments, as JSON can have them, and what the core has saved."""
    content = json.dumps(described).encode() + b"\n" + core
    return _first_line(content) + content


def unpack(saved: bytes) -> tuple[dict[str, Any], bytes]:
    """Take apart what `pack` has put together.

    Raises:
        ValueError: It is something else, of another version, or altered.
    """
    first_line, end, content = saved.partition(b"\n")
    if not first_line.startswith(_KIND):
        raise ValueError(f"expected bytes that begin with {_KIND!r}, got {first_line[: len(_KIND)]!r}")
    if first_line + end != _first_line(content):
        raise ValueError("its checksum is wrong")
    header, _, core = content.partition(b"\n")
    try:
        described = json.loads(header)
        # A number in a file must not fill the memory. No copy takes less than a byte.
        if core and described["arguments"]["num_envs"] > len(core):
            raise ValueError("it is too short for its num_envs")
    except (KeyError, TypeError, RecursionError) as wrong:
        raise ValueError(f"its description is wrong: {wrong!r}") from wrong
    return described, core


def _first_line(content: bytes) -> bytes:
    return _KIND + b"%08x\n" % zlib.crc32(content)


def load(path: str | os.PathLike[str], workers: int = 1) -> SimdVectorEnv[Any]:
    """Make the environment that `SimdVectorEnv.save` has written to a file; it continues bit for bit.

    Args:
        path: The file. Its class is imported by its module and name: do not load files that you do not trust.
        workers: Threads that step the copies; the results do not depend on it.

    Returns:
        An environment of the class that was saved, with the same arguments, but without a render mode.

    Raises:
        TypeError: The path is neither a string nor a path, or `workers` is not an integer.
        OSError: The file cannot be read.
        ValueError: It is no such file, of another version, truncated or altered; its class does not exist; or `workers`
            is out of range.
    """
    from operant.envs.vector_env import SimdVectorEnv, restored

    name = checked_path("path", path)
    positive_integer("workers", workers, most_workers)
    try:
        saved = Path(name).read_bytes()
        module, _, qualified_name = unpack(saved)[0]["class"].partition(":")
        env_class: Any = import_module(module)
        for part in qualified_name.split("."):
            env_class = getattr(env_class, part)
        if not (isinstance(env_class, type) and issubclass(env_class, SimdVectorEnv)):
            raise ValueError(f"{qualified_name} of {module} is no class of environments")
        return restored(env_class, saved, workers=workers)
    except (ValueError, KeyError, TypeError, ImportError, AttributeError) as damage:
        raise ValueError(f"{name} is not a saved environment: {damage}") from damage
