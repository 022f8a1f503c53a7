"""Runs an environment as plain Python for a few steps, so that mistakes show with Python's own messages."""

from __future__ import annotations

import traceback
from typing import Any

import numpy as np

from operant.building.compiler import CompileError
from operant.python.calls import Record, out_of, parameters_type
from operant.python.declaration import Declaration
from operant.python.plain import outcome_of

#: Resets and steps.
_CALLS = 5


def try_plain(d: Declaration) -> None:
    """Play some steps with the default parameters.

    Raises:
        CompileError: A function raised an exception or returned a value of the wrong type; `__cause__` is the
            exception.
    """
    name = ""
    try:
        for name, call in _calls(d):  # noqa: B007
            call()
    except Exception as error:
        frames = [one for one in traceback.extract_tb(error.__traceback__) if "operant/python" not in one.filename]
        code = d.functions[name].__code__
        file, line = (frames[-1].filename, frames[-1].lineno) if frames else (code.co_filename, code.co_firstlineno)
        raise CompileError(f"{file}:{line}: {d.name}: `{name}`: {type(error).__name__}: {error}") from error


def _calls(d: Declaration) -> Any:
    memory = np.zeros(1, d.state)
    info = np.zeros(1, d.info) if d.info.names else np.zeros(1, np.uint8)
    p = parameters_type(d)(*(one.kind(one.default) for one in d.parameters))
    s = Record("State", memory.ctypes.data, d.state)
    own = np.random.default_rng(0)
    random = _Numpy(own)
    space = d.action_space
    space.seed(0)

    def call(name: str, **given: Any) -> Any:
        used = {one: given[one] for one in d.arguments[name]}
        return d.functions[name](p, s, **used)

    mask = np.ones(d.mask_size, np.bool_)

    def see(name: str = "observation") -> None:
        arrays = [np.zeros(leaf.shape, leaf.dtype) for leaf in d.leaves]
        if name == "action_mask":
            mask.fill(False)
        if call(name, out=mask if name == "action_mask" else out_of(d.leaves, arrays)) is not None:
            raise TypeError(f"`{name}` fills the array `out` and returns nothing")

    def reset() -> None:
        if call("reset", random=random, info=Record("Info", info.ctypes.data, d.info)) is not None:
            raise TypeError("`reset` fills the state and returns nothing")
        s.store()

    def step() -> bool:
        sample = space.sample(_mask_of(space, mask)) if d.has_mask else space.sample()
        action: Any = (
            int(sample) if not space.shape else np.asarray(sample, np.float64 if sample.dtype.kind == "f" else np.int64)
        )
        _, terminated, _ = outcome_of(
            call("step", action=action, random=random, info=Record("Info", info.ctypes.data, d.info))
        )
        s.store()
        return terminated

    ended = [True]
    for _ in range(_CALLS):
        if ended[-1]:
            memory[:] = 0
            ended.append(False)
            yield "reset", reset
        else:
            yield "step", lambda: ended.append(step())
        for name in ("observation", "action_mask") if d.has_mask else ("observation",):
            yield name, lambda name=name: see(name)


def _mask_of(space: Any, mask: Any) -> Any:
    """Return a mask as Gymnasium's space takes it."""
    nvec = getattr(space, "nvec", None)
    bits = mask.astype(np.int8)
    return bits if nvec is None else tuple(np.split(bits, np.cumsum(nvec)[:-1]))


class _Numpy:
    """The draws that an environment may use, from numpy."""

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator

    def __getattr__(self, name: str) -> Any:
        if name not in ("random", "uniform", "normal", "exponential", "integers"):
            raise AttributeError(
                f"random.{name} does not exist: the draws are random(), uniform(), normal(), exponential() and integers()"
            )
        draw = getattr(self._generator, name)
        return lambda *given, **named: draw(*given, **named).item() if name == "integers" else draw(*given, **named)
