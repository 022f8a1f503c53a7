"""Compiles an environment's functions with Numba into object code that the core calls."""

from __future__ import annotations

import re
import types as python_types
from operator import attrgetter
from typing import Any

import numpy as np

from operant.python.calls import RANDOM_SIZE
from operant.python.declaration import Declaration, Leaf, field_of
from operant.python.object_files import ObjectCode, add_symbols

#: The places in FunctionCall, by 8 bytes.
_PLACES = [
    "parameters",
    "parameter_stride",
    "random",
    "actions",
    "rewards",
    "returns",
    "flags",
    "pending",
    "count",
    "arrays",
    "before",
    "env",
]
_STEP, _RESTART, _OBSERVE = "step", "restart", "observe"


def source_of(d: Declaration) -> str:
    """Write the functions that the core calls: they loop over envs and call the user's."""
    leaves, infos = len(d.leaves), list(d.info.names or ())
    out: list[str] = []

    def start(name: str) -> None:
        out.append(f"def {name}(c):")
        out.extend(f"    {one} = c[{i}]" for i, one in enumerate(_PLACES) if one not in ("env", "pending"))
        out.append("    at = pointer_at(arrays, np.int64)")
        out.append("    p = local_record(P)")
        out.append(f"    copy_bytes(address_of(p), parameters, {d.row.itemsize if d.parameters else 0})")

    def each(indent: str) -> None:
        out.append(f"{indent}c[{_PLACES.index('env')}] = i")
        out.append(f"{indent}if parameter_stride != 0:")
        out.append(f"{indent}    copy_bytes(address_of(p), parameters + i * parameter_stride, {d.row.itemsize})")
        out.append(f"{indent}state = at[0] + i * {d.state.itemsize}")
        out.append(f"{indent}s = record_at(state, S)")

    def keep(indent: str, draws: bool) -> None:
        out.append(f"{indent}copy_bytes(before, state, {d.state.itemsize})")
        if draws:
            out.append(f"{indent}copy_bytes(before + {d.state.itemsize}, random + i * {RANDOM_SIZE}, {RANDOM_SIZE})")

    def see(indent: str) -> None:
        for k, leaf in enumerate(d.leaves):
            size = leaf.dtype.itemsize * int(np.prod(leaf.shape, dtype=np.int64))
            out.append(f"{indent}row{k} = at[{1 + k}] + i * {size}")
            out.append(f"{indent}clear_bytes(row{k}, {size})")
            out.append(f"{indent}leaf{k} = carray(pointer_at(row{k}, D{k}), {leaf.shape!r})")
        out.append(f"{indent}user_observation(p, s, {_arranged(d.leaves)})")
        if d.has_mask:
            place = 1 + leaves + len(infos)
            out.append(f"{indent}mask = at[{place}] + i * {d.mask_size}")
            out.append(f"{indent}clear_bytes(mask, {d.mask_size})")
            out.append(f"{indent}user_action_mask(p, s, carray(pointer_at(mask, np.bool_), ({d.mask_size},)))")

    def tell(indent: str) -> None:
        for k, name in enumerate(infos, 1 + leaves):
            kind, offset = field_of(d.info, name)
            size = kind.itemsize
            out.append(f"{indent}copy_bytes(at[{k}] + i * {size}, address_of(info) + {offset}, {size})")

    def call(name: str) -> str:
        given = {"random": f"random_at(random + i * {RANDOM_SIZE})", "info": "info", "action": "action"}
        return f"user_{name}({', '.join(['p', 's', *(given[one] for one in d.arguments[name])])})"

    is_box = d.action_space.dtype is not None and d.action_space.dtype.kind == "f"
    number = "np.float64" if is_box else "np.int64"
    start(_STEP)
    out.append(f"    pending = np.uint64(c[{_PLACES.index('pending')}])")
    out.append("    reward_at, return_at = pointer_at(rewards, np.float32), pointer_at(returns, np.float64)")
    out.append("    flag_at = pointer_at(flags, np.uint8)")
    out.append("    for i in range(count):")
    out.append("        if (pending >> np.uint64(i)) & np.uint64(1):")
    out.append("            reward_at[i] = np.float32(0)")
    out.append("            continue")
    each("        ")
    keep("        ", "random" in d.arguments["step"])
    if d.action_space.shape:
        out.append(f"        place = pointer_at(actions + i * {8 * d.action_size}, {number})")
        out.append(f"        action = carray(place, {d.action_space.shape!r})")
    else:
        out.append(f"        action = pointer_at(actions, {number})[i]")
    if infos:
        out.append("        info = local_record(I)")
        out.append(f"        clear_bytes(address_of(info), {d.info.itemsize})")
    out.append(f"        result = {call('step')}")
    out.append("        reward_at[i] = np.float32(result[0])")
    out.append("        return_at[i] += result[0]")
    out.append("        flag_at[i] = np.uint8(result[1])")
    out.append("        third(result, flag_at, 64 + i)")
    see("        ")
    tell("        ")
    out.append("    return 0")
    start(_RESTART)
    out.append("    for i in range(count):")
    each("        ")
    keep("        ", "random" in d.arguments["reset"])
    if infos:
        out.append("        info = local_record(I)")
        out.append(f"        clear_bytes(address_of(info), {d.info.itemsize})")
    out.append(f"        {call('reset')}")
    see("        ")
    tell("        ")
    out.append("    return 0")
    start(_OBSERVE)
    out.append("    for i in range(count):")
    each("        ")
    keep("        ", False)
    see("        ")
    out.append("    return 0")
    return "\n".join(out) + "\n"


