"""Measure the environments of examples/environments/ against plain C++ loops with the same rules."""

from __future__ import annotations

import ctypes
import functools
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import operant
from operant.building.compiler import find_compiler
from operant.cli.measure import NotMeasuredError, Stepper, in_turn, ratios

_STEPS = 200
_NUM_ENVS = 4096
_DIRECTORY = Path(__file__).parent
#: The environments, and their headers.
HEADERS = {"Snake": "snake", "ConnectFour": "connect_four", "KeyDoor": "key_door", "QuadrotorLidar": "quadrotor_lidar"}


@functools.cache
def _library() -> ctypes.CDLL:
    """Compile and open the loops."""
    try:
        compiler = find_compiler()
    except operant.CompileError as error:
        raise NotMeasuredError("there is no C++ compiler") from error
    if compiler.is_msvc:
        raise NotMeasuredError("the loops are compiled with the options of GCC")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        file = Path(directory) / "plain_loops.so"
        flags = ["-std=c++20", "-O3", "-march=native", "-DNDEBUG", "-fPIC", "-shared", f"-I{operant.get_include()}"]
        subprocess.run([*compiler.command, *flags, _DIRECTORY / "plain_loops.cpp", "-o", file], check=True)
        library = ctypes.CDLL(str(file))
    library.plain_loop.restype = ctypes.c_void_p
    library.plain_loop.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
    library.plain_step.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    library.plain_rewards.restype = ctypes.POINTER(ctypes.c_float)
    library.plain_rewards.argtypes = [ctypes.c_void_p]
    library.plain_delete.argtypes = [ctypes.c_void_p]
    return library


class PlainLoop:
    """A plain loop with the interface of a vector environment that Stepper uses."""

    def __init__(self, name: str, space: Any, num_envs: int) -> None:
        """Make a loop of the environment of this name. Its actions are in `space`."""
        self.single_action_space, self._name, self._num_envs, self._loop = space, name, num_envs, None

    def reset(self, *, seed: int) -> None:
        """Start an episode in every env. Call it once, before the first step."""
        self._loop = _library().plain_loop(self._name.encode(), self._num_envs, seed)

    def step(self, actions: npt.NDArray[Any]) -> None:
        """Step every env, or start its next episode. Actions are int64, or float32 if the space is a Box."""
        _library().plain_step(self._loop, actions.ctypes.data)

    @property
    def rewards(self) -> npt.NDArray[np.float32]:
        """Return the rewards of the last step."""
        return np.ctypeslib.as_array(_library().plain_rewards(self._loop), (self._num_envs,))

    def __del__(self) -> None:
        if self._loop is not None:
            _library().plain_delete(self._loop)


def _returns(env: Any, seconds: float) -> Callable[[], float]:
    """Return a function that measures the total steps per second of rollouts that record the returns."""
    env.reset(seed=0)
    env.action_space.seed(0)
    actions = np.stack([env.action_space.sample() for _ in range(_STEPS)])
    out = env.rollout(actions, record="returns")

    def rate() -> float:
        calls, elapsed, start = 0, 0.0, time.perf_counter()
        while elapsed < seconds:
            env.rollout(actions, out=out)
            calls += 1
            elapsed = time.perf_counter() - start
        return calls * _STEPS * _NUM_ENVS / elapsed

    return rate


def loaded(name: str) -> Any:
    """Return Operant's class of an environment."""
    return operant.load(_DIRECTORY.parent / "examples/environments" / f"{HEADERS[name]}.hpp")


def against_plain_loop(name: str, rounds: int, seconds: float) -> tuple[list[list[float]], list[float]]:
    """Return the speeds of `step` and of a rollout over that of a plain loop, and the loop's steps per second."""
    env_class = loaded(name)
    env = env_class(_NUM_ENVS)
    loop = Stepper(lambda: PlainLoop(name, env.single_action_space, _NUM_ENVS), _NUM_ENVS, seconds)
    step = Stepper(lambda: env_class(_NUM_ENVS), _NUM_ENVS, seconds)
    *rates, plain = in_turn([step.rate, _returns(env, seconds), loop.rate], rounds)
    return [ratios(rate, plain) for rate in rates], plain
