"""Checks of single arguments: the value as a plain Python object, or an exception that names the argument."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import islice
from operator import index
from typing import Any

import numpy as np

_LONGEST = 200


def shown(value: Any) -> str:
    """The value as a message shows it: its repr, cut off where that is long."""
    try:
        text = repr(value).encode(errors="backslashreplace").decode()
    except Exception:  # any class can have a repr that raises, and that of an int refuses more than 4300 digits
        text = f"one of type {type(value).__name__}, which cannot be shown"
    return shortened(text)


def shortened(text: str) -> str:
    """The text, cut off where it is too long for a message."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def integer(value: Any) -> int | None:
    """The value as an int; None if it is not an integer."""
    try:
        return None if isinstance(value, np.bool_) else int.__index__(index(value))
    except TypeError:
        return None


def positive_integer(name: str, value: Any, most: int | None = None) -> int:
    """The value as an int; TypeError if it is not an integer, ValueError if it is out of range."""
    number = None if isinstance(value, bool) else integer(value)
    if number is None:
        raise TypeError(f"{name}: expected a positive integer, got {shown(value)}")
    if number < 1:
        raise ValueError(f"{name}: expected a positive integer, got {shown(number)}")
    if most is not None and number > most:
        raise ValueError(f"{name}: expected an integer from 1 to {most}, got {shown(number)}")
    return number


def switch(name: str, value: Any) -> bool:
    """The value as a bool; TypeError if it is not a bool."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: expected True or False, got {shown(value)}")
    return bool(value)


def number(name: str, value: Any, *, any_shape: bool = False) -> int | float:
    """The value as a Python number; TypeError if it is not a number, ValueError for an int beyond the largest float.

    With `any_shape`, an array or a tensor with one element is a number whatever its shape is.
    """
    if type(value) is float:  # the most frequent case; this line makes it take a quarter of the time
        return value
    plain = value
    if _is_scalar(getattr(value, "shape", None), any_shape) and hasattr(value, "item"):
        # `item` returns an integer for some numpy datetimes, which are no numbers, and a longdouble for a longdouble.
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
    """The elements of a sequence or a one-dimensional array, at most `count + 1` of them; None if it is neither."""
    if isinstance(value, (str, bytes)) or not (isinstance(value, Sequence) or getattr(value, "ndim", None) == 1):
        return None
    return list(islice(value, count + 1))


def path(name: str, value: Any) -> str:
    """The path as a string; TypeError if it is not a path, ValueError if it has a null character."""
    text = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(text, str):
        raise TypeError(f"{name}: expected a path, got {shown(value)}")
    if "\0" in text:
        raise ValueError(f"{name}: expected a path without null characters, got {shown(value)}")
    return text
