"""numpy's error state changes no result, and masked arrays are refused, because their masks would be lost."""

from __future__ import annotations

import copy
import pickle
import warnings

import gymnasium as gym
import numpy as np
import pytest
from side_by_side import assert_same

from operant import envs, policies
from operant.envs import _saving
from operant.envs.single import SingleEnv
from operant.utils import Logger

TINY = 1e-42  # a subnormal float32
TINIEST = np.longdouble("1e-320")  # a subnormal float64
HUGE = np.finfo(np.longdouble).max  # beyond float64, where there are longer numbers


def pendulum(dtype, **parameters):
    env = envs.PendulumVecEnv(3, dtype=dtype, max_episode_steps=4, **parameters)
    return [env.reset(seed=1, options={"x_init": TINY, "y_init": TINY})[0], env]


def of_parameters(dtype):
    """Set parameters to tiny numbers in every way; return their values and spaces."""
    results = []
    for value in (TINY, np.float32(TINY), TINIEST, [TINY, 1, 2], np.array([TINIEST, 1, 2])):
        _, env = pendulum(dtype, g=value)
        env.set_parameters(l=1.5, max_torque=TINY)
        env.set_parameters(max_torque=2 * TINY)
        env.max_speed = np.array([1, 2 * TINY, 3 * TINY])
        env.set_attr("max_speed", [TINY, 2 * TINY, 3 * TINY])
        results += [env.g, env.observation_space.high, env.action_space.high, copy.deepcopy(env).observation_space.high]
        results.append(pickle.loads(pickle.dumps(env)).max_speed)
    cartpole = envs.CartPoleVecEnv(2, dtype=dtype, x_threshold=TINY)
    cartpole.x_threshold = 2 * TINY
    results.append(copy.deepcopy(cartpole).single_observation_space.high)
    return results


def of_states(dtype):
    first, env = pendulum(dtype)
    env.set_state([[TINY, TINY]] * 3)
    states = [env.state]
    env.set_state(np.full((3, 2), TINIEST), mask=np.array([True, False, True]))
    env.set_attr("state", [TINY, TINY])
    single = gym.make("operant/Pendulum-v1", dtype=dtype).unwrapped
    single.reset(seed=3, options={"x_init": TINY, "y_init": 0.5})
    single.state = [TINY, 1e-300]
    return [first, *states, env.state, single.state, single.step(np.array([TINY]))[0]]


def of_actions(dtype):
    _, env = pendulum(dtype)
    results = []
    for actions in (
        [[TINY]] * 3,
        np.full(3, TINIEST),
        np.full((3, 1), HUGE),
        np.full(3, 1e-300),
        np.float16([6e-8] * 3),
    ):
        results.append(env.step(actions)[:2])
    results.append(env.rollout(np.full((5, 3, 1), TINIEST)).rewards)
    results.append(env.rollout(lambda observations: np.full((3, 1), TINIEST), 3).returns)
    results.append(env.evaluate(lambda observations: np.full((3, 1), TINIEST), 2, seed=3))
    return results


def of_policies(dtype):
    results = []
    _, env = pendulum(dtype)
    for weights in ([[TINY, 1, 2]], np.full((1, 3), TINIEST)):
        for policy in (
            policies.Linear(weights, [TINIEST], noise=TINIEST, action_space=env.single_action_space, seed=1),
            policies.Linear(weights, observation_mean=[TINIEST] * 3, observation_variance=[TINY] * 3, epsilon=TINIEST),
            policies.MLP([weights, [[TINY]]], [None, [TINY]], action_space=env.single_action_space),
        ):
            results.append(policy.weights)
            results.append(env.rollout(policy, 6).observations)
            if policy.action_space is not None:
                results.append(policy(np.full((4, 3), TINIEST)))
    return results


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("of", [of_parameters, of_states, of_actions, of_policies])
def test_numpys_error_state_changes_no_result(of, dtype):
    with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"), warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        expected = of(dtype)
        with np.errstate(all="raise"):  # every result that is not exact or finite
            found = of(dtype)
    for mine, theirs in zip(found, expected, strict=True):
        assert_same(mine, theirs)


