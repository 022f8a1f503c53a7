"""Steps per second, of Operant and of others, measured in turn in one run."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import gymnasium as gym
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

import operant
from operant import simd
from operant.envs import CartPoleVecEnv

BASELINE = "Gymnasium CartPoleVectorEnv (numpy)"


@dataclass
class Contender:
    """A vector environment and how many steps a second it made, all copies together, in each round."""

    name: str
    make: Callable[[], gym.vector.VectorEnv]
    rates: list[float] = field(default_factory=list)


def contenders(num_envs: int) -> list[Contender]:
    """Operant with one worker and with all cores, and what Gymnasium has."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    operants = [
        Contender(f"Operant, {workers} worker{'s' * (workers > 1)}", partial(CartPoleVecEnv, num_envs, workers))
        for workers in sorted({1, cores})
    ]
    return [
        *operants,
        Contender(BASELINE, lambda: gym.make_vec("CartPole-v1", num_envs, vectorization_mode="vector_entry_point")),
        Contender("Gymnasium SyncVectorEnv", lambda: gym.make_vec("CartPole-v1", num_envs, vectorization_mode="sync")),
    ]


def measure(env: gym.vector.VectorEnv, actions: Sequence[np.ndarray], calls: int) -> float:
    """Seconds that `calls` steps take."""
    start = time.perf_counter()
    for action in islice(cycle(actions), calls):
        env.step(action)
    return time.perf_counter() - start


def run(num_envs: int, rounds: int, seconds: float) -> None:
    """Measure and print a table."""
    console = Console()
    rng = np.random.default_rng(0)
    actions = [rng.integers(0, 2, num_envs) for _ in range(64)]
    measured = contenders(num_envs)

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=len(measured) * (rounds + 1))
        envs, calls = [], []
        for contender in measured:
            progress.update(task, description=f"warming up {contender.name}")
            env = contender.make()
            env.reset(seed=0)
            measure(env, actions, 1)
            once = min(measure(env, actions, 1) for _ in range(3))
            envs.append(env)
            calls.append(max(1, round(seconds / max(once, 1e-7))))
            progress.advance(task)
        for _ in range(rounds):
            for contender, env, count in zip(measured, envs, calls, strict=True):
                progress.update(task, description=f"measuring {contender.name}")
                contender.rates.append(num_envs * count / measure(env, actions, count))
                progress.advance(task)
    for env in envs:
        env.close()

    console.print(_table(measured, num_envs, rounds))
    console.print(_machine(), highlight=False)


def _table(measured: Sequence[Contender], num_envs: int, rounds: int) -> Table:
    table = Table(title=f"CartPole, {num_envs} copies, random actions: median of {rounds} rounds (lowest - highest)")
    table.add_column("")
    table.add_column("million steps/s", justify="right")
    table.add_column("times Gymnasium's numpy", justify="right")
    baseline = next(contender for contender in measured if contender.name == BASELINE)
    for contender in measured:
        millions = [rate / 1e6 for rate in contender.rates]
        ratios = [rate / other for rate, other in zip(contender.rates, baseline.rates, strict=True)]
        table.add_row(contender.name, _spread(millions), _spread(ratios))
    return table


def _spread(values: Sequence[float]) -> str:
    digits = 0 if statistics.median(values) >= 100 else 1 if statistics.median(values) >= 1 else 3
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} - {max(values):.{digits}f})"


def _machine() -> str:
    return (
        f"SIMD: {simd.active}; {_processor()}, {os.cpu_count()} cores; Python {platform.python_version()}, "
        f"numpy {np.__version__}, Gymnasium {gym.__version__}, Operant {operant.__version__}"
    )


def _processor() -> str:
    """The processor's name; the platform module does not know it on Linux."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
