"""Measure the time that a step in a JAX program takes in addition to the C++ step."""

from __future__ import annotations

import ctypes
import time
from importlib.util import find_spec
from pathlib import Path

from operant.building.cache import built
from operant.cli.measure import NotMeasuredError, in_turn

_SOURCE = Path(__file__).with_name("kernel_loop.cpp")


def _kernel_loop() -> ctypes.CDLL:
    text = _SOURCE.read_bytes()
    library = built(_SOURCE, text, text, lambda path: ctypes.CDLL(str(path)))
    library.seconds_per_step.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
    library.seconds_per_step.restype = ctypes.c_double
    return library


def beyond_the_kernel(num_envs: int, rounds: int, seconds: float) -> tuple[list[float], list[float]]:
    """Return the microseconds of a CartPole step in a jitted `fori_loop` beyond those in C++, and those in C++.

    The times are processor times, because other programs on the machine would hide the small difference.
    """
    if find_spec("jax") is None:
        raise NotMeasuredError("JAX is not installed: pip install jax")
    import jax
    import jax.numpy as jnp

    from operant.adapters.jax import JaxVectorEnv

    library = _kernel_loop()
    steps = max(100, round(seconds / max(library.seconds_per_step(num_envs, 1000), 1e-6)))
    env = JaxVectorEnv("CartPole-v1", num_envs)
    state, _ = env.reset(0)

    @jax.jit
    def loop(state, actions):
        return jax.lax.fori_loop(0, steps, lambda _, state: env.step(state, actions)[0], state)

    actions = jnp.arange(num_envs, dtype=jnp.int32) % 2
    state = jax.block_until_ready(loop(state, actions))

    def in_jax() -> float:
        nonlocal state
        start = time.process_time()
        state = jax.block_until_ready(loop(state, actions))
        return (time.process_time() - start) / steps * 1e6

    both, kernel = in_turn([in_jax, lambda: library.seconds_per_step(num_envs, steps) * 1e6], rounds)
    return [one - other for one, other in zip(both, kernel, strict=True)], kernel
