"""The Gymnasium that is installed."""

from __future__ import annotations

import re

#: The oldest version that Operant works with: the first that has `AutoresetMode`.
OLDEST = (1, 1)


def check_version() -> None:
    """Refuse a Gymnasium that is too old.

    Raises:
        ImportError: It is too old; the message says how to get a newer one.
    """
    import gymnasium

    found = re.match(r"(\d+)\.(\d+)", gymnasium.__version__)
    if found and tuple(map(int, found.groups())) < OLDEST:
        needed = ".".join(map(str, OLDEST))
        raise ImportError(
            f"Operant needs Gymnasium {needed} or newer, and {gymnasium.__version__} is installed. "
            f'To get it: python -m pip install --upgrade "gymnasium>={needed}". '
            "Where another package pins an older one, as CleanRL does with 0.29, install Operant into a virtual "
            "environment of its own."
        )
