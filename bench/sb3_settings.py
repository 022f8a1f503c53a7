"""Find settings of Stable-Baselines3's PPO for many envs; compare them with the RL Zoo's and with examples/ppo.py.

    make test-integrations
    build/integrations/bin/python bench/sb3_settings.py --search --json docs/sb3_settings.json LunarLander-v3
    build/integrations/bin/python bench/sb3_settings.py --json docs/sb3_settings.json LunarLander-v3

`--search` is a successive halving: it runs each of CANDIDATES with one seed, keeps the faster half, runs those with the
next seed, keeps the half that is faster in all runs so far, and so on. It ends runs that take three times as long as
the fastest one. The comparison takes the winner from the file, or the first candidate. Its contenders take turns: other
programs on the machine slow all of them down.

Each run is a new process in which torch has one thread. It ends once the policy without noise reaches Gymnasium's
threshold, or after `--cap` seconds. Judgements follow rollouts, with BipedalWalker at least 65,536 steps apart. The
judge is Gymnasium's own environment, in 100 new episodes; it is asked only if 100 episodes of Operant's have passed,
because those take no time. Judgements and imports do not count. examples/ppo.py runs as it is: its own judgements
count, and Gymnasium's environment judges it once, at the end.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from training_times import ONE_THREAD, run as run_example, threshold

from operant.cli.machine import machine

# "lin_" is a value that falls to 0 over n_timesteps. "normalize" are the arguments of VecNormalize. The rest is PPO's.
MANY = {"vf_coef": 0.25, "normalize": {"norm_obs": False}, "hidden": 64, "activation": "ReLU"}
CARTPOLE = MANY | {"n_timesteps": 200_000}
ACROBOT = MANY | {"n_timesteps": 1_000_000, "ent_coef": 0.01, "gae_lambda": 0.94}
PENDULUM = MANY | {"n_timesteps": 600_000, "gamma": 0.9, "n_epochs": 10}
LANDER = MANY | {"n_timesteps": 1_500_000, "gamma": 0.997, "gae_lambda": 0.97, "hidden": 32}
WALKER = MANY | {"n_timesteps": 5_000_000, "gamma": 0.995, "log_std_init": -0.5, "normalize": {}}


def size(n_envs: int, n_steps: int, batch_size: int, n_epochs: int, learning_rate: float) -> dict[str, Any]:
    """Name the settings that decide how large the updates are and how many."""
    return {"n_envs": n_envs, "n_steps": n_steps, "batch_size": batch_size, "n_epochs": n_epochs} | {
        "lin_learning_rate": learning_rate
    }


CANDIDATES: dict[str, list[dict[str, Any]]] = {
    "CartPole-v1": [
        CARTPOLE | size(64, 64, 512, 4, 4e-3) | {"ent_coef": 0.01},
        CARTPOLE | size(64, 32, 512, 8, 4e-3),
        CARTPOLE | size(32, 32, 256, 10, 4e-3) | {"gamma": 0.98, "gae_lambda": 0.8},
        CARTPOLE | size(32, 32, 256, 10, 4e-3) | {"gamma": 0.98, "gae_lambda": 0.8, "normalize": None},
        CARTPOLE | size(64, 16, 512, 10, 6e-3) | {"gamma": 0.98, "gae_lambda": 0.8},
    ],
    "Acrobot-v1": [
        ACROBOT | size(64, 64, 512, 4, 4e-3),
        ACROBOT | size(64, 128, 1024, 4, 4e-3),
        ACROBOT | size(128, 64, 1024, 4, 4e-3),
        ACROBOT | size(256, 64, 2048, 4, 6e-3),
        ACROBOT | size(32, 128, 512, 4, 3e-3) | {"normalize": {}},
    ],
    "Pendulum-v1": [
        PENDULUM | size(32, 200, 128, 10, 1e-3) | {"gamma": 0.95},
        PENDULUM | size(32, 128, 256, 10, 2e-3),
        PENDULUM | size(32, 128, 256, 10, 2e-3) | {"use_sde": True, "sde_sample_freq": 4, "activation": "Tanh"},
        PENDULUM | size(64, 64, 512, 10, 3e-3),
        PENDULUM | size(64, 100, 256, 10, 2e-3) | {"activation": "Tanh"},
    ],
    "LunarLander-v3": [
        LANDER | size(64, 128, 512, 2, 4e-3),
        LANDER | size(128, 64, 512, 2, 4e-3),
        LANDER | size(128, 128, 1024, 3, 6e-3),
        LANDER | size(256, 64, 1024, 3, 6e-3),
        LANDER | size(64, 128, 1024, 4, 4e-3),
    ],
    "BipedalWalker-v3": [
        WALKER | size(128, 128, 2048, 4, 2e-3),
        WALKER | size(128, 128, 2048, 6, 2e-3),
        WALKER | size(64, 256, 2048, 4, 3e-3),
        WALKER | size(64, 256, 2048, 4, 2e-3),
    ],
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
# Steps between two judgements. Those of walkers take long, and this is the number of steps of the RL Zoo's rollout.
LEAST_STEPS = {"BipedalWalker-v3": 65_536}
EXAMPLE = "examples/ppo.py"
CONTENDERS = (EXAMPLE, "Operant", "DummyVecEnv", "SubprocVecEnv")


def ppo(env_id: str, settings: dict[str, Any], vec_env: str, seed: int, **options: Any) -> Any:
    """Make Stable-Baselines3's PPO and its environment."""
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.vec_env import SubprocVecEnv, VecNormalize

    from operant.adapters.sb3 import make_vec_env as make_operant

    settings = {name: value for name, value in settings.items() if name != "n_timesteps"}
    if vec_env == "SubprocVecEnv":
        # A forked process has already imported torch, and its processor time is known.
        options |= {"vec_env_cls": SubprocVecEnv, "vec_env_kwargs": {"start_method": "fork"}}
    make = make_operant if vec_env == "Operant" else make_vec_env
    env: Any = make(env_id, settings.pop("n_envs"), seed, **options)
    normalize = settings.pop("normalize", None)
    if normalize is not None:
        env = VecNormalize(env, gamma=settings.get("gamma", 0.99), **normalize)
    kwargs: dict[str, Any] = {}
    if "hidden" in settings:
        units = settings.pop("hidden")
        kwargs = {"net_arch": [units, units], "activation_fn": getattr(torch.nn, settings.pop("activation"))}
    if "log_std_init" in settings:
        kwargs["log_std_init"] = settings.pop("log_std_init")
    for name in [name for name in settings if name.startswith("lin_")]:
        start = settings.pop(name)
        settings[name.removeprefix("lin_")] = lambda left, start=start: start * left
    return PPO("MlpPolicy", env, seed=seed, device="cpu", policy_kwargs=kwargs, **settings)


