"""A rollout equals as many calls of `step`, bit for bit, in its results and in the state that it leaves."""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import threading
from dataclasses import dataclass

import gymnasium as gym
import numpy as np
import pytest
from conftest import BLACKJACK, ONE_PER_CLASS, TOY_TEXT, id_of
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.vector import AutoresetMode
from hypothesis import HealthCheck, given, settings, strategies as st
from side_by_side import assert_same, random_actions

from operant import _core, envs
from operant.envs._rollout import RECORDS

LIMIT = 7
STEPS = 2 * LIMIT + 3  # with the restarts of NEXT_STEP, two episodes and part of the third
STACKED = ("observations", "rewards", "terminations", "truncations")


EVERY_CLASS = ONE_PER_CLASS + TOY_TEXT + BLACKJACK


@pytest.fixture(params=EVERY_CLASS, ids=id_of)
def registration(request):
    """One id of every class."""
    return request.param


def arguments_of(mode, dtype=np.float32, **others):
    return {
        "dtype": dtype,
        "autoreset_mode": mode,
        "max_episode_steps": LIMIT,
        "record_episode_statistics": True,
    } | others


def two(make, *arguments, seed=0, **others):
    """Make two equal environments that have been reset."""
    made = [make(*arguments, **others) for _ in range(2)]
    for env in made:
        env.reset(seed=seed)
    return made


def in_parts(observations):
    """The parts of an observation; one part unless the space is a Tuple."""
    return observations if isinstance(observations, tuple) else (observations,)


def policy_of(space):
    """A function of the observations, with actions in the space that vary with them."""

    def choose(observations):
        parts = in_parts(observations)
        rows = np.concatenate([part.reshape(len(part), -1).astype(np.float64) for part in parts], axis=1)
        mixed = np.abs(np.floor(1e3 * np.nan_to_num(rows.sum(axis=1)))).astype(np.int64)
        if isinstance(space, gym.spaces.Discrete):
            return mixed % space.n
        if isinstance(space, gym.spaces.MultiDiscrete):
            return mixed[:, None] % space.nvec
        return np.tile((mixed % 7 / 3 - 1).astype(np.float32)[:, None], space.shape)

    return choose


@dataclass
class Compiled:
    """Like the policies of `operant.policies`, an object that has a policy of the core."""

    _core: _core.NativePolicy
    function: object  # kept alive, as the core calls it by its address


def compiled(env):
    """Return the same policy as a compiled function, which the core calls by its address, from any thread."""
    choose = policy_of(env.single_action_space)
    shape, is_box = env.single_observation_space.shape, isinstance(env.single_observation_space, gym.spaces.Box)
    observed = ctypes.c_float if is_box else ctypes.c_int64
    acted = ctypes.c_float if isinstance(env.single_action_space, gym.spaces.Box) else ctypes.c_int32

    @ctypes.CFUNCTYPE(
        None, ctypes.c_void_p, ctypes.POINTER(observed), ctypes.POINTER(acted), *[ctypes.c_size_t] * 2, ctypes.c_void_p
    )
    def act(_, observations, actions, begin, end, masks):
        rows = np.ctypeslib.as_array(observations, (end - begin, *shape))
        chosen = np.ctypeslib.as_array(actions, (end - begin, *env.single_action_space.shape))
        chosen[...] = choose(rows)

    return Compiled(_core.FunctionPolicy(ctypes.cast(act, ctypes.c_void_p).value, 0), act)


@dataclass
class Loop:
    """The results of the steps of a loop."""

    actions: list
    results: list

    @property
    def returns(self):
        return np.sum([result[1].astype(np.float64) for result in self.results], axis=0)


def loop(env, choose, steps=STEPS):
    """Call `step` many times, until a reset is needed; `choose` gets the time and the last observations."""
    loop = Loop([], [])
    observations = env._core.observe()
    for t in range(steps):
        loop.actions.append(np.array(choose(t, observations)))
        loop.results.append(env.step(loop.actions[-1]))
        observations, _, terminations, truncations, _ = loop.results[-1]
        if env.metadata["autoreset_mode"] is AutoresetMode.DISABLED and np.any(terminations | truncations):
            break
    return loop


