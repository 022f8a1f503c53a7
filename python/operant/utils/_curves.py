"""Reads the curves of CSV files that `Logger` has written, and draws them."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from operant._checks import suggestion
from operant.utils._csv_file import BASE_COLUMNS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Positions on the horizontal axis, and the values there.
Curve = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]

#: A metric of every file, which is drawn only if there is no other.
SPEED = "steps_per_second"


def read_curves(path: str | Path, x: str = "steps") -> dict[str, Curve]:
    """Return each metric of a run, without the rows that lack it.

    Args:
        path: The file; "-" is standard input.
        x: The horizontal axis: "steps", the total steps; "time", the seconds since the first row; or "calls", the
            number of rows before.

    Raises:
        OSError: The file cannot be read.
        ValueError: A `Logger` has not written the file, or it has no rows.
    """
    curves: dict[str, tuple[list[float], list[float]]] = {}
    try:
        source = _standard_input() if str(path) == "-" else path
        with open(source, newline="", encoding="utf-8-sig", closefd=str(path) != "-") as file:
            rows = csv.reader(line for line in file if line.endswith("\n"))  # a kill may leave an incomplete line
            columns = next(rows, [])
            if tuple(columns[: len(BASE_COLUMNS)]) != BASE_COLUMNS:
                raise ValueError(f"expected columns that begin with {', '.join(BASE_COLUMNS)}")
            curves = {name: ([], []) for name in columns[2:]}
            for number, row in enumerate(rows):
                cells = dict(zip(columns, row, strict=False))
                position = _position(cells, x, number, rows.line_num)
                for name, (positions, values) in curves.items():
                    if cells.get(name):
                        positions.append(position)
                        values.append(_number(cells, name, rows.line_num))
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{path}: {error}") from None
    drawn = {name: (np.array(positions), np.array(values)) for name, (positions, values) in curves.items() if values}
    if not drawn:
        raise ValueError(f"{path}: there are no rows to draw")
    if x == "time":
        began = min(positions[0] for positions, _ in drawn.values())
        drawn = {name: (positions - began, values) for name, (positions, values) in drawn.items()}
    return drawn


def _standard_input() -> int:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # it is missing or closed, or a notebook has replaced it
        raise ValueError("expected a file's name: there is no standard input") from None


def _position(cells: Mapping[str, str], x: str, number: int, line: int) -> float:
    if x == "calls":
        return number
    name = "total_steps" if x == "steps" else "timestamp"
    position = _number(cells, name, line)
    if not abs(position) <= 2**63:
        raise ValueError(f"line {line}: {name}: expected a number from -2**63 to 2**63, got {cells[name]!r}")
    return position


def _number(cells: Mapping[str, str], name: str, line: int) -> float:
    cell = cells.get(name, "")
    try:
        return float(cell)
    except ValueError:
        raise ValueError(f"line {line}: {name}: expected a number, got {cell!r}") from None


def choose(runs: Sequence[Mapping[str, Curve]], wanted: Sequence[str]) -> list[str]:
    """Return the metrics to draw: the wanted ones, or all.

    Raises:
        ValueError: No run has a wanted metric.
    """
    names = list(dict.fromkeys(name for run in runs for name in run))
    for name in wanted:
        if name not in names:
            similar = suggestion(name, names).rstrip(".")
            raise ValueError(f"metric: expected one of {', '.join(names)}, got {name!r}{similar}")
    return list(dict.fromkeys(wanted)) or [name for name in names if name != SPEED] or names


def smooth(positions: npt.NDArray[np.float64], values: npt.NDArray[np.float64], width: int | None = None) -> Curve:
    """Average each value with its neighbours, and return at most a thousand averages.

    An average is over `width` values; None is a fiftieth of all. Infinities and NaN are left out.
    """
    positions, values = positions[np.isfinite(values)], values[np.isfinite(values)]
    half = len(values) // 100 if width is None else width // 2
    chosen = np.unique(np.linspace(0, len(values) - 1, min(len(values), 1000)).astype(int))
    return positions[chosen], np.array([values[max(middle - half, 0) : middle + half + 1].mean() for middle in chosen])


def draw(
    figure: Figure, runs: Mapping[str, Mapping[str, Curve]], names: Sequence[str], x: str, width: int | None
) -> None:
    """Draw a plot for each metric, one below the other, with the curves of all runs, by the names of the runs."""
    figure.set_size_inches(6.4, 1 + 2 * len(names))  # legible on a telephone
    longest = max(curves[name][0][-1] for curves in runs.values() for name in names if name in curves)
    unit, seconds = _unit_of_time(longest) if x == "time" else (x, 1)
    axes = figure.subplots(len(names), sharex=True, squeeze=False)[:, 0]
    lines = {}
    for axis, name in zip(axes, names, strict=True):
        label, divisor = _unit_of_values(name, [curves[name][1] for curves in runs.values() if name in curves])
        for number, (run, curves) in enumerate(runs.items()):
            if name in curves:
                positions, values = curves[name][0] / seconds, curves[name][1] / divisor
                axis.plot(positions, values, color=f"C{number}", alpha=0.3, linewidth=0.8)
                (lines[run],) = axis.plot(*smooth(positions, values, width), color=f"C{number}")
        axis.set_ylabel(label, parse_math=False)
        axis.grid(alpha=0.3)
    axes[-1].set_xlabel(unit)
    if len(runs) == 1:
        figure.suptitle(next(iter(runs)), parse_math=False)
    else:
        legend = figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=3)
        for text in legend.get_texts():
            text.set_parse_math(False)


def _unit_of_values(name: str, curves: Sequence[npt.NDArray[np.float64]]) -> tuple[str, float]:
    """Return the label of an axis and a divisor, as matplotlib cannot draw an axis as long as the largest float."""
    is_large = any((np.isfinite(values) & (abs(values) > 1e300)).any() for values in curves)
    return (f"{name} / 1e300", 1e300) if is_large else (name, 1)


def _unit_of_time(longest: float) -> tuple[str, int]:
    return next((unit for unit in (("hours", 3600), ("minutes", 60)) if longest >= 2 * unit[1]), ("seconds", 1))
