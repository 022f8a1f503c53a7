"""Print a digest of every kind of output of Operant, to compare two versions that must not differ.

    .venv/bin/python scripts/hash_outputs.py >before.txt
    ...
    .venv/bin/python scripts/hash_outputs.py | diff before.txt -

Every id is played in every autoreset mode and both precisions; `OPERANT_ARCH` chooses the instruction set. The digests
cover observations, rewards, flags, infos, states, random streams, totals, saved files (without their version), rollouts
and evaluations with every kind of policy, parameters of each env, snapshots, single environments, spaces, and the
environments in `examples/`. Durations are left out.
"""

from __future__ import annotations

import hashlib
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

import operant
from operant.envs._rollout import RECORDS
from operant.policies import MLP, Linear, Random
from operant.registration import REGISTRATIONS

NUM_ENVS = 132  # two words of 64 envs and a part of a third
STEPS = 30
LIMIT = 11
MODES = ("NextStep", "SameStep", "Disabled")
PER_ENV = {
    "CartPole": "length",
    "MountainCar": "gravity",
    "MountainCarContinuous": "power",
    "Pendulum": "g",
    "Acrobot": "LINK_LENGTH_1",
}


def add(to: Any, value: Any) -> None:
    """Add arrays, numbers, strings, and containers of them to a hash."""
    if isinstance(value, Mapping):
        for name in sorted(value):
            if name != "t":  # a duration
                add(to, name)
                add(to, value[name])
    elif isinstance(value, np.ndarray) and value.dtype == object:
        add(to, list(value))
    elif isinstance(value, np.ndarray):
        to.update(f"{value.dtype}{value.shape}".encode() + np.ascontiguousarray(value).tobytes())
    elif isinstance(value, (list, tuple)):
        to.update(f"[{len(value)}".encode())
        for one in value:
            add(to, one)
    elif isinstance(value, bytes):
        to.update(value)
    else:
        to.update(f"{type(value).__name__}{value!r}".encode())


def digest(results: Iterable[Any]) -> str:
    """Return the shortened digest of results."""
    made = hashlib.sha256()
    for result in results:
        add(made, result)
    return made.hexdigest()[:24]


def saved(env: Any) -> bytes:
    """Return the bytes that `save` writes, without the version and the checksum."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "saved")
        env.save(path)
        content = path.read_bytes().partition(b"\n")[2]
    return re.sub(rb"operant \d+", b"operant", content, count=1)


def actions_of(env: Any, seed: int) -> np.ndarray:
    """Return random actions for all steps."""
    env.action_space.seed(seed)
    return np.array([env.action_space.sample() for _ in range(STEPS)])


def played(env: Any) -> Iterator[Any]:
    """Yield the results of steps, saving, restoring a snapshot and copying states."""
    for space in ("single_observation_space", "single_action_space", "observation_space", "action_space"):
        yield str(getattr(env, space))
    yield env.reset(seed=7)
    snapshot = env.snapshot()
    for i, actions in enumerate(actions_of(env, 3)):
        result = env.step(actions)
        yield result
        ended = result[2] | result[3]
        if env.autoreset_mode.value == "Disabled" and ended.any():
            yield env.reset(options={"reset_mask": ended})
        if i == 5:
            env.copy_state([1, 2, 3], [70, 71, 72], random=True)
        if i == 20:
            yield [env.state, env.get_logs(), saved(env)]
            env.restore(snapshot)
    yield [env.state, env.get_logs(), saved(env), env.np_random_seed]
    yield [one.bit_generator.state for one in env.np_random[:3]]


def played_alone(env: Any) -> Iterator[Any]:
    """Yield the results of a single environment."""
    yield env.reset(seed=5)
    env.action_space.seed(1)
    for _ in range(STEPS):
        *results, terminated, truncated, infos = env.step(env.action_space.sample())
        yield [results, terminated, truncated, infos]
        if terminated or truncated:
            yield env.reset()


def policies_of(env: Any) -> Iterator[tuple[str, Any]]:
    """Return policies of every kind that fit the environment."""
    rng = np.random.default_rng(5)
    yield "random", Random(seed=1)
    observation, action = env.single_observation_space, env.single_action_space
    if isinstance(observation, gym.spaces.Tuple):  # networks take one array
        return
    inputs = int(observation.n) if isinstance(observation, gym.spaces.Discrete) else int(np.prod(observation.shape))
    discrete = not isinstance(action, gym.spaces.Box)
    outputs = int(action.nvec.sum() if hasattr(action, "nvec") else action.n) if discrete else action.shape[0]
    yield "linear", Linear(rng.normal(size=(outputs, inputs)), rng.normal(size=outputs))
    yield "population", Linear(rng.normal(size=(4, outputs, inputs)))
    weights = [rng.normal(size=(8, inputs)), rng.normal(size=(outputs, 8))]
    yield "mlp", MLP(weights, [np.zeros(8), np.ones(outputs)], activation="tanh")
    if discrete:
        yield "sampled", MLP(weights, activation="relu", sample=True, seed=2)
    else:
        yield "noise", MLP(weights, activation="relu", noise=0.3, seed=2)


def rollout_of(env: Any, *arguments: Any) -> list[Any]:
    """Return everything that a rollout records."""
    result = env.rollout(*arguments)
    return [getattr(result, name) for name in RECORDS]


def cases(name: str, make: Any, per_env: str | None) -> Iterator[tuple[str, str]]:
    """Return the digests of one environment. `make` takes the number of envs and the constructor's keywords."""
    for dtype in ("float32", "float64"):
        for mode in MODES:
            arguments = {
                "dtype": dtype,
                "autoreset_mode": mode,
                "max_episode_steps": LIMIT,
                "record_episode_statistics": True,
            }
            yield f"{name} {dtype} {mode} steps", digest(played(make(NUM_ENVS, **arguments)))
            if per_env is not None:
                env = make(NUM_ENVS, **arguments)
                env.set_parameters(**{per_env: getattr(env, per_env) * np.linspace(0.8, 1.2, NUM_ENVS)})
                yield f"{name} {dtype} {mode} parameters of each env", digest(played(env))
            if mode == "Disabled":
                continue
            env = make(NUM_ENVS, **arguments)
            env.reset(seed=9)
            results = [rollout_of(env, actions_of(env, 4)), [env.state, env.get_logs()]]
            yield f"{name} {dtype} {mode} rollout of actions", digest(results)
            for kind, policy in policies_of(env):
                env.reset(seed=9)
                results = [rollout_of(env, policy, STEPS), list(env.evaluate(policy, episodes=2, seed=3))]
                yield f"{name} {dtype} {mode} rollout of {kind}", digest(results)


def main() -> None:
    """Print the digests of all cases."""
    for registration in REGISTRATIONS:
        make = partial(getattr(operant.envs, registration.vector_env), **dict(registration.kwargs))
        for case in cases(registration.id, make, PER_ENV.get(registration.name)):
            print(*case, flush=True)
        print(registration.id, "single", digest(played_alone(gym.make(registration.id))), flush=True)
    examples = Path(__file__).parent.parent / "examples"
    for header in sorted([*examples.glob("*.hpp"), *examples.glob("environments/*.hpp")]):
        loaded = operant.load(header)
        for env_class in loaded if isinstance(loaded, tuple) else (loaded,):
            if hasattr(env_class, "step"):
                setattr(sys.modules[__name__], env_class.__name__, env_class)  # `save` needs to find it
                for case in cases(f"{header.name}:{env_class.__name__}", env_class, None):
                    print(*case, flush=True)


if __name__ == "__main__":
    sys.exit(main())
