"""Threads: Python's, and those of the environment."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from operant.envs import CartPoleVecEnv


@pytest.fixture
def make():
    """One environment will do: threads are nothing that environments have a part in."""
    return CartPoleVecEnv


class Reentrant:
    """Actions that call back into the environment while it looks at them."""

    def __init__(self, env):
        self.env = env

    def __array__(self, dtype=None, copy=None):
        return self.env.step(np.zeros(3, int))[0]


def test_an_environment_is_for_one_caller_at_a_time(make):
    env, untouched = make(3), make(3)
    env.reset(seed=0)
    untouched.reset(seed=0)
    with pytest.raises(RuntimeError, match="another thread is inside of this environment"):
        env.step(Reentrant(env))
    np.testing.assert_array_equal(env.step([0, 1, 0])[0], untouched.step([0, 1, 0])[0])


def test_two_threads_on_one_environment_get_errors_not_races(make):
    num_envs = 20000
    env = make(num_envs)
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


def test_one_worker_starts_no_thread(make):
    def thread_count():
        from pathlib import Path

        tasks = Path("/proc/self/task")
        if not tasks.exists():
            pytest.skip("counts threads in /proc")
        return len(list(tasks.iterdir()))

    before = thread_count()
    env = make(20000, 1)
    env.reset(seed=0)
    env.step(np.zeros(20000, int))
    assert thread_count() == before
    helped = make(20000, 3)
    helped.reset(seed=0)
    helped.step(np.zeros(20000, int))
    assert thread_count() == before + 2
    helped.close()
    assert thread_count() == before
