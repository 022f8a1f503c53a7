"""`operant.adapters.jax`: a compiled program has the same effects on an environment as Python, in the same order."""

from __future__ import annotations

import gc
import re
import subprocess
import sys
import threading
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import shown_counters

import operant
from operant.envs import CartPoleVecEnv, PendulumVecEnv
from operant.registration import REGISTRATIONS

jax = pytest.importorskip("jax", reason="JAX is not installed")
jnp = jax.numpy

from operant.adapters.jax import JaxVectorEnv  # noqa: E402

EXAMPLES = Path(__file__).parents[2] / "examples"
BUILDING = Path(__file__).parents[1] / "python" / "building"
HELPERS = BUILDING.parent / "helpers"
IDS = [registration.id for registration in REGISTRATIONS]


@pytest.fixture
def x64():
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


def random_actions(env, steps, seed=0):
    """Return random actions, one row per step, of any space."""
    space = env.env.action_space
    space.seed(seed)
    return jax.tree.map(lambda *rows: np.stack(rows), *[space.sample() for _ in range(steps)])


def run_program(env, seed, actions):
    """Run a reset and steps in one program; return the results of the reset, and the stacked results of the steps."""

    @jax.jit
    def run(seed, actions):
        state, start = env.reset(seed)
        state, steps = jax.lax.scan(env.step, state, actions)
        return state, start, steps

    state, start, steps = run(seed, jax.tree.map(jnp.asarray, actions))
    assert list(state[1:]) == [len(jax.tree.leaves(actions)[0]) + 1, 0]  # no call was left out or made twice
    return start, steps


def assert_equal(jaxs, pythons):
    """Compare bit for bit; without 64 bits in JAX, with Python's results rounded to 32 bits."""
    jaxs, pythons = jax.tree.flatten_with_path(jaxs)[0], jax.tree.flatten_with_path(pythons)[0]
    assert [path for path, _ in jaxs] == [path for path, _ in pythons]
    for (path, array), (_, expected) in zip(jaxs, pythons, strict=True):
        if path[-1] == jax.tree_util.DictKey("t"):  # seconds
            continue
        assert array.dtype == jax.dtypes.canonicalize_dtype(expected.dtype), path
        np.testing.assert_array_equal(array, expected.astype(array.dtype), err_msg=str(path))


def assert_like_python(env, python, actions, seed=3):
    """Compare with the same environment in Python, which other tests compare with Gymnasium."""
    start, (observations, rewards, terminations, truncations, infos) = run_program(env, seed, actions)
    assert_equal(start, python.reset(seed=seed))
    expected = python.rollout(actions)
    assert_equal(
        (observations, rewards, terminations, truncations, infos),
        (expected.observations, expected.rewards, expected.terminations, expected.truncations, expected.infos),
    )


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
@pytest.mark.parametrize("id", IDS)
def test_every_environment_is_that_of_python(id, mode):
    arguments = {"autoreset_mode": mode, "record_episode_statistics": True, "max_episode_steps": 40}
    env = JaxVectorEnv(id, 70, **arguments)
    assert_like_python(env, gym.make_vec(id, 70, **arguments), random_actions(env, 100))


@pytest.mark.parametrize("num_envs", [1, 64, 1000, 2112])
def test_any_number_of_envs_and_workers(num_envs):
    env = JaxVectorEnv(CartPoleVecEnv, num_envs, workers=2)
    assert_like_python(env, CartPoleVecEnv(num_envs), random_actions(env, 60))


@pytest.mark.parametrize("header", ["quadrotor", "joint_replenishment", "point_mass"])
def test_environments_from_headers(header):
    environment = operant.load(EXAMPLES / "environments" / f"{header}.hpp")
    env = JaxVectorEnv(environment, 64)
    assert_like_python(env, environment(64), random_actions(env, 50))


@pytest.mark.parametrize("name", ["CarVecEnv", "WagonVecEnv", "LampsVecEnv"])
def test_actions_of_several_parts(name):
    """A program passes a tuple or a dict of arrays, as Python does."""
    (env_class,) = [one for one in operant.load(BUILDING / "action_kinds.hpp") if one.__name__ == name]
    env = JaxVectorEnv(env_class, 5, autoreset_mode="SameStep")
    assert_like_python(env, env_class(5, autoreset_mode="SameStep"), random_actions(env, 30))


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_observations_of_every_kind(mode):
    for environment in shown_counters.load().values():
        for num_envs in (64, 70):
            env = JaxVectorEnv(environment, num_envs, autoreset_mode=mode)
            assert_like_python(env, environment(num_envs, autoreset_mode=mode), random_actions(env, 45))


