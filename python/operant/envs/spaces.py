"""Gymnasium's spaces, made from the core's description of an environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector.utils import batch_space

if TYPE_CHECKING:
    from operant._core import EnvironmentDescription, Parameters

#: The indices of the leaves of an observation space, arranged as observations are: an int, or a tuple or dict of trees.
Tree = Any


def spaces_of(
    environment: EnvironmentDescription, parameters: Parameters, num_envs: int
) -> dict[str, spaces.Space[Any]]:
    """Make the spaces of an environment with these parameters. The keys are attributes of the vector environment."""
    described = parameters.spaces()
    observation = _single_and_batched(
        environment.leaves, environment.observation_tree, described["observation"], num_envs
    )
    action = _single_and_batched(environment.action_leaves, environment.action_tree, described["action"][1:], num_envs)
    return {
        "single_observation_space": observation[0],
        "observation_space": observation[1],
        "single_action_space": action[0],
        "action_space": action[1],
    }


def arranged(tree: Tree, leaves: Sequence[Any]) -> Any:
    """Arrange one object for each leaf as observations are: the object itself, or a tuple or a dict."""
    if isinstance(tree, int):
        return leaves[tree]
    if isinstance(tree, tuple):
        return tuple(arranged(part, leaves) for part in tree)
    return {name: arranged(part, leaves) for name, part in tree.items()}


def leaves_in(observations: Any) -> Iterator[tuple[str, Any]]:
    """Iterate over the leaves of observations or of a space, each with its path: "", "[0]", "['image']" and so on."""
    if isinstance(observations, (tuple, spaces.Tuple)):
        parts = [(f"[{i}]", part) for i, part in enumerate(observations)]
    elif isinstance(observations, Mapping):
        parts = [(f"[{name!r}]", part) for name, part in observations.items()]
    else:
        yield "", observations
        return
    for place, part in parts:
        for path, leaf in leaves_in(part):
            yield place + path, leaf


def _single_and_batched(
    leaves: Sequence[tuple[str, str, tuple[int, ...]]],
    tree: Tree,
    bounds: tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[np.int64]],
    num_envs: int,
) -> tuple[spaces.Space[Any], spaces.Space[Any]]:
    """Make the space of one env, and that of all envs.

    If bounds differ between envs, the single space contains the spaces of all envs, and each row of the batched space
    has the bounds of its env.

    Args:
        leaves: Kind, dtype and shape of each leaf.
        tree: The indices of the leaves, arranged as the space is.
        bounds: Lowest values, highest values and n of the numbers of all leaves, with one row for each env, or a single
            row for all.
        num_envs: The number of envs.
    """
    low, high, n = bounds
    singles, batched = [], []
    first = 0
    for kind, dtype, shape in leaves:
        numbers = slice(first, first := first + prod(shape))
        lowest, highest = (array[:, numbers].reshape(-1, *shape).astype(dtype) for array in (low, high))
        single = _leaf(kind, lowest, highest, n[:, numbers], shape)
        singles.append(single)
        if len(low) > 1:
            is_box = isinstance(single, spaces.Box)
            batched.append(spaces.Box(lowest, highest, dtype=lowest.dtype) if is_box else batch_space(single, num_envs))
    space = _composed(arranged(tree, singles))
    if len(low) == 1:
        return space, batch_space(space, num_envs)
    return space, _composed(arranged(tree, batched))


def _leaf(
    kind: str, low: npt.NDArray[Any], high: npt.NDArray[Any], n: npt.NDArray[np.int64], shape: tuple[int, ...]
) -> spaces.Space[Any]:
    if kind == "box":
        return spaces.Box(low.min(axis=0), high.max(axis=0), dtype=low.dtype)
    if kind == "discrete":
        # Gymnasium 1.2 has no such argument, and no Discrete of another dtype.
        dtype: dict[str, Any] = {} if low.dtype == np.int64 else {"dtype": low.dtype}
        return spaces.Discrete(int(n.max()), **dtype)
    if kind == "multi_discrete":
        return spaces.MultiDiscrete(n.max(axis=0), dtype=low.dtype.type)
    return spaces.MultiBinary(list(shape) if len(shape) > 1 else shape[0])  # MultiBinary([5]) != MultiBinary(5)


def _composed(parts: Any) -> spaces.Space[Any]:
    """Make a space of leaves that are arranged as observations are."""
    if isinstance(parts, tuple):
        return spaces.Tuple([_composed(part) for part in parts])
    if isinstance(parts, dict):
        return spaces.Dict({name: _composed(part) for name, part in parts.items()})
    return parts


def in_place_of(old: spaces.Space[Any], new: spaces.Space[Any]) -> spaces.Space[Any]:
    """Give the new space the random stream of the old one."""
    if isinstance(old, spaces.Tuple) and isinstance(new, spaces.Tuple):
        for old_part, new_part in zip(old.spaces, new.spaces, strict=True):
            in_place_of(old_part, new_part)
    elif isinstance(old, spaces.Dict) and isinstance(new, spaces.Dict):
        for name, old_part in old.spaces.items():
            in_place_of(old_part, new.spaces[name])
    new._np_random = old._np_random
    return new
