"""The same seed gives the same bytes, whatever runs them."""

from __future__ import annotations

import os
import re
import subprocess

import numpy as np
import pytest
from conftest import every_environment
from gymnasium.vector import AutoresetMode
from interpreter import PYTHON
from side_by_side import assert_same, rows_of

from operant import simd

SIZES = [1, 7, 8, 15, 16, 17, 63, 64, 65, 1000, 1025]
MOST = 4096  # four blocks: work for several workers

# Runs every environment and prints a digest of all that its steps returned.
DIGEST = """
import hashlib, sys
import gymnasium as gym
from operant.registration import REGISTRATIONS
for registration in REGISTRATIONS:
    if registration.name in ("FrozenLake", "CliffWalking", "Taxi", "Blackjack"):
        continue  # plain C++, with the same kernels for all
    for dtype in sys.argv[1].split(","):
        digest = hashlib.sha256()
        env = gym.make_vec(registration.id, num_envs=1000, dtype=dtype)
        digest.update(env.reset(seed=11)[0].tobytes())
        env.action_space.seed(5)
        for _ in range(200):
            for array in env.step(env.action_space.sample())[:4]:
                digest.update(array.tobytes())
        print(registration.id, dtype, digest.hexdigest())
"""


def outputs(env, actions):
    """All that a run returns, with copies along the first axis, and what it logs."""
    yield env.reset(seed=3)[0]
    ended = np.zeros(env.num_envs, bool)
    for number, chosen in enumerate(actions):
        if env.metadata["autoreset_mode"] is AutoresetMode.DISABLED and ended.any():
            yield env.reset(options={"reset_mask": ended})[0]
        if number == 20:
            yield env.reset(options={"reset_mask": np.arange(env.num_envs) % 3 == 0})[0]
        *arrays, infos = env.step(chosen)
        yield from arrays
        ended = arrays[2] | arrays[3]
        if "final_obs" in infos:
            yield [one for one in infos["final_obs"] if one is not None]
        if "episode" in infos:
            yield infos["episode"]["r"][ended]
            yield infos["episode"]["l"][ended]


@every_environment
@pytest.mark.quick
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_workers_change_nothing(make, draw, mode, dtype):
    arguments = {
        "dtype": dtype,
        "autoreset_mode": mode,
        "max_episode_steps": 13,
        "record_episode_statistics": True,
    }
    one, *others = (make(MOST, workers, **arguments) for workers in (1, 2, 3))
    actions = [draw(one) for _ in range(30)]
    expected = list(outputs(one, actions))
    for env in others:
        assert_same(list(outputs(env, actions)), expected)
        assert env.get_logs() == one.get_logs()
    assert one.get_logs()["episode_count"] >= MOST


@every_environment
@pytest.mark.quick
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_num_envs_changes_nothing(make, draw, dtype):
    largest = make(MOST, dtype=dtype)
    actions = [draw(largest) for _ in range(30)]
    expected = list(outputs(largest, actions))
    for num_envs in SIZES:
        actual = outputs(make(num_envs, dtype=dtype), [one[:num_envs] for one in actions])
        assert_same(list(actual), [rows_of(array, slice(num_envs)) for array in expected])


def digests(architecture, dtypes):
    environment = os.environ | {"OPERANT_ARCH": architecture}
    run = [*PYTHON, "-c", DIGEST, dtypes]
    return subprocess.run(run, env=environment, check=True, capture_output=True, text=True).stdout


def test_architectures_agree_bit_for_bit():
    """In float64 all of them, in float32 those that fuse multiplication and addition."""
    if len(simd.available) == 1:
        pytest.skip(f"this processor has {simd.available[0]} only")
    shown = {name: digests(name, "float32,float64") for name in simd.available}
    assert len({re.sub(r".* float32 .*\n", "", digest) for digest in shown.values()}) == 1
    assert len({digest for name, digest in shown.items() if name != "sse4.2"}) == 1


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
