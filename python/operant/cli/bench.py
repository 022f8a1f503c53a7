"""`operant bench`: measures steps per second of Operant and of other libraries."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from operant._checks import suggestion
from operant._extras import require
from operant.cli.argument_types import Collect, comma_list, duration, output_file, positive_integer
from operant.cli.machine import machine
from operant.registration import ENVIRONMENTS, REGISTRATIONS

#: The libraries to compare with. Ratios refer to the first of them that takes part.
LIBRARIES = ("gymnasium", "gymnasium-sync", "envpool")
#: The values of `num_envs` for `--all`.
ALL = (1, 16, 256, 1024, 4096, 65536)


def add_parser(commands: Any) -> None:
    """Add `bench` to the subcommands."""
    parser = commands.add_parser(
        "bench",
        help="compare steps per second with Gymnasium and others",
        description="Steps environments of Operant and of other libraries in turn, for several rounds, with random "
        "actions that are drawn in advance. Prints medians and their spread, and ratios taken round by round.",
    )
    add = parser.add_argument

    def add_list(name: str, parse: Callable[[str], Any], metavar: str, text: str) -> None:
        add(name, type=comma_list(parse), action=Collect, default=(), metavar=f"{metavar},...", help=text)

    text = f"some of {', '.join(ENVIRONMENTS)}, ids from `operant envs`, or all (default: CartPole)"
    add("--env", type=_environments, action=Collect, default=(), metavar="NAME,...", help=text)
    add_list("--num-envs", positive_integer, "N", "envs in a vector environment (default: 4096)")
    add_list("--workers", positive_integer, "W", "threads of Operant and EnvPool (default: 1 and all usable cores)")
    add(
        "--dtype",
        choices=("float32", "float64"),
        default="float32",
        help="precision of Operant's simulation (default: float32)",
    )
    sizes = ", ".join(map(str, ALL))
    add("--all", action="store_true", help=f"all environments, with {sizes} envs; --env and --num-envs choose others")
    against = (
        "what to compare with: gymnasium (its numpy environment, only for CartPole), gymnasium-sync "
        "(SyncVectorEnv, up to 4096 envs), envpool, or none (default: gymnasium,gymnasium-sync)"
    )
    add_list("--against", _one_of(*LIBRARIES, "none"), "LIBRARY", against)
    add("--json", type=output_file, metavar="FILE", help="write the results of all rounds")
    add("--plot", type=_plot_file, metavar="FILE", help="draw throughput over num_envs")
    add("--rounds", type=positive_integer, default=7, metavar="R", help="measurements of each contender (default: 7)")
    add("--seconds", type=duration, default=0.3, metavar="S", help="approximate length of a measurement (default: 0.3)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check the options before hours of measuring, then measure."""
    from operant import envs
    from operant.cli import measure as bench

    if "envpool" in options.against:
        bench.contenders("envpool", "CartPole", 1)
    for workers in options.workers:
        envs.CartPoleVecEnv(1, workers)
    measure(options)
    return 0


def measure(options: argparse.Namespace) -> None:
    """Print a table for each environment and `num_envs`, then write the files."""
    from operant._core import usable_cores
    from operant.cli import measure as bench

    libraries = ["operant", *(one for one in LIBRARIES if one in (options.against or LIBRARIES[:2]))]
    environments = options.env or (ENVIRONMENTS if options.all else ("CartPole",))
    results: list[dict[str, Any]] = []
    missing: dict[str, None] = {}  # the reasons, each once
    stopped = False
    for environment, num_envs in product(environments, options.num_envs or (ALL if options.all else (4096,))):
        found: list[bench.Contender] = []
        for library in libraries:
            try:
                workers = options.workers or sorted({1, usable_cores()})
                found += bench.contenders(library, environment, num_envs, workers, options.dtype)
            except bench.NotMeasuredError as reason:
                missing[f"{environment} without {library}: {reason}"] = None
        try:
            measures = [bench.Stepper(one.make, num_envs, options.seconds).rate for one in found]
            rates = bench.in_turn(measures, options.rounds, keep_interrupted=True)
        except KeyboardInterrupt:  # the results of the environments before are complete
            stopped = True
            break
        finally:
            measures = []  # drops the last references to the steppers, which frees them
        reference = next((i for i, one in enumerate(found) if one.made_by != "operant"), 0)
        rows = [["", "million steps/s", f"times {found[reference].made_by}"]]
        for one, values in zip(found, rates, strict=True):
            ratios = bench.ratios(values, rates[reference])
            rows.append([one.name, bench.spread([rate / 1e6 for rate in values]), bench.spread(ratios)])
            who = {"environment": environment, "num_envs": num_envs, "contender": one.name, "library": one.made_by}
            measured = {"median": median(values), "rounds": values}
            results.append(who | {"workers": one.workers, "steps_per_second": measured})
        rounds = len(rates[0])
        title = f"{environment}, num_envs={num_envs}, {options.dtype}"
        _print_table(f"{title}: median of {rounds} rounds (lowest - highest)", rows)
        stopped = rounds < options.rounds
        if stopped:
            break
    if stopped and not results:
        raise KeyboardInterrupt

    facts = machine()
    print(*missing, ", ".join(f"{name} {fact}" for name, fact in facts.items()), sep="\n")
    if options.json is not None:
        settings = {name: getattr(options, name) for name in ("rounds", "seconds", "dtype")}
        written: dict[str, Any] = {"machine": facts, "settings": settings, "results": results, "missing": list(missing)}
        if stopped:
            written["interrupted"] = True
        options.json.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    if options.plot is not None:
        plot(results, f"{facts['processor']}, {facts['cores']} cores, {facts['simd']}", options.plot)
    if stopped:
        raise KeyboardInterrupt


