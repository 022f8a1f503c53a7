"""Saved environments. Their bytes are a line with version and checksum, a line of JSON, and the bytes of the core.

Files, pickles and deep copies have the same format. Attributes that a subclass or a user has added are in the JSON of a
file, or in the state of a pickle or a copy. Pickles name this module.
"""

from __future__ import annotations

import copyreg
import json
import os
import zlib
from collections.abc import Mapping
from copy import deepcopy
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gymnasium import error

from operant._checks import path as checked_path, positive_integer, shown
from operant._core import most_workers
from operant.envs import spaces, streams

if TYPE_CHECKING:
    from operant.envs.vector_env import SimdVectorEnv

_KIND = b"operant environment 2, checksum "

#: Attributes that follow from the constructor's arguments and the core's saved bytes. All others are copied, including
#: the spaces, because they have random streams.
_NOT_COPIED = frozenset(
    (
        *("num_envs", "workers", "max_episode_steps", "autoreset_mode", "render_mode", "dtype"),
        *("record_episode_statistics", "parameters", "closed"),
        *("_core", "_undrawn_core", "_renderer", "_seeds", "_numbers", "_outputs", "_observation_tree", "_fitting"),
        *("_as_actions", "_action_parts"),
    )
)


def pack(description: dict[str, Any], core: bytes) -> bytes:
    """Join the description of an environment, which JSON can represent, and the core's saved bytes."""
    content = json.dumps(description).encode() + b"\n" + core
    return _first_line(content) + content


def unpack(saved: bytes) -> tuple[dict[str, Any], bytes]:
    """Split the result of `pack` into description and core's bytes.

    Raises:
        ValueError: The bytes are not a saved environment, are of another version, or were altered.
    """
    first_line, end, content = saved.partition(b"\n")
    if not first_line.startswith(_KIND):
        raise ValueError(f"expected bytes that begin with {_KIND!r}, got {first_line[: len(_KIND)]!r}")
    if first_line + end != _first_line(content):
        raise ValueError("its checksum is wrong")
    header, _, core = content.partition(b"\n")
    return json.loads(header), core


def _first_line(content: bytes) -> bytes:
    return _KIND + b"%08x\n" % zlib.crc32(content)


def describe(env: SimdVectorEnv[Any]) -> dict[str, Any]:
    """Return the name of the class and the constructor's arguments, as JSON can represent them."""
    module = type(env).__module__
    # A process that multiprocessing has started calls its main module by another name.
    name = f"{'__main__' if module == '__mp_main__' else module}:{type(env).__qualname__}"
    arguments = {
        "num_envs": env.num_envs,
        "max_episode_steps": env.max_episode_steps,
        "autoreset_mode": env.autoreset_mode.value,
        "dtype": env.dtype.name,
        "record_episode_statistics": env.record_episode_statistics,
        **{name: env._plain(name) for name in env.parameters},
    }
    return {"class": name, "arguments": arguments}


def packed(env: SimdVectorEnv[Any], attributes: dict[str, Any] | None = None) -> bytes:
    """Return the whole environment as bytes; for a closed environment, only the description."""
    description = describe(env) | {"seeds": None if env._seeds is None else env._seeds.plain(env.num_envs)}
    if attributes:
        description["attributes"] = attributes
    if env.closed:
        return pack(description, b"")
    if halves := env._core.halves():
        description["halves"] = list(halves.items())
    return pack(description, env._core.save())


def restored(env_class: type[SimdVectorEnv[Any]], saved: bytes, **arguments: Any) -> Any:
    """Make the environment from the result of `packed`, without the attributes that users have added.

    Raises:
        ValueError: The bytes are damaged, or belong to another class.
    """
    description, core = unpack(saved)
    seeds = description.get("seeds", -1)
    env = env_class._constructed(**description["arguments"], **arguments)
    if describe(env)["arguments"] != description["arguments"]:
        raise ValueError("it belongs to another environment or has other arguments")
    if core:
        env._core.load(core)
        env._core.set_halves(dict(description.get("halves", [])))
    else:  # not the method `close`: that of a subclass may need attributes, which are set later
        env._core.close()
        env.closed = True
    if seeds is not None:
        env._seeds = streams.Seeds(seeds)
    return env


def attributes_of(value: object) -> dict[str, Any]:
    """Return the attributes of an object itself, including those in slots."""
    slots = copyreg._slotnames(type(value))  # type: ignore[attr-defined] # as pickle finds them
    return vars(value) | {name: getattr(value, name) for name in slots if hasattr(value, name)}


def copied_attributes(env: SimdVectorEnv[Any]) -> dict[str, Any]:
    """Return the attributes that are copied as they are: see `SimdVectorEnv.__getstate__`."""
    return {name: value for name, value in attributes_of(env).items() if name not in _NOT_COPIED}


