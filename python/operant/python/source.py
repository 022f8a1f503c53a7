"""Generates the functions that the core calls: step, restart and observe, which loop over envs."""

from __future__ import annotations

import dis
from collections.abc import Iterable, Iterator
from types import FunctionType

import numpy as np

from operant.envs.spaces import Tree
from operant.python.calls import RANDOM_SIZE, Call
from operant.python.declaration import ArrayOf, Declaration, fields_of

#: The largest state and outputs of an env, in bytes, with which 64 envs are stepped at once: their new values are on
#: the stack.
_MOST_BYTES = 512
_CALL, _ATTEMPT = "user_{}({})", "attempt(user_{}, ({},))"
_PLACE = {field[0]: f"c[{i}]" for i, field in enumerate(Call._fields_)}


def source_of(d: Declaration, *, by_words: bool) -> str:
    """Generate the functions.

    Args:
        d: The declaration.
        by_words: Step the envs of a word together.
    """
    return "\n".join([*_step(d, by_words=by_words), *_restart(d), *_observe(d), ""])


def steps_words(d: Declaration) -> bool:
    """Return True if a step has neither draws nor loops, so that LLVM can vectorise the loop over envs."""
    size = d.state.itemsize + sum(size for _, size in rows_of(d))
    return (
        size <= _MOST_BYTES
        and "random" not in d.arguments["step"]
        and not any(_loops(d.functions[name], set()) for name in d.functions if name != "reset")
    )


def _loops(function: FunctionType, seen: set[FunctionType]) -> bool:
    """Return True if a function, or one that it calls, has a loop: a backward jump."""
    seen.add(function)
    jumps = {*dis.hasjrel, *dis.hasjabs}
    if any(one.opcode in jumps and one.argval <= one.offset for one in dis.get_instructions(function)):
        return True
    called = (function.__globals__.get(name) for name in function.__code__.co_names)
    return any(isinstance(one, FunctionType) and one not in seen and _loops(one, seen) for one in called)


def rows_of(d: Declaration) -> list[tuple[str, int]]:
    """List the output arrays (observations, infos and the mask), each with the bytes of one env's row."""
    leaves = [(f"leaf{k}", size_of(leaf)) for k, leaf in enumerate(d.leaves)]
    infos = [(f"info_{name}", d.info[name].itemsize) for name in d.info.names or ()]
    return [*leaves, *infos, *([("mask", d.mask_size)] if d.has_mask else [])]


def size_of(leaf: ArrayOf) -> int:
    """Return the bytes of a leaf of an observation."""
    return leaf.dtype.itemsize * int(np.prod(leaf.shape, dtype=np.int64))


def _start(d: Declaration, name: str) -> Iterator[str]:
    yield f"def {name}(c):"
    for one in ("parameter_stride", "count"):
        yield f"    {one} = {_PLACE[one]}"
    for one in ("parameters", "random", "before"):
        yield f"    {one} = memory_at({_PLACE[one]})"
    yield f"    arrays = as_numbers(memory_at({_PLACE['arrays']}), np.int64)"
    for k, one in enumerate(["state", *(one for one, _ in rows_of(d))]):
        yield f"    {one} = memory_at(arrays[{k}])"
    yield f"    own = local_memory({d.row.itemsize})"
    yield "    p = as_record(own, P)"
    yield f"    copy(own, parameters, {d.row.itemsize if d.parameters else 0})"


def _parameters(d: Declaration) -> str:
    return f"copy(own, after(parameters, i * {d.row.itemsize}), {d.row.itemsize})"


def _each(d: Declaration, draws: bool) -> Iterator[str]:
    """Prepare a call for env `i`: keep its state, and its generator if the function draws, for a replay."""
    size = d.state.itemsize
    yield f"{_PLACE['env']} = i"
    yield "if parameter_stride != 0:"
    yield f"    {_parameters(d)}"
    yield f"here = after(state, i * {size})"
    yield "s = as_record(here, S)"
    yield f"copy(before, here, {size})"
    if draws:
        yield f"copy(after(before, {size}), after(random, i * {RANDOM_SIZE}), {RANDOM_SIZE})"


