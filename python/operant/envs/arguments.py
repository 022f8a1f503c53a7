"""Checks and conversions of the arguments of vector environments. They run before anything is changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import error, logger, spaces
from gymnasium.envs.classic_control import utils
from gymnasium.vector import AutoresetMode

from operant._checks import (
    elements,
    integer,
    is_masked,
    positive_integer,
    refuse_masks,
    shortened,
    shown,
    suggestion,
)

#: The core's number for episodes without a time limit.
UNLIMITED = 2**31 - 1

#: A decorator for functions that compute with the caller's numbers. It overrides the caller's `np.errstate`, so that
#: they neither raise nor warn.
ignoring_float_errors = np.errstate(all="ignore")

# Gymnasium leaves the check of bounds to numpy's `uniform`, so this generator repeats it. Its draws are not used.
_BOUNDS_CHECK = np.random.default_rng(0)


def seeds(seed: Any, num_envs: int) -> int | list[int | None] | None:
    """Return None; or an int, to which env i adds i; or a list with one int or None for each env."""
    if seed is None:
        return None
    plain = integer(seed)
    if plain is not None:
        return _not_negative("seed", plain, seed)
    given = elements(seed, num_envs)
    if given is None:
        raise TypeError(f"seed: expected None, an integer or a sequence of them, got {shown(seed)}")
    if len(given) != num_envs:
        got = "more" if len(given) > num_envs else len(given)
        raise ValueError(f"seed: expected {num_envs} seeds, one for each env, got {got}")
    return [None if one is None else _not_negative(f"seed[{i}]", integer(one), one) for i, one in enumerate(given)]


def _not_negative(name: str, plain: int | None, value: Any) -> int:
    if plain is None or plain < 0:
        raise error.Error(f"{name}: expected a non-negative integer, got {shown(value)}")
    return plain


def num_envs(value: Any, bytes_per_env: int) -> int:
    """Return the number of envs; raise MemoryError, before any memory is filled, if memory cannot hold them."""
    count = positive_integer("num_envs", value)
    try:
        np.empty(count * bytes_per_env, np.uint8)  # reserves addresses, but uses no memory until it is written to
    except (MemoryError, ValueError, OverflowError):
        raise MemoryError(f"num_envs: expected as many as memory can hold, got {shown(count)}") from None
    return count


def precision(value: Any) -> np.dtype[Any]:
    """Return the dtype float32 or float64."""
    try:
        dtype = np.dtype(value)
    except Exception:  # numpy inspects any object, which can raise any exception
        dtype = None
    if dtype is None or value is None:  # numpy would read None as float64
        raise TypeError(f"dtype: expected float32 or float64, got {shown(value)}")
    if dtype not in (np.float32, np.float64):
        raise ValueError(f"dtype: expected float32 or float64, got {dtype}")
    return dtype


def time_limit(value: Any, default: int) -> int:
    """Return the maximum number of steps of an episode: the default for None, `UNLIMITED` for -1."""
    if value is None:
        return default
    return UNLIMITED if integer(value) == -1 else positive_integer("max_episode_steps", value, UNLIMITED)


def autoreset_mode(value: Any) -> AutoresetMode:
    """Return the mode with this value."""
    if isinstance(value, (str, AutoresetMode)):
        try:
            return AutoresetMode(value)
        except ValueError:
            pass
    names = ", ".join(repr(mode.value) for mode in AutoresetMode)
    raise ValueError(f"autoreset_mode: expected an AutoresetMode or one of {names}, got {shown(value)}")


def render_mode(value: Any, modes: list[str], num_envs: int) -> str | None:
    """Return a mode or None. As in `gymnasium.make`, an unknown mode causes a warning, not an error."""
    if value is not None and not modes:  # after a TypeError, Stable-Baselines3's make_vec_env omits the argument
        raise TypeError(
            f"render_mode: expected None, as this class has no method draw(state, action), got {shown(value)}"
        )
    if value is not None and not isinstance(value, str):
        raise ValueError(f"render_mode: expected one of {', '.join(modes)} or None, got {shown(value)}")
    if value == "human" and num_envs != 1:
        raise ValueError(f"render_mode: 'human' shows one env, not {num_envs}")
    if value is not None and value not in (*modes, "rgb_array_list"):
        logger.warn(
            "The environment is being initialised with render_mode=%r that is not in the possible render_modes (%s).",
            str(value),
            modes,
        )
    return value


@ignoring_float_errors
def beyond(numbers: Any, dtype: np.dtype[Any]) -> Any:
    """Return a mask of the finite numbers that would be infinite in this precision."""
    return np.isfinite(numbers) & ~np.isfinite(np.asarray(numbers).astype(dtype))


def options_mapping(options: Any) -> Mapping[str, Any]:
    """Return the options; an empty mapping for None."""
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise TypeError(f"options: expected a dict or None, got {shown(options)}")
    return options


def reset_mask(options: Mapping[str, Any], num_envs: int) -> npt.NDArray[np.bool_] | None:
    """Return a copy of the option `reset_mask`, with the checks of Gymnasium's `SyncVectorEnv`; None without one."""
    if "reset_mask" not in options:
        return None
    mask = options["reset_mask"]
    if not isinstance(mask, np.ndarray):
        raise TypeError(f"`options['reset_mask']` must be a numpy array, got {type(mask)}")
    refuse_masks("options['reset_mask']", mask)
    mask = np.asarray(mask)  # a subclass may have overridden the methods used below
    if mask.shape != (num_envs,):
        raise ValueError(f"`options['reset_mask']` must have shape `({num_envs},)`, got {mask.shape}")
    if mask.dtype != np.bool_:
        raise TypeError(f"`options['reset_mask']` must have `dtype=np.bool_`, got {mask.dtype}")
    selected = _selected(mask)
    if not selected.any():
        raise ValueError(
            f"`options['reset_mask']` must contain a boolean array with at least one True value, got reset_mask={mask}"
        )
    return selected


