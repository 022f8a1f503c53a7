"""Measure the time that examples/ppo.py takes to learn each environment, as judged by Gymnasium's own environments.

    make test-integrations
    build/integrations/bin/python bench/training_times.py --seeds 10 --json times.json
    build/integrations/bin/python bench/training_times.py LunarLander-v3 --stable-baselines3

Each run is a new process with one thread, and its time is the processor time of training without the imports, with the
judgements that end it. Then the best policy plays 100 new episodes in Gymnasium's environment. `--stable-baselines3`
runs its PPO as well, with the settings of the RL Zoo on its own environments, in turn; its judgements do not count.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "ppo.py"
# Gymnasium's thresholds. Pendulum has none; its best possible mean return is about -140.
SOLVED = {
    "CartPole-v1": 475,
    "Acrobot-v1": -100,
    "MountainCarContinuous-v0": 90,
    "Pendulum-v1": -200,
    "LunarLander-v3": 200,
    "LunarLanderContinuous-v3": 200,
    "BipedalWalker-v3": 300,
}
# The RL Zoo's settings for LunarLander (rl-baselines3-zoo, hyperparams/ppo.yml).
ZOO = {"n_steps": 1024, "batch_size": 64, "gae_lambda": 0.98, "gamma": 0.999, "n_epochs": 4, "ent_coef": 0.01}


def stable_baselines3(env_id: str, seed: int) -> tuple[float, float]:
    """Train its PPO for at most a million steps. Return processor time and mean return in Gymnasium's environment."""
    import torch
    import torch._dynamo  # before the clock starts
    from stable_baselines3 import PPO
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.evaluation import evaluate_policy

    from operant.adapters.sb3 import make_vec_env as make_judge

    torch.set_num_threads(1)
    judge = make_judge(env_id, 64, seed + 1000)
    judging = 0.0

    class Judged(BaseCallback):
        """Ends the training once the policy without noise is good enough."""

        def _on_step(self) -> bool:
            return not is_good

        def _on_rollout_start(self) -> None:
            nonlocal judging, is_good
            began = time.process_time()
            recent = [one["r"] for one in self.model.ep_info_buffer]
            if recent and np.mean(recent) >= 150:
                is_good = evaluate_policy(self.model, judge, 128)[0] >= 215
            judging += time.process_time() - began

    is_good = False
    model = PPO("MlpPolicy", make_vec_env(env_id, 16, seed), **ZOO, seed=seed, device="cpu")
    began = time.process_time()
    model.learn(1_000_000, callback=Judged())
    spent = time.process_time() - began - judging
    mean, _ = evaluate_policy(model, make_vec_env(env_id, 1, 100_000 + seed), 100)
    return spent, float(mean)


def run(contender: str, env_id: str, seed: int) -> dict[str, Any]:
    """Run a contender in a new process."""
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [sys.executable, str(EXAMPLE), env_id, "--seed", str(seed), "--quiet"]
    if contender != "Operant":
        command = [sys.executable, __file__, env_id, "--run", str(seed)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{contender}, {env_id}, seed {seed}:\n{done.stderr}")
    seconds, mean = re.findall(r"trained in (\S+) s.*?(\S+)\s*\Z", done.stdout, re.DOTALL)[0]
    result = {"contender": contender, "env_id": env_id, "seed": seed, "seconds": float(seconds), "mean": float(mean)}
    print(result, file=sys.stderr, flush=True)
    return result


def main() -> None:
    """Run all seeds, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("env_ids", nargs="*", metavar="ENV", help="default: all")
    parser.add_argument("--seeds", type=int, default=5, help="number of runs of each (default: 5)")
    parser.add_argument("--stable-baselines3", action="store_true", help="run Stable-Baselines3 too; LunarLander alone")
    parser.add_argument("--json", type=Path, help="write the results of all runs")
    parser.add_argument("--run", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    env_ids = arguments.env_ids or list(SOLVED)
    if arguments.run is not None:
        seconds, mean = stable_baselines3(env_ids[0], arguments.run)
        print(f"trained in {seconds:.2f} s of processor time\n{mean}")
        return
    if arguments.stable_baselines3 and any(not one.startswith("LunarLander") for one in env_ids):
        parser.error("--stable-baselines3: there are settings for LunarLander alone")
    contenders = ["Operant"] + ["Stable-Baselines3"] * arguments.stable_baselines3
    seeds = range(1, arguments.seeds + 1)
    runs = [run(name, env_id, seed) for env_id in env_ids for seed in seeds for name in contenders]
    if arguments.json:
        arguments.json.write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")
    print("| | solved is a mean return of | seeds that solve it | processor time, s: median (lowest - highest) |")
    print("|---|---|---|---|")
    for env_id in env_ids:
        for name in contenders:
            own = [one for one in runs if (one["contender"], one["env_id"]) == (name, env_id)]
            low, middle, high = np.quantile([one["seconds"] for one in own], (0, 0.5, 1))
            solved = sum(one["mean"] >= SOLVED[env_id] for one in own)
            label = f"`{env_id}`" + f", {name}" * (len(contenders) > 1)
            print(f"| {label} | {SOLVED[env_id]} | {solved} of {len(own)} | {middle:.1f} ({low:.1f} - {high:.1f}) |")


if __name__ == "__main__":
    main()
