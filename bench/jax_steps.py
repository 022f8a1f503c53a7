"""What a step in a JAX program takes beyond the C++ step, in the same run."""

from __future__ import annotations

import ctypes
import time
from importlib.util import find_spec
from pathlib import Path

from operant._compiler import find_compiler
from operant._loading import built, key_of
from operant.bench import NotMeasuredError, in_turn

_SOURCE = Path(__file__).with_name("kernel_loop.cpp")


def _kernel_loop() -> ctypes.CDLL:
    text, compiler = _SOURCE.read_text(encoding="utf-8"), find_compiler()
    library = built(
        f"{_SOURCE.stem}-{key_of(compiler, text)}", text, _SOURCE, compiler, lambda path: ctypes.CDLL(str(path))
    )
    library.seconds_per_step.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
    library.seconds_per_step.restype = ctypes.c_double
    return library


def beyond_the_kernel(num_envs: int, rounds: int, seconds: float) -> tuple[list[float], list[float]]:
    """Microseconds that a step of CartPole takes in a jitted `fori_loop`, less those in C++; and the latter.

    Those of the processor: the difference is small, and what else runs on the machine would drown it.
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