def test_64_bits_where_jax_has_them(x64):
    env = JaxVectorEnv("FrozenLake-v1", 64, record_episode_statistics=True)
    actions = random_actions(env, 50)
    assert_like_python(env, gym.make_vec("operant/FrozenLake-v1", 64, record_episode_statistics=True), actions)
    env = JaxVectorEnv("Pendulum-v1", 64, dtype=np.float64)
    actions = random_actions(env, 50).astype(np.float64) / 3  # no float32 numbers
    assert_like_python(env, PendulumVecEnv(64, dtype=np.float64), actions, seed=2**40)


def test_without_autoreset_the_program_resets_finished_envs():
    env, python = (
        JaxVectorEnv(CartPoleVecEnv, 64, autoreset_mode="Disabled"),
        CartPoleVecEnv(64, autoreset_mode="Disabled"),
    )
    actions = random_actions(env, 100)

    @jax.jit
    def run(seed, actions):
        state, (first, _) = env.reset(seed)

        def step(state, actions):
            state, (last, rewards, terminations, truncations, _) = env.step(state, actions)
            state, (observations, _) = env.reset(options={"reset_mask": terminations | truncations}, state=state)
            return state, (last, observations, rewards, terminations)

        return first, *jax.lax.scan(step, state, actions)[1]

    first, last, observations, rewards, terminations = run(5, jnp.asarray(actions))
    np.testing.assert_array_equal(first, python.reset(seed=5)[0])
    for step, row in enumerate(actions):
        expected, expected_rewards, ended, truncated, _ = python.step(row)
        np.testing.assert_array_equal(last[step], expected)
        np.testing.assert_array_equal(rewards[step], expected_rewards)
        np.testing.assert_array_equal(terminations[step], ended)
        if (ended | truncated).any():
            expected, _ = python.reset(options={"reset_mask": ended | truncated})
        np.testing.assert_array_equal(observations[step], expected)
    assert terminations.any()


def test_in_loops_and_branches_as_in_python():
    env, python = JaxVectorEnv("CartPole-v1", 64), CartPoleVecEnv(64)
    ones = np.ones(64, np.int32)

    @jax.jit
    def run():
        state, _ = env.reset(0)
        state = jax.lax.fori_loop(0, 7, lambda i, state: env.step(state, ones * (i % 2))[0], state)
        state = jax.lax.while_loop(lambda state: state[1] < 11, lambda state: env.step(state, ones)[0], state)
        return jax.lax.cond(state[1] == 11, lambda s: env.step(s, ones), lambda s: env.step(s, 0 * ones), state)[1]

    observations = run()[0]
    python.reset(seed=0)
    for step in range(11):
        expected, *_ = python.step(ones * (step % 2) if step < 7 else ones)
    np.testing.assert_array_equal(observations, expected)


def test_calls_outside_programs_and_between_them():
    env, python = JaxVectorEnv("CartPole-v1", 3), CartPoleVecEnv(3)
    state, (observations, _) = env.reset(1)
    np.testing.assert_array_equal(observations, python.reset(seed=1)[0])
    for actions in ([0, 1, 1], (1, 1, 0), np.array([1, 0, 1], np.uint8), jnp.array([1, 0, 0])):
        state, (observations, rewards, *_) = env.step(state, actions)
        expected, expected_rewards, *_ = python.step(np.asarray(actions))
        np.testing.assert_array_equal(observations, expected)
        np.testing.assert_array_equal(rewards, expected_rewards)
    jax.block_until_ready(state)
    np.testing.assert_array_equal(env.env.state, python.state)
    python.step([1, 1, 1])
    env.env.step([1, 1, 1])  # by hand
    np.testing.assert_array_equal(env.step(state, [0, 0, 0])[1][0], python.step([0, 0, 0])[0])


def test_parameters_changed_between_programs():
    env, python = JaxVectorEnv("CartPole-v1", 64), CartPoleVecEnv(64)
    actions = random_actions(env, 20)
    steps = jax.jit(lambda state: jax.lax.scan(env.step, state, jnp.asarray(actions)))
    state, _ = env.reset(0)
    python.reset(seed=0)
    for gravity in (9.8, 3.7, 24.8):
        env.env.set_parameters(gravity=gravity)
        python.set_parameters(gravity=gravity)
        state, (observations, *_) = steps(state)
        np.testing.assert_array_equal(observations, python.rollout(actions).observations)
        jax.block_until_ready(state)