def policy_network(model: Any) -> Any:
    """Return the network of a policy."""
    import torch

    return torch.nn.Sequential(*model.policy.mlp_extractor.policy_net, model.policy.action_net)


def train(env_id: str, settings: dict[str, Any], vec_env: str, seed: int, cap: float, cap_cpu: float) -> dict[str, Any]:
    """Train until the environment is solved. Return wall time, processor time, steps, and mean return."""
    import torch
    import torch._dynamo  # before the clock starts
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.evaluation import evaluate_policy
    from stable_baselines3.common.vec_env import VecNormalize

    import operant.adapters.sb3  # noqa: F401 (before the clock starts)
    from operant.policies import MLP

    torch.set_num_threads(1)
    solved, normalize = threshold(env_id), settings.get("normalize")
    quick: Any = gym.make_vec(f"operant/{env_id}", num_envs=100)
    judge: Any = make_vec_env(env_id, 100, 10_000 + seed)
    if normalize is not None:
        judge = VecNormalize(judge, training=False, **normalize | {"norm_reward": False})
    began, began_cpu = time.perf_counter(), time.process_time()
    judging = judging_cpu = 0.0
    model = ppo(env_id, settings, vec_env, seed)
    env = model.get_env()

    class Judged(BaseCallback):
        """Ends the training once the policy without noise is good enough, or after the time."""

        mean, judged = -np.inf, 0

        def _on_step(self) -> bool:
            wall, cpu = time.perf_counter() - began - judging, time.process_time() - began_cpu - judging_cpu
            return self.mean < solved and wall < cap and cpu < cap_cpu

        def _on_rollout_start(self) -> None:
            nonlocal judging, judging_cpu
            if self.num_timesteps - self.judged < LEAST_STEPS.get(env_id, 0):
                return
            self.judged = self.num_timesteps
            since, since_cpu = time.perf_counter(), time.process_time()
            scaling = {}
            if normalize is not None and env.norm_obs:
                judge.obs_rms = env.obs_rms
                scaling = {"observation_mean": env.obs_rms.mean, "observation_variance": env.obs_rms.var}
            policy = MLP.from_torch(policy_network(model), **scaling)
            self.mean = float(quick.evaluate(policy, seed=10_000_000 * (seed + 1) + self.num_timesteps).returns.mean())
            if self.mean >= solved:
                self.mean = float(evaluate_policy(model, judge, 100, warn=False)[0])
            judging += time.perf_counter() - since
            judging_cpu += time.process_time() - since_cpu

    judged = Judged()
    model.learn(settings["n_timesteps"], callback=judged)
    wall, cpu = time.perf_counter() - began - judging, time.process_time() - began_cpu - judging_cpu
    env.close()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu += children.ru_utime + children.ru_stime
    return {"wall": wall, "cpu": cpu, "steps": model.num_timesteps, "mean": judged.mean}


