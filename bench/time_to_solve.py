"""Measure the time to solve CartPole with examples/ppo.py, Stable-Baselines3, CleanRL, and JAX as in PureJaxRL.

    make test-integrations
    build/integrations/bin/python bench/time_to_solve.py --seeds 3 --json docs/time_to_solve.json

Each run is a new process with one thread. Its clock counts the processor time of training, including compilation by
JAX, but not the imports. The clock stops for each evaluation of the policy, after every update, or with JAX after every
tenth: 100 episodes without noise in the actions, with seeds that training does not use. CartPole is solved at a mean
return of 475. Stable-Baselines3 has the settings of the RL Zoo; CleanRL and PureJaxRL have their defaults.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import files
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SOLVED = 475.0
BUDGET = 600.0  # seconds of processor time, after which a run ends


class Solved(Exception):  # noqa: N818 (not an error)
    """Raised to end a training loop."""


class Judge:
    """Evaluates policies, and measures the training time between the evaluations."""

    def __init__(self, seed: int) -> None:
        """Start the clock."""
        import torch._dynamo  # noqa: F401 (torch's optimizers import it on first use, which takes a second)

        import operant

        self._env = operant.envs.CartPoleVecEnv(100)
        self._seed = 1_000_000 * (seed + 1)
        self.curve: list[tuple[float, int, float]] = []
        self._judging, self._started = 0.0, time.process_time()

    def __call__(self, weights: Sequence[Any], biases: Sequence[Any], steps: int, **options: Any) -> None:
        """Evaluate a network of tanh units. Raises Solved if it solves CartPole or the budget is spent."""
        from operant.policies import MLP

        self.of(
            MLP([np.asarray(one) for one in weights], [np.asarray(one) for one in biases], "tanh", **options), steps
        )

    def of(self, policy: Any, steps: int) -> None:
        """Evaluate a policy, as above."""
        now = time.process_time()
        mean = float(self._env.evaluate(policy, seed=self._seed).returns.mean())
        self.curve.append((now - self._started - self._judging, steps, mean))
        self._judging += time.process_time() - now
        if mean >= SOLVED or self.curve[-1][0] > BUDGET:
            raise Solved


def layers(module: Any) -> tuple[list[Any], list[Any]]:
    """Return the weights and biases of a torch network."""
    linear = [one for one in module.modules() if hasattr(one, "weight")]
    return [one.weight.detach() for one in linear], [one.bias.detach() for one in linear]


def operants_example(seed: int) -> Judge:
    """Run examples/ppo.py."""
    spec = importlib.util.spec_from_file_location("ppo", ROOT / "examples" / "ppo.py")
    assert spec is not None
    assert spec.loader is not None
    ppo = sys.modules["ppo"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(ppo)
    judge, steps = Judge(seed), 0
    original = ppo.update

    def update(agent: Any, optimizer: Any, batch: Any, settings: Any) -> None:
        nonlocal steps
        original(agent, optimizer, batch, settings)
        steps += settings.num_envs * settings.num_steps
        judge.of(agent.without_noise(), steps)

    ppo.update = update
    with contextlib.suppress(Solved):
        ppo.train("CartPole-v1", seed, quiet=True)
    return judge


def stable_baselines3(seed: int, ours: bool) -> Judge:
    """Run its PPO with the settings of the RL Zoo, on its own vector environment or on Operant's."""
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.env_util import make_vec_env as make_dummy

    from operant.adapters.sb3 import make_vec_env

    torch.set_num_threads(1)

    class Judged(BaseCallback):
        def _on_step(self) -> bool:
            return True

        def _on_rollout_start(self) -> None:
            policy = self.model.policy
            weights, biases = layers(policy.mlp_extractor.policy_net)
            last_weights, last_biases = layers(policy.action_net)
            judge([*weights, *last_weights], [*biases, *last_biases], self.num_timesteps)

    judge = Judge(seed)
    # In float64, the trajectories are Gymnasium's.
    env = (
        make_vec_env("CartPole-v1", 8, seed, env_kwargs={"dtype": np.float64})
        if ours
        else make_dummy("CartPole-v1", 8, seed)
    )
    settings: dict[str, Any] = {"n_steps": 32, "batch_size": 256, "n_epochs": 20, "gamma": 0.98, "gae_lambda": 0.8}
    model = PPO(
        "MlpPolicy",
        env,
        **settings,
        ent_coef=0.0,
        learning_rate=lambda left: 0.001 * left,
        clip_range=lambda left: 0.2 * left,
        seed=seed,
        device="cpu",
    )
    with contextlib.suppress(Solved):
        model.learn(100_000, callback=Judged())
    return judge