def _print_table(title: str, rows: Sequence[Sequence[str]]) -> None:
    """Print a table, with rich if it is installed."""
    if find_spec("rich") is None:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        print(title, *("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows), "", sep="\n", flush=True)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*rows[0], title=title)
    for row in rows[1:]:
        table.add_row(*row)
    console = Console()
    with console.capture() as capture:  # rich would end the program if the output is a closed pipe
        console.print(table)
    print(capture.get(), end="", flush=True)


def plot(results: Sequence[dict[str, Any]], title: str, path: Path) -> None:
    """Draw a panel for each environment, with lines for contenders, and bands from the lowest to the highest round."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator

    environments = list(dict.fromkeys(one["environment"] for one in results))
    names = list(dict.fromkeys(one["contender"] for one in results))
    # Two columns of this width are legible on a telephone. A legend in the place of a last, empty panel saves a row.
    columns, lines = min(2, len(environments)), -(-len(environments) // 2)
    figure = Figure(figsize=(0.6 + 2.7 * max(columns, 1.6), 0.9 + 2.4 * lines), layout="constrained")
    handles: dict[str, Any] = {}
    for place, environment in enumerate(environments, 1):
        panel = figure.add_subplot(lines, columns, place, sharey=next(iter(figure.axes), None), title=environment)
        panel.set_yscale("log")
        panel.set_xscale("log", base=2)
        panel.xaxis.set_major_locator(LogLocator(base=2, numticks=6))
        if place > len(environments) - columns:
            panel.set_xlabel("num_envs")
        panel.grid(alpha=0.3)
        for color, name in enumerate(names):
            line = [one for one in results if (one["environment"], one["contender"]) == (environment, name)]
            points = sorted((one["num_envs"], one["steps_per_second"]["rounds"]) for one in line)
            sizes = [num_envs for num_envs, _ in points]
            middle, lowest, highest = ([of(rounds) for _, rounds in points] for of in (median, min, max))
            (handles[name],) = panel.plot(sizes, middle, "o-", markersize=4, color=f"C{color}")
            panel.fill_between(sizes, lowest, highest, color=f"C{color}", alpha=0.2)
    figure.supylabel("steps per second", fontsize="medium")
    if len(environments) % 2 == 1 and len(environments) > 1:
        free = figure.add_subplot(lines, columns, lines * columns)
        free.set_axis_off()
        free.legend(handles.values(), handles.keys(), loc="center", fontsize="small", frameon=False)
    else:
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", fontsize="small")
    figure.suptitle(title, fontsize="small")
    figure.savefig(path, dpi=200)


def _environments(text: str) -> list[str]:
    """Parse names and ids between commas, in upper or lower case, with or without "operant/"; `all` is every name."""
    ids = [registration.id.removeprefix("operant/") for registration in REGISTRATIONS]
    known = {name.lower(): [name] for name in (*ENVIRONMENTS, *ids)} | {"all": list(ENVIRONMENTS)}
    found = []
    for part in text.split(","):
        name = part.strip().lower().removeprefix("operant/")
        if name not in known:
            similar = suggestion(part.strip().removeprefix("operant/"), [*ENVIRONMENTS, *ids, "all"]).rstrip(".")
            names = ", ".join(ENVIRONMENTS)
            raise argparse.ArgumentTypeError(
                f"expected some of {names}, ids from `operant envs`, or all, got {part!r}{similar}"
            )
        found += known[name]
    return found


def _one_of(*names: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in names:
            raise argparse.ArgumentTypeError(f"expected some of {', '.join(names)}, got {text!r}")
        return text

    return parse


def _plot_file(text: str) -> Path:
    try:
        require("matplotlib", "bench")
    except ModuleNotFoundError as missing:
        raise argparse.ArgumentTypeError(str(missing)) from None
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    path, endings = output_file(text), FigureCanvasAgg.get_supported_filetypes()
    if path.suffix[1:] not in endings:
        raise argparse.ArgumentTypeError(f"expected a file name that ends in one of {', '.join(endings)}, got {text}")
    return path
