"""Tables for people, JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from rich.table import Table

from operant.bench import machine
from operant.bench.comparison import Comparison
from operant.bench.contenders import PEERS
from operant.bench.profile import PARTS, Profile
from operant.bench.statistics import ratios, spread, summary


def comparison_table(comparison: Comparison, rounds: int, dtype: str) -> Table:
    """Everyone's steps per second, and how many times the baseline's they are."""
    precision = "" if dtype == "float32" else f", {dtype}"
    copies = f"{comparison.num_envs} cop{'y' if comparison.num_envs == 1 else 'ies'}"
    table = Table(
        title=f"{comparison.environment}, {copies}{precision}, random actions: "
        f"median of {rounds} rounds (lowest - highest)"
    )
    table.add_column("")
    table.add_column("million steps/s", justify="right")
    baseline = comparison.baseline
    if baseline is not None:
        table.add_column(f"times {PEERS[comparison.contenders[baseline].library].possessive}", justify="right")
    for contender, rates in zip(comparison.contenders, comparison.rates, strict=True):
        cells = [spread([rate / 1e6 for rate in rates])]
        if baseline is not None:
            cells.append(spread(ratios(rates, comparison.rates[baseline])))
        table.add_row(contender.name, *cells)
    return table


def missing(comparisons: Sequence[Comparison]) -> list[str]:
    """Who was not measured, and why; each reason once for an environment."""
    reasons = [
        f"{comparison.environment} without {option}: {reason}"
        for comparison in comparisons
        for option, reason in comparison.missing.items()
    ]
    return list(dict.fromkeys(reasons))


def profile_table(profiles: Sequence[Profile], rounds: int) -> Table:
    """Where a step's time goes, in microseconds and in parts of the whole."""
    table = Table(title=f"Operant, 1 worker: microseconds a step, median of {rounds} rounds (share)")
    table.add_column("")
    table.add_column("copies", justify="right")
    for column in (*PARTS, "step"):
        table.add_column(column, justify="right")
    for one in profiles:
        cells = [f"{median(one.parts[part]) * 1e6:.2f} ({one.share(part):.0%})" for part in PARTS]
        table.add_row(one.environment, str(one.num_envs), *cells, f"{median(one.step) * 1e6:.2f}")
    return table


def as_json(comparisons: Sequence[Comparison], profiles: Sequence[Profile], settings: dict[str, Any]) -> dict[str, Any]:
    """Everything that was measured, each round of it."""
    return {
        "machine": machine.describe(),
        "settings": settings,
        "results": [
            {
                "environment": comparison.environment,
                "num_envs": comparison.num_envs,
                "contender": contender.name,
                "library": contender.library,
                "workers": contender.workers,
                "steps_per_second": summary(rates),
            }
            for comparison in comparisons
            for contender, rates in zip(comparison.contenders, comparison.rates, strict=True)
        ],
        "missing": [
            {
                "environment": comparison.environment,
                "num_envs": comparison.num_envs,
                "library": option,
                "reason": reason,
            }
            for comparison in comparisons
            for option, reason in comparison.missing.items()
        ],
        "profiles": [
            {
                "environment": one.environment,
                "num_envs": one.num_envs,
                "seconds": {part: summary(values) for part, values in (*one.parts.items(), ("step", one.step))},
            }
            for one in profiles
        ],
    }
