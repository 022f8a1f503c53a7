"""Checks and converts what callers pass, before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import index
from typing import Any

import numpy as np
from gymnasium import error
from gymnasium.vector import AutoresetMode


def _integer(value: Any) -> int | None:
    """The value as an int, None when it is not an integer."""
    try:
        return None if isinstance(value, np.bool_) else index(value)
    except TypeError:
        return None


def positive_integer(name: str, value: Any) -> int:
    """The value as an int; TypeError when it is not an integer, ValueError when it is not positive."""
    number = None if isinstance(value, bool) else _integer(value)
    if number is None:
        raise TypeError(f"{name}: expected a positive integer, got {value!r}")
    if number < 1:
        raise ValueError(f"{name}: expected a positive integer, got {number}")
    return number


def seeds(seed: Any, num_envs: int) -> int | list[int | None] | None:
    """None, an int that copy i adds i to, or a list of one int or None a copy."""
    if seed is None:
        return None
    if _integer(seed) is not None:
        return _seed("seed", seed)
    if isinstance(seed, (str, bytes)) or not isinstance(seed, (Sequence, np.ndarray)):
        raise TypeError(f"seed: expected None, an integer or a sequence of them, got {seed!r}")
    if len(seed) != num_envs:
        raise ValueError(f"seed: expected {num_envs} seeds, one for each copy, got {len(seed)}")
    return [None if one is None else _seed(f"seed[{i}]", one) for i, one in enumerate(seed)]


def _seed(name: str, value: Any) -> int:
    number = _integer(value)
    if number is None or number < 0:
        raise error.Error(f"{name}: expected a non-negative integer, got {value!r}")
    return number


def autoreset_mode(value: Any) -> AutoresetMode:
    """The mode of that name or enum value."""
    try:
        return AutoresetMode(value)
    except ValueError:
        names = ", ".join(repr(mode.value) for mode in AutoresetMode)
        raise ValueError(f"autoreset_mode: expected an AutoresetMode or one of {names}, got {value!r}") from None


def reset_mask(options: Mapping[str, Any] | None, num_envs: int) -> np.ndarray | None:
    """The option of that name, with the checks that Gymnasium's `SyncVectorEnv` makes."""
    if options is None or "reset_mask" not in options:
        return None
    mask = options["reset_mask"]
    if not isinstance(mask, np.ndarray):
        raise TypeError(f"`options['reset_mask']` must be a numpy array, got {type(mask)}")
    if mask.shape != (num_envs,):
        raise ValueError(f"`options['reset_mask']` must have shape `({num_envs},)`, got {mask.shape}")
    if mask.dtype != np.bool_:
        raise TypeError(f"`options['reset_mask']` must have `dtype=np.bool_`, got {mask.dtype}")
    if not mask.any():
        raise ValueError(
            f"`options['reset_mask']` must contain a boolean array with at least one True value, got reset_mask={mask}"
        )
    return np.require(mask, requirements=["C_CONTIGUOUS", "ENSUREARRAY"])


def _as_array(actions: Any) -> np.ndarray:
    if hasattr(actions, "__dlpack__") and not hasattr(actions, "__array__"):
        return np.from_dlpack(actions)
    return np.asarray(actions)


def discrete_actions(actions: Any, num_envs: int, n: int) -> np.ndarray:
    """Actions of any integer dtype and any array-like as an int64 array of shape (num_envs,).

    The usual case, an int32 or int64 numpy array of that shape, does not come here.
    """
    array = _as_array(actions)
    if array.shape != (num_envs,):
        raise ValueError(f"actions: expected shape ({num_envs},), one for each copy, got {array.shape}")
    if array.dtype.kind not in "iu":
        raise TypeError(f"actions: expected an integer dtype, got {array.dtype}")
    invalid = (array < 0) | (array >= n)
    if invalid.any():
        i = int(invalid.argmax())
        raise ValueError(f"actions[{i}]: expected an integer from 0 to {n - 1}, got {array[i]}")
    return np.require(array, np.int64, ["C_CONTIGUOUS", "ALIGNED"])


def continuous_actions(actions: Any, num_envs: int) -> np.ndarray:
    """Actions of any number dtype and any array-like as a float32 or float64 array of shape (num_envs, 1).

    The usual case, a float32 or float64 numpy array of shape (num_envs,) or (num_envs, 1), does not come here.
    """
    array = _as_array(actions)
    if array.shape not in ((num_envs,), (num_envs, 1)):
        raise ValueError(
            f"actions: expected shape ({num_envs}, 1) or ({num_envs},), one for each copy, got {array.shape}"
        )
    if array.dtype.kind not in "fiu":
        raise TypeError(f"actions: expected a float dtype, got {array.dtype}")
    dtype = np.float32 if array.dtype.kind == "f" and array.dtype.itemsize <= 4 else np.float64
    return np.require(array.reshape(num_envs, 1), dtype, ["C_CONTIGUOUS", "ALIGNED"])