def test_resets_in_one_program_follow_the_steps_whose_state_they_take():
    env, python = JaxVectorEnv("CartPole-v1", 64), CartPoleVecEnv(64)

    @jax.jit
    def run():
        state, _ = env.reset(0)
        starts = []
        for _ in range(5):
            for _ in range(3):
                state, _ = env.step(state, jnp.zeros(64, jnp.int32))
            state, (observations, _) = env.reset(state=state)  # continues the random streams
            starts.append(observations)
        return starts

    python.reset(seed=0)
    for observations in run():
        for _ in range(3):
            python.step(np.zeros(64, np.int32))
        np.testing.assert_array_equal(observations, python.reset()[0])


def test_seeds_of_programs():
    env, python = JaxVectorEnv("CartPole-v1", 3), CartPoleVecEnv(3)
    reset = jax.jit(lambda seed: env.reset(seed)[1][0])
    for seed in (0, 7, 2**31 - 1, np.uint32(2**32 - 1), np.int8(3)):
        np.testing.assert_array_equal(reset(seed), python.reset(seed=int(seed))[0])
    for seeds in ([5, 0, 123], np.array([2**32 - 1, 1, 1], np.uint32)):
        np.testing.assert_array_equal(reset(jnp.asarray(seeds)), python.reset(seed=[int(seed) for seed in seeds])[0])
        np.testing.assert_array_equal(env.reset(seeds)[1][0], python.reset(seed=[int(seed) for seed in seeds])[0])
    drawn = jax.jit(lambda key: env.reset(jax.random.bits(key))[1][0])(jax.random.key(0))
    np.testing.assert_array_equal(drawn, python.reset(seed=int(jax.random.bits(jax.random.key(0))))[0])
    python.reset(seed=7)
    reset(7)
    assert env.env.np_random_seed == (-1, -1, -1)  # unknown; asking changes nothing
    assert [one.random() for one in env.env.np_random] == [one.random() for one in python.np_random]
    np.testing.assert_array_equal(env.reset()[1][0], python.reset()[0])
    unseeded = [JaxVectorEnv("CartPole-v1", 3).reset()[1][0] for _ in range(2)]
    assert not np.array_equal(*unseeded)


def test_programs_share_their_streams_with_the_generators_of_np_random():
    env = JaxVectorEnv("CartPole-v1", 3, max_episode_steps=4, dtype=np.float64)
    theirs = gym.make_vec("CartPole-v1", 3, "sync", max_episode_steps=4)
    state, _ = env.reset(1)
    theirs.reset(seed=1)
    kept = env.env.np_random, theirs.np_random

    @jax.jit
    def run(state):
        for _ in range(6):  # the fifth starts new episodes
            state, (observations, *_) = env.step(state, jnp.zeros(3, jnp.int32))
        return state, observations

    for _ in range(3):
        state, observations = run(state)
        for _ in range(6):
            expected, *_ = theirs.step(np.zeros(3, np.int32))
        np.testing.assert_array_equal(observations, expected)
        assert [one.integers(10) for one in kept[0]] == [one.integers(10) for one in kept[1]]
    jax.block_until_ready(env.reset(5, state=state))  # from here on, the envs have other streams
    theirs.reset(seed=5)
    for generators in (kept, (env.env.np_random, theirs.np_random)):
        assert [one.random() for one in generators[0]] == [one.random() for one in generators[1]]
    np.testing.assert_array_equal(env.reset()[1][0], theirs.reset()[0])


def test_numpys_error_state_changes_no_actions_and_masked_arrays_are_refused():
    env, python = JaxVectorEnv("Pendulum-v1", 2), PendulumVecEnv(2)
    state, _ = env.reset(1)
    python.reset(seed=1)
    with np.errstate(all="raise"):
        state, (observations, *_) = env.step(state, np.full((2, 1), 1e-42))
    np.testing.assert_array_equal(observations, python.step(np.full((2, 1), 1e-42))[0])
    with pytest.raises(TypeError, match="actions: expected an array without a mask"):
        env.step(state, np.ma.array([[0.5], [1]], mask=[[True], [False]]))
    with pytest.raises(TypeError, match=r"options\['reset_mask'\]: expected an array without a mask"):
        env.reset(options={"reset_mask": np.ma.array([True, True], mask=[True, False])})
    with pytest.raises(TypeError, match="seed: expected"):
        env.reset(np.ma.array([1, 2], mask=[True, False]))


