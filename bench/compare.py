"""Compare steps per second with Gymnasium, EnvPool, gymnax and Brax; write the table of docs/comparison.md.

python bench/compare.py --json docs/comparison.json

Every library steps CartPole in its fastest way, with actions that are drawn in advance: vector environments in a loop,
gymnax in a jitted `lax.scan`. Brax and MJX have no CartPole. Their rigid body simulations do other work in a step, so
their rates are not compared. The output names libraries that are not installed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from operant._core import usable_cores
from operant.cli.machine import machine
from operant.cli.measure import NotMeasuredError, Stepper, contenders, in_turn, ratios, spread

#: Steps in a call of gymnax's compiled loop.
SCANNED = 128
LIBRARIES = ("operant", "gymnasium", "gymnasium-sync", "envpool")
#: The packages on PyPI, besides Gymnasium, whose versions are shown.
PEERS = ("envpool", "gymnax", "pufferlib", "brax")
#: Libraries that are not measured, with the reason.
NOT_MEASURED = (
    "Brax has no CartPole, and its step does other work",
    "PufferLib 3.0.0 has no wheels, and its sdist, which downloads libraries from GitHub, did not build "
    "here on 2026-11-28; 2.0.2, the newest with a wheel, requires numpy 1.23 and gym 0.23, which has none",
)


def gymnax_rate(num_envs: int, seconds: float) -> Callable[[], float]:
    """Return a measurement of gymnax: steps per second of all envs in a compiled loop."""
    if find_spec("gymnax") is None:
        raise NotMeasuredError("gymnax is not installed: pip install gymnax")
    import gymnax
    import jax

    env, parameters = gymnax.make("CartPole-v1")
    step_all = jax.vmap(env.step, in_axes=(0, 0, 0, None))
    keys = jax.random.split(jax.random.key(0), num_envs)
    _, state = jax.jit(jax.vmap(env.reset, in_axes=(0, None)))(keys, parameters)
    actions = jax.random.randint(jax.random.key(1), (SCANNED, num_envs), 0, 2)

    @jax.jit
    def loop(state: Any, key: Any) -> Any:
        def step(state: Any, inputs: Any) -> Any:
            key, chosen = inputs
            keys = jax.random.split(key, num_envs)
            observations, state, rewards, *ends, _ = step_all(keys, state, chosen, parameters)
            # Sums of all results, so the compiler cannot remove a part of the step.
            return state, [one.sum() for one in (observations, rewards, *ends)]

        return jax.lax.scan(step, state, (jax.random.split(key, SCANNED), actions))

    def call() -> None:
        nonlocal state
        state, sums = loop(state, jax.random.key(2))
        jax.block_until_ready(sums)

    call()
    began = time.perf_counter()
    call()
    calls = max(1, round(seconds / (time.perf_counter() - began)))

    def rate() -> float:
        began = time.perf_counter()
        for _ in range(calls):
            call()
        return num_envs * SCANNED * calls / (time.perf_counter() - began)

    return rate


def measured(num_envs: int, rounds: int, seconds: float) -> dict[str, Any]:
    """Measure all libraries in turn."""
    names, rates, missing = list[str](), list[Callable[[], float]](), list[str]()
    for library in LIBRARIES:
        try:
            for one in contenders(library, "CartPole", num_envs):
                rates.append(Stepper(one.make, num_envs, seconds).rate)
                names.append(one.name)
        except NotMeasuredError as reason:
            missing.append(f"{library}: {reason}")
    try:
        rates.append(gymnax_rate(num_envs, seconds))
        names.append(f"gymnax, compiled loop on up to {usable_cores()} cores")
    except NotMeasuredError as reason:
        missing.append(f"gymnax: {reason}")
    missing += NOT_MEASURED
    results = [
        {"environment": "CartPole", "num_envs": num_envs, "contender": name, "steps_per_second": values}
        for name, values in zip(names, in_turn(rates, rounds), strict=True)
    ]
    return {
        "machine": machine() | {package: _version(package) for package in PEERS},
        "settings": {"rounds": rounds, "seconds": seconds},
        "results": results,
        "missing": missing,
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--num-envs", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = measured(options.num_envs, options.rounds, options.seconds)
    first = result["results"][0]["steps_per_second"]
    for one in result["results"]:
        rates = one["steps_per_second"]
        print(f"{one['contender']}: {spread([rate / 1e6 for rate in rates])} million steps/s,")
        print(f"    Operant makes {spread(ratios(first, rates))} times as many")
    print(*result["missing"], result["machine"], sep="\n")
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