def reset_bounds(
    options: Mapping[str, Any], defaults: Mapping[str, float], check: Callable[[dict[str, float]], None]
) -> npt.NDArray[np.float64]:
    """Return the bounds of a reset in the order of the defaults; an empty array if the options have none.

    Args:
        options: The options of the reset.
        defaults: The environment's bounds by name.
        check: Raises an exception for bounds that Gymnasium's environment refuses.
    """
    for name in options:
        if name not in defaults and name != "reset_mask":
            names = (*defaults, "reset_mask")
            raise ValueError(f"options: expected {', '.join(names)}, got {shown(name)}{suggestion(name, names)}")
    if defaults.keys().isdisjoint(options):
        return np.empty(0)
    bounds = {name: _bound(name, options.get(name, default)) for name, default in defaults.items()}
    check(bounds)
    return np.array(list(bounds.values()))


def _bound(name: str, value: Any) -> float:
    """Return the number as Gymnasium reads it. It must fit into float32, the dtype of the observations."""
    is_complex = isinstance(value, np.complexfloating) or getattr(getattr(value, "dtype", None), "kind", None) == "c"
    if is_complex or is_masked(value):  # float() would drop the imaginary part, or the mask
        raise ValueError(f"{name}: expected a number, got {shown(value)}")
    try:
        plain = utils.verify_number_and_cast(value)
    except ValueError as wrong:
        raise ValueError(f"{name}: expected a number: {shortened(str(wrong))}") from None
    except OverflowError as wrong:
        raise OverflowError(f"{name}: expected a number, got {shown(value)}: {shortened(str(wrong))}") from None
    if beyond(plain, np.dtype(np.float32)):
        raise ValueError(f"{name}: expected a number that float32 can hold, got {shown(value)}")
    return plain


def check_low_and_high(bounds: Mapping[str, float]) -> None:
    """Refuse bounds that are infinite or NaN, or that Gymnasium refuses."""
    if {"low", "high"} <= bounds.keys():
        low, high = bounds["low"], bounds["high"]
        if low > high:
            gymnasium_message = f"Lower bound ({low}) must be lower than higher bound ({high})."
            raise ValueError(f"low, high: expected bounds in order. {gymnasium_message}")
        check_range("low, high", low, high)
    for name, value in bounds.items():
        if not np.isfinite(value):
            raise OverflowError(f"{name}: expected a finite number, got {value}")


@ignoring_float_errors
def check_range(names: str, low: Any, high: Any) -> None:
    """Refuse bounds between which numpy cannot draw, as Gymnasium does."""
    try:
        _BOUNDS_CHECK.uniform(low, high)
    except ValueError as wrong:
        raise ValueError(f"{names}: expected bounds in order, got {low} and {high}: {wrong}") from None
    except OverflowError as wrong:
        raise OverflowError(f"{names}: expected finite bounds, got {low} and {high}: {wrong}") from None


