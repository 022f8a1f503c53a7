"""The infos of a step in which episodes ended."""

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
    before the restarts. As for `SyncVectorEnv`, an element can be replaced by anything.
    """

    _ended: npt.NDArray[np.bool_] | None = None
    _replaced: dict[int, Any]

    @classmethod
    def of(cls, observations: npt.NDArray[np.float32], ended: npt.NDArray[np.bool_]) -> FinalObservations:
        """Show rows of `observations` for the copies that `ended` selects."""
        final = observations.view(cls)
        final._ended = ended
        final._replaced = {}
        return final

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
        return row if self._ended[number] else None

    def __setitem__(self, key: Any, value: Any) -> None:
        number = self._copy_number(key)
        if number is None:
            super().__setitem__(key, value)
        else:
            self._replaced[number] = value

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))


class Infos:
    """Makes the infos of a reset, a step or many steps from the arrays that they wrote.

    They are what Gymnasium's `SyncVectorEnv` and `RecordEpisodeStatistics` report.
    """

    def __init__(self, outputs: list[tuple[str, str, str, int]]) -> None:
        """Note which arrays there are.

        Args:
            outputs: Role, name, dtype and width of each.
        """
        self.outputs = outputs

        def places(wanted: str) -> dict[str, int]:
            return {name: i for i, (role, name, _, _) in enumerate(outputs) if role == wanted}

        self._infos, self._final_infos, self._episode = places("info"), places("final_info"), places("episode")
        self._has_infos, self._ended = places("has_infos").get("", 0), places("ended").get("", 0)
        self._final_observations = [i for i, output in enumerate(outputs) if output[0] == "final_observation"]

    def __call__(self, arrays: list[npt.NDArray[Any]], ended: int) -> dict[str, Any]:
        """Make the infos of a reset or a step.

        Args:
            arrays: One for each output.
            ended: How many episodes ended; -1 for a reset.
        """
        infos: dict[str, Any] = {}
        if self._infos and arrays[self._has_infos].any():  # else it is as if nobody had reported any
            infos = self._reported(arrays)
        if ended > 0:
            final = [arrays[i] for i in self._final_observations]
            has_ended = arrays[self._ended]
            infos |= self._of_ended(
                arrays, FinalObservations.of(final[0], has_ended) if len(final) == 1 else _tuples(final, has_ended)
            )
        return infos

    def stacked(self, arrays: list[npt.NDArray[Any]]) -> dict[str, Any]:
        """Make the infos of many steps: whatever one may report is there, whether it did or not; the masks tell.

        Final observations are an array of shape `(steps, num_envs, d)`, or a tuple of arrays.

        Args:
            arrays: One for each output, with an axis for time before the others.
        """
        final = tuple(arrays[i] for i in self._final_observations)
        return self._reported(arrays) | self._of_ended(arrays, final[0] if len(final) == 1 else final)

    def _reported(self, arrays: list[npt.NDArray[Any]]) -> dict[str, Any]:
        infos = {name: arrays[i] for name, i in self._infos.items()}
        return infos | {f"_{name}": arrays[self._has_infos] for name in infos}

    def _of_ended(self, arrays: list[npt.NDArray[Any]], final_observations: Any) -> dict[str, Any]:
        """What is told of the episodes that ended."""
        infos: dict[str, Any] = {}
        has_ended = arrays[self._ended]
        if self._final_observations:
            final = {name: arrays[i] for name, i in self._final_infos.items()}
            infos["final_obs"] = final_observations
            infos["_final_obs"] = has_ended
            infos["final_info"] = final | {f"_{name}": has_ended for name in final}
            infos["_final_info"] = has_ended
        if self._episode:
            infos["episode"] = {name: arrays[i] for name, i in self._episode.items()}
            infos["_episode"] = has_ended
        return infos


def _tuples(parts: list[npt.NDArray[Any]], ended: Any) -> npt.NDArray[Any]:
    """An array of objects, as `SyncVectorEnv` has it: the tuple of a copy whose episode ended, None for all others."""
    objects = np.full(len(ended), None, dtype=object)
    for copy in np.flatnonzero(ended):
        objects[copy] = tuple(int(part[copy]) for part in parts)
    return objects
