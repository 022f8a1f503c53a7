"""An environment's parameters: keyword arguments on one side, rows of numbers for the core on the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from operant._checks import elements, number, shown, switch
from operant.envs import _arguments

if TYPE_CHECKING:
    from operant._core import Environment, PolicyClass


class ValueOfEach(NamedTuple):
    """A list with one value per copy. A plain list may also be a single value that all copies share."""

    values: Sequence[Any]


class Parameter(NamedTuple):
    """A parameter, as the core describes it."""

    name: str
    documentation: str
    kind: str
    first: int
    size: int
    default: list[float]
    choices: list[str]

    def value(self, numbers: npt.NDArray[np.float64]) -> Any:
        """The value that users see. From numbers of shape `(num_envs, size)`, a read-only array with a row per copy."""
        if numbers.ndim == 2:
            values = numbers[:, 0].copy() if self.kind == "number" else numbers.copy()
            values.flags.writeable = False
            return values
        if self.kind == "number":
            return float(numbers[0])
        if self.kind == "numbers":
            return tuple(float(one) for one in numbers)
        if self.kind == "flag":
            return bool(numbers[0])
        if self.kind == "choice":
            return self.choices[int(numbers[0])]
        rows, columns = int(numbers[0]), int(numbers[1])
        cells = "".join(map(chr, numbers[2 : 2 + rows * columns].astype(int)))
        return tuple(cells[row * columns : (row + 1) * columns] for row in range(rows))

    def numbers(self, value: Any, num_envs: int, dtype: np.dtype[Any]) -> npt.NDArray[np.float64]:
        """The value as numbers for the core: shape `(size,)`, or `(num_envs, size)` if every copy has its own."""
        if isinstance(value, ValueOfEach):
            return self._numbers_of_each(value.values, num_envs, dtype)
        if self.kind == "number":
            per_copy = _rows(self.name, value, num_envs, ())
            return np.array([_finite(self.name, value, dtype)]) if per_copy is None else self._checked(per_copy, dtype)
        if self.kind == "numbers":
            per_copy = _rows(self.name, value, num_envs, (self.size,))
            if per_copy is not None:
                return self._checked(per_copy, dtype)
            given = elements(value, self.size)
            if given is None or len(given) != self.size:
                raise TypeError(f"{self.name}: expected {self.size} numbers, got {shown(value)}")
            return np.array([_finite(f"{self.name}[{i}]", one, dtype) for i, one in enumerate(given)])
        if self.kind == "flag":
            return np.array([float(switch(self.name, value))])
        if self.kind == "choice":
            return np.array([float(self._choice(value))])
        return self._grid(value)

    def _numbers_of_each(self, values: Any, num_envs: int, dtype: np.dtype[Any]) -> npt.NDArray[np.float64]:
        if len(values) != num_envs:
            raise ValueError(f"{self.name}: expected {num_envs} values, one for each copy, got {len(values)}")
        if self.kind in ("number", "numbers"):
            rows = _rows(self.name, values, num_envs, () if self.kind == "number" else (self.size,))
            if rows is not None:
                return self._checked(rows, dtype)
            what = "number" if self.kind == "number" else f"row of {self.size} numbers"
            raise TypeError(f"{self.name}: expected a {what} for each copy, got {shown(values)}")
        first = self.numbers(values[0], num_envs, dtype)
        for i, value in enumerate(values):
            if value is not values[0] and (self.numbers(value, num_envs, dtype) != first).any():
                raise ValueError(f"{self.name}[{i}]: expected {shown(values[0])}, as of copy 0, got {shown(value)}")
        return first

    def _checked(self, rows: npt.NDArray[np.float64], dtype: np.dtype[Any]) -> npt.NDArray[np.float64]:
        refused = np.isnan(rows) | _arguments.beyond(rows, dtype)
        if refused.any():
            copy = int(refused.any(axis=1).argmax())
            raise ValueError(f"{self.name}[{copy}]: expected a number that {dtype} can hold, got {rows[copy]}")
        return rows

    def _choice(self, value: Any) -> int:
        if not isinstance(value, str):
            raise TypeError(f"{self.name}: expected a string as {self.choices[0]!r}, got {shown(value)}")
        if value not in self.choices:
            names = ", ".join(map(repr, self.choices))
            raise ValueError(f"{self.name}: expected one of {names}, got {shown(value)}")
        return self.choices.index(value)

    def _grid(self, value: Any) -> npt.NDArray[np.float64]:
        largest = 64
        given = elements(value, largest)
        lines = None if given is None else [one.decode("latin-1") if isinstance(one, bytes) else one for one in given]
        if not lines or len(lines) > largest or not all(isinstance(line, str) for line in lines):
            raise TypeError(f"{self.name}: expected a list of up to {largest} strings, got {shown(value)}")
        columns = len(lines[0])
        if not 0 < columns <= largest or any(len(line) != columns for line in lines):
            raise ValueError(
                f"{self.name}: expected strings of the same length, from 1 to {largest}, got {shown(value)}"
            )
        cells = "".join(lines)
        if not cells.isascii():
            raise ValueError(f"{self.name}: expected ASCII characters, got {shown(value)}")
        numbers = np.zeros(self.size)
        numbers[:2] = len(lines), columns
        numbers[2 : 2 + len(cells)] = [ord(cell) for cell in cells]
        return numbers


def _finite(name: str, value: Any, dtype: np.dtype[Any]) -> float:
    plain = float(number(name, value))
    if _arguments.beyond(plain, dtype):
        raise ValueError(f"{name}: expected a number that {dtype} can hold, got {shown(value)}")
    return plain


def _rows(name: str, value: Any, num_envs: int, shape: tuple[int, ...]) -> npt.NDArray[np.float64] | None:
    """Values for each copy, shape `(num_envs, size)`; None when the value is one for all."""
    if isinstance(value, (str, bytes)) or not (isinstance(value, (list, tuple)) or getattr(value, "ndim", 0) > 0):
        return None
    try:
        array = np.asarray(value)
    except Exception:  # a ragged list or a broken array-like: the check of a single value, which follows, explains it
        return None
    if array.ndim != 1 + len(shape):
        return None
    if array.shape != (num_envs, *shape) or array.dtype.kind not in "fiu":
        what = "a number" if not shape else f"{shape[0]} numbers"
        got = f"{type(value).__name__} of shape {array.shape} and dtype {array.dtype}"
        raise TypeError(f"{name}: expected {what}, or {num_envs} times that, one per copy, got {got}")
    return np.array(array, np.float64).reshape(num_envs, -1)


def known(environment: Environment | PolicyClass) -> dict[str, Parameter]:
    """The parameters of an environment or a policy by name."""
    return {one["name"]: Parameter(**one) for one in environment.parameters}


def suggestion(name: Any, names: Any) -> str:
    """The end of an error message's sentence, with the name that may have been meant, if one is similar."""
    close = get_close_matches(name, list(names), 1) if isinstance(name, str) else []
    return f"; did you mean {close[0]!r}?" if close else "."


