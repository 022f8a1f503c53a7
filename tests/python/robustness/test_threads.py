"""Threads: Python's, and those of the environment."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from interpreter import run_python

from operant._core import usable_cores
from operant.envs import CartPoleVecEnv


def test_two_threads_on_one_environment_get_errors_not_races():
    num_envs = 20000
    env = CartPoleVecEnv(num_envs)
    env.reset(seed=0)
    actions = np.zeros(num_envs, np.int64)
    outcomes = {"stepped": 0, "refused": 0}
    lock = threading.Lock()
    start = threading.Barrier(2)

    def step_until_both_happened():
        start.wait()
        for _ in range(20000):
            try:
                env.step(actions)
                outcome = "stepped"
            except RuntimeError:
                outcome = "refused"
            with lock:
                outcomes[outcome] += 1
                if all(outcomes.values()):
                    return

    threads = [threading.Thread(target=step_until_both_happened) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes["stepped"] > 0
    assert outcomes["refused"] > 0, "no two calls ever overlapped: is the GIL held during a step?"
    env.step(actions)


def test_eight_threads_step_at_once():
    """Within 2000 steps of each."""
    num_envs, most = 2**17, 0
    inside = [0] * 8
    start = threading.Barrier(8)

    def step_own(thread):
        nonlocal most
        env = CartPoleVecEnv(num_envs)
        env.reset(seed=0)
        actions = np.zeros(num_envs, np.int64)
        start.wait()
        for _ in range(2000):
            inside[thread] = 1
            most = max(most, sum(inside))
            env.step(actions)
            inside[thread] = 0
            if most == 8:
                break

    # With so long an interval, a thread gets the GIL only where another one releases it.
    switch_interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        threads = [threading.Thread(target=step_own, args=(thread,)) for thread in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switch_interval)
    assert most == 8


# Runs in a new process, without threads of other tests. A joined thread may be listed for a moment longer.
COUNT_THREADS = """
import os
import sys
import time
from pathlib import Path
import numpy as np
from operant.envs import CartPoleVecEnv

def threads():
    return len(list(Path("/proc/self/task").iterdir()))

def step_with(workers):
    env = CartPoleVecEnv(20000, workers)
    env.reset(seed=0)
    env.step(np.zeros(20000, int))
    return env

os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:int(sys.argv[1])])
before = threads()
alone = step_with(1)
print(threads() - before)
helped = step_with(3)
print(threads() - before)
helped.close()
for _ in range(1000):
    if threads() == before:
        break
    time.sleep(0.01)
print(threads() - before)
"""


@pytest.mark.parametrize("cores", [1, 2, 3])
def test_there_are_as_many_threads_as_workers_and_cores_until_they_are_closed(cores):
    if not Path("/proc/self/task").exists():
        pytest.skip("counts threads in /proc")
    if cores > usable_cores():
        pytest.skip(f"needs {cores} cores")
    counted = run_python("-c", COUNT_THREADS, str(cores), check=True)
    assert counted.stdout.split() == ["0", str(cores - 1), "0"]
