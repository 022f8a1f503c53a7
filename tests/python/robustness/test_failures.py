"""Exceptions in an environment's code: the error does not depend on the workers, and closes the environment."""

from __future__ import annotations

import pickle

import gymnasium as gym
import numpy as np
import pytest
from conftest import needs_compiler

import operant

pytestmark = needs_compiler

NUM_ENVS = 8192  # enough for two workers

# Counts its steps. An env whose action is its limit or more fails; so does a reset with `broken`.
HEADER = """\
#pragma once
#include <stdexcept>
#include <string>
#include <operant/environment.hpp>

struct Fragile : operant::Environment {
    static constexpr std::string_view name = "Fragile";
    static constexpr std::int32_t max_episode_steps = operant::unlimited;
    using ActionSpace = operant::Box<1>;
    struct Parameters { double limit = 1; };
    struct ResetBounds { double broken = 0; };
    struct State { std::int64_t number, steps; };
    template <class S, class V> static void visit_state(S& s, const V& v) {
        v("number", s.number);
        v("steps", s.steps);
    }
    template <class P, class V> static void visit_parameters(P& p, const V& v) { v("limit", p.limit, operant::Sign{}); }
    template <class B, class V> static void visit_reset_bounds(B& b, const V& v) { v("broken", b.broken); }
    static operant::Box<1> observation_space(const Parameters&) { return {{-100}, {100}}; }
    static operant::Box<1> action_space(const Parameters&) { return {{-100}, {100}}; }
    static std::array<float, 1> observation(const Parameters&, const State& s) { return {float(s.steps)}; }
    static State reset(const Parameters&, const ResetBounds& b, operant::Pcg64&) {
        if (b.broken != 0) throw std::out_of_range("no start");
        return {};
    }
    static operant::Outcome<double> step(const Parameters& p, State& s, float action) {
        ++s.steps;
        if (action >= p.limit) throw std::invalid_argument("env " + std::to_string(s.number) + " failed in step " +
                                                           std::to_string(s.steps));
        return {1.0, false};
    }
};

// Fails in the third step, for half of the envs.
struct Puzzled {
    static constexpr std::string_view policy_name = "Puzzled";
    static constexpr std::size_t observation_size = 1;
    using ActionSpace = operant::Box<1>;
    template <class Batch>
    XSIMD_INLINE Batch action(const std::array<Batch, 1>& observation) const {
        if (xsimd::any(observation[0] >= Batch(2))) throw std::runtime_error("no idea");
        return Batch(0);
    }
};
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory, quick_compilations):
    """The classes of the environment and of the policy."""
    path = tmp_path_factory.mktemp("fragile") / "fragile.hpp"
    path.write_text(HEADER)
    return operant.load(path)


@pytest.fixture(params=[1, 2, 3])
def env(loaded, request):
    """After a reset, and with the number of each env in its state."""
    env = loaded[0](NUM_ENVS, request.param)
    env.reset(seed=0)
    env.set_state(np.stack([np.arange(NUM_ENVS), np.zeros(NUM_ENVS)], axis=1))
    return env


def assert_fails(call, message):
    """Assert that the first call raises the error, and that every later call has the same message."""
    with pytest.raises(RuntimeError) as failed:
        call()
    assert str(failed.value) == f"{message} (thrown during a step or a reset; the environment is now closed)"
    return str(failed.value)


def assert_closed(env, message):
    calls = {
        "reset": env.reset,
        "step": lambda: env.step(np.zeros(NUM_ENVS, np.float32)),
        "state": lambda: env.state,
        "set_state": lambda: env.set_state(np.zeros((NUM_ENVS, 2))),
        "rollout": lambda: env.rollout(np.zeros((2, NUM_ENVS), np.float32)),
        "snapshot": env.snapshot,
        "get_logs": env.get_logs,
        "pickle": lambda: pickle.dumps(env),
    }
    for name, call in calls.items():
        with pytest.raises(gym.error.ClosedEnvironmentError) as closed:
            call()
        assert str(closed.value) == message, name
    env.close()
    with pytest.raises(gym.error.ClosedEnvironmentError, match=r"^this environment has been closed$"):
        env.reset()


def test_a_step_that_throws(env):
    actions = np.zeros(NUM_ENVS, np.float32)
    env.step(actions)
    actions[[5000, 5001, 8191]] = 1
    assert_closed(env, assert_fails(lambda: env.step(actions), "env 5000 failed in step 2"))


def test_a_reset_that_throws(env):
    assert_closed(env, assert_fails(lambda: env.reset(options={"broken": 1}), "no start"))


def test_a_reset_of_one_env_that_throws(env):
    options = {"broken": 1, "reset_mask": np.arange(NUM_ENVS) == 5000}
    assert_closed(env, assert_fails(lambda: env.reset(options=options), "no start"))


def test_a_rollout_throws_what_a_loop_of_steps_would_meet_first(env):
    actions = np.zeros((10, NUM_ENVS), np.float32)
    actions[2, 5000] = actions[4, 600] = 1
    assert_closed(env, assert_fails(lambda: env.rollout(actions), "env 5000 failed in step 3"))


def test_a_policy_that_throws(env, loaded):
    policy = loaded[1]()
    assert_closed(env, assert_fails(lambda: env.rollout(policy, 10), "no idea"))


def test_an_evaluation_that_throws_leaves_the_environment_as_it_was(env, loaded):
    assert_fails(lambda: env.evaluate(loaded[1](), 2, seed=0), "no idea")
    np.testing.assert_array_equal(env.step(np.zeros(NUM_ENVS, np.float32))[0], np.ones((NUM_ENVS, 1), np.float32))
