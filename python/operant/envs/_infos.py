"""The infos of a step in which episodes ended, and of many steps."""

from __future__ import annotations

from collections.abc import Iterator
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt


class FinalObservations(np.ndarray):
    """`infos["final_obs"]`: indexed by a copy's number, the last observation of its episode, None if it goes on.

    `SyncVectorEnv` returns an array of `num_envs` objects, most of them None; to make one takes longer than a step of
    thousands of copies. This array of shape `(num_envs, d)`, float32, answers the same questions from the observations
    before the restarts. As for `SyncVectorEnv`, an element can be replaced by anything. Where it has to be exactly
    Gymnasium's array, `objects` makes it.

    Discrete observations have shape `(num_envs,)`, int64, and are Python's integers, one at a time.
    """

    _ended: npt.NDArray[np.bool_] | None = None  # the core sets it, and `_replaced`, too
    _replaced: dict[int, Any]

    def _copy_number(self, key: Any) -> int | None:
        """The key as a copy's number, None when it selects something else or this is part of another array."""
        if self._ended is None or not isinstance(key, (int, np.integer)):
            return None
        number = index(key)
        return number + len(self) if number < 0 else number

    def __getitem__(self, key: Any) -> Any:
        number = self._copy_number(key)
        if number is None or self._ended is None:
            return np.asarray(self)[key]
        if number in self._replaced:
            return self._replaced[number]
        row = np.asarray(self)[number]
        if not self._ended[number]:
            return None
        return row if self.ndim > 1 else int(row)

    def __setitem__(self, key: Any, value: Any) -> None:
        number = self._copy_number(key)
        if number is None:
            super().__setitem__(key, value)
        else:
            self._replaced[number] = value

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def objects(self) -> npt.NDArray[Any]:
        """The array of `num_envs` objects that `SyncVectorEnv` has: the observation of a copy or None.

        What asks for the types, as Gymnasium's `data_equivalence` does, finds no difference.
        """
        objects = np.full(len(self), None, dtype=object)
        for copy, one in enumerate(self):
            objects[copy] = one
        return objects


def final_tuples(parts: tuple[npt.NDArray[Any], ...], ended: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """`infos["final_obs"]` as `SyncVectorEnv` has it: the tuple of a copy whose episode ended, None for all others."""
    objects = np.full(len(ended), None, dtype=object)
    for copy in np.flatnonzero(ended):
        objects[copy] = tuple(int(part[copy]) for part in parts)
    return objects


def stacked(outputs: list[tuple[str, str, str, int]], arrays: list[npt.NDArray[Any]]) -> dict[str, Any]:
    """Make the infos of many steps: whatever one may report is there, whether it did or not; the masks tell.

    Final observations are an array of shape `(steps, num_envs, d)`, or a tuple of arrays.

    Args:
        outputs: Role, name, dtype and width of each array.
        arrays: One for each output, with an axis for time before the others.
    """

    def of(wanted: str) -> dict[str, npt.NDArray[Any]]:
        named = zip(outputs, arrays, strict=True)
        return {name: array for (role, name, _, _), array in named if role == wanted}

    infos: dict[str, Any] = of("info")
    infos |= {f"_{name}": of("has_infos")[""] for name in infos}
    final = tuple(array for output, array in zip(outputs, arrays, strict=True) if output[0] == "final_observation")
    if final:
        ended, final_info = of("ended")[""], of("final_info")
        infos["final_obs"] = final[0] if len(final) == 1 else final
        infos["_final_obs"] = infos["_final_info"] = ended
        infos["final_info"] = final_info | {f"_{name}": ended for name in final_info}
    if episode := of("episode"):
        infos |= {"episode": episode, "_episode": of("ended")[""]}
    return infos
