"""Measure the time that examples/ppo.py takes to learn each environment, as judged by Gymnasium's own environments.

    make test-integrations
    build/integrations/bin/python bench/training_times.py --seeds 10 --json docs/training_times.json

Each run is a new process with one thread, and its time is the processor time of training without the imports, with the
judgements that end it. Then the best policy plays 100 new episodes in Gymnasium's environment.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from operant.cli.machine import machine

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "ppo.py"
ENV_IDS = ["CartPole-v1", "Acrobot-v1", "MountainCarContinuous-v0", "Pendulum-v1"]
ENV_IDS += ["LunarLander-v3", "LunarLanderContinuous-v3", "BipedalWalker-v3"]
ONE_THREAD = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def threshold(env_id: str) -> float:
    """Return the mean return that solves an environment for Gymnasium. It has none for Pendulum, whose best is -140."""
    return gym.spec(env_id).reward_threshold or {"Pendulum-v1": -200.0}[env_id]


def run(env_id: str, seed: int, curves: Path | None = None) -> dict[str, Any]:
    """Run the example in a new process. It writes its learning curve to a directory."""
    command = [sys.executable, str(EXAMPLE), env_id, "--seed", str(seed), "--quiet"]
    if curves is not None:
        curves.mkdir(exist_ok=True)
        command += ["--csv", str(curves / f"{env_id.lower()}-seed-{seed}.csv")]
    done = subprocess.run(command, env=ONE_THREAD, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{env_id}, seed {seed}:\n{done.stderr}")
    found = re.search(r"trained in (\S+) s, (\S+) s of.*?(\S+)\s*\Z", done.stdout, re.DOTALL)
    wall, cpu, mean = (float(one) for one in found.groups())  # type: ignore[union-attr]
    result = {"env_id": env_id, "seed": seed, "wall": wall, "cpu": cpu, "mean": mean}
    result["solved"] = mean >= threshold(env_id)
    print(result, file=sys.stderr, flush=True)
    return result


def main() -> None:
    """Run all seeds, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("env_ids", nargs="*", metavar="ENV", help="default: all")
    parser.add_argument("--seeds", type=int, default=5, help="number of runs of each (default: 5)")
    parser.add_argument("--json", type=Path, help="write the results of all runs; those of other environments stay")
    parser.add_argument("--curves", type=Path, help="write the learning curves to this directory, for `operant plot`")
    arguments = parser.parse_args()
    env_ids = arguments.env_ids or ENV_IDS
    runs = [run(env_id, seed, arguments.curves) for env_id in env_ids for seed in range(1, arguments.seeds + 1)]
    if arguments.json:
        former = json.loads(arguments.json.read_text(encoding="utf-8")) if arguments.json.exists() else {"results": []}
        others = [one for one in former["results"] if one["env_id"] not in env_ids]
        runs = sorted(others + runs, key=lambda one: ENV_IDS.index(one["env_id"]))
        written = {"machine": machine(), "solved": {env_id: threshold(env_id) for env_id in ENV_IDS}, "results": runs}
        arguments.json.write_text(json.dumps(written) + "\n", encoding="utf-8")
    print(f"{'':26}{'solved':10}processor time, s: median (lowest - highest)")
    for env_id in dict.fromkeys(one["env_id"] for one in runs):
        own = [one for one in runs if one["env_id"] == env_id]
        low, middle, high = np.quantile([one["cpu"] for one in own], (0, 0.5, 1))
        solved = f"{sum(one['solved'] for one in own)} of {len(own)}"
        print(f"{env_id:26}{solved:10}{middle:.1f} ({low:.1f} - {high:.1f})")


if __name__ == "__main__":
    main()
