"""Attributes of Gymnasium's environments that are computed from state or parameters: `s`, `P`, `low` and others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from operant._checks import integer, shown

#: The parameters of one env by name.
Parameters = Mapping[str, Any]
#: The state of one env, shape `(state_size,)`.
State = npt.NDArray[np.float64]


class View(NamedTuple):
    """An attribute of one env, computed from its parameters and state."""

    #: A function that returns the value.
    read: Callable[[Parameters, State], Any]
    #: A function that writes a value into the state, or raises an exception; or a text, the reason why there is none.
    write: Callable[[Parameters, State, Any], None] | str


def number_in(name: str, value: Any, count: int) -> int:
    """Return the value as an int from 0 to `count - 1`."""
    number = integer(value)
    if number is None:
        raise TypeError(f"{name}: expected an integer, got {shown(value)}")
    if not 0 <= number < count:
        raise ValueError(f"{name}: expected an integer from 0 to {count - 1}, got {shown(number)}")
    return number


def variable(name: str, index: int, count: int, kind: type = int) -> View:
    """Make the view of a state variable that is an integer from 0 to `count - 1`, or a flag."""

    def write(parameters: Parameters, state: State, value: Any) -> None:
        state[index] = number_in(name, int(value) if isinstance(value, np.bool_) else value, count)

    return View(lambda parameters, state: kind(state[index]), write)


def constant(value: Any) -> View:
    """Make the view of a value that never changes. Arrays become read-only."""
    if isinstance(value, np.ndarray):
        read_only(value)
    return View(lambda parameters, state: value, "it follows from the rules")


def from_parameters(read: Callable[[Parameters], Any], follows: str) -> View:
    """Make the view of a value that is computed from parameters."""
    return View(lambda parameters, state: read(parameters), f"it follows from {follows}")


def bounds(*names: str, sign: int = 1) -> View:
    """Make the view of a float32 array of parameters. The last one is multiplied by the sign."""

    def read(parameters: Parameters) -> npt.NDArray[np.float32]:
        *first, last = (parameters[name] for name in names)
        return read_only(np.array([*first, sign * last], np.float32))

    return from_parameters(read, " and ".join(names))


def read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Make the array read-only and return it."""
    array.flags.writeable = False
    return array


class Table(dict[int, Any]):
    """A read-only dict. A copy or a pickle of it is a plain dict."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("P cannot be changed: it follows from the parameters; change a copy, as copy.deepcopy makes it")

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = setdefault = pop = popitem = clear = _refuse

    def __reduce__(self) -> Any:
        return dict, (dict(self),)


#: A probability, the next state, the reward, and True if the episode terminates.
Outcome = tuple[float, int, float, bool]


def transitions(outcomes: Mapping[int, Mapping[int, Iterable[Outcome]]]) -> Table:
    """Make a read-only `P`, the outcomes by state and action, from Gymnasium's."""

    def plain(of_action: Iterable[Outcome]) -> tuple[Outcome, ...]:
        return tuple((probability, int(state), reward, ends) for probability, state, reward, ends in of_action)

    return Table({s: Table({a: plain(one) for a, one in of_state.items()}) for s, of_state in outcomes.items()})
