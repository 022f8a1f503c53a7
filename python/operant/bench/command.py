"""`operant bench`: what the options ask for."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from operant.bench import machine, report
from operant.bench.comparison import measure, plan
from operant.bench.profile import profile
from operant.registration import ENVIRONMENTS

#: The numbers of copies of `--all`.
ALL_NUM_ENVS = (1, 16, 256, 1024, 4096, 65536)


def run(options: Namespace) -> None:
    """Measure, print the tables, write the files."""
    environments = options.env or (ENVIRONMENTS if options.all else ("CartPole",))
    sizes = options.num_envs or (ALL_NUM_ENVS if options.all else (4096,))
    workers = options.workers or tuple(sorted({1, machine.usable_cores()}))
    if options.plot is not None:
        from operant.bench import plot  # matplotlib: found missing before anything is measured

    console = Console()
    cases = [(environment, num_envs) for environment in environments for num_envs in sizes]
    comparisons = [
        plan(environment, num_envs, workers, options.dtype, options.against) for environment, num_envs in cases
    ]
    profiles = []
    measurements = sum(len(comparison.contenders) for comparison in comparisons) * (options.rounds + 1)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=measurements + options.profile * len(cases), completed=-1)
        for comparison in comparisons:
            where = f"{comparison.environment} {comparison.num_envs}: "

            def announce(what: str, where: str = where) -> None:
                progress.update(task, description=where + what, advance=1)

            measure(comparison, options.rounds, options.seconds, announce)
            console.print(report.comparison_table(comparison, options.rounds, options.dtype))
        for environment, num_envs in cases if options.profile else ():
            progress.update(task, description=f"{environment} {num_envs}: profiling", advance=1)
            profiles.append(profile(environment, num_envs, options.dtype, options.rounds, options.seconds))

    if profiles:
        console.print(report.profile_table(profiles, options.rounds))
    for line in report.missing(comparisons):
        console.print(line, highlight=False)
    console.print(machine.summary(), highlight=False)

    if options.json is not None:
        settings = {"rounds": options.rounds, "seconds": options.seconds, "dtype": options.dtype}
        text = json.dumps(report.as_json(comparisons, profiles, settings), indent=2)
        Path(options.json).write_text(text + "\n", encoding="utf-8")
    if options.plot is not None:
        plot.save(comparisons, options.plot)