def test_bounds_of_the_start():
    env, python = JaxVectorEnv("CartPole-v1", 64), CartPoleVecEnv(64)
    options = {"low": -0.01, "high": 0.002}
    expected, _ = python.reset(seed=0, options=options)
    np.testing.assert_array_equal(jax.jit(lambda: env.reset(0, options=options)[1][0])(), expected)
    with pytest.raises(ValueError, match="low, high: expected bounds in order"):
        env.reset(0, options={"low": 1, "high": 0})
    with pytest.raises(ValueError, match=r"'lwo'.*[Dd]id you mean"):
        env.reset(0, options={"lwo": 1})


@pytest.mark.parametrize("method", ["reset", "step"])
def test_a_method_that_programs_would_not_call_is_refused(method):
    own = type("OwnVecEnv", (CartPoleVecEnv,), {method: lambda self, *arguments, **keywords: None})
    with pytest.raises(NotImplementedError, match=r"programs would not call .* of OwnVecEnv"):
        JaxVectorEnv(own, 3)


def test_wrong_arguments_are_refused_when_a_program_is_traced():
    env, pendulum = JaxVectorEnv("CartPole-v1", 3), JaxVectorEnv("Pendulum-v1", 3)
    state, _ = env.reset(0)
    for actions in (jnp.zeros(4, int), jnp.zeros((3, 1), int), jnp.zeros((), int), [[0, 0, 0]]):
        with pytest.raises(ValueError, match=r"actions: expected shape \(3,\), one for each env, got"):
            jax.jit(env.step)(state, jnp.asarray(actions))
    with pytest.raises(ValueError, match=r"actions: expected shape \(3, 1\) or \(3,\).*got \(3, 2\)"):
        pendulum.step(pendulum.reset(0)[0], jnp.zeros((3, 2)))
    for actions in (jnp.zeros(3), jnp.zeros(3, bool), np.zeros(3)):
        with pytest.raises(TypeError, match=r"actions: expected an integer dtype, got (float|bool)"):
            env.step(state, actions)
    with pytest.raises(TypeError, match="step: state: expected the state that reset or step returned"):
        env.step(jnp.zeros(3), jnp.zeros(3, int))
    with pytest.raises(TypeError, match=r"seed: expected integers, got a key; jax.random.bits\(key\)"):
        env.reset(jax.random.key(0))
    with pytest.raises(TypeError, match="seed: expected integers, got dtype float32"):
        env.reset(jnp.float32(0))
    with pytest.raises(ValueError, match=r"seed: expected shape \(\) or \(3,\), one per env, got \(2,\)"):
        env.reset(jnp.arange(2))
    with pytest.raises(ValueError, match=r"seed: expected integers that uint32 can hold .*jax_enable_x64.*4294967296"):
        env.reset(2**32)
    with pytest.raises(TypeError, match=r"seed\[1\]: expected an integer, got None"):
        env.reset([1, None, 2])
    with pytest.raises(gym.error.Error, match="seed: expected a non-negative integer, got -1"):
        env.reset(-1)
    with pytest.raises(ValueError, match=r"reset_mask'\]: expected shape \(3,\), got \(2,\)"):
        env.reset(options={"reset_mask": jnp.ones(2, bool)})
    with pytest.raises(TypeError, match=r"reset_mask'\]: expected a bool array"):
        env.reset(options={"reset_mask": jnp.ones(3)})
    assert jax.block_until_ready(env.step(state, [0, 0, 0])[0])[1] == 2  # no refused call had an effect


def assert_refused(error, call, *arguments):
    """Assert that a program fails when it runs."""
    with pytest.raises(jax.errors.JaxRuntimeError, match=error):
        jax.block_until_ready(jax.jit(call)(*arguments))


