"""Exceptions in an environment's code: the error does not depend on the workers, and closes the environment."""

from __future__ import annotations

import pickle
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from conftest import needs_compiler

import operant

pytestmark = needs_compiler

NUM_ENVS = 8192  # enough for two workers
HEADER = Path(__file__).parents[1] / "helpers" / "fragile.hpp"


@pytest.fixture(scope="module")
def loaded(quick_compilations):
    """The classes of the environment and of the policy."""
    return operant.load(HEADER)


@pytest.fixture(params=[1, 2, 3])
def env(loaded, request):
    """After a reset, and with the number of each env in its state."""
    env = loaded[0](NUM_ENVS, request.param)
    env.reset(seed=0)
    env.set_state(np.stack([np.arange(NUM_ENVS), np.zeros(NUM_ENVS)], axis=1))
    return env


def actions_with(*failing):
    """Actions of ten steps, of which those at `(step, env)` are 1, so that the env fails."""
    actions = np.zeros((10, NUM_ENVS), np.int32)
    for place in failing:
        actions[place] = 1
    return actions


#: Calls that fail, and the messages of the environment or the policy.
FAILING = {
    "step": (
        lambda env, _: list(map(env.step, actions_with((1, 5000), (1, 8191)))),
        "env 5000 failed in step 2",
    ),
    "reset": (lambda env, _: env.reset(options={"broken": 1}), "no start"),
    "reset of one env": (
        lambda env, _: env.reset(options={"broken": 1, "reset_mask": np.arange(NUM_ENVS) == 5000}),
        "no start",
    ),
    # A loop of steps would meet this error first.
    "rollout": (lambda env, _: env.rollout(actions_with((2, 5000), (4, 600))), "env 5000 failed in step 3"),
    "policy": (lambda env, policy: env.rollout(policy, 10), "no idea"),
}


@pytest.mark.parametrize("failing", FAILING)
def test_an_exception_closes_the_environment(env, loaded, failing):
    """Every later call has the same message."""
    call, reason = FAILING[failing]
    with pytest.raises(RuntimeError) as failed:
        call(env, loaded[1]())
    message = f"{reason} (thrown during a step or a reset; the environment is now closed)"
    assert str(failed.value) == message
    calls = {
        "reset": env.reset,
        "step": lambda: env.step(np.zeros(NUM_ENVS, np.int32)),
        "state": lambda: env.state,
        "set_state": lambda: env.set_state(np.zeros((NUM_ENVS, 2))),
        "rollout": lambda: env.rollout(np.zeros((2, NUM_ENVS), np.int32)),
        "snapshot": env.snapshot,
        "get_logs": env.get_logs,
        "pickle": lambda: pickle.dumps(env),
    }
    for name, later in calls.items():
        with pytest.raises(gym.error.ClosedEnvironmentError) as closed:
            later()
        assert str(closed.value) == message, name
    env.close()
    with pytest.raises(gym.error.ClosedEnvironmentError, match=r"^this environment has been closed$"):
        env.reset()


def test_an_evaluation_that_throws_leaves_the_environment_as_it_was(env, loaded):
    with pytest.raises(RuntimeError, match=r"^no idea "):
        env.evaluate(loaded[1](), 2, seed=0)
    np.testing.assert_array_equal(env.step(actions_with()[0])[0], np.ones((NUM_ENVS, 1), np.float32))
