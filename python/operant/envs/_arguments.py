"""Checks and converts what callers pass, before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import error, spaces
from gymnasium.envs.classic_control import utils
from gymnasium.vector import AutoresetMode

from operant._checks import elements, integer, positive_integer, shortened, shown

#: The time limit of episodes without one, as the core has it.
UNLIMITED = 2**31 - 1

# Only checks bounds: numpy checks them when it draws, and Gymnasium relies on that. The numbers are not used.
_BOUNDS_CHECK = np.random.default_rng(0)


def seeds(seed: Any, num_envs: int) -> int | list[int | None] | None:
    """None; or an int, to which copy i adds i; or a list with one int or None per copy."""
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
        raise ValueError(f"seed: expected {num_envs} seeds, one for each copy, got {got}")
    return [None if one is None else _not_negative(f"seed[{i}]", integer(one), one) for i, one in enumerate(given)]


def _not_negative(name: str, plain: int | None, value: Any) -> int:
    if plain is None or plain < 0:
        raise error.Error(f"{name}: expected a non-negative integer, got {shown(value)}")
    return plain


def copies(value: Any, bytes_of_each: int) -> int:
    """The number of copies; MemoryError if so many cannot fit into memory. It is raised before memory is filled."""
    num_envs = positive_integer("num_envs", value)
    try:
        np.empty(num_envs * bytes_of_each, np.uint8)  # reserves addresses, but uses no memory until it is written to
    except (MemoryError, ValueError, OverflowError):
        raise MemoryError(f"num_envs: expected as many as memory can hold, got {shown(num_envs)}") from None
    return num_envs


def precision(value: Any) -> np.dtype[Any]:
    """The dtype float32 or float64."""
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
    """The most steps of an episode: the default for None, `UNLIMITED` for -1."""
    if value is None:
        return default
    return UNLIMITED if integer(value) == -1 else positive_integer("max_episode_steps", value, UNLIMITED)


def autoreset_mode(value: Any) -> AutoresetMode:
    """The mode of that name or enum value."""
    if isinstance(value, (str, AutoresetMode)):
        try:
            return AutoresetMode(value)
        except ValueError:
            pass
    names = ", ".join(repr(mode.value) for mode in AutoresetMode)
    raise ValueError(f"autoreset_mode: expected an AutoresetMode or one of {names}, got {shown(value)}")


def render_mode(value: Any, modes: list[str], num_envs: int) -> str | None:
    """One of the modes, or None."""
    if value is not None and not modes:
        raise ValueError(
            f"render_mode: expected None, as this class has no method draw(state, action), got {shown(value)}"
        )
    if value is not None and not (isinstance(value, str) and value in modes):
        raise ValueError(f"render_mode: expected one of {', '.join(modes)} or None, got {shown(value)}")
    if value == "human" and num_envs != 1:
        raise ValueError(f"render_mode: 'human' shows one copy, not {num_envs}")
    return value


def beyond(numbers: Any, dtype: np.dtype[Any]) -> Any:
    """Which of the numbers are finite, but would be infinite in this precision."""
    with np.errstate(over="ignore"):
        return np.isfinite(numbers) & ~np.isfinite(np.asarray(numbers).astype(dtype))


def options_mapping(options: Any) -> Mapping[str, Any]:
    """The options; an empty mapping for None."""
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise TypeError(f"options: expected a dict or None, got {shown(options)}")
    return options


def reset_mask(options: Mapping[str, Any], num_envs: int) -> npt.NDArray[np.bool_] | None:
    """A copy of the option of that name, with the checks that Gymnasium's `SyncVectorEnv` makes."""
    if "reset_mask" not in options:
        return None
    mask = options["reset_mask"]
    if not isinstance(mask, np.ndarray):
        raise TypeError(f"`options['reset_mask']` must be a numpy array, got {type(mask)}")
    mask = np.asarray(mask)  # a subclass may have overridden what follows
    if mask.shape != (num_envs,):
        raise ValueError(f"`options['reset_mask']` must have shape `({num_envs},)`, got {mask.shape}")
    if mask.dtype != np.bool_:
        raise TypeError(f"`options['reset_mask']` must have `dtype=np.bool_`, got {mask.dtype}")
    # A copy, as another thread may write to the array. True may be any byte but 0 in arrays of other libraries.
    selected = mask.view(np.uint8) != 0
    if not selected.any():
        raise ValueError(
            f"`options['reset_mask']` must contain a boolean array with at least one True value, got reset_mask={mask}"
        )
    return selected


