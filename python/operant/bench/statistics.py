"""Medians with their spread, and ratios round by round."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """The ratio of each round: what disturbs a whole round disturbs both."""
    return [numerator / denominator for numerator, denominator in zip(numerators, denominators, strict=True)]


def spread(values: Sequence[float]) -> str:
    """The median, the lowest and the highest: `12.3 (11.9 - 12.8)`."""
    middle = median(values)
    digits = 0 if middle >= 100 else 1 if middle >= 10 else 2 if middle >= 1 else 3
    return f"{middle:.{digits}f} ({min(values):.{digits}f} - {max(values):.{digits}f})"


def summary(values: Sequence[float]) -> dict[str, float | list[float]]:
    """The same for machines."""
    return {"median": median(values), "lowest": min(values), "highest": max(values), "rounds": list(values)}
