"""What has to be measured in a process of its own: another instruction set, memory, imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys

_STEPPING = """
import json, sys
from operant.bench.contenders import environment_class
from operant.bench.measurement import make_stepper
arguments = json.loads(sys.argv[1])
make = lambda: environment_class(arguments["environment"])(arguments["num_envs"])
stepper = make_stepper(make, arguments["num_envs"], arguments["seconds"])
print("ready", flush=True)
for line in sys.stdin:
    print(stepper.rate(), flush=True)
"""

# The actions are the caller's, and drawn before: what is counted is what the environment and its results take.
_MEMORY = """
import json, sys
import numpy as np
from operant.envs import CartPoleVecEnv
num_envs = json.loads(sys.argv[1])["num_envs"]

def status(key):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(key)) * 1024

CartPoleVecEnv(1).reset(seed=0)
actions = np.random.default_rng(0).integers(0, 2, num_envs)
before = status("VmRSS")
env = CartPoleVecEnv(num_envs)
result = env.reset(seed=0)
for _ in range(10):
    result = env.step(actions)
print(json.dumps([(status(key) - before) / num_envs for key in ("VmRSS", "VmHWM")]))
"""

# What having Operant adds to `import gymnasium`.
_IMPORT = """
import time
import gymnasium
start = time.perf_counter()
import operant.envs
print([time.perf_counter() - start])
"""


def _run(program: str, **arguments) -> list[float]:
    command = [sys.executable, "-c", program, json.dumps(arguments)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def memory_per_copy(num_envs: int) -> list[float]:
    """Bytes of resident memory that CartPole takes a copy, and the most that it took on the way. Linux only."""
    return _run(_MEMORY, num_envs=num_envs)


def import_seconds() -> list[float]:
    """Seconds that `import operant.envs` takes when Gymnasium is there already."""
    return _run(_IMPORT)


class SteppingProcess:
    """A process that steps an environment on the instruction set it is told to, whenever it is asked for a rate."""

    def __init__(self, environment: str, num_envs: int, seconds: float, architecture: str) -> None:
        """Start it, and wait until it has warmed up."""
        arguments = {"environment": environment, "num_envs": num_envs, "seconds": seconds}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _STEPPING, json.dumps(arguments)],
            env=os.environ | {"OPERANT_ARCH": architecture},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._read()

    def _read(self) -> str:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a measuring process ended with exit code {self._process.wait()}")
        return line

    def rate(self) -> float:
        """Measure once: steps per second, all copies together."""
        self._process.stdin.write("measure\n")
        self._process.stdin.flush()
        return float(self._read())

    def close(self) -> None:
        """Let it end."""
        self._process.communicate()