def bound(options: Mapping[str, Any], name: str, default: float) -> float:
    """The option of that name as Gymnasium reads it; observations are float32, so it must fit into that."""
    value = options.get(name, default)
    if isinstance(value, np.complexfloating) or getattr(getattr(value, "dtype", None), "kind", None) == "c":
        raise ValueError(f"{name}: expected a number, got {shown(value)}")  # float() would drop the imaginary part
    try:
        plain = utils.verify_number_and_cast(value)
    except ValueError as wrong:
        raise ValueError(f"{name}: expected a number: {shortened(str(wrong))}") from None
    except OverflowError as wrong:
        raise OverflowError(f"{name}: expected a number, got {shown(value)}: {shortened(str(wrong))}") from None
    if beyond(plain, np.dtype(np.float32)):
        raise ValueError(f"{name}: expected a number that float32 can hold, got {shown(value)}")
    return plain


def check_bounds(names: str, low: Any, high: Any) -> None:
    """Refuse bounds between which numpy cannot draw, as Gymnasium does."""
    try:
        _BOUNDS_CHECK.uniform(low, high)
    except ValueError as wrong:
        raise ValueError(f"{names}: expected bounds in order, got {low} and {high}: {wrong}") from None
    except OverflowError as wrong:
        raise OverflowError(f"{names}: expected finite bounds, got {low} and {high}: {wrong}") from None


