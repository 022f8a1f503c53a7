"""Throughput over the number of copies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from operant.bench import machine
from operant.bench.comparison import Comparison

#: The file name endings that a plot can be saved with.
SUFFIXES = tuple(f".{ending}" for ending in FigureCanvasAgg.get_supported_filetypes())


def save(comparisons: Sequence[Comparison], path: Path) -> None:
    """Draw a panel for each environment with a line for each contender, log-log; bands from lowest to highest."""
    environments = list(dict.fromkeys(comparison.environment for comparison in comparisons))
    columns = min(3, len(environments))
    rows = -(-len(environments) // columns)
    figure = Figure(figsize=(1.5 + 4.5 * columns, 1 + 3.4 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flat
    colors: dict[str, str] = {}
    for environment, panel in zip(environments, panels, strict=False):
        points: dict[str, list[tuple[int, list[float]]]] = {}
        for comparison in comparisons:
            if comparison.environment == environment:
                for contender, rates in zip(comparison.contenders, comparison.rates, strict=True):
                    points.setdefault(contender.name, []).append((comparison.num_envs, rates))
        for name, line in points.items():
            line.sort()
            sizes = [size for size, _ in line]
            color = colors.setdefault(name, f"C{len(colors)}")
            panel.plot(sizes, [median(rates) for _, rates in line], "o-", markersize=4, color=color, label=name)
            panel.fill_between(
                sizes, [min(rates) for _, rates in line], [max(rates) for _, rates in line], color=color, alpha=0.2
            )
        panel.set_title(environment)
        panel.set_xlabel("copies")
        panel.set_xscale("log", base=2)
        panel.set_yscale("log")
        panel.tick_params(labelbottom=True)
        panel.grid(alpha=0.3)
    for panel in panels:
        panel.set_axis_off()
    figure.supylabel("steps per second")
    handles: dict[str, Any] = {}
    for panel in figure.axes:
        for handle, name in zip(*panel.get_legend_handles_labels(), strict=True):
            handles.setdefault(name, handle)
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=2)
    facts = machine.describe()
    figure.suptitle(f"{facts['processor']}, {facts['cores']} cores, {facts['simd']}", fontsize="small")
    figure.savefig(path, dpi=150)
