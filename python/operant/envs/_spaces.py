"""Gymnasium's spaces, as an environment's core describes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector.utils import batch_space

#: Kind, lowest values, highest values and n. The arrays have one row per copy, or a single row for all.
_Description = tuple[str, npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int64]]


def single_and_batched(description: _Description, num_envs: int) -> tuple[spaces.Space[Any], spaces.Space[Any]]:
    """The space of one copy, and of all.

    If bounds differ from copy to copy, the single space contains those of all copies, and each row of the batched space
    has the bounds of its copy.
    """
    kind, low, high, n = description
    if kind == "box":
        single: spaces.Space[Any] = spaces.Box(low.min(axis=0), high.max(axis=0), dtype=np.float32)
        return single, batch_space(single, num_envs) if len(low) == 1 else spaces.Box(low, high, dtype=np.float32)
    limits = n.max(axis=0)
    if kind == "discrete":
        single = spaces.Discrete(int(limits[0]))
    elif kind == "multi_discrete":
        single = spaces.MultiDiscrete(limits)
    else:
        single = spaces.Tuple([spaces.Discrete(int(limit)) for limit in limits])
    return single, batch_space(single, num_envs)


def in_place_of(old: spaces.Space[Any], new: spaces.Space[Any]) -> spaces.Space[Any]:
    """The new space with the random stream of the old one."""
    if isinstance(old, spaces.Tuple) and isinstance(new, spaces.Tuple):
        for old_part, new_part in zip(old.spaces, new.spaces, strict=True):
            in_place_of(old_part, new_part)
    new._np_random = old._np_random
    return new
