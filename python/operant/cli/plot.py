"""`operant plot`: draws the metrics that `operant.utils.Logger` wrote."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from operant._extras import require
from operant.cli.argument_types import positive_integer, printable

#: The backends of matplotlib that only write files.
_WITHOUT_WINDOWS = ("agg", "cairo", "pdf", "pgf", "ps", "svg", "template")


def add_parser(commands: Any) -> None:
    """Add `plot` to the subcommands."""
    parser = commands.add_parser(
        "plot",
        help="draw the metrics that a Logger wrote",
        description="Draws the metrics in CSV files of a Logger, in a panel each, with all runs in the same panel: "
        "moving averages over faint raw curves. Needs matplotlib.",
    )
    add = parser.add_argument
    add("csv", nargs="+", help="the CSV file of each run; - is the standard input")
    text = (
        "the picture, in a format that matplotlib knows by its suffix, or - for a PNG on the standard output "
        "(default: the CSV file's name with .png; for several runs, plot.png)"
    )
    add("-o", "--output", metavar="FILE", help=text)
    add("-m", "--metric", action="append", default=[], metavar="NAME", help="draw only this metric; may be repeated")
    add("-x", choices=("steps", "time", "calls"), default="steps", help="the horizontal axis (default: steps)")
    text = "average over N rows; 1 turns it off (default: a fiftieth of all rows)"
    add("--smooth", type=positive_integer, metavar="N", help=text)
    add("--show", action="store_true", help="open a window; write a file only with --output")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Draw the picture; show it, or write it and print its name."""
    require("matplotlib", "plot")
    from matplotlib import get_backend, pyplot, rc_context
    from matplotlib.figure import Figure

    from operant.utils._curves import choose, draw, read_curves

    if options.show and get_backend().lower() in _WITHOUT_WINDOWS:
        raise ValueError("--show: matplotlib finds no display, or no toolkit for windows, such as tkinter")
    runs = [read_curves(path, options.x) for path in options.csv]
    metrics = choose(runs, options.metric)
    output = None if options.show and options.output is None else _output(options)
    with rc_context({"agg.path.chunksize": 10_000}):
        figure = pyplot.figure(layout="constrained") if options.show else Figure(layout="constrained")
        draw(figure, dict(zip(_names(options.csv), runs, strict=True)), metrics, options.x, options.smooth)
        if output is not None:
            _save(figure, output)
        if options.show:
            pyplot.show()
    return 0


def _output(options: argparse.Namespace) -> str:
    """Choose the name of the picture, which must not be that of a CSV file."""
    default = "plot.png" if len(options.csv) > 1 or options.csv == ["-"] else Path(options.csv[0]).with_suffix(".png")
    output = options.output or str(default)
    if output == "-" and not hasattr(sys.stdout, "buffer"):  # in a windowed program or a notebook
        raise ValueError("--output: the standard output does not take a picture; expected a file's name")
    if output == "-" and sys.stdout.isatty():
        raise ValueError("--output: a terminal does not show pictures; expected a file's name, or a pipe")
    for path in options.csv:
        if path != "-" and Path(output).exists() and Path(path).exists() and Path(output).samefile(path):
            raise ValueError(f"{output}: expected a name for the picture that is not the name of the CSV file")
    return output


def _names(paths: Sequence[str]) -> list[str]:
    """Name the runs in the picture: by the names of their files, or by the paths if two files have the same name."""
    short = [Path(path).name for path in paths]
    return [printable(name) for name in (short if len(set(short)) == len(set(paths)) else paths)]


def _save(figure: Any, output: str) -> None:
    if output == "-":
        figure.savefig(sys.stdout.buffer, format="png", dpi=200)
    else:
        figure.savefig(output, dpi=200)
        print(printable(output))