def assert_same_infos(stacked, t, expected, observations):
    """Assert that row t of stacked infos equals the infos of the step, and that masks mark the valid entries."""
    assert expected.keys() <= stacked.keys()
    for name, values in stacked.items():
        if name.startswith("_"):
            assert_same(values[t], expected.get(name, np.zeros(values.shape[1], bool)))
    if "_final_obs" in stacked:
        for ours, theirs in zip(in_parts(stacked["final_obs"]), in_parts(observations), strict=True):
            ended = stacked["_final_obs"][t]
            assert_same(ours[t][~ended], theirs[~ended])
            final = [np.asarray(row) for row in expected.get("final_obs", [])]
            for i in np.flatnonzero(ended):
                if not isinstance(stacked["final_obs"], tuple):
                    assert_same(np.array(ours[t][i]), final[i])
        assert_same_named(stacked["final_info"], t, expected.get("final_info", {}))
    assert_same_named({name: stacked[name] for name in stacked if isinstance(stacked[name], np.ndarray)}, t, expected)
    if "episode" in stacked and "episode" in expected:
        assert_same(stacked["episode"]["r"][t], expected["episode"]["r"])
        assert_same(stacked["episode"]["l"][t], expected["episode"]["l"])
        assert np.all(stacked["episode"]["t"][t] >= 0)


def assert_same_named(stacked, t, expected):
    for name, values in expected.items():
        if name in stacked and name != "final_obs":
            assert_same(stacked[name][t], np.asarray(values))


def assert_same_arrays(rollout, expected, names=STACKED):
    """Assert that arrays of a rollout are those of the steps of a loop."""
    for name in names:
        of_steps = [in_parts(result[STACKED.index(name)]) for result in expected.results]
        for part, values in enumerate(in_parts(getattr(rollout, name))):
            assert_same(values, np.array([parts[part] for parts in of_steps]))


def assert_same_steps(rollout, expected):
    """Assert that a rollout has the results of the steps of a loop."""
    assert_same_arrays(rollout, expected)
    for t, result in enumerate(expected.results):
        assert_same_infos(rollout.infos, t, result[4], result[0])
    assert rollout.returns.dtype == np.float64
    np.testing.assert_array_equal(rollout.returns, expected.returns)
    np.testing.assert_array_equal(rollout.actions, np.array(expected.actions).reshape(rollout.actions.shape))


def assert_same_state(ours, theirs):
    """Assert that both environments have the same state, random streams and totals."""
    assert ours._core.save() == theirs._core.save()
    assert ours.get_logs() == theirs.get_logs()


# Equality.


@pytest.mark.quick
@pytest.mark.emulated
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_rollout_equals_as_many_steps(make, mode, dtype, rng):
    looped, rolled = (make(9, **arguments_of(mode, dtype)) for _ in range(2))
    for seed, dtype_of_actions in ((1, None), (None, np.int32), (5, np.int64)):
        for env in (looped, rolled):
            env.reset(seed=seed)
        actions = np.array([random_actions(looped.single_action_space, rng, 9) for _ in range(STEPS)])
        if dtype_of_actions is not None and actions.dtype.kind == "i":
            actions = actions.astype(dtype_of_actions)
        expected = loop(looped, lambda t, _, actions=actions: actions[t])
        assert_same_steps(rolled.rollout(actions[: len(expected.results)]), expected)
        assert_same_state(rolled, looped)
        if mode is AutoresetMode.DISABLED:
            for env in (looped, rolled):
                env.reset()
        assert_same(rolled.step(actions[0]), looped.step(actions[0]))


@pytest.mark.quick
@pytest.mark.parametrize("is_compiled", [False, True], ids=["python", "compiled"])
def test_a_policy_gets_the_observations_of_steps(make, mode, is_compiled):
    looped, rolled = two(make, 70, seed=3, **arguments_of(mode))
    if is_compiled and isinstance(looped.single_observation_space, gym.spaces.Tuple):
        pytest.skip("compiled policies see no tuples")
    choose = policy_of(looped.single_action_space)
    policy = compiled(rolled) if is_compiled else choose
    expected = loop(looped, lambda _, observations: choose(observations))
    rollout = rolled.rollout(policy, len(expected.results))
    assert_same_steps(rollout, expected)
    assert_same_state(rolled, looped)
    other = make(70, **arguments_of(mode))
    other.reset(seed=3)
    assert_same(other.rollout(rollout.actions).observations, rollout.observations)


