"""Measure every ratio that has a target on this machine, and compare it with the target: `make bench-check`.

    python bench/check.py
    python bench/check.py --only 'AVX2|workers' --json check.json

The targets are for a processor with AVX-512 and two idle cores. The exit code is 0 even if targets are missed, because
speed depends on the machine and on the other programs that run. It is nonzero only if a measurement fails.
"""

from __future__ import annotations

import argparse
import json
import re
from statistics import median

from targets import Effort, groups

from operant.cli.argument_types import duration, output_file, positive_integer
from operant.cli.machine import machine
from operant.cli.measure import NotMeasuredError, spread


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0], epilog="The exit code is 0 even if targets are missed."
    )
    add = parser.add_argument
    add("--only", default="", metavar="PATTERN", help="measure only rows whose name matches this regular expression")
    add("--json", type=output_file, metavar="FILE", help="write the figures of all rounds")
    add("--rounds", type=positive_integer, default=9, metavar="R", help="measurements of each contender (default: 9)")
    add("--seconds", type=duration, default=0.2, metavar="S", help="seconds of a measurement, roughly (default: 0.2)")
    options = parser.parse_args()
    try:
        only = re.compile(options.only, re.IGNORECASE)
    except re.error as error:
        parser.error(f"argument --only: expected a regular expression, got {options.only!r}: {error}")
    options.groups = [group for group in groups() if any(only.search(row.name) for row in group.rows)]
    if not options.groups:
        parser.error(f"argument --only: no row's name matches {options.only!r}")
    options.only = only
    return options


def main() -> None:
    """Measure the rows and print each one immediately."""
    options = _options()
    effort = Effort(options.rounds, options.seconds)
    width = max(len(row.name) for group in options.groups for row in group.rows) + 1
    print(f"{'':{width}}{f'median of {options.rounds} rounds':24}target", flush=True)
    records = []
    for group in options.groups:
        try:
            values, remark = group.measure(effort)
        except NotMeasuredError as reason:
            values, remark = [[] for _ in group.rows], str(reason)
        for row, rounds in zip(group.rows, values, strict=True):
            if not options.only.search(row.name):
                continue
            record = {"name": row.name, "target": row.target, "unit": row.unit, "at_most": row.at_most}
            verdict, measured = "not measured", ""
            if rounds:
                measured = spread(rounds)
                record |= {"median": median(rounds), "rounds": rounds}
                verdict = "ok" if row.is_reached(median(rounds)) else "falls short"
            target = f"{'<' if row.at_most else '>'} {row.target:g} {row.unit}"
            print(f"{row.name:{width}}{measured:24}{target:14}{verdict:14}{remark}".rstrip(), flush=True)
            records.append(record | {"remark": remark, "verdict": verdict})

    short = sum(record["verdict"] == "falls short" for record in records)
    facts = machine()
    print(f"{short} of {len(records)} fall short. {', '.join(f'{name} {fact}' for name, fact in facts.items())}")
    if options.json is not None:
        written = {"machine": facts, "settings": vars(effort), "rows": records}
        options.json.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
