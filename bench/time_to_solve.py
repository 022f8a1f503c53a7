"""Measure the time in which PPO of several libraries solves CartPole and LunarLander, with Operant and without.

    make test-integrations
    build/integrations/bin/python bench/time_to_solve.py --json docs/time_to_solve.json
    build/integrations/bin/python bench/time_to_solve.py LunarLander-v3 --only skrl CleanRL --budget 300

The contenders are examples/ppo.py; Stable-Baselines3, CleanRL, skrl and TorchRL, each on Operant in float64 and on
Gymnasium; and JAX as in PureJaxRL. In float64, Operant's trajectories are Gymnasium's. Stable-Baselines3 has the
settings of the RL Zoo, the others have their own (DEFAULTS in bench/libraries.py, and bench/ppo_jax.py).

Each run is a new process with one thread. Its clock counts the processor time of training, including compilation by
JAX, but not the imports. The clock stops for each evaluation of the policy: 100 episodes without noise in the actions,
with seeds that training does not use. Evaluations follow updates, on LunarLander at least 4,096 steps apart, and with
JAX every tenth update. A run ends when an evaluation reaches Gymnasium's threshold, or after `--budget` seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from libraries import DEFAULTS, LIBRARIES, Task
from sb3_settings import ZOO, policy_network, ppo
from training_times import EXAMPLE, ONE_THREAD, threshold

from operant.cli.machine import machine
from operant.policies import MLP

CARTPOLE, LANDER = "CartPole-v1", "LunarLander-v3"
LEAST_STEPS = {CARTPOLE: 0, LANDER: 4_096}  # between two evaluations
BUDGET = {CARTPOLE: 60.0, LANDER: 20.0}  # seconds
# Learning rates fall over these numbers of steps: CleanRL's default, and the million of TorchRL's tutorial.
STEPS = {"CleanRL": 500_000, "TorchRL": 1_000_000, "skrl": 1_000_000}


class Solved(Exception):  # noqa: N818 (not an error)
    """Raised to end a training loop."""


class Judge:
    """Evaluates policies, and measures the training time between the evaluations."""

    def __init__(self, env_id: str, seed: int, budget: float) -> None:
        """Make the environment of the evaluations."""
        self.env_id, self.seed, self.budget = env_id, seed, budget
        self._env: Any = gym.make_vec(f"operant:operant/{env_id}", num_envs=100)
        self._threshold = threshold(env_id)
        self.result: dict[str, Any] = {"cpu": 0.0, "steps": 0, "mean": -np.inf, "solved": False}
        self._judging = self._started = 0.0

    def start(self) -> None:
        """Start the clock."""
        self._started = time.process_time()

    def of(self, policy: Callable[[], MLP], steps: int) -> None:
        """Evaluate a policy. Raises Solved if it solves the environment or the budget is spent."""
        now = time.process_time()
        cpu = now - self._started - self._judging
        if cpu < self.budget and steps - self.result["steps"] < LEAST_STEPS[self.env_id]:
            return
        mean = float(self._env.evaluate(policy(), seed=1_000_000 * (self.seed + 1)).returns.mean())
        self.result = {"cpu": cpu, "steps": steps, "mean": mean, "solved": mean >= self._threshold}
        self._judging += time.process_time() - now
        if self.result["solved"] or cpu > self.budget:
            raise Solved


def operants_example(judge: Judge) -> None:
    """Run examples/ppo.py."""
    spec = importlib.util.spec_from_file_location("ppo", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    example = sys.modules["ppo"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    steps, original = 0, example.update

    def update(agent: Any, optimizer: Any, batch: Any, settings: Any) -> None:
        nonlocal steps
        original(agent, optimizer, batch, settings)
        steps += settings.num_envs * settings.num_steps
        judge.of(agent.without_noise, steps)

    example.update = update
    judge.start()
    example.train(judge.env_id, judge.seed, quiet=True)


def stable_baselines3(ours: bool, judge: Judge) -> None:
    """Run Stable-Baselines3 with the settings of the RL Zoo, on its own vector environment or on Operant's."""
    from stable_baselines3.common.callbacks import BaseCallback

    import operant.adapters.sb3  # noqa: F401 (before the clock starts)

    class Judged(BaseCallback):
        def _on_step(self) -> bool:
            return True

        def _on_rollout_start(self) -> None:
            judge.of(lambda: MLP.from_torch(policy_network(self.model)), self.num_timesteps)

    settings, options = ZOO[judge.env_id], {"env_kwargs": {"dtype": np.float64}} if ours else {}
    judge.start()
    model = ppo(judge.env_id, settings, "Operant" if ours else "DummyVecEnv", judge.seed, **options)
    model.learn(settings["n_timesteps"], callback=Judged())


