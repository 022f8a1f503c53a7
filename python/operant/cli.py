"""The command line: `python -m operant` or `operant`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

import operant
from operant.commands import envs, info, plot


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a positive integer, got {text}")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="operant", description="Gymnasium's classic control environments, one SIMD lane each."
    )
    parser.add_argument("--version", action="version", version=f"operant {operant.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    bench = commands.add_parser(
        "bench",
        help="measure steps per second, side by side with Gymnasium",
        description="Steps CartPole with random actions, drawn before the clock starts: Operant with one worker and "
        "with all cores, Gymnasium's SyncVectorEnv and its numpy CartPoleVectorEnv, in turn. Prints medians and their "
        "spread.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    bench.add_argument("--num-envs", type=_positive, default=4096, metavar="N", help="copies of the environment")
    bench.add_argument("--rounds", type=_positive, default=7, metavar="R", help="measurements of each contender")
    bench.add_argument("--seconds", type=float, default=0.3, metavar="S", help="length of one measurement, about")
    for command in (info, envs, plot):
        command.add_parser(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    if "run" in options:
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    try:
        from operant import benchmark
    except ModuleNotFoundError as missing:
        if missing.name != "rich":
            raise
        print('operant bench needs the rich package: pip install "operant[bench]"', file=sys.stderr)
        return 2
    benchmark.run(options.num_envs, options.rounds, options.seconds)
    return 0