def run(
    env_id: str, settings: dict[str, Any], vec_env: str, seed: int, cap: float, cap_cpu: float = np.inf
) -> dict[str, Any]:
    """Train in a new process."""
    task = json.dumps([env_id, settings, vec_env, seed, cap, cap_cpu])
    done = subprocess.run([sys.executable, __file__, "--run", task], env=ONE_THREAD, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{env_id}, {vec_env}, seed {seed}:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    result |= {"env_id": env_id, "seed": seed, "solved": result["mean"] >= threshold(env_id)}
    print(vec_env, result, file=sys.stderr, flush=True)
    return result


def search(env_id: str, cap: float, jobs: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Run all candidates with one seed, the faster half with the next one, and so on. Return the runs and the best."""
    left, runs, seed = CANDIDATES[env_id], [], 100  # other seeds than those of the comparison
    totals = np.zeros(len(left))
    while len(left) > 1:
        times: list[float] = []

        def try_out(settings: dict[str, Any], seed: int = seed, times: list[float] = times) -> dict[str, Any]:
            found = run(env_id, settings, "Operant", seed, cap, cap_cpu=3 * min([np.inf, *times]))
            times.append(found["cpu"] if found["solved"] else np.inf)
            return {"settings": settings} | found

        with ThreadPoolExecutor(jobs) as pool:
            found = list(pool.map(try_out, left))
        runs += found
        totals += [one["cpu"] if one["solved"] else np.inf for one in found]
        fastest = np.argsort(totals)[: len(left) // 2]
        left, totals = [left[i] for i in fastest], totals[fastest]
        seed += 1
    return runs, left[0]


def compare(
    env_id: str, best: dict[str, Any], contenders: Sequence[str], seed: int, cap: float
) -> list[dict[str, Any]]:
    """Run the contenders in turn."""
    runs = []
    for contender in contenders:
        settings = best if contender == "Operant" else ZOO[env_id]
        found = run_example(env_id, seed) if contender == EXAMPLE else run(env_id, settings, contender, seed, cap)
        runs.append({"contender": contender, "cap": cap} | found)
    return runs


def main() -> None:
    """Search or compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("env_ids", nargs="*", metavar="ENV", help="default: all")
    parser.add_argument("--search", action="store_true", help="search for settings instead of comparing them")
    parser.add_argument("--jobs", type=int, default=1, help="candidates that a search runs at a time (default: 1)")
    parser.add_argument("--seeds", type=int, default=3, help="number of runs of each contender (default: 3)")
    parser.add_argument("--zoo-seeds", type=int, help="another number for the RL Zoo's settings")
    parser.add_argument("--cap", type=float, default=600, help="seconds of wall time at most (default: 600)")
    parser.add_argument("--json", type=Path, default="docs/sb3_settings.json", help="the results of all runs")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run is not None:
        print(json.dumps(train(*json.loads(arguments.run))))
        return
    for env_id in arguments.env_ids or list(ZOO):
        if arguments.search:
            runs, best = search(env_id, arguments.cap, arguments.jobs)
            write(arguments.json, env_id, "search", runs, best)
            continue
        best = read(arguments.json)["best"].get(env_id, CANDIDATES[env_id][0])
        zoo_seeds = arguments.seeds if arguments.zoo_seeds is None else arguments.zoo_seeds
        runs = []
        for seed in range(1, arguments.seeds + 1):
            contenders = CONTENDERS if seed <= zoo_seeds else CONTENDERS[:2]
            runs += compare(env_id, best, contenders, seed, arguments.cap)
            write(arguments.json, env_id, "results", runs, best)


def read(path: Path) -> dict[str, Any]:
    """Read the results so far."""
    empty: dict[str, Any] = {"best": {}, "search": [], "results": []}
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else empty


def write(path: Path, env_id: str, part: str, runs: list[dict[str, Any]], best: dict[str, Any]) -> None:
    """Replace the results of an environment."""
    written = read(path) | {"machine": machine(), "zoo": ZOO}
    runs = [one for one in written[part] if one["env_id"] != env_id] + runs
    written[part] = sorted(runs, key=lambda one: list(ZOO).index(one["env_id"]))
    written["best"][env_id] = best
    path.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