def test_wrong_arguments_are_refused_when_a_program_runs():
    env, pendulum = JaxVectorEnv("CartPole-v1", 3), JaxVectorEnv("Pendulum-v1", 3)
    state, _ = env.reset(0)
    before = env.env.state
    for wrong in (7, -1, 2**31 - 1):
        error = rf"INVALID_ARGUMENT: actions\[1\]: expected an integer from 0 to 1, got {wrong}"
        assert_refused(error, env.step, state, jnp.array([0, wrong, 0]))
    for wrong in (np.uint32(2**32 - 1), np.int64(2**32), np.uint64(2**32)):  # not truncated to int32 and then stepped
        with pytest.raises(jax.errors.JaxRuntimeError, match=r"actions\[0\]: expected an integer from 0 to 1"):
            jax.block_until_ready(env.step(state, np.full(3, wrong)))
    swinging, _ = pendulum.reset(0)
    assert_refused(r"actions\[2\]: expected a number, got nan", pendulum.step, swinging, jnp.array([0, 0, jnp.nan]))
    assert_refused(r"seed\[0\]: expected a non-negative integer", env.reset, jnp.int32(-1))
    assert_refused("the state is not one of this environment", env.step, swinging, jnp.zeros(3, int))
    new = JaxVectorEnv("CartPole-v1", 3)
    mask = jnp.array([True, False, True])
    assert_refused("FAILED_PRECONDITION: reset: the first reset", lambda: new.reset(options={"reset_mask": mask}))
    np.testing.assert_array_equal(env.env.state, before)
    assert jax.block_until_ready(env.step(state, [0, 0, 0])[0])[1] == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_of_an_environment_closes_it(workers):
    fragile, _ = operant.load(HELPERS / "fragile.hpp")
    env = JaxVectorEnv(fragile, 8192, workers=workers)
    state, _ = env.reset(0)
    state, _ = env.step(state, jnp.zeros(8192, int))
    for actions in (jnp.arange(8192) == 5000, jnp.zeros(8192)):
        assert_refused(r"env 0 failed in step 2 .* is now closed", env.step, state, actions.astype(int))
    with pytest.raises(gym.error.ClosedEnvironmentError, match="env 0 failed in step 2"):
        env.env.reset()


def test_a_step_without_a_reset_is_refused():
    env = JaxVectorEnv("CartPole-v1", 3)
    number = env.env._core.foreign_number()
    state = jnp.array([number, 0, 0], jnp.uint32)
    assert_refused("FAILED_PRECONDITION: step: call reset before the first step", env.step, state, jnp.zeros(3, int))


def test_an_env_that_waits_for_its_reset_is_not_stepped():
    env = JaxVectorEnv("CartPole-v1", 3, autoreset_mode="Disabled", max_episode_steps=2)
    state, _ = env.reset(0)

    def run(state):
        return jax.lax.fori_loop(0, 3, lambda _, s: env.step(s, jnp.zeros(3, int))[0], state)

    assert_refused("3 of the envs have finished, and autoreset is disabled", run, state)


def test_a_program_cannot_return_to_an_earlier_state():
    env = JaxVectorEnv("CartPole-v1", 3)
    zeros = jnp.zeros(3, int)
    first, _ = env.reset(0)
    second, _ = env.step(first, zeros)
    assert_refused("step: the state is not the one that the last call", env.step, first, zeros)
    assert_refused("reset: the state is not the one that the last call", lambda: env.reset(state=first))
    jax.block_until_ready(env.step(second, zeros))


def test_vmap_and_gradients_are_refused():
    env, pendulum = JaxVectorEnv("CartPole-v1", 3), JaxVectorEnv("Pendulum-v1", 3)
    state, _ = env.reset(0)
    with pytest.raises(NotImplementedError, match=r"cannot be reset or stepped inside jax.vmap.*num_envs"):
        jax.vmap(lambda seed: env.reset(seed)[1][0])(jnp.arange(4))
    with pytest.raises(NotImplementedError, match=r"cannot be reset or stepped inside jax.vmap.*num_envs"):
        jax.vmap(lambda actions: env.step(state, actions)[1][0])(jnp.zeros((4, 3), int))
    swinging, _ = pendulum.reset(0)
    with pytest.raises(ValueError, match=r"operant_step.*cannot be differentiated"):
        jax.grad(lambda actions: pendulum.step(swinging, actions)[1][1].sum())(jnp.zeros(3))
    stopped = jax.grad(lambda x: x * pendulum.step(swinging, jax.lax.stop_gradient(x * jnp.ones(3)))[1][1].sum())
    python = PendulumVecEnv(3)
    python.reset(seed=0)
    assert stopped(jnp.float32(0.5)) == pytest.approx(float(python.step(np.full(3, 0.5))[1].sum()), rel=1e-6)


