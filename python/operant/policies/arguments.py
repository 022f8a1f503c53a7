"""Checks and conversions of the arguments of policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from operant._checks import integer, refuse_masks, shown
from operant.envs import arguments as _arguments

ACTIVATIONS = ("tanh", "relu")

#: An action space in the form that the core takes: kind, lowest values, highest values and n.
Description = tuple[str, npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int64]]
Floats = npt.NDArray[np.float32]
#: Weights, biases and the name of the activation.
Layer = tuple[Floats, Floats | None, str]


def layers(weights: Any, biases: Any, activation: Any) -> list[Layer]:
    """Check the layers of a network."""
    given = _layers_of("weights", weights)
    given_biases = [None] * len(given) if biases is None else _layers_of("biases", biases)
    if len(given_biases) != len(given):
        raise ValueError(f"biases: expected {len(given)}, one for each layer, got {len(given_biases)}")
    result: list[Layer] = []
    names = _activation_names(activation, len(given))
    for i, (one, bias, name) in enumerate(zip(given, given_biases, names, strict=True)):
        array = weights_array(f"weights[{i}]", one)
        result.append((array, None if bias is None else vector(f"biases[{i}]", bias, array.shape[-2]), name))
    return result


def numbers(name: str, value: Any, kinds: str = "fiu") -> npt.NDArray[Any]:
    """Convert a value to an array of numbers; raise TypeError unless its dtype is of one of these kinds."""
    try:
        array = np.asarray(value)
    except Exception:  # a ragged list, or a broken array-like
        array = np.empty(0, object)
    if array.dtype.kind not in kinds:
        raise TypeError(f"{name}: expected an array of numbers, got {shown(value)}")
    refuse_masks(name, value, array.ndim)
    return array


def _floats(name: str, value: Any, dtype: npt.DTypeLike = np.float32) -> npt.NDArray[Any]:
    """Make a read-only copy of numbers that are finite in float32."""
    array = numbers(name, value)
    copied = _arguments.copied(array, dtype)
    finite = np.isfinite(copied if copied.dtype == np.float32 else _arguments.copied(copied, np.float32))
    if not finite.all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"{name}[{', '.join(map(str, place))}]: expected a number that float32 can hold, got {array[place]}"
        )
    copied.flags.writeable = False
    return copied


def weights_array(name: str, value: Any) -> Floats:
    """Copy the weights of a layer."""
    array = _floats(name, value)
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise ValueError(
            f"{name}: expected shape (outputs, inputs), or (P, outputs, inputs) in a population, got {array.shape}"
        )
    return array


def vector(name: str, value: Any, size: int, dtype: npt.DTypeLike = np.float32) -> npt.NDArray[Any]:
    """Copy a vector of this size, or one for each member of a population."""
    array = _floats(name, value, dtype)
    if array.ndim not in (1, 2) or array.shape[-1] != size or 0 in array.shape:
        raise ValueError(f"{name}: expected shape ({size},), or (P, {size}) in a population, got {array.shape}")
    return array


def normalisation(mean: Any, variance: Any, size: int) -> tuple[Any, Any]:
    """Copy the mean and the variance of observations; both are None if there is no normalisation."""
    if mean is None and variance is None:
        return None, None
    if mean is None or variance is None:
        missing = "observation_mean" if mean is None else "observation_variance"
        raise ValueError(f"{missing}: expected an array, as the other one is given")
    given = vector("observation_mean", mean, size, np.float64)
    return given, vector("observation_variance", variance, size, np.float64)


def noise_deviations(value: Any) -> float | list[float]:
    """Convert the standard deviations of the noise: one number, or one for each number of an action."""
    array = _floats("noise", value, np.float64)
    if array.ndim > 1 or array.size == 0:
        raise ValueError(f"noise: expected a number, or one for each number of an action, got shape {array.shape}")
    if (array < 0).any():
        raise ValueError(f"noise: expected numbers that are not negative, got {shown(value)}")
    if array.ndim == 0:
        return float(array)
    return array.tolist() if array.any() else 0.0


def _layers_of(name: str, value: Any) -> list[Any]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise TypeError(f"{name}: expected a list of arrays, one for each layer, got {shown(value)}")
    given = list(value)
    if not given:
        raise ValueError(f"{name}: expected at least one layer, got none")
    return given


def _activation_names(value: Any, count: int) -> list[str]:
    expected = f"one of {', '.join(map(repr, ACTIVATIONS))}"
    if isinstance(value, str):
        names: list[Any] = [value] * (count - 1) + [None]
        if value not in ACTIVATIONS:
            raise ValueError(f"activation: expected {expected}, got {shown(value)}")
    elif isinstance(value, Sequence):
        names = list(value)
    else:
        raise TypeError(f"activation: expected {expected}, or a list of {count} of them, got {shown(value)}")
    if len(names) != count:
        raise ValueError(f"activation: expected {count}, one for each layer, got {len(names)}")
    for i, name in enumerate(names):
        if name is not None and name not in ACTIVATIONS:
            raise ValueError(f"activation[{i}]: expected {expected} or None, got {shown(name)}")
    return ["none" if name is None else name for name in names]


def description_of(space: Any) -> Description:
    """Convert an action space to the form that the core takes."""
    low, high, n = np.zeros(1, np.float32), np.zeros(1, np.float32), np.zeros(1, np.int64)
    most = 2**31 - 1
    if isinstance(space, (spaces.Discrete, spaces.MultiDiscrete)):
        kind = "discrete" if isinstance(space, spaces.Discrete) else "multi_discrete"
        counts = np.atleast_1d(np.asarray(space.n if isinstance(space, spaces.Discrete) else space.nvec, np.int64))
        if not np.any(space.start) and counts.ndim == 1 and (counts <= most).all():
            return kind, low, high, counts
    if isinstance(space, spaces.Box) and len(space.shape) == 1 and space.dtype == np.float32:
        return "box", np.ascontiguousarray(space.low), np.ascontiguousarray(space.high), n
    raise TypeError(
        "action_space: expected a Discrete or one-dimensional MultiDiscrete that start at 0, or a one-dimensional Box "
        f"of float32, got {shown(space)}"
    )


def seed_of(value: Any) -> int:
    """Check a seed; draw one for None."""
    if value is None:
        return int(np.random.SeedSequence().entropy)  # type: ignore[arg-type]
    plain = None if isinstance(value, bool) else integer(value)
    if plain is None:
        raise TypeError(f"seed: expected None or an integer that is not negative, got {shown(value)}")
    if plain < 0:
        raise ValueError(f"seed: expected an integer that is not negative, got {shown(plain)}")
    return plain


def words(seed: int) -> list[int]:
    """Split a seed into 32-bit words, the least significant first."""
    return [seed >> shift & 0xFFFFFFFF for shift in range(0, max(seed.bit_length(), 1), 32)]


def flattened(module: Any) -> Iterator[Any]:
    """Iterate over the modules of a sequence, and of the sequences in it."""
    if not isinstance(module, Iterable) or isinstance(module, (str, bytes)):
        raise TypeError(f"module: expected a torch.nn.Sequential, got {shown(module)}")
    for one in module:
        if isinstance(one, Iterable):
            yield from flattened(one)
        else:
            yield one


def detached(tensor: Any) -> Any:
    """Convert a torch tensor to an array; other values stay as they are."""
    return tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else tensor