@pytest.mark.parametrize("mode", AutoresetMode)
@settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_size_and_record(mode, data):
    num_envs = data.draw(st.integers(1, 70) | st.integers(1020, 1030))
    steps = data.draw(st.integers(1, 12))
    record = data.draw(st.sets(st.sampled_from(RECORDS)))
    registration = data.draw(st.sampled_from(EVERY_CLASS))
    arguments = arguments_of(mode, record_episode_statistics=data.draw(st.booleans()))
    looped, rolled = two(gym.make_vec, registration.id, num_envs, seed=4, **arguments)
    rng = np.random.default_rng(num_envs)
    actions = np.array([random_actions(looped.single_action_space, rng, num_envs) for _ in range(steps)])
    expected = loop(looped, lambda t, _: actions[t], steps)
    rollout = rolled.rollout(actions[: len(expected.results)], record=record)
    assert_same_state(rolled, looped)
    for name in RECORDS:
        assert (getattr(rollout, name) is not None) == (name in record)
    assert_same_arrays(rollout, expected, [name for name in STACKED if name in record])
    if "infos" in record:
        for t, result in enumerate(expected.results):
            assert_same_infos(rollout.infos, t, result[4], result[0])
    if "returns" in record:
        np.testing.assert_array_equal(rollout.returns, expected.returns)


def test_parameters_of_each_env_go_with_their_blocks():
    looped, rolled = two(envs.CartPoleVecEnv, 1100, gravity=np.linspace(1, 20, 1100))
    actions = np.ones((30, 1100), np.int32)
    assert_same_steps(rolled.rollout(actions), loop(looped, lambda t, _: actions[t], 30))


# Arrays.


def test_an_earlier_result_is_overwritten(make, mode, rng):
    env, other = (make(40, **arguments_of(mode)) for _ in range(2))
    steps = 1 if mode is AutoresetMode.DISABLED else STEPS
    env.reset(seed=0)
    actions = np.array([random_actions(env.single_action_space, rng, 40) for _ in range(steps)])
    first = env.rollout(actions, record=("observations", "infos", "returns"))
    addresses = [part.ctypes.data for part in in_parts(first.observations)] + [first.returns.ctypes.data]
    for each in (env, other):
        each.reset(seed=1)
    again = env.rollout(actions, out=first)
    assert again is first
    assert addresses == [part.ctypes.data for part in in_parts(again.observations)] + [again.returns.ctypes.data]
    fresh = other.rollout(actions)
    assert_same(again.observations, fresh.observations)
    assert_same(again.infos, fresh.infos)
    assert_same(again.returns, fresh.returns)
    assert again.rewards is None


def test_given_actions_are_not_copied_without_need():
    env = envs.CartPoleVecEnv(5)
    env.reset(seed=0)
    actions = np.ones((3, 5), np.int32)
    assert env.rollout(actions).actions is actions
    assert_same(env.rollout(actions.tolist()).actions, actions.astype(np.int64))


def test_results_can_be_kept():
    env = envs.CartPoleVecEnv(5)
    env.reset(seed=0)
    first = env.rollout(np.ones((3, 5), np.int32))
    before = pickle.loads(pickle.dumps(first))
    env.rollout(np.zeros((3, 5), np.int32))
    for name in (*STACKED, "infos", "returns"):
        assert_same(getattr(first, name), getattr(before, name))
    assert repr(env.rollout(np.ones((3, 5), np.int32), record=("infos", "rewards", "returns"))) == (
        "Rollout(rewards=float32[3, 5], infos={}, returns=float64[5])"
    )


# Errors.

