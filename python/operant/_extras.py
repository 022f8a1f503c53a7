"""Packages that some features need, but that are not installed with Operant."""

from __future__ import annotations

from importlib.metadata import requires
from importlib.util import find_spec


def require(package: str, extra: str | None = None) -> None:
    """Raise an exception if a package is not installed.

    Args:
        package: Its name in an import.
        extra: The extra of Operant that needs it. None: pip knows the package under the same name.

    Raises:
        ModuleNotFoundError: It is not installed. The message has the command that installs it.
    """
    if find_spec(package) is None:
        command = f"pip install {package}" if extra is None else how_to_install(extra)
        raise ModuleNotFoundError(f"{package} is not installed: {command}", name=package)


def how_to_install(extra: str) -> str:
    """Return the command that installs what an extra consists of.

    It names the packages, not the extra, so that it does not depend on where Operant comes from.
    """
    declared = (requirement.partition(";") for requirement in requires("operant") or ())
    packages = [f'"{one.strip()}"' for one, _, marker in declared if f"extra == '{extra}'" in marker.replace('"', "'")]
    return " ".join(["pip install", *packages])
