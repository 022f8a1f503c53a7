"""Runs an environment's functions as plain Python: without Numba, for debugging, and to explain exceptions."""

from __future__ import annotations

import ctypes
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from operant.python.calls import RANDOM_SIZE, Call, Random, Record, array_at, out_of, parameters_type
from operant.python.declaration import Declaration, Functions, fields_of
from operant.python.source import rows_of

_ENTRY = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(Call))
_EXPLAIN = ctypes.CFUNCTYPE(
    None, ctypes.c_uint32, ctypes.POINTER(Call), ctypes.c_int64, ctypes.c_void_p, ctypes.c_size_t
)
_FUNCTIONS = ("step", "reset", "observation")

#: The last exceptions by message, for `__cause__`.
_causes: dict[str, BaseException] = {}
_MOST_CAUSES = 16


def cause_of(message: str) -> BaseException | None:
    """Return the exception that a message of `explain` describes, and forget it."""
    found = next((one for one in _causes if message.startswith(one)), None)
    return _causes.pop(found) if found is not None else None


class Plain:
    """The functions of a declaration in the form that the core calls."""

    def __init__(self, declaration: Declaration) -> None:
        """Make the functions."""
        self._declaration = declaration
        self._parameters = parameters_type(declaration)
        self._kinds = [one.kind for one in declaration.parameters]
        self._row_sizes = [declaration.state.itemsize, *(size for _, size in rows_of(declaration))]
        self._caught = threading.local()
        # The core keeps the addresses of these functions, so this object is never deleted.
        self._entries = [_ENTRY(self._guarded(one)) for one in (self._step, self._restart, self._observe)]
        self._explain = _EXPLAIN(self.explain)

    def functions(self) -> Functions:
        """Return the addresses of step, restart and observe."""
        step, restart, observe = (_address(one) for one in self._entries)
        return step, restart, observe

    @property
    def explain_address(self) -> int:
        """The address of `explain`."""
        return _address(self._explain)

    def explain(self, function: int, call: Any, env: int, message: int, size: int) -> None:
        """Describe the exception of a function. If compiled code raised it, run the call again in plain Python."""
        error = getattr(self._caught, "error", None)
        self._caught.error = None
        if error is None:
            error = self._replayed(function, call.contents)
        name = f"{self._declaration.name}, env {env}, in `{_FUNCTIONS[function]}`"
        if error is None:
            text = f"{name}: compiled code raised an exception, plain Python does not (operant.check_environment compares them)"
        else:
            error.__traceback__ = _user_frames(error.__traceback__)
            frames = traceback.extract_tb(error.__traceback__)
            own = [one for one in frames if Path(one.filename).parent != Path(__file__).parent] or list(frames)
            place = f" ({own[-1].filename}:{own[-1].lineno})" if own else ""
            text = f"{name}: {': '.join(filter(None, (type(error).__name__, str(error))))}{place}"
        encoded = text.encode()[: size - 1]
        if error is not None:
            while len(_causes) >= _MOST_CAUSES:
                _causes.pop(next(iter(_causes)))
            _causes[encoded.decode(errors="ignore")] = error
        ctypes.memmove(message, encoded + b"\0", len(encoded) + 1)

    def _replayed(self, function: int, call: Call) -> BaseException | None:
        """Repeat the failed call for one env in plain Python, from the state and generator that the env had before."""
        d, env = self._declaration, call.env
        own = Call.from_buffer_copy(call)
        size = d.state.itemsize
        state = ctypes.create_string_buffer(ctypes.string_at(call.before, size), size)
        room = ctypes.create_string_buffer(2 * RANDOM_SIZE)
        own.random = ctypes.addressof(room) + -ctypes.addressof(room) % RANDOM_SIZE  # aligned, as the core's generators
        ctypes.memmove(own.random, call.before + size, RANDOM_SIZE)
        arrays = self._addresses(call)
        arrays += [env * size for size in self._row_sizes]
        arrays[0] = ctypes.addressof(state)
        returns = ctypes.c_double()
        own.arrays = arrays.ctypes.data
        own.parameters += env * call.parameter_stride
        own.actions += env * 8 * d.action_size
        own.rewards += env * 4
        own.returns = ctypes.addressof(returns)
        own.pending, own.count, own.env = 0, 1, 0
        try:
            (self._step, self._restart, self._observe)[function](own)
        except BaseException as error:
            return error
        return None

    def _guarded(self, function: Callable[[Call], None]) -> Callable[..., int]:
        def entry(_result: int, _exception: int, call: Any) -> int:
            try:
                function(call.contents)
            except BaseException as error:
                self._caught.error = error
                return 1
            return 0

        return entry

    def _p(self, call: Call, i: int) -> Any:
        if not self._kinds:
            return self._parameters()
        row = array_at(call.parameters + i * call.parameter_stride, self._declaration.row, (1,))[0]
        return self._parameters(*(kind(value) for kind, value in zip(self._kinds, row.item(), strict=True)))

    def _addresses(self, call: Call) -> npt.NDArray[np.int64]:
        """Return the addresses of the arrays: the state, then the outputs in the order of `rows_of`."""
        return array_at(call.arrays, np.dtype(np.int64), (len(self._row_sizes),)).copy()

    def _state(self, call: Call, i: int) -> Record:
        d = self._declaration
        return Record("State", int(self._addresses(call)[0]) + i * d.state.itemsize, d.state)

    def _call(self, name: str, p: Any, s: Record, **given: Any) -> Any:
        used = {one: given[one] for one in self._declaration.arguments[name]}
        return self._declaration.functions[name](p, s, **used)

    def _write_observation(self, call: Call, i: int, p: Any, s: Record) -> None:
        d, addresses = self._declaration, self._addresses(call).tolist()
        arrays = [
            array_at(addresses[1 + k] + i * size, leaf.dtype, leaf.shape)
            for k, (leaf, size) in enumerate(zip(d.leaves, self._row_sizes[1:], strict=False))
        ]
        for array in arrays:
            array.fill(0)
        self._call("observation", p, s, out=out_of(d.observation_tree, arrays))
        if d.has_mask:
            mask = array_at(addresses[-1] + i * d.mask_size, np.dtype(np.bool_), (d.mask_size,))
            mask.fill(False)
            self._call("action_mask", p, s, out=mask)

    def _write_infos(self, call: Call, i: int, info: Record, memory: Any) -> None:
        d, addresses = self._declaration, self._addresses(call).tolist()
        info.__store__()
        for k, (_, kind, offset) in enumerate(fields_of(d.info), 1 + len(d.leaves)):
            ctypes.memmove(addresses[k] + i * kind.itemsize, ctypes.addressof(memory) + offset, kind.itemsize)

    def _info(self) -> tuple[Record, Any]:
        memory = ctypes.create_string_buffer(max(1, self._declaration.info.itemsize))
        return Record("Info", ctypes.addressof(memory), self._declaration.info), memory

    def _step(self, call: Call) -> None:
        d = self._declaration
        is_box = d.action_space.dtype is not None and d.action_space.dtype.kind == "f"
        shape = d.action_space.shape or ()
        for i in range(call.count):
            reward = array_at(call.rewards + 4 * i, np.dtype(np.float32), (1,))
            if call.pending >> i & 1:
                reward[0] = 0
                continue
            call.env = i
            p, s = self._p(call, i), self._state(call, i)
            place = call.actions + 8 * d.action_size * i
            action = array_at(place, np.dtype(np.float64 if is_box else np.int64), shape)
            info, memory = self._info()
            outcome = self._call(
                "step",
                p,
                s,
                action=action.copy() if shape else action.item(),
                random=Random(call.random + RANDOM_SIZE * i),
                info=info,
            )
            number, terminated, truncated = outcome_of(outcome)
            s.__store__()
            self._write_observation(call, i, p, s)
            self._write_infos(call, i, info, memory)
            reward[0] = number
            array_at(call.returns + 8 * i, np.dtype(np.float64), (1,))[0] += number
            flags = array_at(call.flags, np.dtype(np.uint8), (128,))
            flags[i], flags[64 + i] = terminated, truncated

    def _restart(self, call: Call) -> None:
        for i in range(call.count):
            call.env = i
            p, s = self._p(call, i), self._state(call, i)
            info, memory = self._info()
            result = self._call("reset", p, s, random=Random(call.random + RANDOM_SIZE * i), info=info)
            if result is not None:
                raise TypeError(f"`reset` fills the state and returns nothing, got {result!r}")
            s.__store__()
            self._write_observation(call, i, p, s)
            self._write_infos(call, i, info, memory)

    def _observe(self, call: Call) -> None:
        for i in range(call.count):
            call.env = i
            self._write_observation(call, i, self._p(call, i), self._state(call, i))


def _user_frames(frames: TracebackType | None) -> TracebackType | None:
    """Drop the frames of this file that precede those of the user's functions."""
    first = frames
    while first is not None and first.tb_frame.f_code.co_filename == __file__:
        first = first.tb_next
    return first or frames


def outcome_of(outcome: Any) -> tuple[float, bool, bool]:
    """Check the value that `step` returned, and convert it to Python's types."""
    if not isinstance(outcome, tuple) or len(outcome) not in (2, 3):
        raise TypeError(f"`step` returns (reward, terminated) or (reward, terminated, truncated), got {outcome!r}")
    reward, *flags = outcome
    if not isinstance(reward, (int, float, np.number, np.bool_)):
        raise TypeError(f"`step` returns a number as reward, got {reward!r}")
    if not all(isinstance(one, (bool, np.bool_)) for one in flags):
        raise TypeError(f"`step` returns bools as terminated and truncated, got {tuple(flags)!r}")
    return float(reward), bool(flags[0]), len(flags) == 2 and bool(flags[1])


def _address(function: Any) -> int:
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    return address
