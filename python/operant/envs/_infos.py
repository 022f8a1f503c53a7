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
    """Makes the infos of a reset or a step from the arrays that it wrote.

    They are what Gymnasium's `SyncVectorEnv` and `RecordEpisodeStatistics` report.
    """

    def __init__(self, outputs: list[tuple[str, str]]) -> None:
        """Note which arrays there are.

        Args:
            outputs: Role and name of each.
        """
        self._outputs = outputs

    def __call__(self, arrays: list[npt.NDArray[Any]], ended: int) -> dict[str, Any]:
        """Make the infos.

        Args:
            arrays: One for each output.
            ended: How many episodes ended; -1 for a reset.
        """
        infos: dict[str, Any] = {}
        final: dict[str, Any] = {}
        episode: dict[str, Any] = {}
        final_observations: list[npt.NDArray[Any]] = []
        has_infos = None
        for (role, name), array in zip(self._outputs, arrays, strict=True):
            if role == "info":
                infos[name] = array
            elif role == "final_info":
                final[name] = array
            elif role == "final_observation":
                final_observations.append(array)
            elif role == "episode":
                episode[name] = array
            elif role == "has_infos":
                has_infos = array
            elif role == "ended":
                has_ended: Any = array
        if has_infos is not None:
            if has_infos.any():
                infos |= {f"_{name}": has_infos for name in infos}
            else:  # as if nobody had reported any
                infos.clear()
        if ended <= 0:
            return infos
        if final_observations:
            infos["final_obs"] = (
                FinalObservations.of(final_observations[0], has_ended)
                if len(final_observations) == 1
                else _tuples(final_observations, has_ended)
            )
            infos["_final_obs"] = has_ended
            infos["final_info"] = final | {f"_{name}": has_ended for name in final}
            infos["_final_info"] = has_ended
        if episode:
            infos["episode"] = episode
            infos["_episode"] = has_ended
        return infos


def _tuples(parts: list[npt.NDArray[Any]], ended: Any) -> npt.NDArray[Any]:
    """An array of objects, as `SyncVectorEnv` has it: the tuple of a copy whose episode ended, None for all others."""
    objects = np.full(len(ended), None, dtype=object)
    for copy in np.flatnonzero(ended):
        objects[copy] = tuple(int(part[copy]) for part in parts)
    return objects
