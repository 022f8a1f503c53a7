"""Measure the learning of examples/cem.py: CPU time, returns of the population, and returns in Gymnasium.

    python bench/learning_curves.py --json docs/learning.json --plot docs/images/learning.png

Each run has a new process, in which only the imports precede the measurement.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path
from typing import Any

import gymnasium as gym
from targets import new_process

from operant.cli.argument_types import output_file, positive_integer
from operant.cli.machine import machine
from operant.cli.measure import spread


def _example() -> Any:
    path = Path(__file__).parents[1] / "examples" / "cem.py"
    spec = importlib.util.spec_from_file_location("cem", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def learn(environment: str, seed: int) -> dict[str, Any]:
    """Return CPU seconds and mean return after each generation, and the mean return of 100 episodes in Gymnasium."""
    example = _example()
    policy, history = example.train(environment, seed)
    seconds, returns = zip(*history, strict=True)
    curve = {"cpu_seconds": [round(one, 5) for one in seconds], "returns": [round(float(one), 3) for one in returns]}
    played = round(float(example.play(environment, policy)), 3)
    return {"environment": environment, "seed": seed, "gymnasium": played, **curve}


def main() -> None:
    """Measure, print the results, and write the files."""
    known = tuple(_example().SETTINGS)
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--env", choices=known, nargs="+", default=known, help="default: all")
    add("--seeds", type=positive_integer, default=10, metavar="S", help="number of runs, from seed 0 on (default: 10)")
    add("--json", type=output_file, metavar="FILE", help="write the figures")
    add("--plot", type=output_file, metavar="FILE", help="draw them")
    options = parser.parse_args()

    results = []
    for environment in options.env:
        runs = []
        for seed in range(options.seeds):
            with new_process() as process:
                runs.append(process.apply(learn, (environment, seed)))
        seconds, played = spread([run["cpu_seconds"][-1] for run in runs]), spread([run["gymnasium"] for run in runs])
        print(f"{environment:26}{seconds:24} s of CPU time, {played:24} in Gymnasium", flush=True)
        results += runs

    facts = machine()
    if options.json is not None:
        written = {"machine": facts, "results": results}
        options.json.write_text(json.dumps(written) + "\n", encoding="utf-8")
    if options.plot is not None:
        _plot(results, options.plot)


def _plot(results: list[dict[str, Any]], path: Path) -> None:
    """Draw a panel per environment, with a line per run and Gymnasium's reward threshold."""
    from matplotlib.figure import Figure

    environments = list(dict.fromkeys(run["environment"] for run in results))
    columns, lines = min(2, len(environments)), -(-len(environments) // 2)
    figure = Figure(figsize=(0.6 + 2.7 * columns, 2.4 * lines), layout="constrained")
    for place, environment in enumerate(environments, 1):
        panel = figure.add_subplot(lines, columns, place)
        for run in results:
            if run["environment"] == environment:
                panel.plot(run["cpu_seconds"], run["returns"], color="C0", alpha=0.5)
                panel.plot(run["cpu_seconds"][-1], run["gymnasium"], "o", color="C1", markersize=4)
        threshold = gym.spec(environment).reward_threshold
        if threshold is not None:
            panel.axhline(threshold, color="grey", linestyle=":")
        panel.set(title=environment, xlim=(0, None))
        if place > len(environments) - columns:
            panel.set_xlabel("CPU seconds")
        panel.grid(alpha=0.3)
    if len(environments) % 2 == 1 and len(environments) > 1:  # in the place of an empty panel
        legend = figure.add_subplot(lines, columns, lines * columns)
        legend.set_axis_off()
        legend.plot([], [], color="C0", alpha=0.5, label="a run, in training")
        legend.plot([], [], "o", color="C1", markersize=4, label="its return in Gymnasium")
        legend.plot([], [], color="grey", linestyle=":", label="Gymnasium's threshold")
        legend.legend(loc="center", fontsize="small", frameon=False)
    figure.supylabel("mean return")
    figure.savefig(path, dpi=200)


if __name__ == "__main__":
    main()