BAD_ROLLOUTS = [
    ({"actions": np.zeros((0, 3), int)}, ValueError, r"actions: expected shape \(steps, 3, \.\.\.\).*\(0, 3\)"),
    ({"actions": np.zeros(3, int)}, ValueError, r"actions: expected shape \(steps, 3"),
    ({"actions": np.zeros((2, 4), int)}, ValueError, r"actions: expected shape \(2, 3\).*got \(2, 4\)"),
    ({"actions": np.zeros((2, 3))}, TypeError, r"actions: expected an integer dtype, got float64"),
    ({"actions": [[0, 1, 0], [1, 2, 0]]}, ValueError, r"actions\[1, 1\]: expected an integer from 0 to 1, got 2"),
    ({"actions": np.array([[0, 1, 0], [1, 0, 2]], np.int8)}, ValueError, r"actions\[1, 2\]: expected an integer"),
    ({"actions": None}, ValueError, r"actions: expected shape"),
    ({"actions": np.zeros((2, 3), int), "steps": 3}, ValueError, r"steps: expected None or 2, .*got 3"),
    ({"actions": len}, TypeError, r"steps: expected a positive integer, got None"),
    ({"actions": len, "steps": 0}, ValueError, r"steps: expected a positive integer, got 0"),
    ({"actions": len, "steps": 2.5}, TypeError, r"steps: expected a positive integer, got 2.5"),
    ({"actions": len, "steps": 2**31 - 1}, MemoryError, r"steps: expected as many as memory can hold"),
    ({"record": "rewardz"}, ValueError, r"record: expected some of observations, .*got 'rewardz'"),
    ({"record": 3}, TypeError, r"record: expected names, got 3"),
    ({"out": 3}, TypeError, r"out: expected None or the result of an earlier call, got 3"),
    ({"progress": 3}, TypeError, r"progress: expected None, True or a function"),
]


BAD_EVALUATIONS = [
    ({"policy": 3}, TypeError, "policy: expected a policy or a function"),
    ({"episodes": 0}, ValueError, "episodes: expected a positive integer, got 0"),
    ({"seed": -1}, gym.error.Error, "seed: expected a non-negative integer, got -1"),
    ({"seed": [1]}, ValueError, "seed: expected 3 seeds"),
    ({"progress": 1}, TypeError, "progress: expected None, True or a function"),
]
BAD_COPIES = [
    ({"source": [0, 1]}, ValueError, "source: expected 1 envs, one for each target, got 2"),
    ({"source": [0, 5], "target": [1, 2]}, ValueError, r"source\[1\]: expected an integer from 0 to 2, got 5"),
    ({"source": -1}, ValueError, r"source\[0\]: expected an integer from 0 to 2, got -1"),
    ({"target": [1, -1]}, ValueError, r"target\[1\]: expected an integer from 0 to 2, got -1"),
    ({"target": [1, 1]}, ValueError, r"target\[1\]: expected different envs, got 1 twice"),
    ({"source": [0.0]}, TypeError, "source: expected integers, got dtype float64"),
    ({"target": [True]}, TypeError, "target: expected integers, got dtype bool"),
    ({"source": [[0]], "target": [[1]]}, ValueError, "target: expected a one-dimensional array"),
    ({"source": "a"}, TypeError, "source: expected integers"),
    ({"random": 3}, TypeError, "random: expected True or False"),
]
USUAL = {
    "rollout": {"actions": np.zeros((2, 3), np.int32)},
    "evaluate": {"policy": lambda observations: np.zeros(3, np.int32)},
    "copy_state": {"source": 0, "target": [2]},
}


@pytest.mark.quick
@pytest.mark.parametrize(
    ("method", "arguments", "exception", "message"),
    [
        (method, *one)
        for method, bad in zip(USUAL, (BAD_ROLLOUTS, BAD_EVALUATIONS, BAD_COPIES), strict=True)
        for one in bad
    ],
)
def test_bad_arguments_change_nothing(method, arguments, exception, message):
    env = envs.CartPoleVecEnv(3)
    env.reset(seed=0)
    before = env._core.save()
    with pytest.raises(exception, match=message):
        getattr(env, method)(**USUAL[method] | arguments)
    assert env._core.save() == before