def _call(d: Declaration, form: str, name: str, out: str = "") -> str:
    """Return a call of a user's function in the form of `_CALL` or `_ATTEMPT`."""
    given = {"random": f"as_random(after(random, i * {RANDOM_SIZE}))", "info": "info", "action": "action", "out": out}
    return form.format(name, ", ".join(["p", "s", *(given[one] for one in d.arguments[name])]))


def _info(d: Declaration) -> Iterator[str]:
    if d.info.names:
        yield f"infos = local_memory({d.info.itemsize})"
        yield f"clear(infos, {d.info.itemsize})"
        yield "info = as_record(infos, I)"


def _write_observation(d: Declaration, form: str, prefix: str = "") -> Iterator[str]:
    """Write observation and mask of env `i` to the arrays whose names have a prefix."""
    for k, leaf in enumerate(d.leaves):
        yield f"out{k} = as_array(after({prefix}leaf{k}, i * {size_of(leaf)}), D{k}, {leaf.shape!r})"
    yield _call(d, form, "observation", _arranged(d.observation_tree))
    if d.has_mask:
        mask = f"as_array(after({prefix}mask, i * {d.mask_size}), np.bool_, ({d.mask_size},))"
        yield _call(d, form, "action_mask", mask)


def _write_infos(d: Declaration, prefix: str = "") -> Iterator[str]:
    """Write the infos of env `i`."""
    for name, kind, offset in fields_of(d.info):
        yield f"copy(after({prefix}info_{name}, i * {kind.itemsize}), after(infos, {offset}), {kind.itemsize})"


def _clear(d: Declaration) -> Iterator[str]:
    for name, size in rows_of(d):
        if not name.startswith("info_"):
            yield f"clear(after({name}, i * {size}), {size})"


def _action(d: Declaration) -> str:
    is_box = d.action_space.dtype is not None and d.action_space.dtype.kind == "f"
    number = "np.float64" if is_box else "np.int64"
    if not d.action_space.shape:
        return f"action = as_numbers(actions, {number})[i]"
    return f"action = as_array(after(actions, i * {8 * d.action_size}), {number}, {d.action_space.shape!r})"


def _indented(lines: Iterator[str], depth: int) -> Iterator[str]:
    return (" " * 4 * depth + line for line in lines)


def _step(d: Declaration, *, by_words: bool) -> Iterator[str]:
    yield from _start(d, "step")
    yield f"    pending, actions = np.uint64({_PLACE['pending']}), memory_at({_PLACE['actions']})"
    for name, dtype in (("rewards", "float32"), ("returns", "float64"), ("flags", "uint8")):
        yield f"    {name} = as_numbers(memory_at({_PLACE[name]}), np.{dtype})"
    yield from _indented(_word(d) if by_words else _one_by_one(d), 1)
    yield "    return 0"


def _one_by_one(d: Declaration) -> Iterator[str]:
    yield "for i in range(count):"
    yield "    if (pending >> np.uint64(i)) & np.uint64(1):"
    yield "        rewards[i] = np.float32(0)"
    yield "        continue"
    yield from _indented(_each(d, "random" in d.arguments["step"]), 1)
    yield f"    {_action(d)}"
    yield from _indented(_info(d), 1)
    yield f"    result = {_call(d, _CALL, 'step')}"
    yield "    rewards[i] = np.float32(result[0])"
    yield "    returns[i] += result[0]"
    yield "    flags[i] = np.uint8(result[1])"
    yield "    store_truncated(result, flags, 64 + i)"
    yield from _indented(_clear(d), 1)
    yield from _indented(_write_observation(d, _CALL), 1)
    yield from _indented(_write_infos(d), 1)


