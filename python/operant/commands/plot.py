"""`operant plot`: curves of the metrics that `operant.utils.Logger` has written."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from operant.argument_types import printable


def add_parser(commands: Any) -> None:
    """Add `plot` to the subcommands."""
    parser = commands.add_parser(
        "plot",
        help="draw the metrics that a Logger has written",
        description="Draws each metric of a Logger's CSV file over the steps: a moving average, with the raw curve "
        "behind it. Needs matplotlib.",
    )
    parser.add_argument("csv", type=Path, help="the CSV file")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="the picture, of a kind that matplotlib knows by its ending (default: the CSV file's name with .png)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Draw the picture and print its name."""
    try:
        from operant.utils._curves import draw, read_curves

        curves = read_curves(options.csv)
        output = options.output or options.csv.with_suffix(".png")
        if output.exists() and output.samefile(options.csv):
            raise ValueError(f"{output}: expected a picture's name that is not that of the CSV file")
        draw(curves, printable(options.csv.name), output)
    except (OSError, ValueError, ImportError) as error:
        is_missing = isinstance(error, ModuleNotFoundError) and error.name == "matplotlib"
        reason = 'matplotlib is needed (pip install "operant[plot]")' if is_missing else error
        print(f"operant plot: {reason}", file=sys.stderr)
        return 2
    print(printable(str(output)))
    return 0
