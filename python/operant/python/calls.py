"""The arguments of an environment's functions: views of the memory of one env."""

from __future__ import annotations

import ctypes
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from operant import _core
from operant._checks import shown
from operant.envs.spaces import Tree
from operant.python.declaration import Declaration

#: The bytes of a generator.
RANDOM_SIZE = 64


class Call(ctypes.Structure):
    """FunctionCall of library/function_tier.hpp."""

    _fields_ = [
        ("parameters", ctypes.c_int64),
        ("parameter_stride", ctypes.c_int64),
        ("random", ctypes.c_int64),
        ("actions", ctypes.c_int64),
        ("rewards", ctypes.c_int64),
        ("returns", ctypes.c_int64),
        ("flags", ctypes.c_int64),
        ("pending", ctypes.c_uint64),
        ("count", ctypes.c_int64),
        ("arrays", ctypes.c_int64),
        ("before", ctypes.c_int64),
        ("env", ctypes.c_int64),
    ]


def array_at(address: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """View an array in memory."""
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    memory: Any = (ctypes.c_char * size).from_address(address)
    return np.frombuffer(memory, dtype).reshape(shape)


class Random:
    """The random stream of an env: the draws of numpy's `Generator` that an environment may use, bit for bit."""

    __slots__ = ("_address",)

    def __init__(self, address: int) -> None:
        """View a generator in memory."""
        self._address = address

    def random(self) -> float:
        """Draw a float from [0, 1)."""
        return _core.draw_random(self._address)

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """Draw a float from [low, high)."""
        return low + (high - low) * _core.draw_random(self._address)

    def normal(self, loc: float = 0.0, scale: float = 1.0) -> float:
        """Draw from a normal distribution."""
        return loc + scale * _core.draw_normal(self._address)

    def exponential(self, scale: float = 1.0) -> float:
        """Draw from an exponential distribution."""
        return scale * _core.draw_exponential(self._address)

    def integers(self, low: int, high: int | None = None) -> int:
        """Draw an integer from [low, high), or from [0, low) if there is no `high`."""
        for bound in (low, high):
            if not isinstance(bound, (int, np.integer)) and bound is not None:
                raise TypeError(f"random.integers takes integers, got {shown(bound)}: write int(...)")
        first, end = (0, low) if high is None else (low, high)
        if first >= end:
            raise ValueError("low >= high")
        return _core.draw_integers(self._address, first, end)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"random.{name} does not exist: the draws are random(), uniform(), normal(), exponential() and integers()"
        )


class Record:
    """The numbers and arrays of a state or an info. Numbers are copies; arrays are views of the memory.

    A member may have any name, so the other attributes have names that no member has.
    """

    __slots__ = ("__fields", "__kept", "__name", "__row")

    def __init__(self, name: str, address: int, dtype: np.dtype[Any]) -> None:
        """View a record in memory; `__store__` writes its numbers back."""
        row = array_at(address, dtype, (1,))[0] if dtype.names else None
        fields = {one: dtype[one].subdtype for one in dtype.names or ()}
        kept = {one: row[one] if sub else row[one].item() for one, sub in fields.items()} if row is not None else {}
        for slot, value in (("name", name), ("row", row), ("kept", kept), ("fields", fields)):
            object.__setattr__(self, f"_Record__{slot}", value)

    def __getattr__(self, name: str) -> Any:
        try:
            return object.__getattribute__(self, "_Record__kept")[name]
        except KeyError:
            raise AttributeError(f"`{self.__name}` has no member `{name}`") from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.__fields:
            raise AttributeError(f"`{self.__name}` has no member `{name}`")
        if self.__fields[name]:
            raise TypeError(f"`{name}` is an array: write `{name}[:] = ...` to fill it")
        kind = type(self.__kept[name])
        number = value.item() if isinstance(value, np.generic) else value
        allowed = {float: (float, int), int: (int,), bool: (bool,)}[kind]
        if not isinstance(number, allowed) or (isinstance(number, bool) and kind is int):
            raise TypeError(f"`{self.__name}.{name}` is a {kind.__name__}, got {shown(value)}")
        self.__kept[name] = kind(number)

    def __repr__(self) -> str:
        return f"{self.__name}({', '.join(f'{name}={value!r}' for name, value in self.__kept.items())})"

    def __store__(self) -> None:
        """Write the numbers to the memory."""
        for name, value in self.__kept.items():
            if not self.__fields[name]:
                if isinstance(value, int) and not -(2**63) <= value < 2**63:
                    raise OverflowError(f"`{self.__name}.{name}` = {value} does not fit in 64 bits")
                self.__row[name] = value


def parameters_type(declaration: Declaration) -> Callable[..., Any]:
    """Return the type of `p`: a named tuple, so that nothing can change it."""
    return namedtuple("Parameters", [one.name for one in declaration.parameters])


def out_of(tree: Tree, arrays: list[Any]) -> Any:
    """Arrange the arrays of observations as the space is: an array, a tuple, or a named tuple for a dict."""
    if isinstance(tree, int):
        return arrays[tree]
    if isinstance(tree, tuple):
        return tuple(out_of(part, arrays) for part in tree)
    return namedtuple("out", tree)(*(out_of(part, arrays) for part in tree.values()))