def numbers_of(
    parameters: Mapping[str, Parameter],
    given: Mapping[str, Any],
    num_envs: int,
    dtype: np.dtype[Any],
    numbers: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.float64]:
    """The numbers of all parameters, shape `(number_count,)`, or `(num_envs, number_count)` if any differs by copy.

    Parameters that are not given keep their values from `numbers`; without `numbers`, they have their defaults.
    """
    parts = [
        one.numbers(given[one.name], num_envs, dtype)
        if one.name in given
        else np.array(one.default)
        if numbers is None
        else numbers[..., one.first : one.first + one.size]
        for one in parameters.values()
    ]
    if any(part.ndim == 2 for part in parts):
        rows = np.concatenate([np.broadcast_to(part, (num_envs, part.shape[-1])) for part in parts], axis=1)
        bits = rows.view(np.int64)  # compared as bits, so that 0.0 and -0.0 differ
        return rows if (bits != bits[0]).any() else rows[0].copy()
    return np.concatenate(parts) if parts else np.empty(0)


def values_of(parameters: Mapping[str, Parameter], numbers: npt.NDArray[np.float64]) -> dict[str, Any]:
    """The values of all parameters by name. One that differs from copy to copy is an array with a row for each."""
    values = {}
    for one in parameters.values():
        part = numbers[..., one.first : one.first + one.size]
        uniform = part.ndim == 1 or bool((part == part[0]).all())
        values[one.name] = one.value(part if part.ndim == 1 or not uniform else part[0])
    return values


def values_of_each(parameter: Parameter, numbers: npt.NDArray[np.float64], num_envs: int) -> tuple[Any, ...]:
    """The value of a parameter for each copy."""
    part = numbers[..., parameter.first : parameter.first + parameter.size]
    if part.ndim == 1:
        return (parameter.value(part),) * num_envs
    return tuple(parameter.value(row) for row in part)
