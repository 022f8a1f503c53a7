"""An environment's parameters: keyword arguments in Python, rows of numbers in the core."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from operant._checks import elements, integer, number, refuse_masks, shown, suggestion, switch
from operant.envs import arguments

if TYPE_CHECKING:
    from operant._core import EnvironmentDescription, PolicyDescription


_LONGEST = 16  # the number of items that a list in a docstring shows


class ValueOfEach(NamedTuple):
    """A list with one value for each env. A plain list may also be one value that all envs share."""

    values: Sequence[Any]


class Parameter(NamedTuple):
    """The core's description of a parameter."""

    name: str
    documentation: str
    kind: str
    integer: bool
    shape: tuple[int, ...]
    limits: str
    first: int
    size: int
    default: list[float]
    choices: list[str]

    def value(self, numbers: npt.NDArray[np.float64]) -> Any:
        """Return the value that users see. Numbers of shape `(num_envs, size)` become a read-only array."""
        if numbers.ndim == 2 or self.kind == "numbers":
            values = numbers.reshape(*numbers.shape[:-1], *self.shape).astype(np.int64 if self.integer else np.float64)
            values.flags.writeable = False
            return values if numbers.ndim == 2 else _nested_tuples(values.tolist())
        if self.kind == "number":
            return int(numbers[0]) if self.integer else float(numbers[0])
        if self.kind == "flag":
            return bool(numbers[0])
        if self.kind == "choice":
            return self.choices[int(numbers[0])]
        rows, columns = int(numbers[0]), int(numbers[1])
        cells = "".join(map(chr, numbers[2 : 2 + rows * columns].astype(int)))
        return tuple(cells[row * columns : (row + 1) * columns] for row in range(rows))

    def numbers(self, value: Any, num_envs: int, dtype: np.dtype[Any]) -> npt.NDArray[np.float64]:
        """Return the core's numbers: shape `(size,)`, or `(num_envs, size)` if there is one value for each env."""
        if isinstance(value, ValueOfEach):
            return self._numbers_of_each(value.values, num_envs, dtype)
        if self.kind in ("number", "numbers"):
            per_env = self._rows(value, num_envs)
            if per_env is not None:
                return self._checked(per_env, dtype)
            return np.array(self._numbers_in(value, self.name, self.shape, dtype))
        if self.kind == "flag":
            return np.array([float(switch(self.name, value))])
        if self.kind == "choice":
            return np.array([float(self._choice(value))])
        return self._grid(value)

    def _numbers_of_each(self, values: Any, num_envs: int, dtype: np.dtype[Any]) -> npt.NDArray[np.float64]:
        if len(values) != num_envs:
            raise ValueError(f"{self.name}: expected {num_envs} values, one for each env, got {len(values)}")
        if self.kind in ("number", "numbers"):
            rows = self._rows(values, num_envs)
            if rows is not None:
                return self._checked(rows, dtype)
            what = self._expected if self.kind == "number" else f"a row of {self._expected}"
            raise TypeError(f"{self.name}: expected {what} for each env, got {shown(values)}")
        first = self.numbers(values[0], num_envs, dtype)
        for i, value in enumerate(values):
            if value is not values[0] and (self.numbers(value, num_envs, dtype) != first).any():
                raise ValueError(f"{self.name}[{i}]: expected {shown(values[0])}, as in env 0, got {shown(value)}")
        return first

    @property
    def _expected(self) -> str:
        """The type of a value for one env, for messages."""
        if not self.shape:
            return "an integer" if self.integer else "a number"
        return f"{' by '.join(map(str, self.shape))} {'integers' if self.integer else 'numbers'}"

    def _numbers_in(self, value: Any, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> list[float]:
        """Return the numbers of one value, which has this shape: a number, or nested sequences."""
        if not shape:
            return [_integer(name, value) if self.integer else _finite(name, value, dtype)]
        is_array = getattr(value, "ndim", 1) > 1
        given = list(value) if is_array and len(value) == shape[0] else elements(value, shape[0])
        if given is None or len(given) != shape[0]:
            raise TypeError(f"{self.name}: expected {self._expected}, got {shown(value)}")
        numbers = [self._numbers_in(one, f"{name}[{i}]", shape[1:], dtype) for i, one in enumerate(given)]
        return [number for row in numbers for number in row]

    def _rows(self, value: Any, num_envs: int) -> npt.NDArray[np.float64] | None:
        """Return one row for each env, shape `(num_envs, size)`; None if the value is one for all envs."""
        if isinstance(value, (str, bytes)) or not (isinstance(value, (list, tuple)) or getattr(value, "ndim", 0) > 0):
            return None
        try:
            array = np.asarray(value)
        except Exception:  # a ragged list or a broken array-like: the later check of a single value explains the error
            return None
        refuse_masks(self.name, value, array.ndim)
        if array.ndim != 1 + len(self.shape):
            return None
        if array.shape != (num_envs, *self.shape) or array.dtype.kind not in ("iu" if self.integer else "fiu"):
            got = f"{type(value).__name__} of shape {array.shape} and dtype {array.dtype}"
            raise TypeError(
                f"{self.name}: expected {self._expected}, or {num_envs} times that, one for each env, got {got}"
            )
        return arguments.copied(array, np.float64).reshape(num_envs, -1)

    def _checked(self, rows: npt.NDArray[np.float64], dtype: np.dtype[Any]) -> npt.NDArray[np.float64]:
        refused = np.isnan(rows) | arguments.beyond(rows, dtype)
        if refused.any():
            env = int(refused.any(axis=1).argmax())
            raise ValueError(f"{self.name}[{env}]: expected a number that {dtype} can hold, got {rows[env]}")
        return rows

    def _choice(self, value: Any) -> int:
        if not isinstance(value, str):
            raise TypeError(f"{self.name}: expected a string such as {self.choices[0]!r}, got {shown(value)}")
        if value not in self.choices:
            names = ", ".join(map(repr, self.choices))
            raise ValueError(f"{self.name}: expected one of {names}, got {shown(value)}")
        return self.choices.index(value)

    def _grid(self, value: Any) -> npt.NDArray[np.float64]:
        largest = 64
        if isinstance(value, np.ndarray) and value.ndim == 2 and len(value) <= largest:  # the form of Gymnasium's maps
            value = [b"".join(row) for row in value.astype("S")]
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
    if arguments.beyond(plain, dtype):
        raise ValueError(f"{name}: expected a number that {dtype} can hold, got {shown(value)}")
    return plain


def _integer(name: str, value: Any) -> int:
    plain = None if isinstance(value, bool) else integer(value)
    if plain is None:
        raise TypeError(f"{name}: expected an integer, got {shown(value)}")
    return int(number(name, plain))


def _nested_tuples(value: Any) -> Any:
    """Return tuples for lists, also for those in lists."""
    return tuple(map(_nested_tuples, value)) if isinstance(value, list) else value


def table(parameters: Iterable[Parameter]) -> str:
    """Return a Markdown table of parameters with their defaults, for docstrings."""
    rows = (f"| `{one.name}` | {_default(one)} | {_meaning(one)} |" for one in parameters)
    return "\n".join(["| parameter | default | meaning |", "|---|---|---|", *rows])


def _default(parameter: Parameter) -> str:
    value = parameter.value(np.array(parameter.default))
    if parameter.kind == "grid" and len(value) * len(value[0]) > _LONGEST:
        return f"{len(value)} by {len(value[0])} characters"
    return f"({listed([shown(one) for one in value])})" if isinstance(value, tuple) else shown(value)


def _meaning(parameter: Parameter) -> str:
    choices = f"one of {', '.join(map(repr, parameter.choices))}" if parameter.choices else ""
    return "; ".join(filter(None, [parameter.documentation, choices, parameter.limits]))


def listed(items: Sequence[str]) -> str:
    """Join items with commas. A list of more than 16 items is cut off, with its length at the end."""
    return ", ".join(items if len(items) <= _LONGEST else [*items[:_LONGEST], f"... ({len(items)} in all)"])


def known(environment: EnvironmentDescription | PolicyDescription) -> dict[str, Parameter]:
    """Return the parameters of an environment or a policy by name."""
    return {one["name"]: Parameter(**one) for one in environment.parameters}


def check_names(function: str, given: Iterable[str], parameters: Mapping[str, Parameter]) -> None:
    """Refuse keywords that are not parameters, with Python's message and the names of the parameters."""
    for name in given:
        if name not in parameters:
            raise TypeError(
                f"{function} got an unexpected keyword argument {name!r}{suggestion(name, parameters)} "
                f"The parameters are {', '.join(parameters) or 'none'}"
            )


def numbers_of(
    parameters: Mapping[str, Parameter],
    given: Mapping[str, Any],
    num_envs: int,
    dtype: np.dtype[Any],
    numbers: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.float64]:
    """Return the numbers of all parameters: shape `(number_count,)`, or `(num_envs, number_count)` if envs differ.

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
    """Return the values of all parameters by name. One that differs between envs is an array with a row for each."""
    values = {}
    for one in parameters.values():
        part = numbers[..., one.first : one.first + one.size]
        uniform = part.ndim == 1 or bool((part == part[0]).all())
        values[one.name] = one.value(part if part.ndim == 1 or not uniform else part[0])
    return values


def values_of_each(parameter: Parameter, numbers: npt.NDArray[np.float64], num_envs: int) -> tuple[Any, ...]:
    """Return the value of a parameter for each env."""
    part = numbers[..., parameter.first : parameter.first + parameter.size]
    if part.ndim == 1:
        return (parameter.value(part),) * num_envs
    return tuple(parameter.value(row) for row in part)


#: Keys of infos that every environment can have.
_INFOS = ("final_obs", "final_info", "episode")


def mistake_of(environment: EnvironmentDescription, base: type) -> str:
    """Return a sentence that says why the environment cannot have a class in Python; empty if it can.

    Args:
        environment: An environment of a library.
        base: The base class of the class to make. Parameters must not hide its attributes and arguments.
    """
    if environment.mistake:
        return environment.mistake
    for one in environment.parameters:
        if one["name"] in _reserved_names(base):
            return _name_clash("visit_parameters", one["name"], "an argument or an attribute of the class in Python")
    if "reset_mask" in environment.reset_bounds:
        return _name_clash("visit_reset_bounds", "reset_mask", "an option of `reset` in Python")
    names = [name for name, _, _ in environment.infos]
    masks = {f"_{name}" for name in (*_INFOS, *names)}
    for name in names:
        if name in masks or name in _INFOS:
            return _name_clash("visit_info", name, "a key of the infos in Python")
    return ""


def _name_clash(function: str, name: str, what: str) -> str:
    return f'an environment\'s `{function}` gives the name "{name}", which is {what} already: choose another one'


@cache
def _reserved_names(base: type) -> frozenset[str]:
    """Return the names that a parameter must not have."""
    annotated = {name for one in base.__mro__ for name in inspect.get_annotations(one)}
    return frozenset({*dir(base), *annotated, *inspect.signature(base.__init__).parameters, "draw"})  # type: ignore[misc]
