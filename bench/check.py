"""Measures every ratio that Operant aims at on this machine, and says which of them fall short: `make bench-check`.

    python bench/check.py
    python bench/check.py --only 'AVX2|workers' --json check.json

The targets are for a processor with AVX-512 and two cores that have nothing else to do. The exit code is 0 whether
or not all targets are reached, because speed depends on the machine and on what else runs there; it is another only
when something could not run.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from targets import Effort, groups

from operant.argument_types import duration, output_file, positive_integer
from operant.bench import machine
from operant.bench.contenders import NotMeasuredError
from operant.bench.statistics import spread, summary


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"expected a regular expression, got {text!r}: {error}") from None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0], epilog="The exit code is 0 whether or not the targets are reached."
    )
    add = parser.add_argument
    add(
        "--only",
        type=_pattern,
        default="",
        metavar="PATTERN",
        help="only rows whose name this regular expression finds",
    )
    add("--json", type=output_file, metavar="FILE", help="write every round's figures")
    add("--rounds", type=positive_integer, default=9, metavar="R", help="measurements of each contender (default: 9)")
    add("--seconds", type=duration, default=0.2, metavar="S", help="length of one, about (default: 0.2)")
    options = parser.parse_args()
    options.groups = [group for group in groups() if any(options.only.search(row.name) for row in group.rows)]
    if not options.groups:
        parser.error(f"argument --only: no row's name matches {options.only.pattern!r}")
    return options


def main() -> None:
    """Measure and print."""
    options = _options()
    effort = Effort(options.rounds, options.seconds)
    console = Console()
    table = Table(title=f"median of {options.rounds} rounds (lowest - highest)")
    table.add_column("")
    table.add_column("measured", justify="right", no_wrap=True)
    table.add_column("target", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    records, remarks, short = [], [], 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=len(options.groups))
        for group in options.groups:
            progress.update(task, description=group.rows[0].name)
            try:
                values, remark = group.measure(effort)
            except NotMeasuredError as reason:
                values, remark = [None] * len(group.rows), str(reason)
            for row, rounds in zip(group.rows, values, strict=True):
                if not options.only.search(row.name):
                    continue
                record = {"name": row.name, "target": row.target, "unit": row.unit, "remark": remark}
                if rounds is None:
                    measured, verdict = "", "not measured"
                else:
                    record |= summary(rounds)
                    measured, verdict = spread(rounds), "ok" if row.is_reached(rounds) else "falls short"
                short += verdict == "falls short"
                target = f"{'<' if row.at_most else '>'} {row.target:g} {row.unit}".rstrip()
                style = {"ok": "green", "falls short": "red"}.get(verdict, "")
                table.add_row(row.name, measured, target, f"[{style}]{verdict}[/]" if style else verdict)
                if remark:
                    remarks.append(f"{row.name}: {remark}")
                records.append(record | {"at_most": row.at_most, "verdict": verdict})
            progress.advance(task)

    console.print(table)
    for remark in remarks:
        console.print(remark, highlight=False)
    console.print(f"{short} of {len(records)} fall short. {machine.summary()}", highlight=False)
    if options.json is not None:
        text = json.dumps({"machine": machine.describe(), "settings": vars(effort), "rows": records}, indent=2)
        Path(options.json).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