def test_nan_is_refused_in_every_dtype():
    env = envs.PendulumVecEnv(3)
    env.reset(seed=0)
    before = env._core.save()
    for shape in ((4, 3), (4, 3, 1)):
        for dtype in (np.float32, np.float64, np.float16):
            actions = np.zeros(shape, dtype)
            actions[2, 1] = np.nan
            with pytest.raises(ValueError, match=r"actions\[2, 1\]: expected a number, got nan"):
                env.rollout(actions)
    assert env._core.save() == before


def test_an_out_that_does_not_fit_is_named():
    env = envs.CartPoleVecEnv(3)
    env.reset(seed=0)
    actions = np.zeros((2, 3), np.int32)
    before = env._core.save()
    former = env.rollout(actions)
    with pytest.raises(ValueError, match=r"out.observations: expected an array float32 \(3, 3, 4\), got float32 \(2,"):
        env.rollout(np.zeros((3, 3), np.int32), out=former)
    with pytest.raises(ValueError, match=r"out: expected rewards, the names in record"):
        env.rollout(actions, out=former, record="rewards")
    pendulum = envs.PendulumVecEnv(3, autoreset_mode="SameStep")
    pendulum.reset(seed=0)
    with pytest.raises(ValueError, match=r"out: expected a rollout of this environment and autoreset mode"):
        pendulum.rollout(np.zeros((2, 3)), out=former)
    former.rewards.flags.writeable = False
    with pytest.raises(ValueError, match=r"out.rewards: expected an array that is contiguous, aligned and can be"):
        env.rollout(actions, out=former)
    former.rewards.flags.writeable = True
    with pytest.raises(ValueError, match=r"actions: expected an array that shares no memory with out.rewards"):
        env.rollout(former.rewards.view(np.int32), out=former)
    former.observations.resize((2, 3, 2), refcheck=False)
    with pytest.raises(ValueError, match=r"out.observations: expected an array float32 \(2, 3, 4\)"):
        env.rollout(actions, out=former)
    assert env._core.save() != before  # by the first rollout only
    env.reset(seed=0)
    assert_same(env.rollout(actions).rewards, former.rewards)


def test_reset_is_needed():
    env = envs.CartPoleVecEnv(3)
    actions, policy = np.zeros((2, 3), np.int32), policy_of(env.single_action_space)
    for call in (
        lambda: env.step(actions[0]),
        lambda: env.rollout(actions),
        lambda: env.rollout(policy, 2),
        lambda: env.rollout(compiled(env), 2),
        lambda: env.copy_state(0, 1),
    ):
        with pytest.raises(ResetNeeded, match="call reset"):
            call()
    env.close()
    env.close()
    for call in (
        lambda: env.step(actions[0]),
        env.reset,
        lambda: env.state,
        lambda: env.rollout(actions),
        lambda: env.evaluate(policy),
        lambda: env.copy_state(0, 1),
        env.snapshot,
    ):
        with pytest.raises(ClosedEnvironmentError, match="has been closed"):
            call()


def test_progress_cannot_step_the_environment():
    env = envs.CartPoleVecEnv(3)
    env.reset(seed=0)

    def progress(done, total):
        with pytest.raises(RuntimeError, match="is using this environment"):
            env.step(np.zeros(3, np.int32))

    env.rollout(np.zeros((5, 3), np.int32), progress=progress)


@pytest.mark.parametrize("is_compiled", [False, True], ids=["python", "compiled"])
def test_without_autoreset_a_rollout_stops_where_step_would(registration, is_compiled):
    looped, rolled = two(gym.make_vec, registration.id, 3, **arguments_of("Disabled"))
    choose = policy_of(looped.single_action_space)
    actions = loop(looped, lambda _, observations: choose(observations)).actions
    source = np.array([*actions, actions[0]]) if is_compiled else choose
    with pytest.raises(ResetNeeded, match="of the envs have finished, and autoreset is disabled") as raised:
        rolled.rollout(source, len(actions) + 1)
    assert raised.value.steps == len(actions)
    assert_same_state(rolled, looped)


# Long ones.


class StopOnPurposeError(Exception):
    """Raised by a callback."""


