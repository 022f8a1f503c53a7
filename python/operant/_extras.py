"""Packages that some features need, and that are not installed with Operant."""

from __future__ import annotations

from importlib.util import find_spec


def require(package: str, requirement: str) -> None:
    """Refuse to go on without a package.

    Raises:
        ModuleNotFoundError: It is not installed; the message says how to install it.
    """
    if find_spec(package) is None:
        quoted = (
            f'"{requirement}"' if "[" in requirement else requirement
        )  # a shell would read the brackets as a pattern
        raise ModuleNotFoundError(f"{package} is not installed: pip install {quoted}", name=package)