def test_a_picture_of_a_tiny_state(registration):
    """Gymnasium's MountainCarContinuous rounds its state to float32."""
    env = gym.make(registration.id, render_mode="rgb_array", disable_env_checker=True, dtype=np.float64).unwrapped
    env.reset(seed=1)
    env.state = np.full(env.state.shape, 1e-300)
    expected = env.render()
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(env.render(), expected)
    env.close()


def masked(values, mask=True):
    """Return the values as a masked array whose first element is masked."""
    array = np.ma.array(values)
    if mask:
        array[(0,) * array.ndim] = np.ma.masked
    return array


def cartpole():
    env = envs.CartPoleVecEnv(3, dtype=np.float64)
    env.reset(seed=1)
    return env


def pendulums():
    return pendulum(np.float64)[1]


def single():
    env = gym.make("operant/Pendulum-v1", disable_env_checker=True).unwrapped
    env.reset(seed=1)
    return env


def function_of(actions):
    return lambda observations: actions


ACTIONS, TORQUES = [0, 1, 1], [[0.5], [1], [0]]
WEIGHTS = [[1.0, 2, 3, 4], [4, 3, 2, 1]]
# Calls that take an array, and the name with which the message begins.
CALLS = {
    "step": (cartpole, lambda env, m: env.step(m(ACTIONS)), "actions"),
    "step with a list": (pendulums, lambda env, m: env.step([m([0.5]), [1], [0]]), "actions"),
    "step with numbers in a list": (cartpole, lambda env, m: env.step([m(0), 1, 1]), "actions"),
    "step, continuous": (pendulums, lambda env, m: env.step(m(TORQUES)), "actions"),
    "step of a single environment": (single, lambda env, m: env.step(m([0.5])), "action"),
    "rollout": (cartpole, lambda env, m: env.rollout(m([ACTIONS] * 2)), "actions"),
    "rollout with a list": (cartpole, lambda env, m: env.rollout([ACTIONS, m(ACTIONS)]), "actions"),
    "rollout with nested lists": (pendulums, lambda env, m: env.rollout([TORQUES, [[0], [0], m([1])]]), "actions"),
    "rollout with a function": (cartpole, lambda env, m: env.rollout(function_of(m(ACTIONS)), 2), "actions"),
    "evaluate": (cartpole, lambda env, m: env.evaluate(function_of(m(ACTIONS))), "actions"),
    "seed": (cartpole, lambda env, m: env.reset(seed=m([1, 2, 3])), "seed"),
    "seed of all": (cartpole, lambda env, m: env.reset(seed=m(1)), "seed"),
    "reset_mask": (
        cartpole,
        lambda env, m: env.reset(options={"reset_mask": m([True, False, True])}),
        r"options\['reset_mask'\]",
    ),
    "low": (cartpole, lambda env, m: env.reset(options={"low": m(-0.1)}), "low"),
    "x_init": (pendulums, lambda env, m: env.reset(options={"x_init": m(0.1)}), "x_init"),
    "set_state": (pendulums, lambda env, m: env.set_state(m(np.zeros((3, 2)))), "state"),
    "set_state with a list": (pendulums, lambda env, m: env.set_state([m([0.0, 1]), [0, 1], [0, 1]]), "state"),
    "set_state's mask": (
        pendulums,
        lambda env, m: env.set_state(np.zeros((3, 2)), m([True, False, True])),
        "mask",
    ),
    "state of a single environment": (single, lambda env, m: setattr(env, "state", m([0.0, 1])), "state"),
    "set_attr of the state": (pendulums, lambda env, m: env.set_attr("state", m([0.0, 1])), "state"),
    "copy_state": (cartpole, lambda env, m: env.copy_state(m([0, 1]), [1, 2]), "source"),
    "copy_state's target": (cartpole, lambda env, m: env.copy_state([0, 1], m([1, 2])), "target"),
    "copy_state from one": (cartpole, lambda env, m: env.copy_state(m(0), [1, 2]), "source"),
    "num_envs": (None, lambda _, m: envs.CartPoleVecEnv(m(2)), "num_envs"),
    "max_episode_steps": (None, lambda _, m: envs.CartPoleVecEnv(2, max_episode_steps=m(2)), "max_episode_steps"),
    "a parameter": (None, lambda _, m: envs.CartPoleVecEnv(2, gravity=m(9.8)), "gravity"),
    "parameters per env": (None, lambda _, m: envs.CartPoleVecEnv(2, gravity=m([9.8, 3.7])), "gravity"),
    "parameters in a list": (cartpole, lambda env, m: env.set_parameters(gravity=[m(9.8), 1.0, 1.0]), "gravity"),
    "set_attr": (cartpole, lambda env, m: env.set_attr("gravity", m([9.8, 3.7, 1])), "gravity"),
    "set_attr with a list": (cartpole, lambda env, m: env.set_attr("gravity", [m(9.8), 3.7, 1]), "gravity"),
    "a parameter of a single environment": (single, lambda env, m: setattr(env, "g", m(3.7)), "g"),
    "Linear": (None, lambda _, m: policies.Linear(m(WEIGHTS)), "weights"),
    "Linear with a list": (None, lambda _, m: policies.Linear([m(WEIGHTS[0]), WEIGHTS[1]]), "weights"),
    "bias": (None, lambda _, m: policies.Linear(WEIGHTS, m([1.0, 2])), "bias"),
    "MLP": (None, lambda _, m: policies.MLP([m(WEIGHTS), [[1.0, 2]]]), r"weights\[0\]"),
    "biases": (None, lambda _, m: policies.MLP([WEIGHTS, [[1.0, 2]]], [m([1.0, 2]), None]), r"biases\[0\]"),
    "noise": (None, lambda _, m: policies.Linear(WEIGHTS, noise=m([0.1, 0.2])), "noise"),
    "noise of all": (None, lambda _, m: policies.Linear(WEIGHTS, noise=m(0.1)), "noise"),
    "epsilon": (
        None,
        lambda _, m: policies.Linear(WEIGHTS, observation_mean=[0] * 4, observation_variance=[1] * 4, epsilon=m(1e-8)),
        "epsilon",
    ),
    "observation_mean": (
        None,
        lambda _, m: policies.Linear(WEIGHTS, observation_mean=m([0.0] * 4), observation_variance=[1] * 4),
        "observation_mean",
    ),
    "seed of a policy": (None, lambda _, m: policies.Random(seed=m(3)), "seed"),
    "observations": (None, lambda _, m: policies.Linear(WEIGHTS)(m(np.ones((2, 4)))), "observations"),
    "a metric": (None, lambda _, m: Logger(quiet=True).log(loss=m(0.5)), "loss"),
    "a metric in an array": (None, lambda _, m: Logger(quiet=True).log(loss=m([0.5])), "loss"),
    "steps": (None, lambda _, m: Logger(quiet=True).log(steps=m(5)), "steps"),
}


def everything(env):
    """Return everything that a refused call must not change."""
    if env is None:
        return None
    core = env._env if isinstance(env, SingleEnv) else env
    return _saving.packed(core)


@pytest.mark.filterwarnings("ignore:.*converting a masked element to nan:UserWarning")
@pytest.mark.parametrize("has_mask", [True, False], ids=["masked", "nothing masked"])
@pytest.mark.parametrize("name", CALLS)
def test_masked_arrays_are_refused(name, has_mask):
    make, call, argument = CALLS[name]
    env = None if make is None else make()
    before = everything(env)
    call(make and make(), lambda values: values if np.ndim(values) == 0 else np.array(values))  # without a mask
    with pytest.raises((TypeError, ValueError, gym.error.Error), match=f"^{argument}(\\[0\\])?: expected"):
        call(env, lambda values: masked(values, has_mask))
    assert everything(env) == before


def test_the_message_has_advice():
    actions = masked([0, 1, 1])
    with pytest.raises(TypeError) as refused:
        cartpole().step(actions)
    assert "actions: expected an array without a mask, got masked_array(" in str(refused.value)
    assert "filled()" in str(refused.value)
    cartpole().step(actions.filled(1))
