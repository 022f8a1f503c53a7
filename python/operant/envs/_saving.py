"""What a saved environment looks like: a line with version and checksum, a line of JSON, the bytes of the core."""

from __future__ import annotations

import json
import zlib
from typing import Any

_KIND = b"operant environment 1, checksum "


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
        # No copy takes less than a byte: nobody is to be made to fill the memory by a number in a file.
        if described["arguments"]["num_envs"] > len(core):
            raise ValueError("it is too short for its num_envs")
    except (KeyError, TypeError, RecursionError) as wrong:
        raise ValueError(f"its description is wrong: {wrong!r}") from wrong
    return described, core


def _first_line(content: bytes) -> bytes:
    return _KIND + b"%08x\n" % zlib.crc32(content)
