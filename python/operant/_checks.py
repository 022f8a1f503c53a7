"""Checks of single arguments. They return a plain Python object, or raise an exception that names the argument."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import chain, islice
from operator import index
from typing import Any

import numpy as np

_LONGEST = 200

# The types in most lists of numbers. None of them is a masked array or a list that could contain one.
_PLAIN = frozenset((int, float, bool, np.bool_, np.int64, np.float32, np.float64, np.ndarray))


def shown(value: Any) -> str:
    """Return the repr of a value for a message, cut off if it is long."""
    try:
        text = repr(value).encode(errors="backslashreplace").decode()
    except Exception:  # a repr may raise any exception; that of an int raises ValueError above 4300 digits
        text = f"one of type {type(value).__name__}, which cannot be shown"
    return shortened(text)


def shortened(text: str) -> str:
    """Return the text, cut off if it is too long for a message."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def suggestion(name: Any, names: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: a question with a similar name, or a full stop."""
    close = get_close_matches(name, list(names), 1) if isinstance(name, str) else []
    return f"; did you mean {close[0]!r}?" if close else "."


def is_masked(value: Any) -> bool:
    """Return True for a masked array of numpy. Its numbers are invalid where the mask is set."""
    module = sys.modules.get("numpy.ma")  # numpy imports it at first use, so without it there are no masked arrays
    return module is not None and isinstance(value, getattr(module, "MaskedArray", ()))


def refuse_masks(name: str, value: Any, depth: int = 0) -> None:
    """Raise TypeError for a masked array or a list that contains one. numpy would drop the mask of either.

    Args:
        name: The name of the argument.
        value: An object from which numpy makes an array.
        depth: The number of axes of that array.
    """
    if "numpy.ma" not in sys.modules:
        return
    if is_masked(value):
        raise TypeError(
            f"{name}: expected an array without a mask, got {shown(value)}; "
            "the method filled() of a masked array returns one"
        )
    level = value
    for _ in range(depth if isinstance(value, (list, tuple)) else 0):
        types = set(map(type, level))
        if types <= _PLAIN:
            return
        if any(issubclass(one, sys.modules["numpy.ma"].MaskedArray) for one in types):
            for one in level:
                refuse_masks(name, one)
        lists = level if types <= {list, tuple} else (one for one in level if isinstance(one, (list, tuple)))
        level = list(chain.from_iterable(lists))


def integer(value: Any) -> int | None:
    """Return the value as an int; None if it is not an integer."""
    try:
        return None if isinstance(value, np.bool_) or is_masked(value) else int.__index__(index(value))
    except TypeError:
        return None


def positive_integer(name: str, value: Any, most: int | None = None) -> int:
    """Return the value as an int; raise TypeError if it is not an integer, ValueError if it is out of range."""
    number = None if isinstance(value, bool) else integer(value)
    if number is None:
        raise TypeError(f"{name}: expected a positive integer, got {shown(value)}")
    if number < 1:
        raise ValueError(f"{name}: expected a positive integer, got {shown(number)}")
    if most is not None and number > most:
        raise ValueError(f"{name}: expected an integer from 1 to {most}, got {shown(number)}")
    return number


def switch(name: str, value: Any) -> bool:
    """Return the value as a bool; raise TypeError if it is not a bool."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: expected True or False, got {shown(value)}")
    return bool(value)


def number(name: str, value: Any, *, any_shape: bool = False) -> int | float:
    """Return the value as a Python number; raise TypeError if it is not one, ValueError if a float cannot hold it.

    With `any_shape`, an array or a tensor of any shape with one element is a number.
    """
    if type(value) is float:  # the most frequent case; this line makes it four times as fast
        return value
    plain = value
    if _is_scalar(getattr(value, "shape", None), any_shape) and hasattr(value, "item") and not is_masked(value):
        # `item` returns an integer for some numpy datetimes, which are not numbers, and a longdouble for a longdouble.
        kind = getattr(getattr(value, "dtype", None), "kind", None)
        plain = None if kind in ("m", "M") else float(value.item()) if kind == "f" else value.item()
    if isinstance(plain, float):
        return float.__float__(plain)
    if isinstance(plain, int):
        plain = int.__index__(plain)
        try:
            float(plain)
        except OverflowError:
            raise ValueError(f"{name}: expected a number that a float can hold, got {shown(value)}") from None
        return plain
    shape = getattr(value, "shape", ())
    what = f"{type(value).__name__} of shape {tuple(shape)}" if shape else f"{type(value).__name__} {shown(value)}"
    raise TypeError(f"{name}: expected a number, got {what}")


def _is_scalar(shape: Any, any_shape: bool) -> bool:
    return shape == () or (any_shape and isinstance(shape, tuple) and all(size == 1 for size in shape))


def elements(value: Any, count: int) -> list[Any] | None:
    """Return at most `count + 1` elements of a sequence or a one-dimensional array; None for other objects."""
    is_sequence = isinstance(value, Sequence) or getattr(value, "ndim", None) == 1
    if not is_sequence or isinstance(value, (str, bytes)) or is_masked(value):
        return None
    return list(islice(value, count + 1))


def path(name: str, value: Any) -> str:
    """Return the path as a string; raise TypeError if it is not a path, ValueError if it has a null character."""
    text = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(text, str):
        raise TypeError(f"{name}: expected a path, got {shown(value)}")
    if "\0" in text:
        raise ValueError(f"{name}: expected a path without null characters, got {shown(value)}")
    return text
