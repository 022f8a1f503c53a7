"""Compiles an environment's functions with Numba into object code that the core calls."""

from __future__ import annotations

import dis
import types as python_types
from collections import namedtuple
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import numpy as np

from operant import simd
from operant.envs.spaces import Tree
from operant.python.declaration import Declaration, fields_of
from operant.python.object_files import ObjectCode, add_symbols
from operant.python.source import source_of, steps_words, type_name

_FUNCTIONS = ("step", "restart", "observe")
#: LLVM's names of the instruction sets that `OPERANT_ARCH` can choose on processors with a better one.
_PROCESSORS = {"avx2": "x86-64-v3", "sse4.2": "x86-64-v2"}


def compile_functions(d: Declaration) -> ObjectCode:
    """Compile step, restart and observe."""
    try:
        return _compiled(d, allocates=False)
    except Exception:  # code that allocates arrays fails here, with one of many messages of Numba
        return _compiled(d, allocates=True)


def _compiled(d: Declaration, *, allocates: bool) -> ObjectCode:
    """Compile the functions.

    Args:
        d: The declaration.
        allocates: True allows code to allocate arrays. Such code counts references, so LLVM does not vectorise the loop
            over envs, and it needs Numba's runtime wherever it runs.
    """
    import numba
    from numba import types

    from operant.python import numba_types

    add_symbols()
    options: dict[str, Any] = {
        "error_model": "python",
        "boundscheck": True,
        "no_cpython_wrapper": True,
        "no_cfunc_wrapper": True,
        "_nrt": allocates,
    }
    space: dict[str, Any] = {
        **{name: getattr(numba_types, name) for name in dir(numba_types)},
        "np": np,
        "P": numba.from_dtype(d.row),
        "S": numba.from_dtype(_without_bool_arrays(d.state)),
        **({"I": numba.from_dtype(_without_bool_arrays(d.info))} if d.info.names else {}),
        **{f"D{k}": leaf.dtype.type for k, leaf in enumerate(d.leaves)},
    }
    space |= {type_name(keys): namedtuple("out", keys) for keys in _dicts_in(d.observation_tree)}
    done: dict[Any, Any] = {}
    for name, function in d.functions.items():
        space[f"user_{name}"] = numba.njit(_with_helpers(function, options, done), forceinline=True, **options)
    # If Intel's SVML is installed, a vectorised loop would call it, and its bits differ from those of the C library.
    by_words = steps_words(d) and not numba.config.USING_SVML
    exec(compile(source_of(d, by_words=by_words), f"<{d.name}>", "exec"), space)
    signature = types.int64(types.CPointer(types.int64))
    names, objects, uses_runtime = [], [], allocates
    for name in _FUNCTIONS:
        made = numba.njit(signature, **options)(space[name])
        description, library = attrgetter("fndesc", "library")(next(iter(made.overloads.values())))
        names.append(description.llvm_func_name)
        objects.append(_object_of(library))
        uses_runtime |= any(
            one.is_declaration and one.name.startswith("numba_") for one in library._final_module.functions
        )
    return ObjectCode(tuple(names), tuple(objects), uses_runtime)


def _dicts_in(tree: Tree) -> Iterator[dict[str, Tree]]:
    """Iterate over the dicts in a tree."""
    if isinstance(tree, dict):
        yield tree
        tree = tuple(tree.values())
    for part in tree if isinstance(tree, tuple) else ():
        yield from _dicts_in(part)


def _object_of(library: Any) -> bytes:
    """Return the object code of a function that Numba has compiled. `OPERANT_ARCH` may limit the instruction set."""
    import llvmlite.binding as llvm

    if simd.active == simd.available[0]:
        return library._get_compiled_object()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=_PROCESSORS[simd.active], opt=3, reloc="static", codemodel="jitdefault", jit=True
    )
    return machine.emit_object(llvm.parse_assembly(library.get_llvm_str()))


def _without_bool_arrays(record: np.dtype[Any]) -> np.dtype[Any]:
    """Return the record with uint8 for bool in its arrays, as Numba has no arrays of bools in records."""
    fields = fields_of(record)
    formats = [(np.uint8, kind.shape) if kind.shape and kind.base == np.bool_ else kind for _, kind, _ in fields]
    offsets = [offset for _, _, offset in fields]
    named = {"names": list(record.names or ()), "formats": formats, "offsets": offsets, "itemsize": record.itemsize}
    return np.dtype(named, align=True)  # type: ignore[call-overload]


def _refuse_print(function: Any) -> None:
    """Raise ValueError if a function calls `print`: Numba compiles the call, but it fails in the core's threads."""
    code = function.__code__
    starts, line = dict(dis.findlinestarts(code)), 0
    for one in dis.get_instructions(code):
        line = starts.get(one.offset) or line
        if one.argval == "print" and "print" not in function.__globals__:
            raise ValueError(f'compiled code has no `print`\nFile "{code.co_filename}", line {line}')


def _with_helpers(function: Any, options: dict[str, Any], done: dict[Any, Any]) -> Any:
    """Return the function with the plain functions that it calls compiled, too."""
    _refuse_print(function)
    changed = {}
    for name in function.__code__.co_names:
        other = function.__globals__.get(name)
        if isinstance(other, python_types.FunctionType):
            if other not in done:
                done[other] = None  # ends the recursion if functions call each other
                from numba import njit

                done[other] = njit(_with_helpers(other, options, done), **options)
            if done[other] is not None:
                changed[name] = done[other]
    if not changed:
        return function
    made = python_types.FunctionType(
        function.__code__,
        {**function.__globals__, **changed},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    made.__module__ = function.__module__
    return made
