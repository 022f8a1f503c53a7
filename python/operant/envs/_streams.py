"""The random streams of the copies, as numpy's generators, and the seeds that they were started with."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from operant._checks import shown

_WORD = 2**64


class Seeds(NamedTuple):
    """Which seed every copy's random stream was started with. Costs nothing until somebody looks."""

    given: int | list[int]  # an int: copy i has that and i more. -1: nobody knows
    origins: npt.NDArray[np.int64] | None = None  # of copies whose stream is another's: whose seed it has

    def of_all(self, num_envs: int) -> list[int]:
        """One for each copy."""
        if isinstance(self.given, int):
            given = list(range(self.given, self.given + num_envs)) if self.given >= 0 else [-1] * num_envs
        else:
            given = self.given
        return given if self.origins is None else [given[i] for i in self.origins]

    def replaced(self, seeds: int | list[int | None], mask: npt.NDArray[np.bool_] | None, num_envs: int) -> Seeds:
        """After a reset with seeds, of the copies that the mask selects; None leaves a stream as it is."""
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
        """After copies have got the streams of others."""
        origins = np.arange(num_envs) if self.origins is None else self.origins.copy()
        origins[target] = origins[source]
        return Seeds(self.given, origins)

    def plain(self, num_envs: int) -> int | list[int]:
        """As JSON can have it."""
        return self.given if isinstance(self.given, int) and self.origins is None else self.of_all(num_envs)


def from_plain(plain: Any, num_envs: int) -> Seeds:
    """What `Seeds.plain` has returned.

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
    """Fresh entropy: the seed of the first copy, and every other one has one more than the one before.

    62 bits, so that all are integers of 64 bits, which are fastest.
    """
    entropy = np.random.SeedSequence().entropy
    assert isinstance(entropy, int)
    return entropy % 2**62


def generator(row: npt.NDArray[np.uint64]) -> np.random.Generator:
    """A generator at the place where a copy's stream is. To draw from it does not move the copy's on."""
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
    """The words of a generator, for a copy to draw what it would draw.

    Raises:
        TypeError: It is no generator, or none that an environment can have.
    """
    bits = value.bit_generator if isinstance(value, np.random.Generator) else None
    if not isinstance(bits, np.random.PCG64):
        raise TypeError(f"np_random: expected a numpy.random.Generator of a PCG64, got {shown(value)}")
    state = bits.state
    words = [*divmod(state["state"]["state"], _WORD), *divmod(state["state"]["inc"], _WORD)]
    words += [state["has_uint32"] + state["uinteger"] * 2**32, 0, 0, 0]
    return np.array(words[:size], np.uint64)
