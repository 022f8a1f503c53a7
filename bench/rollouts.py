"""Measure rollouts against loops of `step`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from operant import envs, policies
from operant.cli.measure import Stepper, in_turn, ratios

STEPS = 200
_MEMBERS = 256
_HIDDEN = 64
# numpy is not measured with more envs: its arrays exceed the cache by far, so it does not get faster.
_LARGEST_BY_NUMPY = 65536


def _cartpoles(num_envs: int, workers: int = 1) -> envs.CartPoleVecEnv:
    env = envs.CartPoleVecEnv(num_envs, workers=workers)
    env.reset(seed=0)
    return env


def repeated(run: Callable[[], Any], amount: float, seconds: float) -> Callable[[], float]:
    """Call `run` once, and return a function that measures its rate, in `amount` per call."""
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
    """Return a function that measures the total steps per second of rollouts that record the returns."""
    out = env.rollout(source, STEPS, record="returns")
    return repeated(lambda: env.rollout(source, STEPS, out=out), STEPS * env.num_envs, seconds)


def _beginners() -> policies.Linear:
    """Make a population of random policies with short episodes, as at the start of a search."""
    return policies.Linear(np.random.default_rng(0).standard_normal((_MEMBERS, 2, 4)))


def _population(members: int = _MEMBERS) -> policies.Linear:
    """Make a population around a policy that balances the pole, as in most generations of an evolution strategy."""
    upright = np.array([[0, 0, 0, 0], [0.1, 0.5, 10, 2]])
    return policies.Linear(upright + 0.1 * np.random.default_rng(0).standard_normal((members, 2, 4)))


def against_step(num_envs: int, rounds: int, seconds: float) -> list[list[float]]:
    """Return the speed of rollouts, from actions and with two linear populations, over that of a loop of `step`."""
    actions = np.random.default_rng(0).integers(0, 2, (STEPS, num_envs), dtype=np.int32)
    loop = Stepper(lambda: envs.CartPoleVecEnv(num_envs), num_envs, seconds, np.int32)
    sources = (actions, _population(), _beginners())
    rollouts = [_returns(_cartpoles(num_envs), source, seconds) for source in sources]
    *rates, step = in_turn([*rollouts, loop.rate], rounds)
    return [ratios(rate, step) for rate in rates]


def two_workers(num_envs: int, rounds: int, seconds: float) -> list[list[float]]:
    """Return the speed of rollouts of a linear population with two workers over that with one."""
    one, two = (_returns(_cartpoles(num_envs, workers), _population(), seconds) for workers in (1, 2))
    return [ratios(*in_turn([two, one], rounds))]


#: Weights and biases of each layer.
_Layers = list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]


def _layers() -> _Layers:
    """Draw the layers of a 4-64-64-2 network."""
    random = np.random.default_rng(0)
    shapes = [(_HIDDEN, 4), (_HIDDEN, _HIDDEN), (2, _HIDDEN)]
    return [
        (
            random.standard_normal(shape, np.float32) / np.float32(shape[1] ** 0.5),
            random.standard_normal(shape[0], np.float32),
        )
        for shape in shapes
    ]


def _network(layers: _Layers) -> policies.MLP:
    return policies.MLP(*zip(*layers, strict=True))


def _by_numpy(env: envs.CartPoleVecEnv, layers: _Layers, seconds: float) -> Callable[[], float]:
    """Return a function that measures a loop of `step` with actions that numpy computes by the network, in float32.

    The environment of the process determines the number of BLAS threads.
    """
    observations, _ = env.reset(seed=0)

    def step() -> None:
        nonlocal observations
        x = observations
        for matrix, bias in layers[:-1]:
            x = np.tanh(x @ matrix.T + bias)
        matrix, bias = layers[-1]
        observations = env.step((x @ matrix.T + bias).argmax(axis=1))[0]

    return repeated(step, env.num_envs, seconds)


def network_against_numpy(rounds: int, seconds: float) -> list[list[float]]:
    """Return the speed of a 4-64-64-2 tanh MLP for 4096 envs in a rollout over that of numpy and `step`."""
    layers = _layers()
    contenders = [_returns(_cartpoles(4096), _network(layers), seconds), _by_numpy(_cartpoles(4096), layers, seconds)]
    return [ratios(*in_turn(contenders, rounds))]


def rates(num_envs: int, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Return the total steps per second with one worker in each round, for each way to step and choose actions."""
    actions = np.random.default_rng(0).integers(0, 2, (STEPS, num_envs), dtype=np.int32)
    layers = _layers()
    contenders = {
        "step, actions drawn before": Stepper(lambda: envs.CartPoleVecEnv(num_envs), num_envs, seconds, np.int32).rate,
        "rollout, actions drawn before": _returns(_cartpoles(num_envs), actions, seconds),
        "rollout, linear population": _returns(_cartpoles(num_envs), _population(min(num_envs, _MEMBERS)), seconds),
        "rollout, 4-64-64-2 network": _returns(_cartpoles(num_envs), _network(layers), seconds),
    }
    if num_envs <= _LARGEST_BY_NUMPY:
        contenders["step, 4-64-64-2 network by numpy"] = _by_numpy(_cartpoles(num_envs), layers, seconds)
    return dict(zip(contenders, in_turn(list(contenders.values()), rounds), strict=True))


def observations_against_copying(rounds: int, seconds: float) -> list[list[float]]:
    """Return the bytes per second of a rollout that records observations of 65,536 envs over those of a numpy copy."""
    env = _cartpoles(65536)
    actions = np.random.default_rng(0).integers(0, 2, (STEPS, env.num_envs), dtype=np.int32)
    out = env.rollout(actions, record="observations")
    source = out.observations.copy()
    target = np.empty_like(source)
    record = repeated(lambda: env.rollout(actions, out=out), source.nbytes, seconds)
    copy = repeated(lambda: np.copyto(target, source), source.nbytes, seconds)
    return [ratios(*in_turn([record, copy], rounds))]
