"""Measure the speed of rollouts and of a loop of `step` over the number of envs: the plot in docs/rollouts.md.

    python bench/rollout_curves.py --json docs/rollouts.json --plot docs/images/rollouts.png

Measures the contenders in turn, with one worker and one thread for numpy's matrix products.
"""

from __future__ import annotations

import argparse
import json
from statistics import median

import rollouts
from targets import new_process

from operant.cli.argument_types import Collect, comma_list, duration, output_file, positive_integer
from operant.cli.bench import plot
from operant.cli.machine import machine
from operant.cli.measure import spread

SIZES = (16, 256, 1024, 4096, 16384, 65536, 1 << 20)


def main() -> None:
    """Measure, print the rates in millions, and write the files."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    sizes = {"type": comma_list(positive_integer), "action": Collect, "default": (), "metavar": "N,..."}
    add("--num-envs", **sizes, help=f"numbers of envs (default: {','.join(map(str, SIZES))})")
    add("--rounds", type=positive_integer, default=7, metavar="R", help="measurements of each contender (default: 7)")
    add("--seconds", type=duration, default=0.3, metavar="S", help="seconds of a measurement, roughly (default: 0.3)")
    add("--json", type=output_file, metavar="FILE", help="write the figures of all rounds")
    add("--plot", type=output_file, metavar="FILE", help="draw them")
    options = parser.parse_args()

    results = []
    with new_process(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", VECLIB_MAXIMUM_THREADS="1") as process:
        for num_envs in options.num_envs or SIZES:
            rates = process.apply(rollouts.rates, (num_envs, options.rounds, options.seconds))
            for contender, rounds in rates.items():
                millions = spread([rate / 1e6 for rate in rounds])
                print(f"{num_envs:>8} envs, {contender:34}{millions}", flush=True)
                result = {"environment": "CartPole", "num_envs": num_envs, "contender": contender}
                results.append(result | {"steps_per_second": {"median": median(rounds), "rounds": rounds}})

    facts = machine()
    if options.json is not None:
        settings = {"rounds": options.rounds, "seconds": options.seconds, "steps": rollouts.STEPS}
        written = {"machine": facts, "settings": settings, "results": results}
        options.json.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    if options.plot is not None:
        plot(results, f"{facts['processor']}, one worker, {facts['simd']}", options.plot)


if __name__ == "__main__":
    main()
