"""The random streams of the copies, as numpy's generators, and the seeds that they were started with."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from operant._checks import shown

_WORD = 2**64


class Seeds(NamedTuple):
    """The seed that every copy's random stream was started with. The list of all is made only when it is asked for."""

    given: int | list[int]  # an int: the seed of copy i is that plus i; -1: unknown
    origins: npt.NDArray[np.int64] | None = None  # for each copy, the copy whose stream it has; None: its own

    def of_all(self, num_envs: int) -> list[int]:
        """The seeds of all copies."""
        if isinstance(self.given, int):
            given = list(range(self.given, self.given + num_envs)) if self.given >= 0 else [-1] * num_envs
        else:
            given = self.given
        return given if self.origins is None else [given[i] for i in self.origins]

    def replaced(self, seeds: int | list[int | None], mask: npt.NDArray[np.bool_] | None, num_envs: int) -> Seeds:
        """The seeds after a reset of the copies that the mask selects. A seed of None leaves a stream as it is."""
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
        """The seeds after the streams of the source copies were copied to the target copies."""
        origins = np.arange(num_envs) if self.origins is None else self.origins.copy()
        origins[target] = origins[source]
        return Seeds(self.given, origins)

    def plain(self, num_envs: int) -> int | list[int]:
        """The seeds in a form that JSON has."""
        return self.given if isinstance(self.given, int) and self.origins is None else self.of_all(num_envs)


def from_plain(plain: Any, num_envs: int) -> Seeds:
    """The seeds from what `Seeds.plain` has returned.

    Raises:
        ValueError: It is something else.
    """
    seeds = [plain] if type(plain) is int else plain
    if not (isinstance(seeds, list) and all(type(one) is int and one >= -1 for one in seeds)) or not (
        seeds is not plain or len(seeds) == num_envs
    ):
        raise ValueError(f"its seeds are wrong: {shown(plain)}")
    return Seeds(plain)


def random_seed() -> int:
    """A seed from fresh entropy for the first copy; copy i has that plus i.

    It has 62 bits, so that the seeds of all copies fit into 64 bits: seeding is fastest with those.
    """
    entropy = np.random.SeedSequence().entropy
    assert isinstance(entropy, int)
    return entropy % 2**62


def generator(row: npt.NDArray[np.uint64]) -> np.random.Generator:
    """A generator in the same state as a copy's stream. Drawing from it does not change the copy's stream."""
    words = row.tolist()
    half = words[4] if len(words) > 4 else 0
    bits = np.random.PCG64()
    bits.state = {
        "bit_generator": "PCG64",
        "state": {"state": words[0] * _WORD + words[1], "inc": words[2] * _WORD + words[3]},
        "has_uint32": half % 2**32,
        "uinteger": half // 2**32,
    }
    return np.random.Generator(bits)


def row_of(value: Any, size: int) -> npt.NDArray[np.uint64]:
    """The state of a generator in the core's form: a copy that gets it draws what the generator would draw.

    Raises:
        TypeError: It is not a `numpy.random.Generator` of a `PCG64`.
    """
    bits = value.bit_generator if isinstance(value, np.random.Generator) else None
    if not isinstance(bits, np.random.PCG64):
        raise TypeError(f"np_random: expected a numpy.random.Generator of a PCG64, got {shown(value)}")
    state = bits.state
    words = [*divmod(state["state"]["state"], _WORD), *divmod(state["state"]["inc"], _WORD)]
    words += [state["has_uint32"] + state["uinteger"] * 2**32, 0, 0, 0]
    return np.array(words[:size], np.uint64)
