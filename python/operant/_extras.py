"""Optional packages: a check that one is installed, and the command that installs it."""

from __future__ import annotations

from importlib.metadata import requires
from importlib.util import find_spec


def require(package: str, extra: str | None = None) -> None:
    """Raise an exception if a package is not installed.

    Args:
        package: The name of the package in an import.
        extra: The extra of Operant that contains the package. None: pip knows the package by the same name.

    Raises:
        ModuleNotFoundError: The package is not installed. The message has the command that installs it.
    """
    if find_spec(package) is None:
        command = f"pip install {package}" if extra is None else how_to_install(extra)
        raise ModuleNotFoundError(f"{package} is not installed: {command}", name=package)


def how_to_install(extra: str) -> str:
    """Return the pip command that installs the packages of an extra.

    The command names the packages instead of the extra, so it works wherever Operant was installed from.
    """
    declared = (requirement.partition(";") for requirement in requires("operant") or ())
    packages = [f'"{one.strip()}"' for one, _, marker in declared if f"extra == '{extra}'" in marker.replace('"', "'")]
    return " ".join(["pip install", *packages])
