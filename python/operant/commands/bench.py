"""`operant bench`: steps per second, of Operant and of others."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from operant.argument_types import Collect, comma_list, duration, output_file, positive_integer
from operant.registration import ENVIRONMENTS


def add_parser(commands: Any) -> None:
    """Add `bench` to the subcommands."""
    parser = commands.add_parser(
        "bench",
        help="measure steps per second, side by side with Gymnasium and others",
        description="Steps environments with random actions, drawn before the clock starts: Operant and other "
        "libraries in turn, several rounds. Prints medians and their spread; ratios are taken round by round.",
        epilog="In the source tree, `make bench` runs the C++ micro-benchmarks, which do without Python, and `make "
        "bench-check` compares the ratios that Operant aims at with what this machine gives.",
    )
    add = parser.add_argument
    add(
        "--env",
        type=comma_list(_environment),
        action=Collect,
        metavar="NAME,...",
        help=f"environments, of {', '.join(ENVIRONMENTS)} (default: CartPole)",
    )
    add(
        "--num-envs",
        type=comma_list(positive_integer),
        action=Collect,
        metavar="N,...",
        help="copies of the environment (default: 4096)",
    )
    add(
        "--workers",
        type=comma_list(positive_integer),
        action=Collect,
        metavar="W,...",
        help="worker threads, of Operant and EnvPool (default: 1 and as many as there are usable cores)",
    )
    add(
        "--dtype",
        choices=("float32", "float64"),
        default="float32",
        help="precision of Operant's simulation (default: float32)",
    )
    add(
        "--all",
        action="store_true",
        help="all environments, with 1, 16, 256, 1024, 4096 and 65536 copies, unless --env or --num-envs choose",
    )
    add(
        "--against",
        type=_peers,
        default="gymnasium,gymnasium-sync",
        metavar="LIBRARY,...",
        help="whom to compare with: gymnasium (its numpy environment, which only CartPole has), gymnasium-sync "
        "(SyncVectorEnv, up to 4096 copies), envpool, or none (default: gymnasium,gymnasium-sync)",
    )
    add("--json", type=output_file, metavar="FILE", help="write every round's figures")
    add("--plot", type=_plot_file, metavar="FILE", help="draw throughput over the number of copies")
    add(
        "--profile",
        action="store_true",
        help="also show where a step's time goes with one worker: call, check of the actions, kernel, resets",
    )
    add("--rounds", type=positive_integer, default=7, metavar="R", help="measurements of each contender (default: 7)")
    add("--seconds", type=duration, default=0.3, metavar="S", help="length of one, about (default: 0.3)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print."""
    try:
        from operant.bench import command
        from operant.envs import CartPoleVecEnv

        for workers in options.workers or ():
            CartPoleVecEnv(1, workers)  # better to learn that there are too many before hours of measuring
    except (ImportError, ValueError) as error:
        is_missing = isinstance(error, ModuleNotFoundError) and _is_part_of(error, "rich")
        if isinstance(error, ModuleNotFoundError) and not is_missing:
            raise
        reason = 'needs the rich package: pip install "operant[bench]"' if is_missing else error
        print(f"operant bench: {reason}", file=sys.stderr)
        return 2
    command.run(options)
    return 0


def _environment(text: str) -> str:
    if text not in ENVIRONMENTS:
        raise argparse.ArgumentTypeError(f"expected some of {', '.join(ENVIRONMENTS)}, got {text!r}")
    return text


def _peers(text: str) -> tuple[str, ...]:
    try:
        from operant.bench.contenders import PEERS
    except ModuleNotFoundError:
        raise
    except ImportError as error:  # no kernels for this processor, or for what OPERANT_ARCH says
        raise argparse.ArgumentTypeError(str(error)) from None

    options = () if text == "none" else tuple(part.strip() for part in text.split(","))
    for option in options:
        if option not in PEERS:
            raise argparse.ArgumentTypeError(f"expected some of {', '.join(PEERS)}, or none; got {option!r}")
        peer = PEERS[option]
        if not peer.is_installed():
            raise argparse.ArgumentTypeError(f"{option} is not installed: pip install {peer.package}")
    return options


def _is_part_of(missing: ModuleNotFoundError, package: str) -> bool:
    return (missing.name or "").partition(".")[0] == package


def _plot_file(text: str) -> Path:
    try:
        from operant.bench.plot import SUFFIXES
    except ModuleNotFoundError as missing:
        if not _is_part_of(missing, "matplotlib"):
            raise
        raise argparse.ArgumentTypeError('needs the matplotlib package: pip install "operant[bench]"') from None
    path = output_file(text)
    if path.suffix not in SUFFIXES:
        raise argparse.ArgumentTypeError(f"expected a file name that ends in one of {', '.join(SUFFIXES)}, got {text}")
    return path
