"""Processes that share, inherit or receive environments."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading

import gymnasium as gym
import numpy as np
import pytest
from interpreter import run_python

from operant.envs import CartPoleVecEnv

NUM_ENVS = 8192  # enough for two workers

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")


def run(env, steps=20):
    """The bytes of so many steps."""
    actions = np.arange(env.num_envs) % 3 % 2
    return b"".join(array.tobytes() for _ in range(steps) for array in env.step(actions)[:4])


def in_child(work):
    """Return the result of `work` in a forked child."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # ends a child that hangs
        status = 1
        try:
            os.close(reader)
            with os.fdopen(writer, "wb") as results:
                results.write(work())
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as results:
        result = results.read()
    assert os.waitpid(child, 0)[1] == 0
    return result


@needs_fork
@pytest.mark.parametrize("workers", [1, 2])
def test_parent_and_forked_child_continue_with_the_same_results(workers):
    env, untouched = CartPoleVecEnv(NUM_ENVS, workers), CartPoleVecEnv(NUM_ENVS)
    env.reset(seed=0)
    untouched.reset(seed=0)
    for _ in range(10):
        assert run(env) == run(untouched)  # the helper is awake after this
        expected = run(untouched)
        assert in_child(lambda: run(env)) == expected
        assert run(env) == expected


@needs_fork
def test_a_forked_child_can_close_and_make_environments():
    env = CartPoleVecEnv(NUM_ENVS, 2)
    env.reset(seed=0)
    run(env)

    def work():
        env.close()
        own = CartPoleVecEnv(NUM_ENVS, 2)
        own.reset(seed=1)
        return run(own)

    other = CartPoleVecEnv(NUM_ENVS)
    other.reset(seed=1)
    assert in_child(work) == run(other)


@needs_fork
def test_a_child_that_was_forked_during_a_step_gets_an_error():
    env = CartPoleVecEnv(2**20, 2)
    env.reset(seed=0)
    actions = np.zeros(2**20, np.int64)
    forked = threading.Event()

    def step():
        while not forked.is_set():
            env.step(actions)

    def work():
        nonlocal env
        try:
            env.step(actions)
        except RuntimeError as error:
            env = CartPoleVecEnv(NUM_ENVS, 2)  # frees the old environment
            env.reset(seed=0)
            env.step(np.zeros(NUM_ENVS, np.int64))
            return str(error).encode()
        return b""

    thread = threading.Thread(target=step)
    thread.start()
    try:
        # Between two steps, no thread is using the environment.
        answers = {in_child(work) for _ in range(20)}
    finally:
        forked.set()
        thread.join()
    assert any("or was when this process was forked" in answer.decode() for answer in answers)


# A class of the main program, which spawned processes know as `__mp_main__`.
MAIN = """
import multiprocessing, sys
import numpy as np
import operant.envs

ACTIONS = np.arange(8192) % 2  # of enough envs for two workers

class Leveled(operant.envs.CartPoleVecEnv):
    def __init__(self, level):
        super().__init__(8192, workers=2)
        self.level = level

def stepped(env, path):
    env.step(ACTIONS)
    env.save(path)
    return env, operant.envs.load(path).level

if __name__ == "__main__":
    env = Leveled(3)
    env.reset(seed=1)
    env.step(ACTIONS)
    with multiprocessing.get_context(sys.argv[1]).Pool(1) as pool:
        other, level = pool.apply(stepped, (env, sys.argv[2]))
    env.step(ACTIONS)
    loaded = operant.envs.load(sys.argv[2])
    for one in (other, loaded):
        assert type(one) is Leveled and (one.level, level) == (3, 3)
        assert one.state.tobytes() == env.state.tobytes()
    print("equal")
"""


@pytest.mark.parametrize("start_method", multiprocessing.get_all_start_methods())
def test_a_class_of_the_main_program_goes_to_a_process_and_back(start_method, tmp_path):
    (tmp_path / "main.py").write_text(MAIN)
    ended = run_python(tmp_path / "main.py", start_method, tmp_path / "saved", timeout=120)
    assert (ended.returncode, ended.stdout) == (0, "equal\n"), ended.stderr


@pytest.mark.parametrize("start_method", multiprocessing.get_all_start_methods())
def test_async_vector_env(start_method):
    makers = [lambda: gym.make("operant:operant/CartPole-v1")] * 2
    parallel = gym.vector.AsyncVectorEnv(makers, context=start_method)
    one_by_one = gym.vector.SyncVectorEnv(makers)
    try:
        np.testing.assert_array_equal(parallel.reset(seed=3)[0], one_by_one.reset(seed=3)[0])
        for step in range(100):
            actions = [step % 2, step // 2 % 2]
            for mine, expected in zip(parallel.step(actions)[:4], one_by_one.step(actions)[:4], strict=True):
                np.testing.assert_array_equal(mine, expected)
    finally:
        parallel.close()
