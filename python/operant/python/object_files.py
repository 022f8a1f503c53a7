"""Caches the object code of compiled environments, and loads it without an import of Numba."""

from __future__ import annotations

import enum
import hashlib
import json
import os
import sys
import tempfile
import types
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from operant import __version__, _core, simd
from operant.building.cache import cache_directory
from operant.python.declaration import Declaration, Functions

#: The files of Operant on which the object code of a class depends.
_GENERATORS = ("compiled.py", "numba_types.py", "source.py", "../math.py")
#: Modules that change only with their versions, which are a part of the fingerprint.
_VERSIONED = ("cmath", "math", "numba", "numpy", "operant")
#: Keeps the code of all environments in memory: vector environments may outlive their class.
_engines: list[Any] = []


class ObjectCode(NamedTuple):
    """The compiled functions step, restart and observe."""

    names: tuple[str, ...]
    objects: tuple[bytes, ...]
    uses_runtime: bool  # True if it calls Numba's runtime, as code that allocates arrays does


class NotCacheableError(Exception):
    """A function uses an object that has no fingerprint."""


def fingerprint(d: Declaration) -> str | None:
    """Return a digest of everything that the object code depends on; None if a part of it has no fingerprint."""
    import llvmlite.binding as llvm

    described = d.description()
    known: list[Any] = [
        __version__,
        [hashlib.sha256((Path(__file__).parent / one).read_bytes()).hexdigest() for one in _GENERATORS],
        sys.version_info[:2],
        [version(one) for one in ("numba", "llvmlite", "numpy")],
        [simd.active, llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(), sys.platform],
        [described[one] for one in ("action", "observation", "parameters", "state", "strides", "infos")],
        str(d.state),
        str(d.info),
    ]
    seen: set[Any] = set()
    try:
        for name, function in d.functions.items():
            known.append([name, _of_function(function, seen)])
    except NotCacheableError:
        return None
    return hashlib.sha256(json.dumps(known, default=repr).encode()).hexdigest()[:32]


def _of_function(function: types.FunctionType, seen: set[Any]) -> Any:
    if function in seen:
        return function.__qualname__
    seen.add(function)
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    names = tuple(sorted(_names(function.__code__)))
    used = _of_members(function.__globals__, names, seen)
    inner = [_of_value(one, names, seen) for one in (*cells, *(function.__defaults__ or ()))]
    return [_of_code(function.__code__), used, inner]


def _of_members(members: Mapping[str, Any], names: tuple[str, ...], seen: set[Any]) -> Any:
    """List the fingerprints of those members whose names occur in a function."""
    return [(name, _of_value(members[name], names, seen)) for name in names if name in members]


def _names(code: types.CodeType) -> set[str]:
    inner = (one for one in code.co_consts if isinstance(one, types.CodeType))
    return {*code.co_names, *(name for one in inner for name in _names(one))}


def _of_code(code: types.CodeType) -> Any:
    constants = [_of_code(one) if isinstance(one, types.CodeType) else repr(one) for one in code.co_consts]
    handlers = getattr(code, "co_exceptiontable", b"")  # from Python 3.11 on, not a part of co_code
    return [code.co_code.hex(), handlers.hex(), constants, code.co_names, code.co_varnames, code.co_freevars]


def _of_value(value: Any, names: tuple[str, ...], seen: set[Any]) -> Any:
    """Return the fingerprint of a value. That of a module has the members with these names."""
    value = getattr(value, "py_func", value)  # a function that Numba has compiled
    if isinstance(value, types.FunctionType):
        return _of_function(value, seen)
    if isinstance(value, types.ModuleType):
        if (value, names) in seen or value.__name__.partition(".")[0] in _VERSIONED:
            return value.__name__
        seen.add((value, names))
        return [value.__name__, _of_members(vars(value), names, seen)]
    if isinstance(value, enum.EnumMeta):
        members: Mapping[str, enum.Enum] = value.__members__
        return [value.__name__, [(name, repr(one.value)) for name, one in members.items()]]
    if isinstance(value, type) and issubclass(value, tuple):
        return [value.__name__, getattr(value, "_fields", ())]  # of a named tuple
    if isinstance(value, (types.BuiltinFunctionType, np.ufunc, type)):
        return f"{getattr(value, '__module__', '')}.{value.__name__}"
    if value is None or isinstance(value, (bool, int, float, complex, str, np.generic)):
        return [type(value).__name__, repr(value)]
    if isinstance(value, (tuple, list)):
        return [_of_value(type(value), names, seen), [_of_value(one, names, seen) for one in value]]
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return [str(value.dtype), value.shape, hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()]
    raise NotCacheableError(type(value).__name__)


def cached(d: Declaration, key: str) -> Functions | None:
    """Load the functions from the cache; return None if they are not there or damaged."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        content = (cache_directory() / f"{d.name}-{key}.pyenv").read_bytes()
        digest, _, rest = content.partition(b"\n")
        if hashlib.sha256(rest).hexdigest().encode() != digest:
            return None
        header, _, code = rest.partition(b"\n")
        names, sizes, uses_runtime = json.loads(header)
        ends = np.cumsum(sizes).tolist()
        objects = tuple(code[end - size : end] for size, end in zip(sizes, ends, strict=True))
        return loaded(ObjectCode(tuple(names), objects, uses_runtime))
    return None


def keep(d: Declaration, key: str, made: ObjectCode) -> None:
    """Write the object code to the cache. Other processes see a complete file or none."""
    header = json.dumps([made.names, [len(one) for one in made.objects], made.uses_runtime])
    rest = header.encode() + b"\n" + b"".join(made.objects)
    with suppress(OSError):  # without a cache, the next start compiles again
        directory = cache_directory()
        directory.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=directory, prefix=f"{d.name}-", suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)
        os.replace(temporary, directory / f"{d.name}-{key}.pyenv")


def add_symbols() -> None:
    """Let object code find the draws that are in the core."""
    import llvmlite.binding as llvm

    for name, address in _core.draw_addresses.items():
        llvm.add_symbol(name, address)


def loaded(made: ObjectCode) -> Functions:
    """Load object code; return the addresses of the functions step, restart and observe."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    add_symbols()
    if made.uses_runtime:
        from numba.core.registry import cpu_target
        from numba.core.runtime import rtsys

        rtsys.initialize(cpu_target.target_context)
    addresses = []
    for name, code in zip(made.names, made.objects, strict=True):
        machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        _engines.append(engine)
        addresses.append(engine.get_function_address(name))
    step, restart, observe = addresses
    return step, restart, observe
