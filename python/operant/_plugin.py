"""Registers Operant's environments as soon as Gymnasium is imported, whoever imports it.

Gymnasium 1.0 dropped entry points, so `operant.pth` imports this module when Python starts, and this module waits
for `gymnasium.envs`. It costs every start of Python well below a millisecond, and changes nothing in Gymnasium.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec


class _Loader:
    """Loads `gymnasium.envs` as its own loader does, then adds Operant's environments."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        from operant.registration import register_envs

        register_envs()


class _Finder:
    """Finds nothing but `gymnasium.envs`, and that where the other finders find it."""

    @classmethod
    def find_spec(
        cls, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "gymnasium.envs":
            return None
        sys.meta_path.remove(cls)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader)  # type: ignore[assignment]  # it behaves like one
                return spec
        return None


if "gymnasium.envs" not in sys.modules:
    sys.meta_path.insert(0, _Finder)