def _arranged(leaves: tuple[Leaf, ...]) -> str:
    """Write the observation's arrays as the space is arranged; `Out<path>` names the type of a dict's part."""

    def part(inside: list[tuple[int, Leaf]], depth: int) -> str:
        if len(inside) == 1 and len(inside[0][1].path) == depth:
            return f"leaf{inside[0][0]}"
        keys = list(dict.fromkeys(leaf.path[depth] for _, leaf in inside))
        parts = [part([one for one in inside if one[1].path[depth] == key], depth + 1) for key in keys]
        if isinstance(keys[0], int):
            return f"({', '.join(parts)},)"
        return f"{_type_name(keys)}({', '.join(parts)})"

    return part(list(enumerate(leaves)), 0)


def _type_name(keys: list[Any]) -> str:
    return "Out_" + "_".join(keys)


def compile_functions(d: Declaration) -> ObjectCode:
    """Compile step, restart and observe."""
    from collections import namedtuple

    import numba
    from numba import types

    from operant.python import numba_types

    add_symbols()
    options: dict[str, Any] = {"error_model": "python", "boundscheck": True, "forceinline": True}
    space: dict[str, Any] = {
        **{name: getattr(numba_types, name) for name in dir(numba_types)},
        "np": np,
        "carray": numba.carray,
        "third": _third(),
        "P": numba.from_dtype(d.row),
        "S": numba.from_dtype(_without_bool_arrays(d.state)),
        **({"I": numba.from_dtype(_without_bool_arrays(d.info))} if d.info.names else {}),
        **{f"D{k}": leaf.dtype.type for k, leaf in enumerate(d.leaves)},
    }
    for leaf in d.leaves:
        for depth in range(len(leaf.path)):
            inside = [one for one in d.leaves if one.path[:depth] == leaf.path[:depth]]
            keys = list(dict.fromkeys(one.path[depth] for one in inside))
            if isinstance(keys[0], str):
                space[_type_name(keys)] = namedtuple("out", keys)
    done: dict[Any, Any] = {}
    for name, function in d.functions.items():
        space[f"user_{name}"] = numba.njit(_with_helpers(function, options, done), **options)
    exec(compile(source_of(d), f"<{d.name}>", "exec"), space)
    compiled = []
    signature = types.int64(types.CPointer(types.int64))
    for name in (_STEP, _RESTART, _OBSERVE):
        made = numba.njit(signature, error_model="python", no_cpython_wrapper=True, no_cfunc_wrapper=True)(space[name])
        description, library = attrgetter("fndesc", "library")(next(iter(made.overloads.values())))
        compiled.append((description.llvm_func_name, *_object_of(library)))
    names, objects, uses_runtime = zip(*compiled, strict=True)
    return ObjectCode(names, objects, any(uses_runtime))


def _object_of(library: Any) -> tuple[bytes, bool]:
    """Return the object code of a function that Numba has compiled, and whether it calls Numba's runtime.

    Numba adds the functions that count references to every module. Without them, code that allocates no arrays can be
    loaded without Numba.
    """
    import llvmlite.binding as llvm

    text = library.get_llvm_str()
    without = re.sub(r"^define [^\n]*@NRT_(?:in|de)cref\(.*?^}\n", "", text, flags=re.MULTILINE | re.DOTALL)
    if re.search(r"^(?!declare)[^\n]*@(?:NRT|numba)_", without, flags=re.MULTILINE):
        return library._get_compiled_object(), True
    return library._codegen._tm.emit_object(llvm.parse_assembly(without)), False


def _without_bool_arrays(record: np.dtype[Any]) -> np.dtype[Any]:
    """Return the record with uint8 for bool in its arrays, as Numba has no arrays of bools in records."""
    fields = [field_of(record, name) for name in record.names or ()]
    formats = [(np.uint8, kind.shape) if kind.shape and kind.base == np.bool_ else kind for kind, _ in fields]
    offsets = [one[1] for one in fields]
    named = {"names": list(record.names or ()), "formats": formats, "offsets": offsets, "itemsize": record.itemsize}
    return np.dtype(named, align=True)  # type: ignore[call-overload]


def _third() -> Any:
    """Return a function that stores the third element of a step's result, if there is one."""
    from numba.core.extending import overload

    # Numba compares the signatures, so there are no annotations.
    def third(result, flags, i):  # type: ignore[no-untyped-def]
        pass

    @overload(third)
    def _overloaded(result, flags, i):  # type: ignore[no-untyped-def]
        if len(result) == 3:

            def store(result, flags, i):  # type: ignore[no-untyped-def]
                flags[i] = np.uint8(result[2])

            return store
        return lambda result, flags, i: None

    return third


def _with_helpers(function: Any, options: dict[str, Any], done: dict[Any, Any]) -> Any:
    """Return the function with the plain functions that it calls compiled, too."""
    changed = {}
    for name in function.__code__.co_names:
        other = function.__globals__.get(name)
        if isinstance(other, python_types.FunctionType):
            if other not in done:
                done[other] = None  # a recursion ends here
                from numba import njit

                done[other] = njit(_with_helpers(other, options, done), **{**options, "forceinline": False})
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
