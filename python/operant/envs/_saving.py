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
from operant.envs import _streams
from operant.envs._parametrised import Parametrised

if TYPE_CHECKING:
    from operant.envs.vector_env import SimdVectorEnv

_KIND = b"operant environment 2, checksum "

#: Attributes that a pickle keeps as they are: the spaces have random streams of their own.
_SPACES = ("single_observation_space", "single_action_space", "observation_space", "action_space")


def pack(description: dict[str, Any], core: bytes) -> bytes:
    """Put together the class and its arguments, in a form that JSON has, and what the core has saved."""
    content = json.dumps(description).encode() + b"\n" + core
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
        description = json.loads(header)
        # A forged `num_envs` must not fill the memory. Every copy takes at least a byte.
        if core and description["arguments"]["num_envs"] > len(core):
            raise ValueError("it is too short for its num_envs")
    except (KeyError, TypeError, RecursionError) as wrong:
        raise ValueError(f"its description is wrong: {wrong!r}") from wrong
    return description, core


def _first_line(content: bytes) -> bytes:
    return _KIND + b"%08x\n" % zlib.crc32(content)


class Saving(Parametrised):
    """Environments in files and pickles."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the whole environment to a file: parameters, state, elapsed steps, random streams, totals.

        `operant.envs.load` makes an environment of it that continues bit for bit. The render mode is not saved.

        Args:
            path: The file; an existing one is replaced.

        Raises:
            TypeError: The path is neither a string nor a path.
            OSError: The file cannot be written.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        target = Path(checked_path("path", path))
        target.write_bytes(self._packed())

    def _description(self) -> dict[str, Any]:
        """The class and the constructor's arguments, in a form that JSON has."""
        arguments = {
            "num_envs": self.num_envs,
            "max_episode_steps": self.max_episode_steps,
            "autoreset_mode": self.metadata["autoreset_mode"].value,
            "dtype": self.dtype.name,
            "record_episode_statistics": self.record_episode_statistics,
            **{name: self._plain(name) for name in self.parameters},
        }
        return {"class": f"{type(self).__module__}:{type(self).__qualname__}", "arguments": arguments}

    def _packed(self) -> bytes:
        """The whole environment as bytes; of a closed one, only the description."""
        seeds = None if self._seeds is None else self._seeds.plain(self.num_envs)
        return pack(self._description() | {"seeds": seeds}, b"" if self.closed else self._core.save())

    def __reduce__(self) -> Any:
        state = {name: getattr(self, name) for name in (*_SPACES, "spec")}
        return _unpickled, (type(self), self._packed(), self.workers, self.render_mode, self.closed), state

    def __setstate__(self, state: dict[str, Any]) -> None:
        try:
            is_mine = all(state[name] == getattr(self, name) for name in _SPACES)
        except (KeyError, TypeError, AttributeError, ValueError):
            is_mine = False
        if not is_mine:
            raise ValueError(f"this is no pickled {type(self).__name__}: it has other spaces")
        self.__dict__.update(state)


def restored(env_class: Any, saved: bytes, **arguments: Any) -> Any:
    """The environment that `Saving._packed` has made bytes of.

    Raises:
        ValueError: The bytes are damaged, or are of another class.
    """
    description, core = unpack(saved)
    seeds = description.pop("seeds", -1)
    env = env_class(**description["arguments"], **arguments)
    if env._description() != description:
        raise ValueError("it is of another environment or has other arguments")
    if core:
        env._core.load(core)
    if seeds is not None:
        env._seeds = _streams.from_plain(seeds, env.num_envs)
    return env


def _unpickled(env_class: Any, saved: bytes, workers: int, render_mode: str | None, closed: bool) -> Any:
    """What a pickle calls to make the environment."""
    env = restored(env_class, saved, workers=workers, render_mode=render_mode)
    if closed:
        env.close()
    return env


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
    name = checked_path("path", path)
    positive_integer("workers", workers, most_workers)
    try:
        saved = Path(name).read_bytes()
        module, _, qualified_name = unpack(saved)[0]["class"].partition(":")
        env_class: Any = import_module(module)
        for part in qualified_name.split("."):
            env_class = getattr(env_class, part)
        if not (isinstance(env_class, type) and issubclass(env_class, Saving)):
            raise ValueError(f"{qualified_name} of {module} is no class of environments")
        return restored(env_class, saved, workers=workers)
    except (ValueError, KeyError, TypeError, ImportError, AttributeError) as damage:
        raise ValueError(f"{name} is not a saved environment: {damage}") from damage
