"""The same seed gives the same bytes on every processor, with any number of workers and envs."""

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

SIZES = [1, 7, 8, 17, 63, 64, 65, 1025]
MOST = 4096  # four blocks: work for several workers

# Prints a digest of the steps of every environment and of the actions of policies, and compares rollouts with steps.
# Toy text is left out: it is plain C++, with the same kernels for all instruction sets.
DIGEST = """
import hashlib
import numpy as np
from gymnasium import spaces
from operant import envs
from operant.policies import MLP, Random

for name in ("CartPole", "MountainCar", "MountainCarContinuous", "Pendulum", "Acrobot"):
    for dtype in ("float32", "float64"):
        digest = hashlib.sha256()
        stepped, rolled = (getattr(envs, f"{name}VecEnv")(1000, dtype=dtype, max_episode_steps=60) for _ in range(2))
        digest.update(stepped.reset(seed=11)[0].tobytes())
        rolled.reset(seed=11)
        stepped.action_space.seed(5)
        actions = np.array([stepped.action_space.sample() for _ in range(200)])
        rollout = rolled.rollout(actions)
        for step, chosen in enumerate(actions):
            *arrays, _ = stepped.step(chosen)
            of_rollout = (rollout.observations, rollout.rewards, rollout.terminations, rollout.truncations)
            for array, other in zip(arrays, of_rollout, strict=True):
                digest.update(array.tobytes())
                assert array.tobytes() == other[step].tobytes(), (name, dtype, step)
        assert stepped._core.save() == rolled._core.save()
        print(name, dtype, digest.hexdigest())

rng, digest = np.random.default_rng(0), hashlib.sha256()
draw = lambda *shape: rng.normal(size=shape).astype(np.float32)
x = draw(300, 4)
for lead in ((), (3,), (100,)):
    weights = [draw(*lead, 40, 4), draw(*lead, 2, 40)]
    digest.update(MLP(weights, action_space=spaces.Box(-2, 2, (2,)), noise=0.1, seed=0)(x).tobytes())
    digest.update(MLP(weights, activation="relu", sample=True, seed=0)(x).tobytes())
digest.update(Random(spaces.Discrete(5), seed=0)(x).tobytes())
print("policies float32", digest.hexdigest())
"""


def outputs(env, actions):
    """All arrays that a run returns, with envs along the first axis."""
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
    one, other = (make(MOST, workers, **arguments) for workers in (1, 3))
    actions = [draw(one) for _ in range(30)]
    expected = list(outputs(one, actions))
    assert_same(list(outputs(other, actions)), expected)
    assert other.get_logs() == one.get_logs()
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


def digests(architecture):
    environment = os.environ | {"OPERANT_ARCH": architecture}
    return subprocess.run([*PYTHON, "-c", DIGEST], env=environment, check=True, capture_output=True, text=True).stdout


def test_instruction_sets_agree_bit_for_bit():
    """In float64, all of them agree; in float32, those that fuse multiplications and additions."""
    shown = {name: digests(name) for name in simd.available}
    assert all(len(text.splitlines()) == 11 for text in shown.values())
    assert len({re.sub(r".* float32 .*\n", "", digest) for digest in shown.values()}) == 1
    assert len({digest for name, digest in shown.items() if name != "sse4.2"}) == 1