def reduced(env: SimdVectorEnv[Any]) -> Any:
    """Return the function and the arguments that make the environment of a pickle or a copy."""
    drawn = None if env._renderer is None else env._renderer.get_data()
    # Generators also count the children that they have spawned. `copy.copy` would share them instead of copying them.
    generators = {} if env.closed else deepcopy(env._core.shared_generators())
    return (
        _unpickled,
        (type(env), packed(env), env.workers, env.render_mode, drawn, generators),
        env.__getstate__(),
    )


def _unpickled(
    env_class: type[SimdVectorEnv[Any]],
    saved: bytes,
    workers: int,
    render_mode: str | None,
    drawn: Any,
    generators: Mapping[int, Any] = MappingProxyType({}),
) -> Any:
    """Make the environment of a pickle. In pickles of version 0.2, `drawn` is a bool, and there are no generators."""
    env = restored(env_class, saved, workers=workers, render_mode=render_mode)
    for index, generator in generators.items():
        env._core.take_generator(index, streams.checked_generator(generator))
    if drawn is not None and not isinstance(drawn, bool) and env._renderer is not None:
        env._renderer.set_data(drawn)
    return env


def save(env: SimdVectorEnv[Any], path: str | os.PathLike[str]) -> None:
    """Write the whole environment to a file: see `SimdVectorEnv.save`."""
    target = Path(checked_path("path", path))
    if env.closed:
        raise error.ClosedEnvironmentError("this environment has been closed")
    name = describe(env)["class"]
    try:
        _class_of_name(name)
    except (ImportError, AttributeError, ValueError) as wrong:
        raise TypeError(f"{type(env).__name__}: expected a class that `load` finds as {name}: {wrong}") from None
    target.write_bytes(packed(env, _plain_attributes(env)))


def _plain_attributes(env: SimdVectorEnv[Any]) -> dict[str, Any]:
    """Return the attributes that users have added; raise TypeError if a file cannot keep one."""
    added = dict(env.__getstate__())
    added.pop("spec", None)
    checked = env._environment.check_parameters(env._numbers)
    usual = spaces.spaces_of(env._environment, checked, env.num_envs) | {
        "metadata": type(env).metadata | {"autoreset_mode": env.autoreset_mode}
    }
    for name, value in usual.items():
        if added.get(name, value) == value:
            added.pop(name, None)
    for name, value in added.items():
        if not _is_plain(value):
            raise TypeError(
                f"{name}: a file can keep None, bools, numbers, strings, and lists and dicts of them, and not "
                f"{shown(value)}; a pickle keeps it, and a subclass's __getstate__ can leave it out"
            )
    return added


def _is_plain(value: Any) -> bool:
    """Return True if JSON gives back an equal value of the same type."""
    if type(value) is list:
        return all(map(_is_plain, value))
    if type(value) is dict:
        return all(type(key) is str and _is_plain(one) for key, one in value.items())
    return value is None or type(value) in (bool, int, float, str)


def _class_of_name(name: str) -> type[SimdVectorEnv[Any]]:
    """Import the class that a file names."""
    module, _, qualified_name = name.partition(":")
    found: Any = import_module(module)
    for part in qualified_name.split("."):
        found = getattr(found, part)
    if not (isinstance(found, type) and hasattr(found, "_constructed")):
        raise ValueError(f"{qualified_name} of {module} is not a class of environments")
    return found


def load(path: str | os.PathLike[str], workers: int = 1) -> SimdVectorEnv[Any]:
    """Make an environment from a file that `SimdVectorEnv.save` has written. It continues bit for bit.

    Args:
        path: The file. Its class is imported by module and name: do not load files that you do not trust.
        workers: The number of threads that step the envs; the results do not depend on it.

    Returns:
        An environment of the saved class, with the same arguments, but without a render mode.

    Raises:
        TypeError: The path is neither a string nor a path, or `workers` is not an integer.
        OSError: The file cannot be read.
        ValueError: The file is not a saved environment, or is of another version, truncated or altered; its class does
            not exist; or `workers` is out of range.
    """
    name = checked_path("path", path)
    positive_integer("workers", workers, most_workers)
    try:
        saved = Path(name).read_bytes()
        description, core = unpack(saved)
        if not core:
            raise ValueError("it has no state")
        env = restored(_class_of_name(description["class"]), saved, workers=workers)
        env.__setstate__(copied_attributes(env) | description.get("attributes", {}))
        return env
    except (ValueError, KeyError, TypeError, ImportError, AttributeError) as damage:
        raise ValueError(f"{name} is not a saved environment: {damage}") from damage
