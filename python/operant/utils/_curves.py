"""The curves of CSV files that `Logger` has written, and a picture of them."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from operant.utils._csv_file import BASE_COLUMNS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Places on the horizontal axis, and values.
Curve = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]

#: The metric that every file has; it is drawn where there is no other.
SPEED = "steps_per_second"


def read_curves(path: str | Path, x: str = "steps") -> dict[str, Curve]:
    """Each metric of a run, without the rows that lack it.

    Args:
        path: The file; "-" is standard input.
        x: What the horizontal axis shows: "steps", the total; "time", seconds since the first row; or "calls", how many
            rows there were before.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no file of a `Logger`, or has no rows.
    """
    curves: dict[str, tuple[list[float], list[float]]] = {}
    try:
        # With the descriptor of standard input, which stays open.
        source = sys.stdin.fileno() if str(path) == "-" else path
        with open(source, newline="", encoding="utf-8-sig", closefd=str(path) != "-") as file:
            rows = csv.reader(line for line in file if line.endswith("\n"))  # without one that a kill has cut short
            columns = next(rows, [])
            if tuple(columns[: len(BASE_COLUMNS)]) != BASE_COLUMNS:
                raise ValueError(f"expected columns that begin with {', '.join(BASE_COLUMNS)}")
            curves = {name: ([], []) for name in columns[2:]}
            for number, row in enumerate(rows):
                cells = dict(zip(columns, row, strict=False))
                place = _place(cells, x, number, rows.line_num)
                for name, (places, values) in curves.items():
                    if cells.get(name):
                        places.append(place)
                        values.append(_number(cells, name, rows.line_num))
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{path}: {error}") from None
    drawn = {name: (np.array(places), np.array(values)) for name, (places, values) in curves.items() if values}
    if not drawn:
        raise ValueError(f"{path}: there are no rows to draw")
    if x == "time":
        began = min(places[0] for places, _ in drawn.values())
        drawn = {name: (places - began, values) for name, (places, values) in drawn.items()}
    return drawn


def _place(cells: Mapping[str, str], x: str, number: int, line: int) -> float:
    return number if x == "calls" else _number(cells, "total_steps" if x == "steps" else "timestamp", line)


def _number(cells: Mapping[str, str], name: str, line: int) -> float:
    cell = cells.get(name, "")
    try:
        return float(cell)
    except ValueError:
        raise ValueError(f"line {line}: {name}: expected a number, got {cell!r}") from None


def choose(runs: Sequence[Mapping[str, Curve]], wanted: Sequence[str]) -> list[str]:
    """The metrics to draw: those that are wanted, or all.

    Raises:
        ValueError: No run has one of them.
    """
    names = list(dict.fromkeys(name for run in runs for name in run))
    for name in wanted:
        if name not in names:
            raise ValueError(f"metric: expected one of {', '.join(names)}, got {name!r}")
    return list(dict.fromkeys(wanted)) or [name for name in names if name != SPEED] or names


def smooth(places: npt.NDArray[np.float64], values: npt.NDArray[np.float64], width: int | None = None) -> Curve:
    """Average of a value and its neighbours, `width` in all (None: a fiftieth of all), at a thousand places at most.

    What is infinite or no number does not count.
    """
    places, values = places[np.isfinite(values)], values[np.isfinite(values)]
    half = len(values) // 100 if width is None else width // 2
    chosen = np.unique(np.linspace(0, len(values) - 1, min(len(values), 1000)).astype(int))
    return places[chosen], np.array([values[max(place - half, 0) : place + half + 1].mean() for place in chosen])


def draw(
    figure: Figure, runs: Mapping[str, Mapping[str, Curve]], names: Sequence[str], x: str, width: int | None
) -> None:
    """Draw the metrics one below the other, in each the curves of all runs, which have a name."""
    figure.set_size_inches(8, 1 + 2 * len(names))
    longest = max(curves[name][0][-1] for curves in runs.values() for name in names if name in curves)
    unit, seconds = _unit_of_time(longest) if x == "time" else (x, 1)
    axes = figure.subplots(len(names), sharex=True, squeeze=False)[:, 0]
    lines = {}
    for axis, name in zip(axes, names, strict=True):
        for number, (run, curves) in enumerate(runs.items()):
            if name in curves:
                places, values = curves[name][0] / seconds, curves[name][1]
                axis.plot(places, values, color=f"C{number}", alpha=0.3, linewidth=0.8)
                (lines[run],) = axis.plot(*smooth(places, values, width), color=f"C{number}")
        axis.set_ylabel(name, parse_math=False)
        axis.grid(alpha=0.3)
    axes[-1].set_xlabel(unit)
    if len(runs) == 1:
        figure.suptitle(next(iter(runs)), parse_math=False)
    else:
        legend = figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=3)
        for text in legend.get_texts():
            text.set_parse_math(False)


def _unit_of_time(longest: float) -> tuple[str, int]:
    return next((unit for unit in (("hours", 3600), ("minutes", 60)) if longest >= 2 * unit[1]), ("seconds", 1))