def library(name: str, ours: bool, judge: Judge) -> None:
    """Run one of bench/libraries.py."""

    def updated(network: Any, steps: int) -> None:
        judge.of(lambda: MLP.from_torch(network), steps)

    train, _ = LIBRARIES[name](Task(ours, DEFAULTS[name], STEPS[name], judge.seed, judge.env_id, updated))
    judge.start()
    train()


def purejaxrl(judge: Judge) -> None:
    """Run PPO and CartPole as one compiled function, with the defaults of PureJaxRL's ppo.py."""
    from ppo_jax import train

    def of(weights: Sequence[Any], biases: Sequence[Any], steps: int) -> None:
        judge.of(lambda: MLP([np.asarray(one) for one in weights], [np.asarray(one) for one in biases], "tanh"), steps)

    judge.start()
    train(judge.seed, of)


def contenders() -> dict[str, Callable[[Judge], None]]:
    """Return the functions that train, with Operant and without it in turn."""
    found: dict[str, Callable[[Judge], None]] = {"examples/ppo.py": operants_example}
    trained = {"Stable-Baselines3": stable_baselines3} | {name: partial(library, name) for name in STEPS}
    for name, train in trained.items():
        found |= {f"{name}, Operant": partial(train, True), f"{name}, Gymnasium": partial(train, False)}
    return found | {"JAX, as in PureJaxRL": purejaxrl}


CONTENDERS = contenders()


def run(name: str, env_id: str, seed: int, budget: float) -> dict[str, Any]:
    """Train in this process."""
    import torch
    import torch._dynamo  # torch's optimizers import it on first use, which takes a second

    torch.set_num_threads(1)
    judge = Judge(env_id, seed, budget)
    with contextlib.suppress(Solved):
        CONTENDERS[name](judge)
    return judge.result


def measured(name: str, env_id: str, seed: int, budget: float) -> dict[str, Any]:
    """Train in a new process, with one thread."""
    environment = ONE_THREAD | {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"}
    task = json.dumps([name, env_id, seed, budget])
    command = [sys.executable, Path(__file__).resolve(), "--run", task]
    with tempfile.TemporaryDirectory() as directory:  # for the files that libraries write
        done = subprocess.run(command, env=environment, cwd=directory, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name}, seed {seed}:\n{done.stderr}")
    result = {"env_id": env_id, "contender": name, "seed": seed} | json.loads(done.stdout.splitlines()[-1])
    print(result, file=sys.stderr, flush=True)
    return result


def main() -> None:
    """Run the contenders in turn."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("env_ids", nargs="*", metavar="ENV", default=list(LEAST_STEPS), help="default: both")
    parser.add_argument("--seeds", type=int, default=3, help="number of runs of each (default: %(default)s)")
    parser.add_argument("--budget", type=float, help="seconds of a run at most (default: CartPole 60, LunarLander 20)")
    names = list(dict.fromkeys(name.partition(",")[0] for name in CONTENDERS))
    parser.add_argument("--only", nargs="+", default=names, choices=names, help="default: all")
    parser.add_argument("--json", type=Path, help="write the results; those of other contenders and environments stay")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        print(json.dumps(run(*json.loads(arguments.run))))
        return
    for env_id in arguments.env_ids:
        results = [
            measured(name, env_id, seed, arguments.budget or BUDGET[env_id])
            for seed in range(1, arguments.seeds + 1)
            for name, train in CONTENDERS.items()
            if name.partition(",")[0] in arguments.only and (env_id == CARTPOLE or train is not purejaxrl)
        ]
        if arguments.json:
            write(arguments.json, results)


def write(path: Path, results: list[dict[str, Any]]) -> None:
    """Replace the results of these contenders."""
    new = {(one["env_id"], one["contender"]) for one in results}
    former = json.loads(path.read_text(encoding="utf-8"))["results"] if path.exists() else []
    results += [one for one in former if (one["env_id"], one["contender"]) not in new]
    results.sort(
        key=lambda one: (list(LEAST_STEPS).index(one["env_id"]), one["seed"], list(CONTENDERS).index(one["contender"]))
    )
    path.write_text(json.dumps({"machine": machine(), "results": results}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
