"""The ratios with targets, and their measurements."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import gymnasium as gym
import heuristics
import jax_steps
import numpy as np
import plain_loops
import python_environments
import rollouts

from operant import envs, simd
from operant._core import usable_cores
from operant.cli.measure import NotMeasuredError, Stepper, contenders, in_turn, ratios
from operant.registration import REGISTRATIONS

# Numbers of envs for which two workers must not be slower than one.
LADDER = (1, 2, 64, 256, 1024, 1025, 2048, 3000, 4096, 8192, 16384, 65536, 1 << 20)

# Measures the time that `import operant` adds to `import gymnasium`.
IMPORT = """
import sys, time
for name in [name for name in sys.modules if name.partition(".")[0] == "operant"]:
    del sys.modules[name]
import gymnasium
start = time.perf_counter()
import operant.envs
print(time.perf_counter() - start)
"""


@dataclass(frozen=True)
class Row:
    """One figure and its target."""

    name: str
    target: float
    unit: str = ""
    at_most: bool = False

    def is_reached(self, value: float) -> bool:
        """Return True if the figure reaches the target."""
        return value <= self.target if self.at_most else value >= self.target


@dataclass(frozen=True)
class Effort:
    """The number of rounds, and the seconds of a measurement."""

    rounds: int
    seconds: float


#: The values of each row, one per round, and a remark.
Measured = tuple[list[list[float]], str]


@dataclass(frozen=True)
class Group:
    """Rows that are measured together, in alternation."""

    rows: list[Row]
    #: Raises NotMeasuredError if this machine cannot measure it.
    measure: Callable[[Effort], Measured]


#: Makes an object whose `rate` measures for about the given number of seconds.
Make = Callable[[float], "Stepper | heuristics.Acting"]


# Targets of environments with bodies, over Gymnasium's single environment and EnvPool with one thread.
_BODIES = {"LunarLander": (30, 12), "BipedalWalker": (40, 15), "BipedalWalkerHardcore-v3": (25, 10)}
# Steps before their measurements, after which bodies touch the ground. Contacts take most of the time of a step.
_BODIES_FALL = 150


def _least_steps(environment: str) -> int:
    return _BODIES_FALL if environment in _BODIES else 0


def _steps(environment: str, num_envs: int = 4096, workers: int = 1, dtype: str = "float32", actions=None) -> Make:
    (operant,) = contenders("operant", environment, num_envs, (workers,), dtype)
    return lambda seconds: Stepper(operant.make, num_envs, seconds, actions, least_steps=_least_steps(environment))


def _ratios(others: Iterable[Make], reference: Make, effort: Effort) -> Measured:
    steppers = [make(effort.seconds) for make in (*others, reference)]
    *rates, latter = in_turn([stepper.rate for stepper in steppers], effort.rounds)
    return [ratios(rate, latter) for rate in rates], f"the latter {median(latter) / 1e6:.3g} M steps/s"


#: Options that make a step slower.
_SAME_STEP = {"autoreset_mode": "SameStep"}
_STATISTICS = {"record_episode_statistics": True}


def _times(num_envs: int, options: list[dict[str, Any]], effort: Effort) -> Measured:
    """Return the time of a step of CartPoles with each of the options over the time without options."""
    makes = [partial(envs.CartPoleVecEnv, num_envs, **one) for one in (*options, {})]
    steppers = [Stepper(make, num_envs, effort.seconds) for make in makes]
    *rates, plain = in_turn([stepper.rate for stepper in steppers], effort.rounds)
    return [ratios(plain, rate) for rate in rates], f"the latter {num_envs / median(plain) * 1e6:.2f} µs"


def _against_gymnasium(effort: Effort) -> Measured:
    (numpy_env,) = contenders("gymnasium", "CartPole", 4096)
    both = [_steps("CartPole", dtype=dtype) for dtype in ("float32", "float64")]
    return _ratios(both, partial(Stepper, numpy_env.make, 4096), effort)


def _against_envpool(effort: Effort) -> Measured:
    threads = sorted({1, usable_cores()})
    pools = [Stepper(one.make, 4096, effort.seconds) for one in contenders("envpool", "Acrobot", 4096, threads)]
    steppers = [_steps("Acrobot")(effort.seconds), *pools]
    operant, *rates = in_turn([stepper.rate for stepper in steppers], effort.rounds)
    best = [max(values) for values in zip(*rates, strict=True)]
    return [ratios(operant, best)], f"the latter the better of {' and '.join(map(str, threads))} threads"


def _one_of_gymnasium(environment: str, heuristic: Callable[..., Any] = heuristics.at_random) -> Make:
    """Return a function that makes an environment of Gymnasium that is stepped in a loop."""
    ids = {registration.name: registration.id for registration in reversed(REGISTRATIONS)}
    env_id = ids.get(environment, environment).removeprefix("operant/")

    def make(seconds: float) -> heuristics.Acting:
        try:
            return heuristics.Acting(gym.make(env_id), heuristic, seconds)
        except gym.error.DependencyNotInstalled as missing:
            raise NotMeasuredError(str(missing)) from None

    return make


def _gait(seconds: float) -> heuristics.Acting:
    return heuristics.Acting(envs.BipedalWalkerVecEnv(4096), heuristics.gait, seconds)


def _against_one_thread_of_envpool(environment: str, effort: Effort) -> Measured:
    (pool,) = contenders("envpool", environment, 4096)
    pool_steps = partial(Stepper, pool.make, 4096, least_steps=_least_steps(environment))
    return _ratios([_steps(environment)], pool_steps, effort)


def _one_reset(environment: str, effort: Effort) -> Measured:
    (operant,) = contenders("operant", environment, 1)
    env = operant.make()

    def reset() -> float:
        start = time.perf_counter()
        for _ in range(1000):
            env.reset()
        return (time.perf_counter() - start) / 1000 * 1e6

    return in_turn([reset], effort.rounds), ""


def _one_env(effort: Effort) -> Measured:
    (rates,) = in_turn([_steps("CartPole", 1)(effort.seconds).rate], effort.rounds)
    return [[1e6 / rate for rate in rates]], ""


def _torch_actions(effort: Effort) -> Measured:
    try:
        import torch
    except ImportError:
        raise NotMeasuredError("torch is not installed") from None
    env = envs.CartPoleVecEnv(1024)
    env.reset(seed=0)
    actions = torch.randint(0, 2, (env.num_envs,))

    def step(actions: Any) -> float:
        calls = max(1, round(effort.seconds / 3e-6))
        start = time.perf_counter()
        for _ in range(calls):
            env.step(actions)
        return (time.perf_counter() - start) / calls * 1e6

    ours, theirs = in_turn([partial(step, actions.numpy()), partial(step, actions)], effort.rounds)
    return [theirs], f"the same actions as a numpy array: {median(ours):.2f} µs"


def _two_workers(num_envs: int, effort: Effort, environment: str = "CartPole") -> Measured:
    if usable_cores() < 2:
        raise NotMeasuredError("this process may use one core only")
    return _ratios([_steps(environment, num_envs, 2)], _steps(environment, num_envs), effort)


# A program that keeps one core busy.
_BUSY = "import os, sys\nos.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass"


def _time_of_two_workers(num_envs: int, cores: list[int], effort: Effort) -> list[float]:
    """Pin this process to the cores, and return the time of a step with two workers over that with one."""
    os.sched_setaffinity(0, cores)
    steppers = [_steps("CartPole", num_envs, workers)(effort.seconds) for workers in (1, 2)]
    return ratios(*in_turn([stepper.rate for stepper in steppers], effort.rounds))


def _on_shared_cores(num_envs: int, cores: int, busy: bool, effort: Effort) -> Measured:
    """Compare two workers with one on `cores` cores. If `busy`, another program runs on the last one."""
    if not hasattr(os, "sched_setaffinity"):
        raise NotMeasuredError("this system has no sched_setaffinity")
    if usable_cores() < cores:
        raise NotMeasuredError("this process may use one core only")
    chosen = sorted(os.sched_getaffinity(0))[:cores]
    with new_process() as process, ExitStack() as stack:
        if busy:
            other = stack.enter_context(subprocess.Popen([sys.executable, "-c", _BUSY, str(chosen[-1])]))
            stack.callback(other.kill)
        return [process.apply(_time_of_two_workers, (num_envs, chosen, effort))], ""


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


def new_process(**variables: str) -> multiprocessing.pool.Pool:
    """Make a pool of one new process with the given environment variables."""
    with mock.patch.dict(os.environ, variables):
        return multiprocessing.get_context("spawn").Pool(1)


_stepper: Stepper  # in the process of such a pool


def _start(environment: str, seconds: float) -> None:
    global _stepper
    _stepper = _steps(environment)(seconds)


def _rate() -> float:
    return _stepper.rate()


def _narrower(environment: str, effort: Effort) -> Measured:
    for name in ("avx512bw", "avx2"):
        if name not in simd.available:
            raise NotMeasuredError(f"this processor does not have {name}")
    with new_process(OPERANT_ARCH="avx2") as narrow, new_process(OPERANT_ARCH="avx512bw") as wide:
        for process in (narrow, wide):
            process.apply(_start, (environment, effort.seconds))
        avx2, avx512 = in_turn([partial(process.apply, _rate) for process in (narrow, wide)], effort.rounds)
    return [ratios(avx2, avx512)], f"the latter {median(avx512) / 1e6:.0f} M steps/s"


def _bytes_per_env(num_envs: int) -> list[float]:
    """Return the bytes per env of CartPole, now and at the peak, without the caller's actions."""

    def status(key: str) -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(key)) * 1024

    envs.CartPoleVecEnv(1).reset(seed=0)
    actions = np.random.default_rng(0).integers(0, 2, num_envs)
    before = status("VmRSS")
    env = envs.CartPoleVecEnv(num_envs)
    result = env.reset(seed=0)
    for _ in range(10):
        result = env.step(actions)
    taken = [(status(key) - before) / num_envs for key in ("VmRSS", "VmHWM")]
    del result
    return taken


