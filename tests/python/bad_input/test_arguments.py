"""Bad input is refused by name, and changes nothing."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from odd_values import RaisingArray

from operant.envs import CartPoleVecEnv, MountainCarContinuousVecEnv, MountainCarVecEnv, PendulumVecEnv

pytestmark = [pytest.mark.emulated, pytest.mark.quick]


BAD_ACTIONS = {
    "too few": ([0, 1], ValueError, r"actions: expected shape \(3,\), one for each env, got \(2,\)"),
    "too many": (np.zeros(4, int), ValueError, r"actions: expected shape \(3,\), .* got \(4,\)"),
    "one number": (1, TypeError, r"actions: expected one for each env, got 1"),
    "None": (None, TypeError, r"actions: expected one for each env, got None"),
    "floats": (np.zeros(3), TypeError, r"actions: expected an integer dtype, got float64"),
    "strings": (["0", "1", "0"], TypeError, r"actions: expected an integer dtype, got <U1"),
    "too large": (np.array([0, 0, 7], np.int32), ValueError, r"actions\[2\]: expected an integer from 0 to 1, got 7"),
    "negative": (np.array([0, -1, 0]), ValueError, r"actions\[1\]: expected an integer from 0 to 1, got -1"),
    "beyond 32 bits": (np.array([2**32, 0, 0]), ValueError, r"actions\[0\]: .* got 4294967296"),
    "beyond 63 bits": (
        np.array([0, 2**64 - 1, 0], np.uint64),
        ValueError,
        r"actions\[1\]: .* got 18446744073709551615",
    ),
    "a list out of range": ([0, 1, 2], ValueError, r"actions\[2\]: expected an integer from 0 to 1, got 2"),
    "an array that raises": (RaisingArray(KeyError("broken")), KeyError, "broken"),
}


# test_bad_input.py tests that refused input changes nothing.
@pytest.mark.parametrize("bad", BAD_ACTIONS)
def test_bad_actions_are_named(bad):
    actions, exception, message = BAD_ACTIONS[bad]
    env = CartPoleVecEnv(3)
    env.reset(seed=0)
    with pytest.raises(exception, match=message):
        env.step(actions)


@pytest.mark.parametrize("make_env", [CartPoleVecEnv, MountainCarVecEnv, MountainCarContinuousVecEnv, PendulumVecEnv])
def test_actions_that_another_thread_overwrites(make_env):
    """The step uses the values of one moment, or is refused; it never uses an action outside the space."""
    num_envs = 50_000
    env = make_env(num_envs, 2, max_episode_steps=-1)
    env.reset(seed=0)
    is_discrete = env.single_action_space.shape == ()
    actions = np.ones(num_envs, np.int64 if is_discrete else np.float64)
    bad = 2**40 if is_discrete else np.nan
    done = threading.Event()

    def write():
        while not done.is_set():
            actions[::7] = bad
            actions[::7] = 0

    writer = threading.Thread(target=write)
    writer.start()
    outcomes = {"stepped": 0, "refused": 0}
    try:
        give_up = time.monotonic() + 60
        while min(outcomes.values()) < 30 and time.monotonic() < give_up:
            time.sleep(0)  # lets the writer run: a refused step does not release the interpreter's lock
            try:
                env.step(actions)
                outcomes["stepped"] += 1
            except ValueError as refused:
                assert "actions[" in str(refused)  # noqa: PT017
                outcomes["refused"] += 1
    finally:
        done.set()
        writer.join()
    assert min(outcomes.values()) > 0, outcomes
    assert np.isfinite(env.state).all()
    twin = make_env(num_envs)
    np.testing.assert_array_equal(env.reset(seed=5)[0], twin.reset(seed=5)[0])
    for ours, theirs in zip(env.step(actions)[:4], twin.step(actions)[:4], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_bad_states_are_named():
    env = CartPoleVecEnv(3)
    env.reset(seed=0)
    for arguments, message in (
        ([np.zeros((4, 3))], r"state: expected shape \(3, 4\), got \(4, 3\)"),
        ([[[0] * 4, [0, 0, np.nan, 0], [0] * 4]], r"state\[1, 2\]: expected a finite number"),
        ([np.zeros((3, 4)), [True, False]], r"mask: expected shape \(3,\), got \(2,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            env.set_state(*arguments)
