"""How fast rollouts are, against loops of `step` in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from operant import envs, policies
from operant.bench import Stepper, in_turn, ratios

STEPS = 200
_MEMBERS = 256
_HIDDEN = 64


def _cartpoles(num_envs: int, workers: int = 1) -> envs.CartPoleVecEnv:
    env = envs.CartPoleVecEnv(num_envs, workers=workers)
    env.reset(seed=0)
    return env


def _repeated(run: Callable[[], Any], amount: float, seconds: float) -> Callable[[], float]:
    """What measures how much a second `run` gets done, which is `amount` each time; it runs once before."""
    run()

    def rate() -> float:
        calls, elapsed, start = 0, 0.0, time.perf_counter()
        while elapsed < seconds:
            run()
            calls += 1
            elapsed = time.perf_counter() - start
        return calls * amount / elapsed

    return rate


def _returns(env: envs.CartPoleVecEnv, source: Any, seconds: float) -> Callable[[], float]:
    """Measures the steps a second, all copies together, of rollouts that record the returns."""
    out = env.rollout(source, STEPS, record="returns")
    return _repeated(lambda: env.rollout(source, STEPS, out=out), STEPS * env.num_envs, seconds)


def _beginners() -> policies.Linear:
    """A population that nobody has selected: its episodes last 17 steps."""
    return policies.Linear(np.random.default_rng(0).standard_normal((_MEMBERS, 2, 4)))


def _population() -> policies.Linear:
    """A population around a policy that balances the pole, as evolution strategies search most of the time."""
    upright = np.array([[0, 0, 0, 0], [0.1, 0.5, 10, 2]])
    return policies.Linear(upright + 0.1 * np.random.default_rng(0).standard_normal((_MEMBERS, 2, 4)))


def against_step(num_envs: int, rounds: int, seconds: float) -> list[list[float]]:
    """Rollouts from an array of actions and with two linear populations, over a loop of `step` with drawn actions."""
    actions = np.random.default_rng(0).integers(0, 2, (STEPS, num_envs), dtype=np.int32)
    loop = Stepper(lambda: envs.CartPoleVecEnv(num_envs), num_envs, seconds, np.int32)
    sources = (actions, _population(), _beginners())
    rollouts = [_returns(_cartpoles(num_envs), source, seconds) for source in sources]
    *rates, step = in_turn([*rollouts, loop.rate], rounds)
    return [ratios(rate, step) for rate in rates]


def two_workers(num_envs: int, rounds: int, seconds: float) -> list[list[float]]:
    """Rollouts with a linear population: two workers over one."""
    one, two = (_returns(_cartpoles(num_envs, workers), _population(), seconds) for workers in (1, 2))
    return [ratios(*in_turn([two, one], rounds))]


def network_against_numpy(rounds: int, seconds: float) -> list[list[float]]:
    """A 4-64-64-2 tanh MLP shared by 4096 copies, over the same in float32 by numpy with `step`.

    numpy multiplies matrices with as many threads as its BLAS was given when the process started.
    """
    random = np.random.default_rng(0)
    sizes = (4, _HIDDEN, _HIDDEN, 2)
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    weights = [random.standard_normal(shape, np.float32) / np.float32(shape[1] ** 0.5) for shape in shapes]
    biases = [random.standard_normal(shape[0], np.float32) for shape in shapes]
    env, stepped = _cartpoles(4096), _cartpoles(4096)
    layers = list(zip(weights, biases, strict=True))
    observations, _ = stepped.reset(seed=0)

    def loop() -> None:
        nonlocal observations
        for _ in range(STEPS):
            x = observations
            for matrix, bias in layers[:-1]:
                x = np.tanh(x @ matrix.T + bias)
            matrix, bias = layers[-1]
            observations = stepped.step((x @ matrix.T + bias).argmax(axis=1))[0]

    by_numpy = _repeated(loop, STEPS * stepped.num_envs, seconds)
    return [ratios(*in_turn([_returns(env, policies.MLP(weights, biases), seconds), by_numpy], rounds))]


def observations_against_copying(rounds: int, seconds: float) -> list[list[float]]:
    """Bytes of observations that a rollout of 65,536 copies records a second, over what numpy copies of the same."""
    env = _cartpoles(65536)
    actions = np.random.default_rng(0).integers(0, 2, (STEPS, env.num_envs), dtype=np.int32)
    out = env.rollout(actions, record="observations")
    source = out.observations.copy()
    target = np.empty_like(source)
    record = _repeated(lambda: env.rollout(actions, out=out), source.nbytes, seconds)
    copy = _repeated(lambda: np.copyto(target, source), source.nbytes, seconds)
    return [ratios(*in_turn([record, copy], rounds))]
