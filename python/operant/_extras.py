"""Packages that some features need, but that are not installed with Operant."""

from __future__ import annotations

from importlib.util import find_spec


def require(package: str, requirement: str) -> None:
    """Raise an exception if a package is not installed.

    Raises:
        ModuleNotFoundError: It is not installed. The message has the command that installs it.
    """
    if find_spec(package) is None:
        # A shell would read the brackets as a pattern.
        quoted = f'"{requirement}"' if "[" in requirement else requirement
        raise ModuleNotFoundError(f"{package} is not installed: pip install {quoted}", name=package)