def state(
    value: Any, shape: tuple[int, int], dtype: np.dtype[Any], selected: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """The state as a new float64 array; ValueError if the shape differs or a selected row is not finite in `dtype`."""
    array = as_array("state", value)
    if array.shape != shape:
        raise ValueError(f"state: expected shape {shape}, got {array.shape}")
    if array.dtype.kind not in "fiub":
        raise TypeError(f"state: expected numbers, got dtype {array.dtype}")
    with np.errstate(over="ignore"):
        numbers = np.array(array, np.float64, order="C")
    refused = selected & (~np.isfinite(numbers) | beyond(numbers, dtype)).any(axis=1)
    if refused.any():
        copy = int(refused.argmax())
        raise ValueError(f"state[{copy}]: expected finite numbers that {dtype} can hold, got {numbers[copy]}")
    return numbers


def state_mask(value: Any, num_envs: int) -> npt.NDArray[np.bool_]:
    """Which copies to change, as a new array; None selects all."""
    if value is None:
        return np.ones(num_envs, np.bool_)
    array = as_array("mask", value)
    if array.shape != (num_envs,):
        raise ValueError(f"mask: expected shape ({num_envs},), got {array.shape}")
    if array.dtype != np.bool_:
        raise TypeError(f"mask: expected dtype bool, got {array.dtype}")
    return array.copy()


def copy_numbers(name: str, value: Any, num_envs: int) -> npt.NDArray[np.int64]:
    """Indices of copies, as a new array of int64 with one axis or none."""
    array = as_array(name, value)
    if array.ndim > 1:
        raise ValueError(f"{name}: expected a one-dimensional array of copies, got shape {array.shape}")
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected integers, got dtype {array.dtype}")
    wrong = (array < 0) | (array >= num_envs)
    if wrong.any():
        place = f"[{int(wrong.argmax())}]" if array.ndim else ""
        raise ValueError(
            f"{name}{place}: expected an integer from 0 to {num_envs - 1}, got {array.flat[int(wrong.argmax())]}"
        )
    return np.array(array, np.int64, order="C")


def as_array(name: str, value: Any) -> np.ndarray:
    """Anything that numpy or DLPack can read, as a numpy array."""
    if type(value) is np.ndarray:
        return value
    try:
        if (to_numpy := getattr(value, "__array__", None)) is not None:
            array = to_numpy()  # as np.asarray would call it after other attempts, which take as long
            return array if type(array) is np.ndarray else np.asarray(value)
        return np.asarray(value) if not hasattr(value, "__dlpack__") else np.from_dlpack(value)
    except (TypeError, ValueError, BufferError) as wrong:
        kind = ValueError if isinstance(wrong, ValueError) else TypeError
        raise kind(f"{name}: expected an array or a sequence, got {shown(value)}: {shortened(str(wrong))}") from wrong


def as_actions(actions: Any) -> np.ndarray:
    """Actions that are not a numpy array, as a numpy array."""
    array = as_array("actions", actions)
    if array.ndim == 0:  # also a TypeError in Gymnasium, which cannot iterate over a scalar
        raise TypeError(f"actions: expected one for each copy, got {shown(actions)}")
    return array


def fitting_actions(array: np.ndarray, space: spaces.Space[Any], num_envs: int) -> np.ndarray:
    """Actions of any dtype that fits the space, as an array that the core takes without a conversion."""
    return _fitting(array, space, (num_envs,))


def many_actions(actions: Any, space: spaces.Space[Any], num_envs: int) -> np.ndarray:
    """As `fitting_actions`, for many steps: the first axis is time."""
    array = as_array("actions", actions)
    if array.ndim < 2 or array.shape[0] == 0:
        raise ValueError(
            f"actions: expected shape (steps, {num_envs}, ...) with at least one step, or a policy, got {array.shape}"
        )
    return _fitting(array, space, (array.shape[0], num_envs))


def _fitting(array: np.ndarray, space: spaces.Space[Any], rows: tuple[int, ...]) -> np.ndarray:
    """The array in a dtype and layout that the core takes. `rows` is its shape without the axis of a single action."""
    if isinstance(space, spaces.Box):
        return _continuous(array, rows, space.shape[0])
    limits = space.nvec if isinstance(space, spaces.MultiDiscrete) else np.array([space.n])  # type: ignore[attr-defined]
    return _discrete(array, rows, limits, isinstance(space, spaces.MultiDiscrete))


def _discrete(array: np.ndarray, rows: tuple[int, ...], limits: npt.NDArray[np.int64], several: bool) -> np.ndarray:
    shape = (*rows, len(limits)) if several else rows
    if array.shape != shape:
        raise ValueError(f"actions: expected shape {shape}, one for each copy, got {array.shape}")
    if array.dtype.kind not in "iu":
        raise TypeError(f"actions: expected an integer dtype, got {array.dtype}")
    if array.dtype in (np.int32, np.int64):  # the core checks that these are in the space
        return np.require(array, None, ["C_CONTIGUOUS", "ALIGNED"])
    invalid = (array < 0) | (array >= (limits if several else limits[0]))
    if invalid.any():
        place = np.unravel_index(int(invalid.argmax()), shape)
        limit = limits[place[-1] if several else 0]
        index = ", ".join(map(str, place))
        raise ValueError(f"actions[{index}]: expected an integer from 0 to {limit - 1}, got {array[place]}")
    return np.require(array, np.int64, ["C_CONTIGUOUS", "ALIGNED"])


def _continuous(array: np.ndarray, rows: tuple[int, ...], size: int) -> np.ndarray:
    if array.shape != (*rows, size) and not (size == 1 and array.shape == rows):
        shapes = f"{(*rows, 1)} or {rows}" if size == 1 else f"{(*rows, size)}"
        raise ValueError(f"actions: expected shape {shapes}, one for each copy, got {array.shape}")
    if array.dtype.kind not in "fiu":
        raise TypeError(f"actions: expected a float dtype, got {array.dtype}")
    dtype = np.float32 if array.dtype.kind == "f" and array.dtype.itemsize <= 4 else np.float64
    with np.errstate(over="ignore"):  # a longdouble may become infinite, which is then clipped
        return np.require(array.reshape(*rows, size), dtype, ["C_CONTIGUOUS", "ALIGNED"])
