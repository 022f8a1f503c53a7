"""`operant check`: finds errors in your own environments."""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import operant
from operant.cli.argument_types import comma_list, not_negative_integer, positive_integer


def add_parser(commands: Any) -> None:
    """Add `check` to the subcommands."""
    parser = commands.add_parser(
        "check",
        help="play your own environments and report errors in them",
        description="Compiles a C++ header, plays its environments with random actions in every autoreset mode and in "
        "both precisions, and reports NaN, observations outside their space, results that a seed does not repeat, "
        "envs that influence each other and more, with the first step where they appear. The exit code is 1 if there "
        "are errors.",
    )
    add = parser.add_argument
    add("file", metavar="header.hpp", help="a header for operant.load, or a library of environments")
    text = "names of the structs to check, with their namespaces (default: all)"
    add("--environments", type=comma_list(str), metavar="NAME,...", help=text)
    add("--num-envs", type=positive_integer, default=70, metavar="N", help="envs in each play (default: 70)")
    add("--steps", type=positive_integer, default=1000, metavar="N", help="steps in each play (default: 1000)")
    add("--seed", type=not_negative_integer, default=0, metavar="N", help="seed of envs and actions (default: 0)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check all environments in the file; print a report for each."""
    try:
        from operant.building.checking import reported

        classes = _classes(options.file, options.environments)
    except (ImportError, operant.CompileError, ValueError) as error:
        print(f"operant check: {error}", file=sys.stderr)
        return 2
    has_errors = False
    for env_class in classes:
        globals()[env_class.__name__] = env_class  # pickles look for the class there
        report = reported(env_class, options.num_envs, options.steps, options.seed, _shows_progress(), {})
        print(report, flush=True)
        has_errors = has_errors or bool(report.errors)
    return int(has_errors)


def _classes(file: str, environments: list[str] | None) -> list[Any]:
    from operant.building.loading import make_env_class
    from operant.envs import SimdVectorEnv

    if Path(file).suffix in (".so", ".dll"):
        library = operant.load_library(file)
        names = environments or list(library)
        if unknown := [name for name in names if name not in library]:
            raise ValueError(f"--environments: expected some of {', '.join(library)}, got {', '.join(unknown)}")
        return [make_env_class(library[name], __name__) for name in names]
    loaded = operant.load(file, environments=environments)
    classes = loaded if isinstance(loaded, tuple) else (loaded,)
    found = [one for one in classes if issubclass(one, SimdVectorEnv)]
    if not found:
        raise ValueError(f"{file}: expected an environment, found only policies")
    return found


def _shows_progress() -> bool:
    """Return True where a progress bar can be seen, and tqdm, which draws it, is installed."""
    return find_spec("tqdm") is not None and sys.stderr is not None and sys.stderr.isatty()