def test_an_exception_of_progress_stops_a_rollout_between_two_steps():
    looped, rolled = two(envs.CartPoleVecEnv, 2048)
    seen = []

    def progress(done, total):
        seen.append((done, total))
        raise StopOnPurposeError

    actions = np.tile((np.arange(2048) % 2).astype(np.int32), (500, 1))
    with pytest.raises(StopOnPurposeError) as raised:
        rolled.rollout(actions, record="rewards", progress=progress)
    steps = raised.value.steps
    assert seen == [(steps, 500)]
    assert 0 < steps < 500
    looped.rollout(actions[:steps])
    assert_same_state(rolled, looped)


def test_progress_is_reported_to_the_end():
    env = envs.CartPoleVecEnv(2048)
    env.reset(seed=0)
    seen = []
    env.rollout(np.zeros((500, 2048), np.int32), record=(), progress=lambda *how_far: seen.append(how_far))
    assert seen == sorted(set(seen))
    assert seen[-1] == (500, 500)
    env.rollout(policy_of(env.single_action_space), 20, progress=lambda *how_far: seen.append(how_far))
    assert seen[-1] == (20, 20)
    env.evaluate(compiled(env), 2, seed=0, progress=lambda *how_far: seen.append(how_far))
    assert seen[-1] == (4096, 4096)


@pytest.mark.skipif(os.name == "nt", reason="no such signals")
@pytest.mark.parametrize("what", ["rollout", "evaluate"])
def test_ctrl_c_stops_a_rollout_or_an_evaluation(what):
    """Without a time limit, the pendulum's episodes never end."""
    env = envs.PendulumVecEnv(256, workers=2, max_episode_steps=-1)
    env.reset(seed=0)
    # A policy in C that leaves the actions as they are, 0. One in Python would be interrupted itself.
    policy = _core.FunctionPolicy(ctypes.cast(ctypes.CDLL(None).abs, ctypes.c_void_p).value, 0)
    timer = threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT))
    # A process in the background does not have this handler.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt) as raised:
            env.rollout(policy, 2**31 - 1, record=()) if what == "rollout" else env.evaluate(policy)
    finally:
        signal.signal(signal.SIGINT, handler)
    timer.join()
    if what == "rollout":
        assert raised.value.steps > 0
        env.step(np.zeros(256))


# Whole episodes.


@pytest.mark.quick
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("is_compiled", [False, True], ids=["python", "compiled"])
def test_an_evaluation_plays_whole_episodes(make, mode, dtype, is_compiled):
    num_envs, episodes = 20, 3
    env = make(num_envs, **arguments_of(mode, dtype, max_episode_steps=30))
    if is_compiled and isinstance(env.single_observation_space, gym.spaces.Tuple):
        pytest.skip("compiled policies see no tuples")
    choose = policy_of(env.single_action_space)
    env.reset(seed=0)
    env.rollout(choose, 1)
    before = env._core.save()
    evaluation = env.evaluate(compiled(env) if is_compiled else choose, episodes, seed=9)
    assert env._core.save() == before

    other = make(num_envs, **arguments_of(AutoresetMode.SAME_STEP, dtype, max_episode_steps=30))
    other.reset(seed=9)
    rollout = other.rollout(choose, 30 * episodes)
    for i in range(num_envs):
        ended = np.flatnonzero(rollout.infos["_episode"][:, i])[:episodes]
        for name, values in (("r", evaluation.returns), ("l", evaluation.lengths)):
            assert_same(np.ascontiguousarray(values[:, i]), rollout.infos["episode"][name][ended, i])


def test_evaluations_differ_without_a_seed_only():
    env = envs.PendulumVecEnv(4, max_episode_steps=10)
    choose = policy_of(env.single_action_space)
    one, same, other = (env.evaluate(choose, seed=seed).returns for seed in (1, 1, None))
    assert_same(one, same)
    assert not np.array_equal(one, other)
    assert_same(env.evaluate(choose, seed=[1, 2, 3, 4]).returns, one)


# Branching.