def _memory(effort: Effort) -> Measured:
    if not Path("/proc/self/status").exists():
        raise NotMeasuredError("this system has no /proc/self/status")
    taken = []
    for _ in range(effort.rounds):
        with new_process() as process:
            taken.append(process.apply(_bytes_per_env, (1 << 20,)))
    now, peak = zip(*taken, strict=True)
    return [list(now)], f"the peak while it resets and steps is {max(peak):.0f}"


# The bytes that a step of a CartPole reads and writes if nothing is in the cache: the int64 action, once for the check
# and once for the step; the state before and after; observation, reward and flags.
_BYTES_OF_A_STEP = 2 * 8 + 2 * 16 + 16 + 4 + 2


def _bandwidth(num_envs: int, effort: Effort) -> Measured:
    """Return the bytes per second that a step moves over those of a numpy copy of equal size."""
    source = np.ones(num_envs * _BYTES_OF_A_STEP // 2, np.uint8)
    target = np.zeros_like(source)
    stepper = _steps("CartPole", num_envs)(effort.seconds)

    def copy() -> float:
        calls = max(1, round(effort.seconds * 1e10 / source.nbytes))
        start = time.perf_counter()
        for _ in range(calls):
            np.copyto(target, source)
        return 2 * source.nbytes * calls / (time.perf_counter() - start)

    rates, copies = in_turn([stepper.rate, copy], effort.rounds)
    moved = [rate * _BYTES_OF_A_STEP for rate in rates]
    return [ratios(moved, copies)], f"{median(moved) / 1e9:.1f} and {median(copies) / 1e9:.1f} GB/s"


def _rollouts(num_envs: int, effort: Effort) -> Measured:
    return rollouts.against_step(num_envs, effort.rounds, effort.seconds), ""


def _rollouts_with_two_workers(effort: Effort) -> Measured:
    if usable_cores() < 2:
        raise NotMeasuredError("this process may use one core only")
    return rollouts.two_workers(65536, effort.rounds, effort.seconds), ""


def _network(effort: Effort) -> Measured:
    with new_process(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", VECLIB_MAXIMUM_THREADS="1") as process:
        return process.apply(rollouts.network_against_numpy, (effort.rounds, effort.seconds)), "BLAS with one thread"


def _recorded_observations(effort: Effort) -> Measured:
    return rollouts.observations_against_copying(effort.rounds, effort.seconds), ""


def _plain_loop(name: str, effort: Effort) -> Measured:
    measured, plain = plain_loops.against_plain_loop(name, effort.rounds, effort.seconds)
    return measured, f"the latter {median(plain) / 1e6:.3g} M steps/s"


def _jax(num_envs: int, effort: Effort) -> Measured:
    beyond, kernel = jax_steps.beyond_the_kernel(num_envs, effort.rounds, effort.seconds)
    return [beyond], f"the kernel takes {median(kernel):.2f} µs"


def _import(effort: Effort) -> Measured:
    command = [sys.executable, "-c", IMPORT]
    return [[json.loads(subprocess.check_output(command)) * 1e3 for _ in range(effort.rounds)]], ""


def _in_python(name: str, effort: Effort) -> Measured:
    return python_environments.against_plain_loops(name, effort.rounds, effort.seconds)


def _against_numpy_in_python(name: str, effort: Effort) -> Measured:
    return python_environments.against_numpy(name, effort.rounds, effort.seconds)


def groups() -> list[Group]:
    """Return all groups of measurements."""
    others = {"MountainCar": 1.8, "Pendulum": 1.5, "MountainCarContinuous": 1.5, "Acrobot": 0.25}
    sizes = {16: 0.05, 256: 0.6, 1 << 20: 0.45}
    scaling = {4096: 1.3, 8192: 1.6, 16384: 1.75, 65536: 1.8, 1 << 20: 1.6}
    rollout = {
        num_envs: {"rollout": given, "linear rollout": linear, "linear beginners": linear}
        for num_envs, given, linear in ((4096, 0.9, 1.35), (1 << 20, 1.5, 2.5))
    }
    plain = {"Snake": (1, 2), "ConnectFour": (1, 2), "KeyDoor": (1.1, 2), "QuadrotorLidar": (8.7, 8.7)}
    gymnasium = [Row("CartPole / Gymnasium's numpy", 40), Row("float64 CartPole / Gymnasium's numpy", 5)]
    narrow, wide = (_steps("CartPole", actions=actions) for actions in (np.int32, np.int64))
    cartpole = _steps("CartPole")
    return [
        Group(gymnasium, _against_gymnasium),
        Group(
            [Row(f"{name} / CartPole", target) for name, target in others.items()],
            partial(_ratios, [_steps(name) for name in others], cartpole),
        ),
        Group([Row("Acrobot / EnvPool's", 25)], _against_envpool),
        *(Group([Row(f"{name}: AVX2 / AVX-512", 0.55)], partial(_narrower, name)) for name in ("CartPole", *others)),
        Group(
            [Row("time: SameStep / NextStep", 1.12, at_most=True), Row("time: statistics / none", 1.08, at_most=True)],
            partial(_times, 4096, [_SAME_STEP, _STATISTICS]),
        ),
        Group(
            [Row("time: both / neither, N = 1024", 1.35, at_most=True)],
            partial(_times, 1024, [_SAME_STEP | _STATISTICS]),
        ),
        Group([Row("step of one env", 0.33, "µs", at_most=True)], _one_env),
        Group([Row("step with torch's actions, N = 1024", 3, "µs", at_most=True)], _torch_actions),
        Group(
            [Row(f"N = {size} / N = 4096", target) for size, target in sizes.items()],
            partial(_ratios, [_steps("CartPole", size) for size in sizes], cartpole),
        ),
        Group([Row("bytes moved / copying, N = 1048576", 0.85)], partial(_bandwidth, 1 << 20)),
        Group([Row("int64 actions / int32", 0.92)], partial(_ratios, [wide], narrow)),
        *(
            Group([Row(f"2 workers / 1, N = {size}", scaling.get(size, 0.97))], partial(_two_workers, size))
            for size in LADDER
        ),
        *(
            Group(
                [Row(f"time, {name}: 2 workers / 1, {size}", 1.05, at_most=True)],
                partial(_on_shared_cores, size, cores, busy),
            )
            for name, cores, busy in (("busy core", 2, True), ("one core", 1, False))
            for size in (4096, 16384, 65536)
        ),
        *(
            Group(
                [Row(f"{of} / step, N = {size}", target) for of, target in of_size.items()],
                partial(_rollouts, size),
            )
            for size, of_size in rollout.items()
        ),
        *(
            Group(
                [Row(f"{name} / plain C++", step), Row(f"{name} rollout / plain C++", returns)],
                partial(_plain_loop, name),
            )
            for name, (step, returns) in plain.items()
        ),
        *(
            Group([Row(f"{name} in Python / plain loop", target)], partial(_in_python, name))
            for name, target in {"CartPole": 70, "Inventory": 100}.items()
        ),
        *(
            Group([Row(f"{name} in Python / Gymnasium's numpy", target)], partial(_against_numpy_in_python, name))
            for name, target in {"CartPole": 2, "CartPole with operant.math": 4}.items()
        ),
        Group(
            [Row("Snake in Python / header", 0.9)],
            lambda effort: python_environments.against_header(effort.rounds, effort.seconds),
        ),
        Group(
            [
                Row("in Python: first compilation", 4, "s", at_most=True),
                Row("in Python: start from the cache", 0.1, "s", at_most=True),
            ],
            lambda effort: python_environments.starts(min(effort.rounds, 3)),
        ),
        *(
            group
            for name, (one, pool) in _BODIES.items()
            for group in (
                Group(
                    [Row(f"{name} / one of Gymnasium's", one)],
                    partial(_ratios, [_steps(name)], _one_of_gymnasium(name)),
                ),
                Group([Row(f"{name} / EnvPool's, 1 thread", pool)], partial(_against_one_thread_of_envpool, name)),
                Group([Row(f"{name}: 2 workers / 1", 1.8)], partial(_two_workers, 4096, environment=name)),
                Group(
                    [Row(f"{name}: N = 64 / N = 4096", 0.55)],
                    partial(_ratios, [_steps(name, 64)], _steps(name)),
                ),
                Group([Row(f"reset of one {name}", 20, "µs", at_most=True)], partial(_one_reset, name)),
            )
        ),
        Group([Row("LunarLander: AVX2 / AVX-512", 0.7)], partial(_narrower, "LunarLander")),
        Group(
            [Row("LunarLander rollout: landing / random", 0.85)],
            lambda effort: (heuristics.landing_against_random(effort.rounds, effort.seconds), ""),
        ),
        Group(
            [Row("BipedalWalker's gait / Gymnasium's", 35)],
            partial(_ratios, [_gait], _one_of_gymnasium("BipedalWalker", heuristics.gait)),
        ),
        Group([Row("rollout: 2 workers / 1, N = 65536", 1.8)], _rollouts_with_two_workers),
        Group([Row("MLP rollout / numpy and step", 4)], _network),
        Group([Row("rollout: observations / copying", 0.8)], _recorded_observations),
        *(
            Group([Row(f"JAX: step - kernel, N = {size}", 2, "µs", at_most=True)], partial(_jax, size))
            for size in (8, 4096)
        ),
        Group([Row("seeded reset of 4096", 2, "ms", at_most=True)], _seeded_reset),
        Group([Row("memory per env, N = 1048576", 250, "bytes", at_most=True)], _memory),
        Group([Row("import operant after gymnasium", 40, "ms", at_most=True)], _import),
    ]