def test_a_program_keeps_its_environment():
    def lowered_and_compiled():
        env = JaxVectorEnv("CartPole-v1", 64)
        step = jax.jit(lambda: env.step(env.reset(4)[0], jnp.ones(64, jnp.int32))[1][0])
        return jax.jit(lambda: env.reset(4)[1][0]).lower(), step.lower().compile()

    lowered, compiled = lowered_and_compiled()
    gc.collect()
    python = CartPoleVecEnv(64)
    python.reset(seed=4)
    np.testing.assert_array_equal(compiled(), python.step(np.ones(64, np.int32))[0])
    del compiled
    gc.collect()
    with pytest.raises(jax.errors.JaxRuntimeError, match="this program was traced with no longer exists"):
        lowered.compile()


def test_a_closed_environment_is_refused():
    env = JaxVectorEnv("CartPole-v1", 64)
    run = jax.jit(lambda: env.reset(0)[1][0])
    run().block_until_ready()
    env.close()
    with pytest.raises(jax.errors.JaxRuntimeError, match="FAILED_PRECONDITION: this environment has been closed"):
        run().block_until_ready()
    with pytest.raises(gym.error.ClosedEnvironmentError):
        JaxVectorEnv(env.env)


def test_python_and_a_program_at_once_are_refused_or_wait_their_turn():
    env = JaxVectorEnv("CartPole-v1", 4096)
    state, _ = env.reset(0)
    run = jax.jit(lambda s: jax.lax.fori_loop(0, 2000, lambda _, s: env.step(s, jnp.zeros(4096, jnp.int32))[0], s))
    outcomes = []

    def look():
        for _ in range(300):
            try:
                env.env.get_logs()
                outcomes.append("done")
            except RuntimeError as error:
                outcomes.append(str(error))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        jax.block_until_ready(run(state))
    except jax.errors.JaxRuntimeError as error:
        outcomes.append(str(error))
    thread.join()
    assert all(outcome == "done" or "another thread is using this environment" in outcome for outcome in outcomes)


def test_ids_classes_and_environments():
    assert isinstance(JaxVectorEnv("Pendulum-v1").env, PendulumVecEnv)
    assert JaxVectorEnv("operant/CartPole-v1", 3, gravity=1.0).env.parameters["gravity"] == 1.0
    made = CartPoleVecEnv(5)
    env = JaxVectorEnv(made)
    assert env.env is made
    assert env.num_envs == 5
    with pytest.raises(TypeError, match="expected no arguments for an existing environment"):
        JaxVectorEnv(made, 5)
    with pytest.raises(TypeError, match="environment: expected an id, a class or a SimdVectorEnv, got 3"):
        JaxVectorEnv(3)
    with pytest.raises(gym.error.Error):
        JaxVectorEnv("CartPole-v7")
    with pytest.raises(ValueError, match="render_mode: expected None, as programs do not render, got 'rgb_array'"):
        JaxVectorEnv(CartPoleVecEnv(1, render_mode="rgb_array"))


def test_the_code_of_the_page_runs(capsys):
    page = (EXAMPLES.parent / "docs" / "jax.md").read_text(encoding="utf-8")
    namespace = {"__name__": "page"}
    for block in re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        exec(block, namespace)
    assert namespace["rewards"].shape == (500, 64)
    printed = capsys.readouterr().out
    assert "the state is not the one that the last call of reset or step returned" in printed
    assert "INVALID_ARGUMENT: actions[0]: expected an integer from 0 to 1, got 7" in printed


def test_the_example_learns_to_balance(run_example):
    assert run_example("ppo_jax.py", "--seed", "1") >= 475


def test_an_older_jax_is_an_import_error():
    program = "import jax; jax.__version_info__ = (0, 8, 1); import operant.adapters.jax"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "ImportError: operant.adapters.jax needs JAX 0.8.2 or newer, and" in done.stderr


def test_functions_are_mapped_over_infos_as_over_a_dict():
    env = CartPoleVecEnv(8, max_episode_steps=2, autoreset_mode=gym.vector.AutoresetMode.SAME_STEP)
    env.reset(seed=1)
    env.step(np.zeros(8, np.int64))
    infos = env.step(np.zeros(8, np.int64))[4]
    masks = jax.tree_util.tree_map(lambda leaf: leaf.copy() if leaf.dtype == bool else None, infos)
    assert type(masks) is dict
    assert set(masks) == set(infos)
    assert masks["_final_obs"].all()
    assert masks["final_obs"] is None
