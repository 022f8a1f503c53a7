"""Actions with several parts, a `Tuple` or a `Dict`. The core takes them as rows of floats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from operant._checks import shown
from operant.envs import arguments


class ActionParts:
    """Packs actions into arrays of shape `(..., size)`, in which the columns of a part follow those of the part before.

    Discrete parts become floats. The core checks that these are integers in the space.

    Attributes:
        size: The number of columns.
    """

    def __init__(self, space: Any, tree: Any) -> None:
        """Assign columns to the parts of a space.

        Args:
            space: The action space of one env, a `Tuple` or a `Dict` whose parts are not tuples or dicts.
            tree: The place of each part in the core's order: a tuple or a dict of ints.
        """
        places = dict(tree) if isinstance(tree, Mapping) else dict(enumerate(tree))
        self._is_dict = isinstance(tree, Mapping)
        self._parts: dict[Any, tuple[spaces.Space[Any], slice]] = {}
        first = 0
        for key in sorted(places, key=places.__getitem__):
            part: Any = space[key]
            size = 1 if isinstance(part, spaces.Discrete) else part.shape[0]
            self._parts[key] = part, slice(first, first := first + size)
        self.size = first

    def pack(self, actions: Any, rows: tuple[int, ...]) -> npt.NDArray[Any]:
        """Return the actions in one array of shape `(*rows, size)`, float32 if that is the dtype of all Box parts.

        Args:
            actions: A tuple or a dict of arrays of shape `(*rows, ...)`, or an array that this method returned.
            rows: The leading axes of the shape: all but the axis of an action's numbers.

        Raises:
            TypeError: The actions are not a tuple or a dict of these parts, or a part has the wrong dtype.
            ValueError: A part has the wrong shape.
        """
        if isinstance(actions, np.ndarray) and actions.dtype.kind == "f" and actions.shape == (*rows, self.size):
            return arguments.required(actions, np.float32 if actions.dtype.itemsize <= 4 else np.float64)
        fitting = [
            arguments.fitting(arguments.as_array(name, value), part, rows, name)
            for name, value, part in self.parts_of(actions).values()
        ]
        floats = [one.dtype for one in fitting if one.dtype.kind == "f"]
        packed = np.empty((*rows, self.size), np.result_type(np.float32, *floats))
        return np.concatenate([one.reshape(*rows, -1) for one in fitting], axis=-1, out=packed)

    def pack_one(self, action: Any) -> npt.NDArray[Any]:
        """Return the action of one env in an array of shape `(1, size)`. The errors are those of `pack`."""
        rows = {key: arguments.as_array(name, one)[None] for key, (name, one, _) in self.parts_of(action).items()}
        return self.pack(self._joined(rows), (1,))

    def pack_many(self, actions: Any, num_envs: int) -> npt.NDArray[Any]:
        """Return the actions of many steps in one array; the first axis is time. The errors are those of `pack`."""
        name, first, _ = next(iter(self.parts_of(actions).values()))
        array = arguments.as_array(name, first)
        if array.ndim < 2 or array.shape[0] == 0:
            raise ValueError(
                f"{name}: expected shape (steps, {num_envs}, ...) with at least one step, got {array.shape}"
            )
        return self.pack(actions, (array.shape[0], num_envs))

    def unpack(self, packed: Any, integers: npt.DTypeLike = np.int64) -> Any:
        """Split packed actions into a tuple or a dict of arrays, in the structure of the space."""
        parts = self._parts.items()
        return self._joined({key: _unpacked(packed[..., columns], part, integers) for key, (part, columns) in parts})

    def _joined(self, by_key: dict[Any, Any]) -> Any:
        """Return one object for each part in a tuple or a dict, like the space."""
        return by_key if self._is_dict else tuple(by_key[i] for i in range(len(by_key)))

    def parts_of(self, actions: Any) -> dict[Any, tuple[str, Any, spaces.Space[Any]]]:
        """Return the name for messages, the value and the space of each part, in the order of the columns.

        Raises:
            TypeError: The actions are not a tuple or a dict of these parts.
        """
        if self._is_dict:
            expected = f"a dict of {', '.join(map(repr, self._parts))}"
            fits = isinstance(actions, Mapping) and set(actions) == set(self._parts)
        else:
            expected = f"a tuple of {len(self._parts)} parts"
            fits = isinstance(actions, (tuple, list)) and len(actions) == len(self._parts)
        if not fits:
            raise TypeError(f"actions: expected {expected}, got {shown(actions)}")
        return {key: (f"actions[{key!r}]", actions[key], part) for key, (part, _) in self._parts.items()}


def _unpacked(columns: npt.NDArray[Any], part: spaces.Space[Any], integers: npt.DTypeLike) -> npt.NDArray[Any]:
    if isinstance(part, spaces.Discrete):
        columns = columns[..., 0]
    if isinstance(part, spaces.MultiBinary):
        return columns.astype(np.int8)
    return columns.copy() if isinstance(part, spaces.Box) else columns.astype(integers)
