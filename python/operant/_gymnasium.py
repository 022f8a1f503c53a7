"""A check of the installed Gymnasium."""

from __future__ import annotations

import re

#: The oldest version that Operant supports. Older ones round FrozenLake's probabilities differently.
OLDEST = (1, 2, 1)


def check_version() -> None:
    """Raise an exception if the installed Gymnasium is too old.

    Raises:
        ImportError: Gymnasium is too old. The message has the command that upgrades it.
    """
    import gymnasium

    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", gymnasium.__version__)
    if found and tuple(int(one or 0) for one in found.groups()) < OLDEST:
        needed = ".".join(map(str, OLDEST))
        raise ImportError(
            f"Operant needs Gymnasium {needed} or newer, and {gymnasium.__version__} is installed. "
            f'To upgrade: python -m pip install --upgrade "gymnasium>={needed}". '
            "If another package pins an older version, as CleanRL does with 0.29, install Operant into a separate "
            "virtual environment."
        )
