"""The same seed gives the same bytes, whatever runs them."""

from __future__ import annotations

import os
import subprocess

import numpy as np
import pytest
from interpreter import PYTHON

from operant import simd

SIZES = [1, 7, 8, 15, 16, 17, 1000, 4096]

# Runs every environment and prints a digest of all that its steps returned.
DIGEST = """
import hashlib, sys
import gymnasium as gym
from operant.registration import REGISTRATIONS
for registration in REGISTRATIONS:
    for dtype in sys.argv[1].split(","):
        digest = hashlib.sha256()
        env = gym.make_vec(registration.id, num_envs=1000, dtype=dtype)
        digest.update(env.reset(seed=11)[0].tobytes())
        env.action_space.seed(5)
        for _ in range(300):
            for array in env.step(env.action_space.sample())[:4]:
                digest.update(array.tobytes())
        print(registration.id, dtype, digest.hexdigest())
"""


def outputs(env, actions):
    """All that a run returns, with copies along the first axis."""
    env.reset(seed=3)
    return [np.stack(arrays, axis=1) for arrays in zip(*(env.step(a)[:4] for a in actions), strict=True)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("num_envs", SIZES)
def test_workers_and_num_envs_change_nothing(make, draw, num_envs, dtype):
    largest = make(max(SIZES), dtype=dtype)
    actions = [draw(largest) for _ in range(30)]
    expected = outputs(largest, actions)
    for workers in (1, 2, 3):
        actual = outputs(make(num_envs, workers, dtype=dtype), [one[:num_envs] for one in actions])
        for ours, theirs in zip(actual, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs[:num_envs])


def digests(architecture, dtypes):
    environment = os.environ | {"OPERANT_ARCH": architecture}
    run = [*PYTHON, "-c", DIGEST, dtypes]
    return subprocess.run(run, env=environment, check=True, capture_output=True, text=True).stdout


def test_avx512_and_avx2_agree_bit_for_bit():
    if not {"avx512bw", "avx2"} <= set(simd.available):
        pytest.skip(f"this processor has {', '.join(simd.available)} only")
    assert digests("avx512bw", "float32,float64") == digests("avx2", "float32,float64")


def test_float64_agrees_on_every_architecture():
    if len(simd.available) == 1:
        pytest.skip(f"this processor has {simd.available[0]} only")
    assert len({digests(architecture, "float64") for architecture in simd.available}) == 1


def test_without_fma_float32_agrees_within_rounding():
    if not {"sse4.2", "avx2"} <= set(simd.available):
        pytest.skip(f"this processor has {', '.join(simd.available)} only")
    one_step = (
        "import sys, numpy as np; from operant.envs import CartPoleVecEnv;"
        "env = CartPoleVecEnv(4096); env.reset(seed=1);"
        "sys.stdout.buffer.write(env.step(np.arange(4096) % 2)[0].tobytes())"
    )
    results = []
    for architecture in ("sse4.2", "avx2"):
        environment = os.environ | {"OPERANT_ARCH": architecture}
        run = subprocess.run([*PYTHON, "-c", one_step], env=environment, check=True, capture_output=True)
        results.append(np.frombuffer(run.stdout, np.float32))
    np.testing.assert_allclose(*results, rtol=0, atol=1e-6)
