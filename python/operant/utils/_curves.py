"""The curves of a CSV file that `Logger` has written, and a picture of them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt

from operant.utils._csv_file import BASE_COLUMNS

Curve = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def read_curves(path: Path) -> dict[str, Curve]:
    """Total steps and values of each metric, without the rows that lack it.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no file of a `Logger`, or there is nothing to draw.
    """
    curves: dict[str, tuple[list[float], list[float]]] = {}
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(line for line in file if line.endswith("\n"))  # without one that a kill has cut short
            columns = next(rows, [])
            if tuple(columns[: len(BASE_COLUMNS)]) != BASE_COLUMNS:
                raise ValueError(f"expected columns that begin with {', '.join(BASE_COLUMNS)}")
            metrics = columns[len(BASE_COLUMNS) :]
            curves = {name: ([], []) for name in metrics}
            for row in rows:
                total_steps = _number(row[1] if len(row) > 1 else "", "total_steps", rows.line_num)
                for name, cell in zip(metrics, row[len(BASE_COLUMNS) :], strict=False):
                    if cell:
                        curves[name][0].append(total_steps)
                        curves[name][1].append(_number(cell, name, rows.line_num))
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{path}: {error}") from None
    drawn = {name: (np.array(steps), np.array(values)) for name, (steps, values) in curves.items() if values}
    if not drawn:
        raise ValueError(f"{path}: there are no metrics to draw")
    return drawn


def _number(cell: str, name: str, line: int) -> float:
    try:
        return float(cell)
    except ValueError:
        raise ValueError(f"line {line}: {name}: expected a number, got {cell!r}") from None


def smooth(steps: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> Curve:
    """Average of a value and its neighbours, a fiftieth of all, at a thousand places at most.

    What is infinite or no number does not count.
    """
    steps, values = steps[np.isfinite(values)], values[np.isfinite(values)]
    half = len(values) // 100
    places = np.unique(np.linspace(0, len(values) - 1, min(len(values), 1000)).astype(int))
    return steps[places], np.array([values[max(place - half, 0) : place + half + 1].mean() for place in places])


def draw(curves: dict[str, Curve], title: str, output: Path) -> None:
    """Draw the curves one below the other.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
        OSError: The picture cannot be written.
        ValueError: Matplotlib knows no picture with that ending.
    """
    import matplotlib

    # Needs no display.
    with matplotlib.rc_context({"backend": "agg", "agg.path.chunksize": 10_000}):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(8, 1 + 2 * len(curves)), layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(title, parse_math=False)
        axes = figure.subplots(len(curves), sharex=True, squeeze=False)[:, 0]
        for axis, (name, (steps, values)) in zip(axes, curves.items(), strict=True):
            axis.plot(steps, values, color="C0", alpha=0.3, linewidth=0.8)
            axis.plot(*smooth(steps, values), color="C0")
            axis.set_ylabel(name, parse_math=False)
            axis.grid(alpha=0.3)
        axes[-1].set_xlabel("steps")
        figure.savefig(output, dpi=150)
