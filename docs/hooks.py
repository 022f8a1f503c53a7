"""What pages show of files that are not Markdown: the table of measurements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_MARK = "<!-- the table of docs/benchmark.json -->"
_BENCHMARK = Path(__file__).parent / "benchmark.json"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the table where a page has the mark."""
    return (
        markdown.replace(_MARK, benchmark_table(json.loads(_BENCHMARK.read_text()))) if _MARK in markdown else markdown
    )


def benchmark_table(measured: dict[str, Any]) -> str:
    """Median steps per second, in millions: a table for each environment, a column for each number of copies."""
    machine = measured["machine"]
    parts = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['simd']}; Python {machine['python']}, "
        f"numpy {machine['numpy']}, Gymnasium {machine['gymnasium']}. Million steps a second, median of "
        f"{measured['settings']['rounds']} rounds."
    ]
    results = measured["results"]
    for environment in dict.fromkeys(one["environment"] for one in results):
        of_environment = [one for one in results if one["environment"] == environment]
        sizes = sorted({one["num_envs"] for one in of_environment})
        rows = [[f"{environment}, copies:", *(f"{size:,}" for size in sizes)], ["---"] + ["---:"] * len(sizes)]
        for contender in dict.fromkeys(one["contender"] for one in of_environment):
            medians = {
                one["num_envs"]: one["steps_per_second"]["median"]
                for one in of_environment
                if one["contender"] == contender
            }
            rows.append([contender, *(_millions(medians[size]) if size in medians else "" for size in sizes)])
        parts.append("\n".join(f"| {' | '.join(row)} |" for row in rows))
    return "\n\n".join(parts)


def _millions(rate: float) -> str:
    millions = rate / 1e6
    digits = 0 if millions >= 100 else 1 if millions >= 10 else 2 if millions >= 1 else 3
    return f"{millions:.{digits}f}"
