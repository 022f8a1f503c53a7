"""The random streams of the envs: their seeds, and numpy's generators that share them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from operant._checks import shown


class Seeds(NamedTuple):
    """The seeds of the random streams of all envs. A list of them is made only on demand."""

    given: int | list[int]  # an int: env i has this seed plus i; -1: unknown
    origins: npt.NDArray[np.int64] | None = None  # for each env, the env whose stream it has; None: its own

    def of_all(self, num_envs: int) -> list[int]:
        """Return the seeds of all envs."""
        if isinstance(self.given, int):
            given = list(range(self.given, self.given + num_envs)) if self.given >= 0 else [-1] * num_envs
        else:
            given = self.given
        return given if self.origins is None else [given[i] for i in self.origins]

    def replaced(self, seeds: int | list[int | None], mask: npt.NDArray[np.bool_] | None, num_envs: int) -> Seeds:
        """Return the seeds after a reset of the envs that the mask selects. None leaves a stream unchanged."""
        if mask is None and isinstance(seeds, int):
            return Seeds(seeds)
        all_seeds = self.of_all(num_envs)
        new = range(seeds, seeds + num_envs) if isinstance(seeds, int) else seeds
        chosen = np.ones(num_envs, np.bool_) if mask is None else mask
        return Seeds(
            [
                old if one is None or not selected else one
                for old, one, selected in zip(all_seeds, new, chosen.tolist(), strict=True)
            ]
        )

    def copied(self, source: npt.NDArray[np.int64], target: npt.NDArray[np.int64], num_envs: int) -> Seeds:
        """Return the seeds after the streams of the source envs were copied to the target envs."""
        origins = np.arange(num_envs) if self.origins is None else self.origins.copy()
        origins[target] = origins[source]
        return Seeds(self.given, origins)

    def plain(self, num_envs: int) -> int | list[int]:
        """Return the seeds as JSON can represent them."""
        return self.given if isinstance(self.given, int) and self.origins is None else self.of_all(num_envs)


def random_seed() -> int:
    """Return a seed from fresh entropy for the first env; env i has this seed plus i.

    It has 62 bits, so that the seeds of all envs fit into 64 bits, with which seeding is fastest.
    """
    entropy = np.random.SeedSequence().entropy
    assert isinstance(entropy, int)
    return entropy % 2**62


def generator(seed: int) -> np.random.Generator:
    """Return the generator that Gymnasium makes from this seed; -1: from fresh entropy."""
    return np.random.Generator(np.random.PCG64(None if seed == -1 else seed))


def checked_generator(value: Any) -> np.random.Generator:
    """Return the value if it is a generator whose stream an env can share.

    Raises:
        TypeError: It is not a `numpy.random.Generator` of a `PCG64`.
    """
    if not (isinstance(value, np.random.Generator) and isinstance(value.bit_generator, np.random.PCG64)):
        raise TypeError(f"np_random: expected a numpy.random.Generator of a PCG64, got {shown(value)}")
    return value
