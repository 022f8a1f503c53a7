"""Thousands of environments leak no memory and no references."""

from __future__ import annotations

from pathlib import Path

import pytest
from interpreter import run_python

# Runs in a new process: nanobind prints the leaks that it finds when the process exits.
MANY = """
import gc
from pathlib import Path
import numpy as np
from operant import _core, envs

_core.set_leak_warnings(True)
classes = [envs.CartPoleVecEnv, envs.MountainCarVecEnv, envs.MountainCarContinuousVecEnv, envs.PendulumVecEnv,
           envs.AcrobotVecEnv]

def use(number):
    env = classes[number % 5](4096 if number % 50 == 0 else 16, 2, autoreset_mode="SameStep",
                              record_episode_statistics=True, dtype=[np.float32, np.float64][number % 2])
    env.reset(seed=number)
    env.step(env.action_space.sample())
    if number % 3 == 0:
        env.close()
    elif number % 3 == 1:
        env.itself = env  # for the garbage collector

def left():
    gc.collect()
    status = Path("/proc/self/status").read_text().split()
    files = len(list(Path("/proc/self/fd").iterdir()))
    return int(status[status.index("VmRSS:") + 1]), int(status[status.index("Threads:") + 1]), files

for number in range(500):
    use(number)
memory, threads, files = left()
for number in range(2000):
    use(number)
memory_after, threads_after, files_after = left()
print(memory_after - memory, threads_after - threads, files_after - files)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_thousands_of_environments_leave_nothing_behind():
    ended = run_python("-c", MANY)
    assert (ended.returncode, ended.stderr) == (0, "")
    kilobytes, threads, files = map(int, ended.stdout.split())
    # An environment takes about 20 kB, so a fifteenth of them would show.
    assert kilobytes < 3072
    assert (threads, files) == (0, 0)
