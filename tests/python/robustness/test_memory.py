"""Too many envs or workers are refused before anything is allocated or started."""

from __future__ import annotations

import gc
import os
import sys
import weakref

import pytest
from interpreter import run_python

from operant.envs import CartPoleVecEnv
from operant.registration import ENVIRONMENTS


def test_more_envs_than_any_memory_holds():
    for num_envs in (2**45, 2**63, 2**64, 10**5000):
        with pytest.raises(MemoryError, match="num_envs: expected as many as memory can hold, got"):
            CartPoleVecEnv(num_envs)


# VmHWM is the largest amount of memory that the process has had, in kB.
START = """
import gc, resource
from pathlib import Path
import gymnasium as gym
import numpy as np
from operant.envs import CartPoleVecEnv
from operant.registration import REGISTRATIONS

def status(name):
    return int(dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())[name].split()[0])

def limit(room):
    size = resource.RLIM_INFINITY if room is None else status("VmSize") * 1024 + room
    resource.setrlimit(resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))
"""


def run(program):
    """Run a program that changes the limits of its process."""
    done = run_python("-c", START + program)
    assert done.returncode == 0, done.stderr
    return done.stdout


REFUSED = """
limit(2 << 30)
for id in {one.name: one.id for one in REGISTRATIONS}.values():
    gym.make_vec(id, num_envs=64, workers=2).close()  # allocations that only the first environment makes
    gc.collect()
    before = status("VmHWM"), status("Threads")
    for arguments in ({"num_envs": 2**45}, {"num_envs": 2**31}, {"num_envs": 10**8}, {"num_envs": 4, "workers": 10**6}):
        try:
            gym.make_vec(id, **arguments)
        except (MemoryError, ValueError) as error:
            print(type(error).__name__)
    after = status("VmHWM"), status("Threads")
    assert after[0] - before[0] < 1024, (before, after)
    assert after[1] == before[1], (before, after)
    env = gym.make_vec(id, num_envs=4096, workers=2)
    env.reset(seed=0)
    env.step(env.action_space.sample())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")
def test_a_refusal_takes_no_memory_and_starts_no_thread():
    """The limit is 2 GB above the memory in use, because a large machine may have enough without it."""
    assert run(REFUSED).split() == ["MemoryError", "MemoryError", "MemoryError", "ValueError"] * len(ENVIRONMENTS)


limits_addresses = pytest.mark.skipif(
    sys.platform != "linux" or "libasan" in os.environ.get("LD_PRELOAD", ""),
    reason="limits the address space, which only Linux obeys, and of which AddressSanitizer takes much",
)

# One allocation after another fails: those of the arrays, of numpy's conversions, of the first outputs.
TIGHT = """
num_envs = 1 << 17
env, twin = CartPoleVecEnv(num_envs), CartPoleVecEnv(num_envs)
for one in (env, twin):
    one.reset(seed=0)
    one.step(np.ones(num_envs, int))
gc.collect()
outcomes = []
for room in range(0, 96 << 20, 4 << 20):
    limit(room)
    try:
        another = CartPoleVecEnv(num_envs, record_episode_statistics=True, autoreset_mode="SameStep")
        another.reset(seed=5)
        another.step(np.ones(num_envs, np.int64))
        outcomes.append("made")
    except MemoryError:
        outcomes.append("refused")
    another = None
    held = []
    try:
        for _ in range(9):
            held.append(env.reset(seed=1)[0])
    except MemoryError:
        pass
    del held
    limit(None)
    gc.collect()
for one in (env, twin):
    one.reset(seed=2)
assert all(map(np.array_equal, env.step(np.ones(num_envs, int))[:4], twin.step(np.ones(num_envs, int))[:4]))
print(*sorted(set(outcomes)))
"""


@limits_addresses
def test_running_out_of_memory_is_an_exception_whenever_it_happens():
    assert run(TIGHT).split() == ["made", "refused"]


# Each thread takes 8 MB of addresses for its stack, usually, so that some of the fifteen can be started, but not all.
FEW_THREADS = """
num_envs, actions = 40_000, np.ones(40_000, np.int64)
twin = CartPoleVecEnv(num_envs)
twin.reset(seed=0)
expected = [twin.step(actions)[0] for _ in range(3)]
for room in (100, 50, 16, 6):
    env, before = CartPoleVecEnv(num_envs, 16), status("Threads")
    limit(room << 20)
    env.reset(seed=0)
    for one in expected:
        assert np.array_equal(env.step(actions)[0], one)
    print(status("Threads") - before)
    limit(None)
    env.close()
"""


@limits_addresses
def test_fewer_threads_are_used_if_the_system_refuses_some():
    started = [int(threads) for threads in run(FEW_THREADS).split()]
    assert 0 < max(started) < 15


def test_a_refused_environment_leaves_nothing_behind():
    """The environment is freed, with everything that its constructor has made before it raised."""
    references = []

    class Watched(CartPoleVecEnv):
        def __setattr__(self, name, value):
            if name == "_renderer":
                references.append(weakref.ref(self))
                raise RuntimeError("at the very end")
            super().__setattr__(name, value)

    with pytest.raises(RuntimeError, match="at the very end"):
        Watched(4)
    gc.collect(1)  # without the objects of other tests
    assert [reference() for reference in references] == [None]
