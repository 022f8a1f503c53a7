"""The infos of a step in which episodes ended, and those of a rollout."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from operant.envs.spaces import Tree, arranged

#: Role, name, dtype and shape of an array that a step writes. The shape is that of one env's entry.
Output = tuple[str, str, str, tuple[int, ...]]


class FinalObservations(tuple[Any, ...]):
    """The final observations of a step as the core wrote them; `Infos` makes `final_obs` from them.

    The elements are the tree of the observation space, an array of all envs for each leaf, and the mask of the ended
    episodes.
    """

    __slots__ = ()

    def objects(self) -> npt.NDArray[Any]:
        """Make `SyncVectorEnv`'s array of objects: the observation of an env whose episode ended, None elsewhere."""
        tree, *leaves, ended = self
        rows = [leaf[ended] if leaf.ndim > 1 else leaf[ended].tolist() for leaf in leaves]
        made = rows[0] if isinstance(tree, int) else [arranged(tree, one) for one in zip(*rows, strict=True)]
        objects = np.empty(len(ended), dtype=object)  # filled with None
        objects[ended] = np.fromiter(made, object, len(made))
        return objects


class Infos(dict[str, Any]):
    """The infos of a step in which episodes ended: a dict that makes `final_obs` at its first use.

    Making an array of `num_envs` objects takes longer than a step of thousands of envs, and many callers never read it.
    Every access to a value goes through `_made`, which replaces the value in the dict, so that only one array is ever
    made. A copy or a pickle is a plain dict.
    """

    __slots__ = ()

    def _made(self, key: Any, value: Any) -> Any:
        if type(value) is FinalObservations:
            with _making:  # two threads must get the same array
                value = super().__getitem__(key)
                if type(value) is FinalObservations:
                    value = value.objects()
                    super().__setitem__(key, value)
        return value

    def _make_all(self) -> None:
        for key, value in list(super().items()):
            self._made(key, value)

    def __getitem__(self, key: str) -> Any:
        return self._made(key, super().__getitem__(key))

    def get(self, key: str, default: Any = None) -> Any:
        return self._made(key, super().get(key, default))

    def setdefault(self, key: str, default: Any = None) -> Any:
        return self._made(key, super().setdefault(key, default))

    def pop(self, key: str, *default: Any) -> Any:
        self._made(key, super().get(key))
        return super().pop(key, *default)

    def popitem(self) -> tuple[str, Any]:
        self._make_all()
        return super().popitem()

    def __iter__(self) -> Iterator[str]:
        # Without this method, `dict(infos)` and `{**infos}` would copy the values without `__getitem__`.
        return super().__iter__()

    def values(self) -> Any:
        self._make_all()
        return super().values()

    def items(self) -> Any:
        self._make_all()
        return super().items()

    def copy(self) -> dict[str, Any]:
        return dict(self)

    def __or__(self, other: Any) -> Any:
        return dict(self) | other

    def __ror__(self, other: Any) -> Any:
        return other | dict(self)

    def __eq__(self, other: object) -> bool:
        return dict(self) == other

    def __ne__(self, other: object) -> bool:
        return dict(self) != other

    def __repr__(self) -> str:
        return repr(dict(self))

    def __reduce__(self) -> Any:
        return dict, (dict(self),)

    @classmethod
    def register_as_tree(cls) -> None:
        """Register the class with the imported libraries that map functions over dicts, but over no subclass of dict.

        Their results are plain dicts. TorchRL maps a function over the infos of each step.
        """
        for name, unflatten in _UNFLATTEN.items():
            # A library that is still being imported may lack the function.
            register = getattr(sys.modules.get(name), "register_pytree_node", None)
            if register is not None and name not in _registered:
                register(cls, lambda infos: (list(infos.values()), tuple(infos)), unflatten)
                _registered.add(name)


# Functions that make a dict from keys and values; the libraries pass these in different orders.
_UNFLATTEN = {
    "torch.utils._pytree": lambda values, keys: dict(zip(keys, values, strict=True)),
    "jax.tree_util": lambda keys, values: dict(zip(keys, values, strict=True)),
}
_registered: set[str] = set()  # the names of libraries

_making = Lock()


def stacked(outputs: list[Output], arrays: Sequence[Any], tree: Tree) -> dict[str, Any]:
    """Stack the infos of a rollout. Every key a step can report is present; the masks mark the valid entries.

    The final observations are arrays of shape `(steps, num_envs, ...)`, arranged as observations are.

    Args:
        outputs: Role, name, dtype and shape of each array.
        arrays: One array for each output, with a leading time axis.
        tree: The tree of the observation space.
    """

    def of(wanted: str) -> dict[str, npt.NDArray[Any]]:
        named = zip(outputs, arrays, strict=True)
        return {name: array for (role, name, _, _), array in named if role == wanted}

    infos: dict[str, Any] = of("info")
    infos |= {f"_{name}": of("has_infos")[""] for name in infos}
    final = [array for output, array in zip(outputs, arrays, strict=True) if output[0] == "final_observation"]
    if final:
        ended, final_info = of("ended")[""], of("final_info")
        infos["final_obs"] = arranged(tree, final)
        infos["_final_obs"] = infos["_final_info"] = ended
        infos["final_info"] = final_info | {f"_{name}": ended for name in final_info}
    if episode := of("episode"):
        infos |= {"episode": episode, "_episode": of("ended")[""]}
    return infos
