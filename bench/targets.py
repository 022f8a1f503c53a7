"""The ratios that Operant aims at, and how each is measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import gymnasium as gym
import numpy as np
from separate_processes import SteppingProcess, import_seconds, memory_per_copy

from operant import envs, simd
from operant.bench.contenders import PEERS, NotMeasuredError, environment_class
from operant.bench.machine import usable_cores
from operant.bench.measurement import Stepper, in_turn, make_stepper
from operant.bench.statistics import ratios
from operant.registration import ENVIRONMENTS

# Numbers of copies with which two workers must not be slower than one.
LADDER = (1, 2, 64, 256, 1024, 1025, 2048, 3000, 4096, 8192, 16384, 65536, 1 << 20)


@dataclass(frozen=True)
class Row:
    """One figure and its target."""

    name: str
    target: float
    unit: str = ""
    at_most: bool = False

    def is_reached(self, values: Sequence[float]) -> bool:
        """Whether the median is as the target wants it."""
        return median(values) <= self.target if self.at_most else median(values) >= self.target


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    rounds: int
    seconds: float


#: The values of every row in each round, and a remark.
Measured = tuple[list[list[float]], str]


@dataclass(frozen=True)
class Group:
    """Rows that are measured together, in alternation."""

    rows: list[Row]
    #: Raises NotMeasuredError when it cannot be measured here.
    measure: Callable[[Effort], Measured]


def _operant(environment: str, num_envs: int, effort: Effort, workers: int = 1, dtype: str = "float32", actions=None):
    env_class = environment_class(environment)
    return make_stepper(lambda: env_class(num_envs, workers, dtype=dtype), num_envs, effort.seconds, actions)


def _rates(steppers: Sequence[Stepper], effort: Effort) -> list[list[float]]:
    rates = in_turn([stepper.rate for stepper in steppers], effort.rounds)
    for stepper in steppers:
        stepper.env.close()
    return rates


def _against_gymnasium(effort: Effort) -> Measured:
    (numpy_env,) = PEERS["gymnasium"].contenders("CartPole-v1", 4096, ())
    steppers = [
        make_stepper(numpy_env.make, 4096, effort.seconds),
        _operant("CartPole", 4096, effort),
        _operant("CartPole", 4096, effort, dtype="float64"),
    ]
    reference, single, double = _rates(steppers, effort)
    return [ratios(single, reference), ratios(double, reference)], f"the latter {median(reference) / 1e6:.1f} M steps/s"


def _between_environments(others: Sequence[str], effort: Effort) -> Measured:
    reference, *rates = _rates([_operant(name, 4096, effort) for name in ("CartPole", *others)], effort)
    return [ratios(rate, reference) for rate in rates], f"the latter {median(reference) / 1e6:.0f} M steps/s"


def _against_envpool(effort: Effort) -> Measured:
    peer = PEERS["envpool"]
    if not peer.is_installed():
        raise NotMeasuredError(f"EnvPool is not installed: pip install {peer.package}")
    threads = sorted({1, usable_cores()})
    pools = [
        make_stepper(contender.make, 4096, effort.seconds) for contender in peer.contenders("Acrobot-v1", 4096, threads)
    ]
    operant, *rates = _rates([_operant("Acrobot", 4096, effort), *pools], effort)
    best = [max(round_) for round_ in zip(*rates, strict=True)]
    return [ratios(operant, best)], f"the latter the better of {' and '.join(map(str, threads))} threads"


def _narrower(environment: str, effort: Effort) -> Measured:
    for name in ("avx512bw", "avx2"):
        if name not in simd.available:
            raise NotMeasuredError(f"this processor does not have {name}")
    processes = [SteppingProcess(environment, 4096, effort.seconds, name) for name in ("avx2", "avx512bw")]
    avx2, avx512 = in_turn([process.rate for process in processes], effort.rounds)
    for process in processes:
        process.close()
    return [ratios(avx2, avx512)], f"the latter {median(avx512) / 1e6:.0f} M steps/s"


def _one_copy(effort: Effort) -> Measured:
    stepper = _operant("CartPole", 1, effort)
    (seconds,) = in_turn([stepper.seconds_per_call], effort.rounds)
    return [[second * 1e6 for second in seconds]], ""


def _sizes(sizes: Sequence[int], effort: Effort) -> Measured:
    reference, *rates = _rates([_operant("CartPole", size, effort) for size in (4096, *sizes)], effort)
    return [ratios(rate, reference) for rate in rates], f"the latter {median(reference) / 1e6:.0f} M steps/s"


def _action_dtypes(effort: Effort) -> Measured:
    wide, narrow = _rates([_operant("CartPole", 4096, effort, actions=t) for t in (np.int64, np.int32)], effort)
    return [ratios(wide, narrow)], f"the latter {median(narrow) / 1e6:.0f} M steps/s"


def _two_workers(num_envs: int, effort: Effort) -> Measured:
    if usable_cores() < 2:
        raise NotMeasuredError("this process may use one core only")
    two, one = _rates([_operant("CartPole", num_envs, effort, workers) for workers in (2, 1)], effort)
    return [ratios(two, one)], f"the latter {median(one) / 1e6:.0f} M steps/s"


def _seeded_reset(effort: Effort) -> Measured:
    operant = envs.CartPoleVecEnv(4096)
    sync = gym.make_vec("CartPole-v1", 4096, vectorization_mode="sync")
    calls = max(1, round(effort.seconds / 2e-3))

    def reset(env: gym.vector.VectorEnv, calls: int) -> float:
        start = time.perf_counter()
        for seed in range(calls):
            env.reset(seed=seed)
        return (time.perf_counter() - start) / calls * 1e3

    reset(operant, 1)
    reset(sync, 1)
    ours, theirs = in_turn([partial(reset, operant, calls), partial(reset, sync, 1)], effort.rounds)
    return [ours], f"SyncVectorEnv: {median(theirs):.0f} ms"


def _memory(effort: Effort) -> Measured:
    if not Path("/proc/self/status").exists():
        raise NotMeasuredError("there is no /proc/self/status here to read it from")
    now, peak = zip(*(memory_per_copy(1 << 20) for _ in range(effort.rounds)), strict=True)
    return [list(now)], f"at most, while it resets and steps, {max(peak):.0f}"


def _import(effort: Effort) -> Measured:
    return [[seconds * 1e3 for (seconds,) in (import_seconds() for _ in range(effort.rounds))]], ""


def groups() -> list[Group]:
    """Everything that there is to measure."""
    others = {"MountainCar": 1.8, "Pendulum": 1.5, "MountainCarContinuous": 1.5, "Acrobot": 0.2}
    sizes = {16: 0.05, 256: 0.6, 1 << 20: 0.45}
    scaling = {8192: 1.3, 16384: 1.6, 65536: 1.8, 1 << 20: 1.6}
    gymnasium_rows = [
        Row("CartPole / Gymnasium's numpy", 40),
        Row("float64 CartPole / Gymnasium's numpy", 2),
    ]
    result = [
        Group(gymnasium_rows, _against_gymnasium),
        Group(
            [Row(f"{name} / CartPole", target) for name, target in others.items()],
            partial(_between_environments, tuple(others)),
        ),
        Group([Row("Acrobot / EnvPool's", 25)], _against_envpool),
    ]
    result += [Group([Row(f"{name}: AVX2 / AVX-512", 0.55)], partial(_narrower, name)) for name in ENVIRONMENTS]
    result += [
        Group([Row("step of one copy", 0.33, "µs", at_most=True)], _one_copy),
        Group([Row(f"N = {size} / N = 4096", target) for size, target in sizes.items()], partial(_sizes, tuple(sizes))),
        Group([Row("int64 actions / int32", 0.92)], _action_dtypes),
    ]
    for size in LADDER:
        row = Row(f"2 workers / 1, N = {size}", scaling.get(size, 0.97))
        result.append(Group([row], partial(_two_workers, size)))
    result += [
        Group([Row("seeded reset of 4096", 2, "ms", at_most=True)], _seeded_reset),
        Group([Row("memory a copy, N = 1048576", 250, "bytes", at_most=True)], _memory),
        Group([Row("import operant after gymnasium", 40, "ms", at_most=True)], _import),
    ]
    return result
