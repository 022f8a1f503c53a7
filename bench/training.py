"""Measure steps per second through the interfaces of training libraries, with Operant and with Gymnasium in turn.

    make test-integrations
    build/integrations/bin/python bench/training.py

The actions are drawn in advance, so the times consist of the library's overhead and the step.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import gymnasium as gym
import numpy as np
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import operant  # noqa: F401 (registers the ids)

torch.set_num_threads(1)
SIZES = (8, 64, 1024)
ROUNDS = 5
SECONDS = 0.3  # per round


def vector(num_envs: int, ours: bool, mode: AutoresetMode) -> gym.vector.VectorEnv:
    """Make Operant's or Gymnasium's environment."""
    if ours:
        return gym.make_vec("operant/CartPole-v1", num_envs=num_envs, autoreset_mode=mode)
    return SyncVectorEnv([lambda: gym.make("CartPole-v1")] * num_envs, autoreset_mode=mode)


def sb3(num_envs: int, ours: bool) -> Callable[[], object]:
    """Return the step of a VecEnv."""
    from stable_baselines3.common.env_util import make_vec_env as make_dummy

    from operant.adapters.sb3 import make_vec_env

    env = (make_vec_env if ours else make_dummy)("CartPole-v1", num_envs, 1)
    env.reset()
    actions = np.random.default_rng(1).integers(0, 2, num_envs)
    return lambda: env.step(actions)


def torchrl(num_envs: int, ours: bool) -> Callable[[], object]:
    """Return the step of a collector's loop, which includes the reset of envs whose episode has ended."""
    from torchrl.envs import GymWrapper

    env = GymWrapper(vector(num_envs, ours, AutoresetMode.DISABLED), categorical_action_encoding=True)
    state = env.reset()
    actions = torch.randint(0, 2, (num_envs,), generator=torch.Generator().manual_seed(1))

    def step() -> None:
        nonlocal state
        _, state = env.step_and_maybe_reset(state.set("action", actions))

    return step


def skrl(num_envs: int, ours: bool) -> Callable[[], object]:
    """Return the step of the wrapped environment."""
    from skrl.envs.wrappers.torch import wrap_env

    env = wrap_env(vector(num_envs, ours, AutoresetMode.SAME_STEP), verbose=False)
    env.reset()
    actions = torch.randint(0, 2, (num_envs, 1), generator=torch.Generator().manual_seed(1))
    return lambda: env.step(actions)


def rllib(num_envs: int, ours: bool) -> Callable[[], object]:
    """Return the sampling of an env runner with random actions."""
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner

    runner = SingleAgentEnvRunner(
        config=PPOConfig()
        .environment("operant:operant/CartPole-v1" if ours else "CartPole-v1")
        .env_runners(
            num_env_runners=0,
            num_envs_per_env_runner=num_envs,
            gym_env_vectorize_mode="vector_entry_point" if ours else "sync",
        ),
        worker_index=0,
    )
    return lambda: runner.sample(num_timesteps=num_envs, random_actions=True)


LIBRARIES = {"Stable-Baselines3": sb3, "TorchRL": torchrl, "skrl": skrl, "RLlib": rllib}


def rate(step: Callable[[], object], num_envs: int) -> float:
    """Measure the total steps per second in one round."""
    count, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < SECONDS:
        step()
        count += 1
    return count * num_envs / spent


def main() -> None:
    """Measure, and print the table of docs/training-measurements.md."""
    chosen = sys.argv[1:] or list(LIBRARIES)
    print("| CartPole, envs: | " + " | ".join(map(str, SIZES)) + " |")
    print("|---" * (len(SIZES) + 1) + "|")
    for name in chosen:
        cells: dict[bool, list[str]] = {True: [], False: []}
        for num_envs in SIZES:
            steps = {ours: LIBRARIES[name](num_envs, ours) for ours in (True, False)}
            rates: dict[bool, list[float]] = {True: [], False: []}
            for _ in range(ROUNDS):
                for ours, step in steps.items():
                    rates[ours].append(rate(step, num_envs))
            for ours, measured in rates.items():
                low, middle, high = (value / 1e3 for value in np.quantile(measured, (0, 0.5, 1)))
                cells[ours].append(f"{middle:,.0f} ({low:,.0f} - {high:,.0f})")
        for ours, row in cells.items():
            print(f"| {name}, {'Operant' if ours else 'Gymnasium'} | {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