@pytest.mark.quick
@pytest.mark.emulated
@pytest.mark.parametrize("registration", ONE_PER_CLASS, ids=id_of)  # whose episodes are not over in a few steps
@pytest.mark.parametrize("random", [False, True])
def test_one_state_in_many_envs(make, mode, random, draw):
    env = make(130, **arguments_of(mode))
    env.reset(seed=0)
    for _ in range(4):
        env.step(draw(env))
    logs = env.get_logs()
    targets = np.setdiff1d(np.arange(130), [3, 77])
    env.copy_state(np.int8(77), targets, random=random)
    assert env.get_logs() == logs
    np.testing.assert_array_equal(env.state[targets], np.repeat(env.state[[77]], 128, axis=0))
    actions = np.repeat(draw(env)[[77]], 130, axis=0)
    steps = LIMIT - 4 if mode is AutoresetMode.DISABLED else LIMIT
    rollout = env.rollout(np.repeat(actions[None], steps, axis=0))
    alike = LIMIT - 5 if mode is AutoresetMode.SAME_STEP else LIMIT - 4  # the restarts differ
    for part in (*in_parts(rollout.observations), rollout.rewards, rollout.truncations):
        compared = part[: steps if random else alike]
        np.testing.assert_array_equal(compared[:, targets], np.repeat(compared[:, [77]], 128, axis=1))
    lengths = rollout.infos["episode"]["l"][rollout.infos["_episode"]]
    assert set(lengths) <= set(range(1, LIMIT + 1))
    assert env.get_logs()["total_steps"] == logs["total_steps"] + lengths.sum()


def test_envs_exchange_their_states():
    env = envs.CartPoleVecEnv(5)
    env.reset(seed=0)
    before = env.state
    env.copy_state([0, 1, 2], np.array([1, 2, 0], np.uint8))
    np.testing.assert_array_equal(env.state, before[[2, 0, 1, 3, 4]])
    env.copy_state(np.array([], int), np.array([], int))


@pytest.mark.quick
@pytest.mark.emulated
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_snapshot_restores_everything(make, mode, dtype, draw):
    env = make(70, **arguments_of(mode, dtype))
    env.reset(seed=0)
    if mode is not AutoresetMode.DISABLED:
        for _ in range(3):
            env.step(draw(env))
    snapshot, saved, logs = env.snapshot(), env._core.save(), env.get_logs()
    actions = np.array([draw(env) for _ in range(1 if mode is AutoresetMode.DISABLED else STEPS)])
    first = env.rollout(actions)
    end = env._core.save()
    for _ in range(2):
        env.restore(snapshot)
        assert env._core.save() == saved
        assert env.get_logs() == logs
        assert_same(env.rollout(actions).observations, first.observations)
        assert env._core.save() == end


def test_a_snapshot_is_of_one_environment():
    env, other = (envs.CartPoleVecEnv(3) for _ in range(2))
    unstarted = env.snapshot()
    env.reset(seed=0)
    other.reset(seed=0)
    snapshot = env.snapshot()
    with pytest.raises(ValueError, match="snapshot: expected a snapshot of this environment, got one of another"):
        other.restore(snapshot)
    with pytest.raises(TypeError, match="snapshot: expected a result"):
        env.restore(b"")
    env.restore(unstarted)
    with pytest.raises(ResetNeeded):
        env.step(np.zeros(3, np.int32))
    del env
    for _ in range(20):  # one of these has the address of the old environment
        with pytest.raises(ValueError, match="got one of another"):
            envs.CartPoleVecEnv(3).restore(snapshot)


# Pictures.


def test_rollouts_and_jumps_are_drawn():
    pytest.importorskip("pygame")
    looped, rolled = two(envs.CartPoleVecEnv, 2, render_mode="rgb_array", max_episode_steps=4)
    actions = np.ones((6, 2), np.int32)
    snapshot = rolled.snapshot()
    start = rolled.render()
    assert_same_steps(rolled.rollout(actions), loop(looped, lambda t, _: actions[t], 6))
    assert_same(rolled.render(), looped.render())
    rolled.copy_state(0, 1)
    assert_same(*rolled.render())
    rolled.restore(snapshot)
    assert_same(rolled.render(), start)
    for env in (looped, rolled):
        env.reset(seed=3)
    expected = loop(looped, lambda _, observations: policy_of(looped.single_action_space)(observations), 6)
    assert_same_steps(rolled.rollout(compiled(rolled), 6), expected)  # every step is drawn, with its actions
    assert_same(rolled.render(), looped.render())