def _word(d: Declaration) -> Iterator[str]:
    """Step all envs, including those that restart, in a loop without exits. The results go to the stack first.

    LLVM vectorises this loop unless its cost model predicts that to be slower.
    """
    size = d.state.itemsize
    for name, row in [("state", size), *rows_of(d)]:
        yield f"new_{name} = local_memory({64 * row})"
        if name != "state" and not name.startswith("info_"):
            yield f"clear(new_{name}, {64 * row})"
    yield "rewarded = as_numbers(local_memory(512), np.float64)"
    for name, bytes_ in (("flagged", 128), ("failed", 64)):
        yield f"memory_of_{name} = local_memory({bytes_})"
        yield f"clear(memory_of_{name}, {bytes_})"
        yield f"{name} = as_numbers(memory_of_{name}, np.uint8)"
    yield f"here = local_memory({size})"
    yield "s = as_record(here, S)"
    for condition in ("if parameter_stride == 0:", "else:"):
        yield condition
        yield "    for i in range(count):"
        if condition == "else:":
            yield f"        {_parameters(d)}"
        yield f"        copy(here, after(state, i * {size}), {size})"
        yield f"        {_action(d)}"
        yield from _indented(_info(d), 2)
        yield f"        fails, result = {_call(d, _ATTEMPT, 'step')}"
        yield "        rewarded[i] = np.float64(result[0])"
        yield "        flagged[i] = np.uint8(result[1])"
        yield "        store_truncated(result, flagged, 64 + i)"
        yield from _indented(_write_observation(d, "fails |= " + _ATTEMPT + "[0]", "new_"), 2)
        yield from _indented(_write_infos(d, "new_"), 2)
        yield "        failed[i] = fails"
        yield f"        copy(after(new_state, i * {size}), here, {size})"
    yield "eight = as_numbers(memory_of_failed, np.uint64)"
    yield f"if {' | '.join(f'eight[{i}]' for i in range(8))} != 0:"
    yield "    for i in range(count):"
    yield "        if failed[i] != 0 and (pending >> np.uint64(i)) & np.uint64(1) == 0:"
    yield f"            {_PLACE['env']} = i"
    yield f"            copy(before, after(state, i * {size}), {size})"
    yield "            raise RuntimeError"
    for name, row in [("state", size), *rows_of(d)]:
        yield f"copy({name}, new_{name}, count * {row})"
    yield "for i in range(count):"
    yield "    rewards[i] = np.float32(0) if (pending >> np.uint64(i)) & np.uint64(1) else np.float32(rewarded[i])"
    yield "    returns[i] += rewarded[i]"
    yield "for i in range(count):"
    yield "    flags[i], flags[64 + i] = flagged[i], flagged[64 + i]"


def _restart(d: Declaration) -> Iterator[str]:
    yield from _start(d, "restart")
    yield "    for i in range(count):"
    yield from _indented(_each(d, "random" in d.arguments["reset"]), 2)
    yield from _indented(_info(d), 2)
    yield f"        {_call(d, _CALL, 'reset')}"
    yield from _indented(_clear(d), 2)
    yield from _indented(_write_observation(d, _CALL), 2)
    yield from _indented(_write_infos(d), 2)
    yield "    return 0"


def _observe(d: Declaration) -> Iterator[str]:
    yield from _start(d, "observe")
    yield "    for i in range(count):"
    yield from _indented(_each(d, False), 2)
    yield from _indented(_clear(d), 2)
    yield from _indented(_write_observation(d, _CALL), 2)
    yield "    return 0"


def _arranged(tree: Tree) -> str:
    """Arrange the observation's arrays as in the space. The type of a dict's part is named `Out_<keys>`."""
    if isinstance(tree, int):
        return f"out{tree}"
    if isinstance(tree, tuple):
        return f"({', '.join(map(_arranged, tree))},)"
    return f"{type_name(tree)}({', '.join(map(_arranged, tree.values()))})"


def type_name(keys: Iterable[str]) -> str:
    """Name the type of a dict's part. The lengths distinguish ("a_b", "c") from ("a", "b_c")."""
    return "Out_" + "_".join(f"{len(key)}_{key}" for key in keys)
