"""An interpreter with environments, threads or a Logger exits quietly, and can be interrupted."""

from __future__ import annotations

import os

import pytest
from interpreter import run_python

START = """
import signal, sys, threading
import numpy as np
from operant.envs import CartPoleVecEnv
from operant.utils import Logger

def started(num_envs, workers):
    env = CartPoleVecEnv(num_envs, workers)
    env.reset(seed=0)
    env.step(np.zeros(num_envs, np.int64))
    return env
"""

ENDS = {
    "live environments": "envs = [started(8192, workers) for workers in (1, 2, 3)]",
    "a reference cycle": "env = started(8192, 2); cycle = [env]; cycle.append(cycle); env.cycle = cycle",
    "in a module": "sys.modules['kept'] = started(8192, 2)",
    # A wrapper of Gymnasium before 1.3 closes its environment when it is deleted. Python clears the modules in reverse
    # order of import, those of operant before threading; what codecs has registered keeps them alive until then.
    "a wrapper that outlives operant's modules": """
import codecs
class Wrapper:
    def __init__(self, env):
        self.env = env
    def __del__(self):
        self.env.close()
threading.wrapper = Wrapper(started(64, 2))
codecs.register(lambda name, kept=dict(sys.modules): None)
""",
    "threads that step": """
going = threading.Barrier(5)
def step():
    env = started(8192, 2)
    going.wait()
    while True:
        env.step(np.zeros(8192, np.int64))
for _ in range(4):
    threading.Thread(target=step, daemon=True).start()
going.wait()
""",
    "an exception": "env = started(8192, 2)\ntry:\n    env.step(None)\nexcept TypeError as error:\n    kept = error",
    "an open Logger": "logger = Logger(csv_path='training.csv', quiet=True); logger.log(steps=1, reward=2)",
    "sys.exit": "env = started(8192, 2); sys.exit()",
}

if hasattr(os, "fork"):  # a child that ends by itself runs the destructors of what it has inherited
    ENDS["a forked child"] = """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of a fork with several threads
env = started(8192, 2)
child = os.fork()
env.step(np.zeros(8192, np.int64))
if child:
    assert os.waitpid(child, 0)[1] == 0
"""


def python(script):
    return run_python("-X", "faulthandler", "-c", START + script, timeout=120)


@pytest.mark.parametrize("end", ENDS)
def test_the_interpreter_exits_quietly(end, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = python(ENDS[end])
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_an_interrupt_is_seen_between_two_steps():
    # Steps are counted, not timed: a step of a million envs takes milliseconds.
    ended = python("""
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a process in the background does not have
env = started(2**20, 2)
actions = np.zeros(2**20, np.int64)
steps, steps_then = 0, None
waiting = threading.Event()

def interrupt():
    global steps_then
    waiting.wait()
    steps_then = steps
    signal.raise_signal(signal.SIGINT)

threading.Thread(target=interrupt).start()
try:
    while steps < 5000:
        env.step(actions)
        steps += 1
        if steps == 3:
            waiting.set()
except KeyboardInterrupt:
    print(steps - steps_then)
env.step(actions)
""")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert int(ended.stdout) < 100  # without the interrupt, it would be 5000
