"""`operant plot`: curves of the metrics that `operant.utils.Logger` has written."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from operant._extras import require
from operant.commands.argument_types import positive_integer, printable

#: Matplotlib's backends that only write files.
_WITHOUT_WINDOWS = ("agg", "cairo", "pdf", "pgf", "ps", "svg", "template")


def add_parser(commands: Any) -> None:
    """Add `plot` to the subcommands."""
    parser = commands.add_parser(
        "plot",
        help="draw the metrics that a Logger has written",
        description="Draws the metrics of a Logger's CSV files, one below the other, several runs over one another: "
        "moving averages, with the raw curves behind. Needs matplotlib.",
    )
    add = parser.add_argument
    add("csv", nargs="+", help="a CSV file for each run; - is standard input")
    add(
        "-o",
        "--output",
        metavar="FILE",
        help="the picture, of a kind that matplotlib knows by its ending, or - for a PNG on standard output (default: "
        "the CSV file's name with .png; of several runs, plot.png)",
    )
    add("-m", "--metric", action="append", default=[], metavar="NAME", help="draw this one; again for more of them")
    add(
        "-x",
        choices=("steps", "time", "calls"),
        default="steps",
        help="what the horizontal axis shows (default: steps)",
    )
    add(
        "--smooth",
        type=positive_integer,
        metavar="N",
        help="average over N rows, 1 for not at all (default: a fiftieth of all)",
    )
    add("--show", action="store_true", help="show a window; write a file only with --output")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Draw the picture, and show it or print its name."""
    try:
        require("matplotlib", "operant[plot]")
        from matplotlib import get_backend, pyplot, rc_context
        from matplotlib.figure import Figure

        from operant.utils._curves import choose, draw, read_curves

        if options.show and get_backend().lower() in _WITHOUT_WINDOWS:
            raise ValueError("--show: matplotlib finds no display, or nothing that draws windows, as tkinter does")
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
    except (OSError, ValueError, ImportError) as error:
        print(f"operant plot: {error}", file=sys.stderr)
        return 2
    return 0


def _output(options: argparse.Namespace) -> str:
    """The name of the picture, which must not be that of a CSV file."""
    default = "plot.png" if len(options.csv) > 1 or options.csv == ["-"] else Path(options.csv[0]).with_suffix(".png")
    output = options.output or str(default)
    if output == "-" and sys.stdout.isatty():
        raise ValueError("--output: a terminal shows no pictures; expected a file's name, or a pipe behind it")
    for path in options.csv:
        if path != "-" and Path(output).exists() and Path(path).exists() and Path(output).samefile(path):
            raise ValueError(f"{output}: expected a picture's name that is not that of the CSV file")
    return output


def _names(paths: Sequence[str]) -> list[str]:
    """What the runs are called in the picture: the files' names, or their paths where two have the same."""
    short = [Path(path).name for path in paths]
    return [printable(name) for name in (short if len(set(short)) == len(set(paths)) else paths)]


def _save(figure: Any, output: str) -> None:
    if output == "-":
        figure.savefig(sys.stdout.buffer, format="png", dpi=150)
    else:
        figure.savefig(output, dpi=150)
        print(printable(output))
