"""Measure the environments of examples/in_python/: against plain loops, numpy and a header in C++, and their starts."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import operant
from operant.cli.measure import NotMeasuredError, Stepper, contenders, in_turn, ratios

_ROOT = Path(__file__).parents[1]
_NUM_ENVS = 4096
_NAMES = {"CartPole": "cartpole", "CartPole with operant.math": "cartpole", "Snake": "snake", "Inventory": "inventory"}

# Measures the time from the class to the first step.
_START = """
import importlib.util, json, sys, time
import operant.envs
spec = importlib.util.spec_from_file_location("cartpole", sys.argv[1])
module = importlib.util.module_from_spec(spec)
start = time.perf_counter()
spec.loader.exec_module(module)
env = module.CartPole(64)
env.reset(seed=0)
env.step(env.action_space.sample())
print(json.dumps(time.perf_counter() - start))
"""


@functools.cache
def _environment(name: str) -> Any:
    if importlib.util.find_spec("numba") is None:
        raise NotMeasuredError("Numba is not installed")
    file = _ROOT / "examples" / "in_python" / f"{_NAMES[name]}.py"
    text = file.read_text()
    if name.endswith("operant.math"):
        text = text.replace("import math\n", "from operant import math\n")
    module = types.ModuleType(file.stem)
    exec(compile(text, str(file), "exec"), vars(module))
    return getattr(module, name.split()[0])


class _PlainLoop:
    """The functions of an environment, called in a loop with ordinary Python objects."""

    def __init__(self, name: str, seconds: float) -> None:
        self._read = _environment(name)._declaration
        self._seconds = seconds

    def rate(self) -> float:
        """Return the steps per second."""
        read, random = self._read, np.random.default_rng(0)
        functions, given = read.functions, read.arguments["step"]
        p = SimpleNamespace(**{one.name: one.default for one in read.parameters})
        s = SimpleNamespace(**{name: 0 for name in read.state.names})
        info = SimpleNamespace()
        out = np.zeros(read.leaves[0].shape, read.leaves[0].dtype)
        actions = random.integers(0, read.action_space.n, 1000).tolist()
        functions["reset"](p, s, random)
        steps, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < self._seconds:
            for action in actions:
                values = {"action": action, "random": random, "info": info}
                _, terminated = functions["step"](p, s, *(values[one] for one in given))
                if terminated:
                    functions["reset"](p, s, random)
                functions["observation"](p, s, out)
            steps += len(actions)
        return steps / elapsed


def _compiled(name: str, seconds: float) -> Stepper:
    return Stepper(functools.partial(_environment(name), _NUM_ENVS), _NUM_ENVS, seconds)


def against_plain_loops(name: str, rounds: int, seconds: float) -> tuple[list[list[float]], str]:
    """Return the speed of an environment over that of a plain loop of Python."""
    rates = in_turn([one.rate for one in (_compiled(name, seconds), _PlainLoop(name, seconds))], rounds)
    return [ratios(*rates)], f"{np.median(rates[0]) / 1e6:.3g} M steps/s"


def against_numpy(name: str, rounds: int, seconds: float) -> tuple[list[list[float]], str]:
    """Return the speed of a CartPole over that of Gymnasium's vector environment with numpy."""
    (numpy_env,) = contenders("gymnasium", "CartPole", _NUM_ENVS)
    other = Stepper(numpy_env.make, _NUM_ENVS, seconds)
    return [ratios(*in_turn([_compiled(name, seconds).rate, other.rate], rounds))], ""


def against_header(rounds: int, seconds: float) -> tuple[list[list[float]], str]:
    """Return the speed of Snake over that of the header with the same rules."""
    ours = _compiled("Snake", seconds)
    try:
        header = operant.load(_ROOT / "examples" / "environments" / "snake.hpp")
    except operant.CompileError as error:
        raise NotMeasuredError("there is no C++ compiler") from error
    theirs = Stepper(functools.partial(header, _NUM_ENVS), _NUM_ENVS, seconds)
    return [ratios(*in_turn([ours.rate, theirs.rate], rounds))], ""


def starts(rounds: int) -> tuple[list[list[float]], str]:
    """Return the seconds to the first step of a CartPole that has to be compiled, and of a cached one."""
    _environment("CartPole")
    first, cached = [], []
    # Python writes the bytecode of modules, as it does for users.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as directory:
            for times in (first, cached):
                file = _ROOT / "examples" / "in_python" / "cartpole.py"
                variables = inherited | {"OPERANT_CACHE_DIR": directory}
                command = [sys.executable, "-c", _START, str(file)]
                times.append(float(json.loads(subprocess.check_output(command, env=variables, text=True))))
    return [first, cached], ""
