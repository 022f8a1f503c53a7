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


def make_infos(
    ended: npt.NDArray[np.bool_],
    final_observations: npt.NDArray[np.float32] | None,
    returns: npt.NDArray[np.float64] | None,
    lengths: npt.NDArray[np.int64] | None,
    seconds: npt.NDArray[np.float64] | None,
) -> dict[str, Any]:
    """What Gymnasium's `SyncVectorEnv` and `RecordEpisodeStatistics` report, as far as it was asked for."""
    infos: dict[str, Any] = {}
    if final_observations is not None:
        infos["final_obs"] = FinalObservations.of(final_observations, ended)
        infos["_final_obs"] = ended
        infos["final_info"] = {}
        infos["_final_info"] = ended
    if returns is not None:
        infos["episode"] = {"r": returns, "l": lengths, "t": seconds}
        infos["_episode"] = ended
    return infos
