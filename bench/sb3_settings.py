"""Compare settings of Stable-Baselines3's PPO for many envs of Operant with those of the RL Zoo on Gymnasium's envs.

    make test-integrations
    build/integrations/bin/python bench/sb3_settings.py --seeds 3 --cap 60 --json docs/sb3_settings.json
    build/integrations/bin/python bench/sb3_settings.py LunarLander-v3 --search 20

Each run is a new process with one thread. It ends once the policy without noise reaches Gymnasium's threshold in 100
new episodes, or after `--cap` seconds of processor time. Judgements and imports do not count. The contenders take
turns: other programs on the machine slow all of them down. `--search` tries random changes of SETTINGS.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from operant.cli.machine import machine

# Gymnasium's thresholds. Pendulum has none; its best possible mean return is about -140.
SOLVED = {"CartPole-v1": 475, "Acrobot-v1": -100, "Pendulum-v1": -200, "LunarLander-v3": 200, "BipedalWalker-v3": 300}

# "lin" is a value that falls to 0 over n_timesteps. "normalize" are the arguments of VecNormalize. The rest is PPO's.
COMMON = {"vf_coef": 0.25, "normalize": {"norm_obs": False}, "n_epochs": 4, "hidden": 64, "activation": "ReLU"}
SETTINGS: dict[str, dict[str, Any]] = {
    "CartPole-v1": COMMON
    | {"n_envs": 64, "n_steps": 64, "batch_size": 512, "lin_learning_rate": 4e-3, "n_timesteps": 500_000},
    "Acrobot-v1": COMMON
    | {"n_envs": 64, "n_steps": 64, "batch_size": 512, "lin_learning_rate": 4e-3, "n_timesteps": 1_000_000}
    | {"ent_coef": 0.01},
    "Pendulum-v1": COMMON
    | {"n_envs": 32, "n_steps": 200, "batch_size": 128, "lin_learning_rate": 1e-3, "n_timesteps": 600_000}
    | {"gamma": 0.95, "n_epochs": 10},
    "LunarLander-v3": COMMON
    | {"n_envs": 64, "n_steps": 128, "batch_size": 512, "lin_learning_rate": 4e-3, "n_timesteps": 1_500_000}
    | {"gamma": 0.997, "gae_lambda": 0.97, "n_epochs": 2, "hidden": 32},
    "BipedalWalker-v3": COMMON
    | {"n_envs": 64, "n_steps": 256, "batch_size": 1024, "lin_learning_rate": 2e-3, "n_timesteps": 8_000_000}
    | {"gamma": 0.995, "log_std_init": -0.5, "normalize": {}},
}
# rl-baselines3-zoo, hyperparams/ppo.yml. The lander's are those of LunarLander-v2.
ZOO: dict[str, dict[str, Any]] = {
    "CartPole-v1": {"n_envs": 8, "n_timesteps": 100_000, "n_steps": 32, "batch_size": 256, "gae_lambda": 0.8}
    | {"gamma": 0.98, "n_epochs": 20, "lin_learning_rate": 0.001, "lin_clip_range": 0.2},
    "Acrobot-v1": {"n_envs": 16, "n_timesteps": 1_000_000, "n_steps": 256, "gae_lambda": 0.94, "n_epochs": 4}
    | {"normalize": {}},
    "Pendulum-v1": {"n_envs": 4, "n_timesteps": 100_000, "n_steps": 1024, "gamma": 0.9, "learning_rate": 1e-3}
    | {"use_sde": True, "sde_sample_freq": 4},
    "LunarLander-v3": {"n_envs": 16, "n_timesteps": 1_000_000, "n_steps": 1024, "batch_size": 64, "gae_lambda": 0.98}
    | {"gamma": 0.999, "n_epochs": 4, "ent_coef": 0.01},
    "BipedalWalker-v3": {"n_envs": 32, "n_timesteps": 5_000_000, "n_steps": 2048, "batch_size": 64, "gamma": 0.999}
    | {"learning_rate": 3e-4, "clip_range": 0.18, "normalize": {}},
}
CONTENDERS = ("these settings, Operant", "RL Zoo, DummyVecEnv", "RL Zoo, SubprocVecEnv")
# Values that a search tries instead.
CHANGES = {
    "n_envs": [32, 64, 128, 256],
    "n_steps": [32, 64, 128, 256],
    "batch_size": [256, 512, 1024, 2048],
    "n_epochs": [2, 4, 8],
    "lin_learning_rate": [1e-3, 2e-3, 3e-3, 4e-3, 6e-3],
    "gae_lambda": [0.9, 0.95, 0.97],
    "ent_coef": [0.0, 0.01],
    "hidden": [32, 64],
}


def train(env_id: str, settings: dict[str, Any], vec_env: str, seed: int, cap: float) -> dict[str, Any]:
    """Train until the environment is solved. Return wall time, processor time, steps, and mean return."""
    import torch
    import torch._dynamo  # before the clock starts
    from stable_baselines3 import PPO
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.evaluation import evaluate_policy
    from stable_baselines3.common.vec_env import SubprocVecEnv, VecNormalize

    from operant.adapters.sb3 import make_vec_env as make_operant

    torch.set_num_threads(1)
    settings = settings.copy()
    judge: Any = make_operant(env_id, 100, seed + 1000)
    began, began_cpu = time.perf_counter(), time.process_time()
    judging = judging_cpu = 0.0
    kind = {"vec_env_cls": SubprocVecEnv} if vec_env == "SubprocVecEnv" else {}
    make = make_operant if vec_env == "Operant" else make_vec_env
    env: Any = make(env_id, settings.pop("n_envs"), seed, **kind)
    normalize = settings.pop("normalize", None)
    if normalize is not None:
        env = VecNormalize(env, gamma=settings.get("gamma", 0.99), **normalize)
        judge = VecNormalize(judge, training=False, norm_reward=False, **normalize)

    class Judged(BaseCallback):
        """Ends the training once the policy without noise is good enough, or after the time."""

        mean = -np.inf

        def _on_step(self) -> bool:
            return self.mean < SOLVED[env_id] and time.process_time() - began_cpu - judging_cpu < cap

        def _on_rollout_start(self) -> None:
            nonlocal judging, judging_cpu
            since, since_cpu = time.perf_counter(), time.process_time()
            recent = [one["r"] for one in self.model.ep_info_buffer]
            if recent and np.mean(recent) >= SOLVED[env_id] - 0.3 * abs(SOLVED[env_id]):
                if normalize is not None and env.norm_obs:
                    judge.obs_rms = env.obs_rms
                self.mean = float(evaluate_policy(self.model, judge, 100, warn=False)[0])
            judging += time.perf_counter() - since
            judging_cpu += time.process_time() - since_cpu

    steps = settings.pop("n_timesteps")
    policy: dict[str, Any] = {}
    if "hidden" in settings:
        size = settings.pop("hidden")
        policy = {"net_arch": [size, size], "activation_fn": getattr(torch.nn, settings.pop("activation"))}
    if "log_std_init" in settings:
        policy["log_std_init"] = settings.pop("log_std_init")
    for name in [name for name in settings if name.startswith("lin_")]:
        start = settings.pop(name)
        settings[name.removeprefix("lin_")] = lambda left, start=start: start * left
    model = PPO("MlpPolicy", env, seed=seed, device="cpu", policy_kwargs=policy, **settings)
    judged = Judged()
    model.learn(steps, callback=judged)
    wall, cpu = time.perf_counter() - began - judging, time.process_time() - began_cpu - judging_cpu
    env.close()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu += children.ru_utime + children.ru_stime
    return {"wall": wall, "cpu": cpu, "steps": model.num_timesteps, "mean": judged.mean}


def run(env_id: str, settings: dict[str, Any], vec_env: str, seed: int, cap: float) -> dict[str, Any]:
    """Train in a new process."""
    task = json.dumps([env_id, settings, vec_env, seed, cap])
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run([sys.executable, __file__, "--run", task], env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{env_id}, {vec_env}, seed {seed}:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    result |= {"env_id": env_id, "seed": seed, "solved": result["mean"] >= SOLVED[env_id]}
    print(vec_env, result, file=sys.stderr, flush=True)
    return result


def search(env_id: str, trials: int, seeds: int, cap: float) -> None:
    """Try random changes of the best settings so far, and print those that solve with less processor time."""
    best, least = SETTINGS[env_id], np.inf
    choose = random.Random(0)
    for trial in range(trials):
        names = choose.sample(list(CHANGES), 2) if trial else []
        settings = best | {name: choose.choice(CHANGES[name]) for name in names}
        runs = [run(env_id, settings, "Operant", seed, min(cap, 2 * least)) for seed in range(1, seeds + 1)]
        median = float(np.median([one["cpu"] if one["solved"] else np.inf for one in runs]))
        if median < least:
            best, least = settings, median
            print(f"{median:.1f} s of processor time: {settings}", flush=True)


def compare(env_ids: list[str], seeds: int, cap: float, path: Path | None) -> None:
    """Run all contenders in turn, and print a table."""
    runs = []
    for env_id in env_ids:
        for seed in range(1, seeds + 1):
            for name in CONTENDERS:
                settings = (SETTINGS if name.endswith("Operant") else ZOO)[env_id]
                runs.append({"contender": name} | run(env_id, settings, name.split()[-1], seed, cap))
    if path:
        path.write_text(json.dumps({"machine": machine(), "cap": cap, "results": runs}) + "\n", encoding="utf-8")
    print("| | | solved | steps, median | wall time, s: median (lowest - highest) | processor time, s |")
    print("|---|---|---|---|---|---|")
    for env_id in env_ids:
        for name in CONTENDERS:
            own = [one for one in runs if (one["contender"], one["env_id"]) == (name, env_id)]
            cells = []
            for key in ("wall", "cpu"):
                low, middle, high = np.quantile([one[key] for one in own], (0, 0.5, 1))
                cells.append(f"{middle:.1f} ({low:.1f} - {high:.1f})")
            solved, steps = sum(one["solved"] for one in own), int(np.median([one["steps"] for one in own]))
            print(f"| `{env_id}` | {name} | {solved} of {len(own)} | {steps:,} | {cells[0]} | {cells[1]} |")


def main() -> None:
    """Compare or search."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("env_ids", nargs="*", metavar="ENV", help="default: all")
    parser.add_argument("--seeds", type=int, default=3, help="number of runs of each (default: 3)")
    parser.add_argument("--cap", type=float, default=600, help="seconds of processor time at most (default: 600)")
    parser.add_argument("--json", type=Path, help="write the results of all runs")
    parser.add_argument("--search", type=int, metavar="TRIALS", help="search for settings instead of comparing them")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run is not None:
        print(json.dumps(train(*json.loads(arguments.run))))
        return
    env_ids = arguments.env_ids or list(SOLVED)
    if arguments.search is None:
        compare(env_ids, arguments.seeds, arguments.cap, arguments.json)
    else:
        for env_id in env_ids:
            search(env_id, arguments.search, arguments.seeds, arguments.cap)


if __name__ == "__main__":
    main()
