"""Plays a few steps in plain Python, so that mistakes show with Python's own messages."""

from __future__ import annotations

import traceback
from typing import Any

import numpy as np

from operant import _core
from operant.building.compiler import CompileError
from operant.building.loading import make_env_class
from operant.python.calls import Record
from operant.python.declaration import Declaration
from operant.python.plain import Plain

_STEPS = 4


def try_plain(d: Declaration) -> None:
    """Play some steps with the default parameters.

    Raises:
        CompileError: A function raised an exception or returned a value of the wrong type; `__cause__` is the
            exception.
    """
    trial = _Trial(d)
    env = make_env_class(_core.FunctionEnvironment(d.description(), trial).description, d.cls.__module__)(1)
    space: Any = env.single_action_space
    space.seed(0)
    try:
        env.reset(seed=0)
        for _ in range(_STEPS):
            mask = _mask_of(space, env.action_masks()[0]) if d.has_mask else None
            env.step(np.asarray(space.sample(mask))[None])
    except RuntimeError as failure:
        error = failure.__cause__ or failure
        frames = [one for one in traceback.extract_tb(error.__traceback__) if "operant/python" not in one.filename]
        code = d.functions[trial.called].__code__
        file, line = (frames[-1].filename, frames[-1].lineno) if frames else (code.co_filename, code.co_firstlineno)
        raise CompileError(f"{file}:{line}: {d.name}: `{trial.called}`: {type(error).__name__}: {error}") from error


class _Trial(Plain):
    """The functions in plain Python. Only `step` may return something.

    Attributes:
        called: The name of the user's function that was called last.
    """

    called = "reset"

    def _call(self, name: str, p: Any, s: Record, **given: Any) -> Any:
        self.called = name
        result = super()._call(name, p, s, **given)
        if name != "step" and result is not None:
            filled = "the state" if name == "reset" else "the array `out`"
            raise TypeError(f"`{name}` fills {filled} and returns nothing")
        return result


def _mask_of(space: Any, mask: Any) -> Any:
    """Return a mask as Gymnasium's space takes it."""
    nvec = getattr(space, "nvec", None)
    bits = mask.astype(np.int8)
    return bits if nvec is None else tuple(np.split(bits, np.cumsum(nvec)[:-1]))