def cleanrl_script(ours: bool) -> str:
    """Return its ppo.py with the changes of docs/training.md, on Gymnasium's SyncVectorEnv or on Operant in float64."""
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    (script,) = (path for path in files("cleanrl") or [] if str(path) == "cleanrl/ppo.py")
    code = script.read_text()
    found = re.search(r"^```diff\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found is not None
    for hunk in re.findall(r"(?:^-.*\n)+(?:^\+.*\n)*", found[1], re.MULTILINE):
        old, new = ("\n".join(line[1:] for line in hunk.splitlines() if line[0] == sign) for sign in "-+")
        code = code.replace(old, new)
    if ours:
        old = "        record_episode_statistics=True,\n"
        assert old in code
        return code.replace(old, old + "        dtype=np.float64,\n")
    start, end = code.index("    envs = gym.make_vec("), code.index("    assert isinstance(envs.single_action_space")
    return (
        code[:start]
        + "    envs = gym.wrappers.vector.RecordEpisodeStatistics(gym.vector.SyncVectorEnv(\n"
        + "        [lambda: gym.make(args.env_id)] * args.num_envs,\n"
        + "        autoreset_mode=gym.vector.AutoresetMode.SAME_STEP))\n"
        + code[end:]
    )


def cleanrl(seed: int, ours: bool) -> Judge:
    """Run its ppo.py with its defaults."""
    import torch

    torch.set_num_threads(1)
    code = cleanrl_script(ours)
    mark = "        y_pred, y_true = "
    assert code.count(mark) == 1
    code = code.replace(mark, "        judge(*layers(agent.actor), global_step)\n" + mark)
    code = code.replace("                print(f", "                str(f").replace(
        '        print("SPS:"', '        str("SPS:"'
    )
    code = code.replace('str("SPS:", int(', "str((int(").replace("start_time)))", "start_time))))", 1)
    judge = Judge(seed)
    sys.argv = ["ppo.py", "--seed", str(seed), "--cuda", "False"]
    with contextlib.suppress(Solved):
        exec(
            compile(code, "ppo.py", "exec"),
            {"__name__": "__main__", "__file__": "ppo.py", "judge": judge, "layers": layers},
        )
    return judge


def purejaxrl(seed: int) -> Judge:
    """Run PPO and the environment as one compiled function, with the defaults of PureJaxRL's ppo.py."""
    sys.path.insert(0, str(Path(__file__).parent))
    from ppo_jax import train

    judge = Judge(seed)
    with contextlib.suppress(Solved):
        train(seed, judge)
    return judge


CONTENDERS: dict[str, Callable[[int], Judge]] = {
    "Operant, examples/ppo.py": operants_example,
    "Stable-Baselines3 on Operant": lambda seed: stable_baselines3(seed, True),
    "Stable-Baselines3": lambda seed: stable_baselines3(seed, False),
    "CleanRL on Operant": lambda seed: cleanrl(seed, True),
    "CleanRL": lambda seed: cleanrl(seed, False),
    "JAX, as in PureJaxRL": purejaxrl,
}


def measured(name: str, seed: int) -> dict[str, Any]:
    """Run a contender in a new process, with one thread."""
    one = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    environment = os.environ | one | {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"}
    command = [sys.executable, Path(__file__).resolve(), "--run", name, "--seeds", str(seed)]
    with tempfile.TemporaryDirectory() as directory:  # for the files that CleanRL writes
        done = subprocess.run(command, env=environment, cwd=directory, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name}, seed {seed}:\n{done.stderr}")
    return {"contender": name, "seed": seed, "curve": json.loads(done.stdout.splitlines()[-1])}


def main() -> None:
    """Run the contenders in turn, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=5, help="number of runs of each (default: 5)")
    parser.add_argument("--json", type=Path, help="write the curves")
    parser.add_argument("--only", nargs="+", default=list(CONTENDERS), choices=CONTENDERS)
    parser.add_argument("--run", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        print(json.dumps(CONTENDERS[arguments.run](arguments.seeds).curve))
        return
    runs = [measured(name, seed) for seed in range(1, arguments.seeds + 1) for name in arguments.only]
    if arguments.json:
        arguments.json.write_text(json.dumps(runs) + "\n")
    print("| CartPole solved by | processor time, s: median (lowest - highest) | steps, median | us a step | solved |")
    print("|---|---|---|---|---|")
    for name in arguments.only:
        ends = [run["curve"][-1] for run in runs if run["contender"] == name]
        times = np.array([end[0] if end[2] >= SOLVED else np.inf for end in ends])
        low, middle, high = np.sort(times)[[0, len(times) // 2, -1]]
        steps = int(np.median([end[1] for end in ends]))
        solved = int(np.isfinite(times).sum())
        each = np.median([1e6 * end[0] / end[1] for end in ends])
        print(f"| {name} | {middle:.1f} ({low:.1f} - {high:.1f}) | {steps:,} | {each:.0f} | {solved} of {len(ends)} |")


if __name__ == "__main__":
    main()
