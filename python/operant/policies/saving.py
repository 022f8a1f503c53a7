"""Networks in `.npz` files of numpy: one array for each layer's weights and biases, and a description in JSON."""

from __future__ import annotations

import json
import os
import zipfile
from typing import Any

import numpy as np
from gymnasium import spaces

from operant._checks import path as checked_path
from operant.policies.networks import MLP, Linear
from operant.policies.policy import Policy

_FORMAT = "operant policy 1"


def save(policy: Policy, path: str | os.PathLike[str]) -> None:
    """Write a `Linear` or an `MLP` to a file, from which `load` makes the same policy.

    The file is an archive of numpy arrays without pickles, so that opening it runs no code. The random streams of the
    loaded policy begin anew from its seed. To continue them, pickle the policy.

    Args:
        policy: The policy. Of a subclass, only the network is kept.
        path: The file, such as `policy.npz`; an existing one is replaced.

    Raises:
        TypeError: The policy is not a network, or the path is neither a string nor a path.
        OSError: The file cannot be written.
    """
    path = checked_path("path", path)
    if not isinstance(policy, (Linear, MLP)):
        raise TypeError(f"policy: expected a Linear or an MLP, got a {type(policy).__name__}; pickle it instead")
    arrays: dict[str, Any] = {}
    for i, (weights, bias, _) in enumerate(policy._layers):
        arrays[f"weights_{i}"] = weights
        if bias is not None:
            arrays[f"bias_{i}"] = bias
    options = dict(policy._options)
    for name in ("observation_mean", "observation_variance"):
        array = options.pop(name)
        if array is not None:
            arrays[name] = array
    arrays |= _space_arrays(options.pop("action_space"))
    description = {
        "format": _FORMAT,
        "class": "Linear" if isinstance(policy, Linear) else "MLP",
        "activation": [None if name == "none" else name for _, _, name in policy._layers],
        "seed": policy.seed,
        **options,
    }
    arrays["description"] = np.array(json.dumps(description))
    with open(path, "wb") as file:  # numpy would append .npz to another name
        np.savez(file, **arrays)


def load(path: str | os.PathLike[str]) -> Linear | MLP:
    """Make a policy from a file that `save` has written.

    Args:
        path: The file.

    Returns:
        The policy.

    Raises:
        TypeError: The path is neither a string nor a path.
        ValueError: The file does not contain a policy, or it is damaged.
        OSError: The file cannot be read.
    """
    path = checked_path("path", path)
    try:
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):
                raise ValueError("it is not an archive")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                return _made(dict(archive))
    except (ValueError, TypeError, KeyError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: expected a file that operant.policies.save has written: {error}") from error


def _made(arrays: dict[str, Any]) -> Linear | MLP:
    if "description" not in arrays:
        raise ValueError("it has no description")
    description = json.loads(str(arrays["description"]))
    if not isinstance(description, dict) or description.pop("format", None) != _FORMAT:
        raise ValueError(f"it is not of the format {_FORMAT!r}")
    is_linear, activation = description.pop("class") == "Linear", description.pop("activation")
    weights = [arrays[f"weights_{i}"] for i in range(len(activation))]
    biases = [arrays.get(f"bias_{i}") for i in range(len(activation))]
    description |= {name: arrays.get(name) for name in ("observation_mean", "observation_variance")}
    description["action_space"] = _space(arrays)
    if is_linear:
        return Linear(weights[0], biases[0], **description)
    return MLP(weights, biases, activation, **description)


def _space_arrays(space: Any) -> dict[str, Any]:
    if space is None:
        return {}
    if isinstance(space, spaces.Discrete):
        return {"discrete": np.int64(space.n)}
    if isinstance(space, spaces.MultiDiscrete):
        return {"multi_discrete": np.asarray(space.nvec)}
    return {"box": np.stack([space.low, space.high])}


def _space(arrays: dict[str, Any]) -> Any:
    if "discrete" in arrays:
        return spaces.Discrete(int(arrays["discrete"]))
    if "multi_discrete" in arrays:
        return spaces.MultiDiscrete(arrays["multi_discrete"])
    if "box" in arrays:
        return spaces.Box(*arrays["box"], dtype=np.float32)
    return None