@ignoring_float_errors
def copied(array: npt.NDArray[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return a C-contiguous copy in this precision."""
    return np.array(array, dtype, order="C")


def state(value: Any, shape: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Return the state as a new float64 array of this shape. The core checks the numbers."""
    array = as_array("state", value)
    if array.shape != shape:
        raise ValueError(f"state: expected shape {shape}, got {array.shape}")
    if array.dtype.kind not in "fiub":
        raise TypeError(f"state: expected numbers, got dtype {array.dtype}")
    return copied(array, np.float64)


def state_mask(value: Any, num_envs: int) -> npt.NDArray[np.bool_]:
    """Return the mask of the envs to change as a new array."""
    array = as_array("mask", value)
    if array.shape != (num_envs,):
        raise ValueError(f"mask: expected shape ({num_envs},), got {array.shape}")
    if array.dtype != np.bool_:
        raise TypeError(f"mask: expected dtype bool, got {array.dtype}")
    return _selected(array)


def _selected(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return a copy of a mask, because another thread may write to it. As usual, any byte but 0 is True."""
    return mask.view(np.uint8) != 0


def env_indices(name: str, value: Any) -> npt.NDArray[np.int64]:
    """Return indices of envs as a new int64 array with one axis or none. The core checks their range."""
    array = as_array(name, value)
    if array.ndim > 1:
        raise ValueError(f"{name}: expected a one-dimensional array of indices, got shape {array.shape}")
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected integers, got dtype {array.dtype}")
    return _as_int64(name, array).copy()


def _as_int64(name: str, array: np.ndarray) -> np.ndarray:
    """Return the integers as int64, C-contiguous and aligned; a copy only if they are not. Refuse larger ones."""
    if array.dtype.kind == "u" and array.dtype.itemsize == 8:  # the conversion would make them negative
        too_large = array > np.iinfo(np.int64).max
        if too_large.any():
            place = np.unravel_index(int(too_large.argmax()), array.shape)
            index = f"[{', '.join(map(str, place))}]" if place else ""
            raise ValueError(f"{name}{index}: expected an integer that int64 can hold, got {array[place]}")
    return np.require(array, np.int64, ["C_CONTIGUOUS", "ALIGNED"])


def as_array(name: str, value: Any) -> np.ndarray:
    """Return a numpy array of an object that numpy or DLPack can read."""
    if type(value) is np.ndarray:
        return value
    try:
        if (to_numpy := getattr(value, "__array__", None)) is not None:
            array = to_numpy()  # np.asarray also calls it, but first makes other attempts that take as long
            if type(array) is not np.ndarray:
                array = np.asarray(value)
        else:
            array = np.asarray(value) if not hasattr(value, "__dlpack__") else np.from_dlpack(value)
    except Exception as wrong:
        refuse_masks(name, value, 2)  # numpy converts some masked numbers in lists, and raises a MaskError for others
        if not isinstance(wrong, (TypeError, ValueError, BufferError)):
            raise
        kind = ValueError if isinstance(wrong, ValueError) else TypeError
        raise kind(f"{name}: expected an array or a sequence, got {shown(value)}: {shortened(str(wrong))}") from wrong
    refuse_masks(name, value, array.ndim)
    return array


def as_actions(actions: Any) -> np.ndarray:
    """Convert actions of another type to a numpy array."""
    array = as_array("actions", actions)
    if array.ndim == 0:  # also a TypeError in Gymnasium, which cannot iterate over a scalar
        raise TypeError(f"actions: expected one for each env, got {shown(actions)}")
    return array


def many_actions(actions: Any, space: spaces.Space[Any], num_envs: int) -> np.ndarray:
    """Return the actions of many steps, as `fitting` returns those of one. Their first axis is time."""
    array = as_array("actions", actions)
    if array.ndim < 2 or array.shape[0] == 0:
        raise ValueError(
            f"actions: expected shape (steps, {num_envs}, ...) with at least one step, or a policy, got {array.shape}"
        )
    return fitting(array, space, (array.shape[0], num_envs))


def fitting(array: np.ndarray, space: spaces.Space[Any], rows: tuple[int, ...], name: str = "actions") -> np.ndarray:
    """Return the array in a dtype and layout that the core takes. `rows` is its shape without the action axis."""
    if isinstance(space, spaces.Box):
        return _continuous(name, array, rows, space.shape[0])
    array = _discrete(name, array, (*rows, *space.shape))  # type: ignore[misc]
    return array.reshape(rows) if space.shape == (1,) else array


def _discrete(name: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, one for each env, got {array.shape}")
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected an integer dtype, got {array.dtype}")
    if array.dtype == np.int32:
        return np.require(array, None, ["C_CONTIGUOUS", "ALIGNED"])
    return _as_int64(name, array)  # the core checks that they are in the space


def _continuous(name: str, array: np.ndarray, rows: tuple[int, ...], size: int) -> np.ndarray:
    if array.shape != (*rows, size) and not (size == 1 and array.shape == rows):
        shapes = f"{(*rows, 1)} or {rows}" if size == 1 else f"{(*rows, size)}"
        raise ValueError(f"{name}: expected shape {shapes}, one for each env, got {array.shape}")
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name}: expected a float dtype, got {array.dtype}")
    dtype = np.float32 if array.dtype.kind == "f" and array.dtype.itemsize <= 4 else np.float64
    return required(array.reshape(*rows, size), dtype)  # a longdouble may become infinite, which is then clipped


@ignoring_float_errors
def required(array: np.ndarray, dtype: npt.DTypeLike) -> np.ndarray:
    """Return the array in this precision, C-contiguous and aligned; a copy only if it is not."""
    return np.require(array, dtype, ["C_CONTIGUOUS", "ALIGNED"])
