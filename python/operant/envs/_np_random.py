"""The random streams of the copies under the names that Gymnasium has for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from operant.envs import _streams
from operant.envs._parametrised import Parametrised


class RandomStreams(Parametrised):
    """The random streams of the copies."""

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """The seed of every copy's random stream; -1 where it is unknown, as in `SyncVectorEnv`."""
        self._start_streams()
        assert self._seeds is not None
        return tuple(self._seeds.of_all(self.num_envs))

    @property  # type: ignore[misc]
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """A generator for every copy, in the state of the copy's random stream.

        It draws the numbers that the copy will draw, but drawing from it does not change the copy's stream.

        Raises:
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        self._start_streams()
        return tuple(map(_streams.generator, self._core.generators()))

    def _start_streams(self) -> None:
        """Start the random streams from fresh entropy, unless they have been started."""
        if self._seeds is None:
            seed = _streams.random_seed()
            self._core.seed(seed)
            self._seeds = _streams.Seeds(seed)

    def _replace_stream(self, generator: Any) -> None:
        """Let the only copy draw what this generator would draw."""
        row = _streams.row_of(generator, self._core.generators().shape[1])
        self._core.set_generators(row[None])
        self._seeds = _streams.Seeds(-1)
