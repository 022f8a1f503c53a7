"""Policies choose the actions that numpy computes in float64, and draw the numbers of numpy's generators."""

from __future__ import annotations

import copy
import pickle
import threading
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import needs_compiler
from gymnasium import spaces

import operant
from operant import policies
from operant.building.libraries import SUFFIX
from operant.policies import MLP, Linear, Random

pytestmark = pytest.mark.quick

LINE = spaces.Box(-np.inf, np.inf, (1,), np.float32)
PLANE = spaces.Box(np.float32([-0.5, -1]), np.float32([0.5, 3]))


def numbers(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(np.float32)


def generators(seed, count):
    return [np.random.Generator(np.random.PCG64(one)) for one in np.random.SeedSequence(seed).spawn(count)]


def network(sizes, *lead):
    pairs = list(pairwise(sizes))
    return [numbers(*lead, o, i) / np.sqrt(i) for i, o in pairs], [numbers(*lead, o, seed=1) for _, o in pairs]


def outputs(observations, weights, biases, activations):
    x = np.asarray(observations, np.float64)
    for w, b, activation in zip(weights, biases, activations, strict=True):
        x = x @ np.asarray(w, np.float64).T + b
        x = {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0), None: lambda z: z}[activation](x)
    return x


# Outputs of networks


@pytest.mark.parametrize("sizes", [(4, 2), (1, 1), (3, 5), (2, 64, 2), (4, 64, 64, 2), (17, 33, 7, 5), (6, 300, 3)])
@pytest.mark.parametrize("num_envs", [1, 70, 1100])
def test_a_network_equals_numpy(sizes, num_envs):
    weights, biases = network(sizes)
    x = numbers(num_envs, sizes[0])
    space = spaces.Box(-np.inf, np.inf, (sizes[-1],), np.float32)
    for activation in ("tanh", "relu"):
        names = [activation] * (len(weights) - 1) + [None]
        expected = outputs(x, weights, biases, names)
        actual = MLP(weights, biases, activation, action_space=space)(x)
        assert actual.dtype == np.float32
        np.testing.assert_allclose(actual, expected, atol=4e-6 * len(weights), rtol=0)


def test_each_layer_may_have_another_activation():
    weights, biases = network((3, 8, 8, 2))
    names = ["relu", None, "tanh"]
    x = numbers(20, 3)
    actual = MLP(weights, biases, names, action_space=spaces.Box(-9, 9, (2,)))(x)
    np.testing.assert_allclose(actual, outputs(x, weights, biases, names), atol=1e-5)


def test_the_first_of_equal_outputs_is_chosen():
    weights = np.zeros((4, 1), np.float32)
    assert Linear(weights)(np.ones((3, 1)))[0] == 0
    weights[2:] = 1
    np.testing.assert_array_equal(Linear(weights)([[1.0], [-1.0], [0.0]]), [2, 0, 0])


def test_each_number_of_an_action_has_its_outputs():
    weights, x = numbers(5, 3), numbers(40, 3)
    actions = Linear(weights, action_space=spaces.MultiDiscrete([2, 3]))(x)
    z = x @ weights.T
    np.testing.assert_array_equal(actions, np.stack([z[:, :2].argmax(1), z[:, 2:].argmax(1)], axis=1))


def test_continuous_actions_are_clipped():
    weights, x = 3 * numbers(2, 3), numbers(40, 3)
    actions = Linear(weights, action_space=PLANE)(x)
    np.testing.assert_allclose(actions, np.clip(x @ weights.T, PLANE.low, PLANE.high), atol=1e-5)
    assert ((actions == PLANE.low) | (actions == PLANE.high)).any(axis=0).all()


def test_observations_are_normalised_as_gymnasium_does():
    weights, biases = network((3, 16, 2))
    x, mean, variance = 5 * numbers(30, 3), numbers(3, seed=7), np.array([4.0, 0.0, 0.25])
    policy = MLP(
        weights,
        biases,
        action_space=spaces.Box(-99, 99, (2,)),
        observation_mean=mean,
        observation_variance=variance,
        epsilon=1e-2,
    )
    expected = outputs((x - mean) / np.sqrt(variance + 1e-2), weights, biases, ["tanh", None])
    np.testing.assert_allclose(policy(x), expected, atol=2e-5)


def test_discrete_observations_choose_a_column():
    weights = numbers(4, 16)
    states = np.arange(16)
    np.testing.assert_array_equal(Linear(weights)(states), weights.argmax(0))
    with pytest.raises(ValueError, match="observations: expected integers below 16"):
        Linear(weights)([3, 16])


# In rollouts

ROLLED = {
    "CartPole": lambda: MLP(*network((4, 12, 2), 3), sample=True, seed=1),
    "Pendulum": lambda: MLP(*network((3, 12, 1)), "relu", action_space=spaces.Box(-1, 1, (1,)), noise=0.3, seed=2),
    "MountainCarContinuous": lambda: Random(spaces.Box(-1, 1, (1,)), seed=3),
    "FrozenLake": lambda: Linear(numbers(4, 16), sample=True, seed=4),
    "Taxi": lambda: Linear(numbers(6, 500)),
}


def assert_rollouts_are_loops(make, num_envs, make_policy, limit=9, steps=30):
    """Assert that rollouts, with every result and with returns alone, are loops of calls and steps; return actions."""
    looped, rolled, totals = (make(num_envs, workers, max_episode_steps=limit) for workers in (1, 2, 2))
    policy = make_policy()
    observations = looped.reset(seed=0)[0]
    rolled.reset(seed=0)
    totals.reset(seed=0)
    rollout = rolled.rollout(make_policy(), steps)
    returns = totals.rollout(make_policy(), steps, record="returns").returns
    for step in range(steps):
        actions = policy(observations, looped.action_masks() if isinstance(looped, operant.envs.TaxiVecEnv) else None)
        np.testing.assert_array_equal(rollout.actions[step], actions)
        observations, *others = looped.step(actions)
        for actual, expected in zip(
            (rollout.observations, rollout.rewards, rollout.terminations, rollout.truncations),
            (observations, *others[:3]),
            strict=True,
        ):
            np.testing.assert_array_equal(actual[step], expected)
    np.testing.assert_array_equal(returns, rollout.rewards.astype(np.float64).sum(axis=0))
    for env in (rolled, totals):
        np.testing.assert_array_equal(env.state, looped.state)
    assert (rollout.terminations | rollout.truncations).any()
    return rollout.actions


@pytest.mark.parametrize("name", ROLLED)
def test_a_rollout_is_a_loop_of_calls_and_steps(name):
    assert_rollouts_are_loops(getattr(operant.envs, f"{name}VecEnv"), 2100, ROLLED[name], limit=5, steps=12)


# Actions of two discrete numbers, and observations of two numbers, which no built-in environment has.
TWO_SWITCHES = """
#pragma once
#include <operant/environment.hpp>
struct TwoSwitches : operant::Environment {
    static constexpr std::string_view name = "TwoSwitches";
    static constexpr std::int32_t max_episode_steps = 9;
    using ActionSpace = operant::MultiDiscrete<3, 2>;
    template <class Number> struct State {
        Number x, y;
        OPERANT_MEMBERS(x, y)
    };
    static constexpr operant::Box<2> observation_space(const Parameters&) { return operant::Box<2>::unbounded(); }
    template <class Random>
    static XSIMD_INLINE State<typename Random::Number> reset(const Parameters&, Random& random) {
        const auto x = random.uniform(-1.0, 1.0);
        return {x, random.uniform(-1.0, 1.0)};
    }
    template <class Batch> struct Dynamics {
        using Input = operant::Input<TwoSwitches, Batch>;
        XSIMD_INLINE operant::Outcome<Batch> step(State<Batch>& s, const Input& input) const {
            const auto number = [](const auto& n) { return xsimd::batch_cast<typename Batch::value_type>(n); };
            s.x = s.x * Batch(-0.75f) + number(input.action[0]);
            s.y = s.y * Batch(0.5f) - number(input.action[1]);
            return {s.x, s.y > s.x};
        }
        static XSIMD_INLINE std::array<Batch, 2> observation(const State<Batch>& s) { return {s.x, s.y}; }
    };
};
"""

# Environments whose steps apply a linear policy themselves.
LINEAR = {
    name: getattr(operant.envs, f"{name}VecEnv")
    for name in ("CartPole", "MountainCar", "MountainCarContinuous", "Pendulum", "Acrobot")
}


def assert_linear_rollouts_are_loops(make, num_envs, members, **options):
    env = make(1)
    space, inputs = env.single_action_space, env.single_observation_space.shape[0]
    outputs = space.shape[0] if isinstance(space, spaces.Box) else spaces.flatdim(space)
    weights, bias = numbers(members, outputs, inputs), numbers(members, outputs) / 10
    actions = assert_rollouts_are_loops(make, num_envs, lambda: Linear(weights, bias, action_space=space, **options))
    assert members == 1 or len(np.unique(actions)) > 1


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize(("num_envs", "members"), [(1, 1), (1100, 1), (77, 7), (1056, 33)])
@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_a_linear_rollout_is_a_loop(name, num_envs, members, mode):
    make = partial(LINEAR[name], autoreset_mode=mode)
    assert_linear_rollouts_are_loops(make, num_envs, members)
    size = make(1).single_observation_space.shape[0]
    normalisation = {"observation_mean": numbers(members, size), "observation_variance": numbers(members, size) ** 2}
    assert_linear_rollouts_are_loops(make, num_envs, members, **normalisation)


def test_a_linear_rollout_in_float64_is_a_loop():
    assert_linear_rollouts_are_loops(partial(LINEAR["CartPole"], dtype=np.float64), 70, 7)


@needs_compiler
@pytest.mark.usefixtures("quick_compilations")
def test_a_linear_rollout_with_several_numbers_an_action_is_a_loop(tmp_path):
    header = tmp_path / "two_switches.hpp"
    header.write_text(TWO_SWITCHES)
    quadrotor = Path(__file__).parents[3] / "examples/environments/quadrotor.hpp"
    for env_class in map(operant.load, (header, quadrotor)):
        for num_envs, members in ((100, 1), (77, 7)):
            assert_linear_rollouts_are_loops(env_class, num_envs, members)


def test_the_action_space_is_that_of_the_environment_if_none_is_given():
    env = operant.envs.PendulumVecEnv(8, max_torque=np.arange(1.0, 9.0))
    env.reset(seed=0)
    actions = env.rollout(Linear([[100.0, 100, 100]]), 30).actions
    assert (actions.min(), actions.max()) == (-8, 8)  # the environment clips to the bounds of each env
    actions = env.rollout(Random(seed=0), 200).actions
    assert (np.abs(actions) <= 8).all()
    assert np.abs(actions).max() > 7
    assert env.evaluate(Linear([[0.0, 0, 0]], noise=1.0), 2, seed=0).lengths.tolist() == [[200] * 8] * 2


@pytest.mark.parametrize(
    ("name", "policy", "message"),
    [
        ("CartPole", Linear(numbers(2, 3)), "policy: expected observations of 3 numbers, got 4"),
        (
            "CartPole",
            Linear(numbers(1, 4), action_space=LINE),
            "policy: chooses actions of 1 continuous numbers, CartPole",
        ),
        ("CartPole", Linear(numbers(2, 4), noise=1), "noise: expected 0"),
        ("Pendulum", Linear(numbers(1, 3), sample=True), "sample: expected False"),
        (
            "Pendulum",
            Random(spaces.Discrete(2)),
            "policy: chooses one of 2 discrete actions, Pendulum takes actions of 1",
        ),
        ("FrozenLake", Linear(numbers(4, 15)), "policy: expected observations of 15 values, got 16"),
        ("Blackjack", Linear(numbers(2, 3)), "policy: expected an environment whose observations are a Box, .* tuples"),
    ],
)
def test_a_policy_that_does_not_fit_is_refused(name, policy, message):
    env = getattr(operant.envs, f"{name}VecEnv")(6)
    env.reset(seed=0)
    with pytest.raises(ValueError, match=message):
        env.rollout(policy, 3)


# Populations


@pytest.mark.parametrize(("members", "num_envs"), [(1, 9), (3, 9), (3, 51), (4, 4), (8, 256), (33, 33)])
@pytest.mark.parametrize("sizes", [(4, 2), (4, 20, 2)])
def test_a_member_acts_as_it_would_alone(members, num_envs, sizes):
    weights, biases = network(sizes, members)
    x = numbers(num_envs, sizes[0])
    space = spaces.Box(-9, 9, (2,))
    mean, variance = numbers(members, 4), numbers(members, 4) ** 2
    policy = MLP(
        weights, biases, action_space=space, noise=0.5, seed=3, observation_mean=mean, observation_variance=variance
    )
    assert policy.population == members
    together = policy(x)
    each = num_envs // members
    for p in range(members):
        own = [w[p] for w in weights], [b[p] for b in biases]
        options = {"observation_mean": mean[p], "observation_variance": variance[p]}
        alone = MLP(*own, action_space=space, noise=0.5, seed=3, **options)(x)
        np.testing.assert_array_equal(together[p * each : (p + 1) * each], alone[p * each : (p + 1) * each])


def test_members_may_share_some_arrays():
    weights, bias, x = numbers(2, 4), numbers(3, 2), numbers(6, 4)
    policy = Linear(weights, bias)
    assert policy.population == 3
    expected = (x @ weights.T + bias.repeat(2, axis=0)).argmax(1)
    np.testing.assert_array_equal(policy(x), expected)


# Random numbers


def test_sampled_actions_are_drawn_as_documented():
    weights, x = numbers(3, 2), numbers(500, 2)
    policy, streams = Linear(weights, sample=True, seed=11), generators(11, 500)
    z = x.astype(np.float64) @ weights.T
    cumulative = np.exp(z - z.max(axis=1, keepdims=True)).cumsum(axis=1)
    for _ in range(3):
        drawn = np.array([one.random() for one in streams]) * cumulative[:, -1]
        expected = (cumulative <= drawn[:, None]).sum(axis=1)
        differing = policy(x) != expected
        assert np.isclose(cumulative[differing], drawn[differing, None], rtol=1e-5).any(axis=1).all()
        assert differing.sum() <= 1


def test_noise_is_drawn_as_documented():
    weights, x, streams = numbers(2, 3) / 10, numbers(70, 3), generators(2**80, 70)
    policy = Linear(weights, action_space=PLANE, noise=[0.3, 1.5], seed=2**80)
    for _ in range(3):
        noise = np.array([[one.normal(), one.normal()] for one in streams]) * [0.3, 1.5]
        np.testing.assert_allclose(policy(x), np.clip(x @ weights.T + noise, PLANE.low, PLANE.high), atol=1e-6)


def test_random_actions_are_drawn_as_documented():
    x, streams = np.zeros((60, 1)), generators(4, 60)
    policy = Random(spaces.MultiDiscrete([3, 7]), seed=4)
    for _ in range(2):
        np.testing.assert_array_equal(policy(x), [[int(one.random() * 3), int(one.random() * 7)] for one in streams])
    streams, policy = generators(5, 60), Random(PLANE, seed=5)
    drawn = np.array([one.random(2) for one in streams])
    np.testing.assert_allclose(policy(x), PLANE.low + (PLANE.high - PLANE.low) * drawn, rtol=1e-6)
    actions = Random(spaces.Discrete(3), seed=0)(np.zeros((30_000, 4)))
    np.testing.assert_allclose(np.bincount(actions), 10_000, rtol=0.05)


# Log probabilities and values in rollouts


def probabilities_of(z, mask=True):
    weights = np.where(mask, np.exp(z - z.max(-1, keepdims=True)), 0)
    return weights / weights.sum(-1, keepdims=True)


@pytest.mark.parametrize("num_envs", [1, 77, 1100])
@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_log_probabilities_and_values_are_those_of_numpy(num_envs, mode):
    env = operant.envs.CartPoleVecEnv(num_envs, autoreset_mode=mode, workers=2)
    first, _ = env.reset(seed=3)
    weights, biases = network((4, 16, 2))
    policy = MLP(weights, biases, sample=True, seed=4)
    critic = MLP(*network((4, 8, 1)), "relu", observation_mean=numbers(4), observation_variance=np.ones(4))
    plain = env.rollout(MLP(weights, biases, sample=True, seed=4), 60)
    env.reset(seed=3)
    both = env.rollout(policy, 60, critic=critic, record=("observations", "actions", "log_probs", "values"))
    np.testing.assert_array_equal(both.actions, plain.actions)
    np.testing.assert_array_equal(both.observations, plain.observations)
    seen = np.concatenate([first[None], both.observations[:-1]])
    p = probabilities_of(outputs(seen, weights, biases, ["tanh", None]))
    expected = np.log(np.take_along_axis(p, both.actions[..., None], -1)[..., 0])
    assert both.log_probs.dtype == both.values.dtype == np.float32
    np.testing.assert_allclose(both.log_probs, expected, atol=1e-5)
    x = both.observations - numbers(4)
    np.testing.assert_allclose(both.values, outputs(x, *network((4, 8, 1)), ["relu", None])[..., 0], atol=2e-5)


def test_log_densities_are_those_before_clipping():
    env = operant.envs.PendulumVecEnv(130)
    first, _ = env.reset(seed=1)
    weights, noise = numbers(1, 3), np.array([0.7])
    free = Linear(weights, noise=noise, action_space=LINE, seed=2)
    record = ("observations", "actions", "log_probs")
    steps = env.rollout(free, 30, record=record)
    mean = np.concatenate([first[None], steps.observations[:-1]]).astype(np.float64) @ weights.T
    expected = -(((steps.actions - mean) / noise) ** 2) / 2 - np.log(noise) - np.log(2 * np.pi) / 2
    np.testing.assert_allclose(steps.log_probs, expected.sum(-1), atol=2e-5)
    assert (abs(steps.actions) > 2).any()  # which the environment clips
    env.reset(seed=1)
    clipped = env.rollout(Linear(weights, noise=noise, seed=2), 30, record=record)
    np.testing.assert_array_equal(clipped.actions, np.clip(steps.actions, -2, 2))
    np.testing.assert_array_equal(clipped.log_probs, steps.log_probs)


def test_masked_actions_have_no_probability():
    env = operant.envs.TaxiVecEnv(90)
    first, infos = env.reset(seed=1)
    weights = numbers(6, 500)
    steps = env.rollout(
        Linear(weights, sample=True, seed=2), 40, record=("observations", "actions", "infos", "log_probs")
    )
    seen = np.concatenate([first[None], steps.observations[:-1]])
    masks = np.concatenate([infos["action_mask"][None], steps.infos["action_mask"][:-1]]) == 1
    p = probabilities_of(weights.T.astype(np.float64)[seen], masks)
    expected = np.log(np.take_along_axis(p, steps.actions[..., None], -1)[..., 0])
    np.testing.assert_allclose(steps.log_probs, expected, atol=1e-5)


def test_values_need_no_policy_of_the_core():
    """Given actions and functions of Python have values, too; those of discrete observations are a column."""
    weights = numbers(1, 16)
    actions = np.random.default_rng(1).integers(0, 4, (25, 70))
    results = []
    left = iter(actions)
    for source in (actions, lambda observations: next(left)):
        env = operant.envs.FrozenLakeVecEnv(70)
        env.reset(seed=1)
        results.append(env.rollout(source, 25, critic=Linear(weights)))
    for result in results:
        np.testing.assert_array_equal(result.values, weights[0][result.observations])
        np.testing.assert_array_equal(result.observations, results[0].observations)
    again = env.rollout(actions, critic=Linear(weights), out=results[0])
    assert again is results[0]
    np.testing.assert_array_equal(again.values, weights[0][again.observations])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"critic": 3}, TypeError, "critic: expected None, a Linear or an MLP, got 3"),
        ({"critic": Linear(numbers(2, 4))}, ValueError, "critic: expected one output, got 2"),
        ({"critic": Linear(numbers(1, 3))}, ValueError, "critic: expected observations of 3 numbers, got 4"),
        ({"critic": Linear(numbers(1, 4)), "record": "rewards"}, ValueError, "critic: expected None, as no values"),
        ({"record": "values"}, ValueError, "critic: expected a network, as values are recorded"),
        ({"record": "log_probs"}, ValueError, "log_probs: expected a network that draws its actions"),
        ({"actions": Random(), "record": "log_probs"}, ValueError, "record: expected no log_probs"),
        ({"actions": lambda x: np.zeros(3, int), "record": "log_probs"}, ValueError, "record: expected no log_probs"),
    ],
)
def test_impossible_values_and_log_probabilities_step_nothing(arguments, error, message):
    env = operant.envs.CartPoleVecEnv(3)
    first, _ = env.reset(seed=1)
    with pytest.raises(error, match=message):
        env.rollout(**{"actions": Linear(numbers(2, 4)), "steps": 2} | arguments)
    np.testing.assert_array_equal(env.state[:, 0], first[:, 0])


def test_noise_that_is_partly_zero_has_no_density():
    env = operant.envs.LunarLanderContinuousVecEnv(2)
    env.reset(seed=1)
    with pytest.raises(ValueError, match="with noise in each number"):
        env.rollout(Linear(numbers(2, 8), noise=[0.1, 0.0]), 3, record="log_probs")


# Streams


def test_a_stream_depends_on_the_seed_and_the_env_only():
    many, few = Linear(numbers(2, 3), sample=True, seed=1), Linear(numbers(2, 3), sample=True, seed=1)
    x = numbers(90, 3)
    for _ in range(3):
        np.testing.assert_array_equal(many(x)[:7], few(x[:7]))
    np.testing.assert_array_equal(many(x)[:7], few(x)[:7])
    assert (Linear(numbers(2, 3), sample=True, seed=2)(x) != Linear(numbers(2, 3), sample=True, seed=3)(x)).any()
    assert Random(seed=None).seed != Random(seed=None).seed


# Policies as objects


@pytest.mark.parametrize("copied", [lambda policy: pickle.loads(pickle.dumps(policy)), copy.deepcopy])
@pytest.mark.parametrize(
    "policy",
    [
        Linear(numbers(2, 4), numbers(2), sample=True, seed=5),
        MLP(
            *network((4, 8, 2), 5),
            ["relu", "tanh"],
            action_space=PLANE,
            noise=[0.1, 0.2],
            observation_mean=np.ones(4),
            observation_variance=np.ones((5, 4)),
        ),
        Random(spaces.MultiDiscrete([2, 5])),
    ],
    ids=repr,
)
def test_a_copy_continues_the_streams_of_the_original(policy, copied):
    x = numbers(20, 4)
    policy(x)
    other = copied(policy)
    assert (repr(other), other.seed) == (repr(policy), policy.seed)
    for _ in range(2):
        np.testing.assert_array_equal(policy(x), other(x))


def test_policies_have_a_repr():
    assert repr(Linear(numbers(2, 4))) == "Linear(4-2)"
    assert repr(MLP(*network((4, 64, 64, 2), 5), sample=True)) == "MLP(4-64-64-2, tanh, population=5, sample=True)"
    assert repr(Random(spaces.Discrete(3))) == "Random(Discrete(3))"
    assert repr(Random()) == "Random()"


def test_arrays_are_copied_and_read_only():
    weights, x = numbers(2, 4), numbers(5, 4)
    policy = Linear(weights)
    before = policy(x)
    weights[:] = 0
    np.testing.assert_array_equal(policy(x), before)
    with pytest.raises(ValueError, match="read-only"):
        policy.weights[0, 0] = 1


def test_a_policy_that_draws_is_for_one_thread_at_a_time():
    policy = Random(spaces.Discrete(2), seed=0)
    errors, x = [], np.zeros((200_000, 1), np.float32)
    barrier = threading.Barrier(2)

    def draw():
        barrier.wait()
        for _ in range(20):
            try:
                policy(x)
            except RuntimeError as error:
                errors.append(str(error))

    threads = [threading.Thread(target=draw) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all("another thread is using this policy" in error for error in errors)


# torch


class Tensor:
    def __init__(self, array):
        self.array, self.ndim = array, array.ndim

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self.array


def module(name, **attributes):
    return type(name, (SimpleNamespace,), {})(**attributes)


def test_from_torch_takes_sequences_of_layers():
    weights, biases = network((4, 8, 8, 2))
    layers = [module("Linear", weight=Tensor(w), bias=Tensor(b)) for w, b in zip(weights, biases, strict=True)]
    layers[1].bias = None
    tanh, relu, identity = module("Tanh"), module("ReLU"), module("Identity")
    policy = MLP.from_torch([layers[0], tanh, [layers[1], relu], identity, layers[2]], sample=True, seed=1)
    assert repr(policy) == "MLP(4-8-8-2, tanh, relu, sample=True)"
    x = numbers(30, 4)
    expected = MLP(weights, [biases[0], None, biases[2]], ["tanh", "relu", None], sample=True, seed=1)
    np.testing.assert_array_equal(policy(x), expected(x))


def test_from_torch_takes_modules_of_torch():
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Linear(16, 2), torch.nn.Tanh())
    x = numbers(30, 4)
    with torch.no_grad():
        expected = net(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(MLP.from_torch(net, action_space=spaces.Box(-1, 1, (2,)))(x), expected, atol=1e-5)


# Bad input


def with_nan():
    weights = numbers(2, 4)
    weights[1, 2] = np.nan
    return weights


W, X = numbers(2, 4), np.ones((3, 4))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Linear("no"), TypeError, "weights: expected an array of numbers, got 'no'"),
        (lambda: Linear([[1, 2], [3]]), TypeError, "weights: expected an array of numbers"),
        (lambda: Linear(np.ones(4)), ValueError, r"weights: expected shape \(outputs, inputs\), .* got \(4,\)"),
        (lambda: Linear(np.ones((0, 4))), ValueError, "weights: expected shape"),
        (lambda: Linear(with_nan()), ValueError, r"weights\[1, 2\]: expected a number that float32 can hold, got nan"),
        (lambda: Linear([[1e39]]), ValueError, r"weights\[0, 0\]: .* got 1e\+39"),
        (lambda: Linear(W, np.ones(3)), ValueError, r"bias: expected shape \(2,\), or \(P, 2\) .* got \(3,\)"),
        (lambda: Linear(W, [1, np.inf]), ValueError, r"bias\[1\]: expected a number"),
        (
            lambda: Linear(numbers(3, 2, 4), np.ones((2, 2))),
            ValueError,
            r"biases\[0\]: expected numbers for 3 members, got 2",
        ),
        (lambda: MLP(W), ValueError, r"weights\[0\]: expected shape"),
        (lambda: MLP(3), TypeError, "weights: expected a list of arrays"),
        (lambda: MLP([]), ValueError, "weights: expected at least one layer, got none"),
        (lambda: MLP([W, W]), ValueError, r"weights\[1\]: expected 2 inputs, .* got 4"),
        (lambda: MLP([W], [None, None]), ValueError, "biases: expected 1, one for each layer, got 2"),
        (lambda: MLP([W], activation="gelu"), ValueError, "activation: expected one of 'tanh', 'relu', got 'gelu'"),
        (lambda: MLP([W], activation=["gelu"]), ValueError, r"activation\[0\]: expected .* got 'gelu'"),
        (lambda: MLP([W], activation=["tanh"] * 2), ValueError, "activation: expected 1, one for each layer, got 2"),
        (lambda: MLP([W], activation=3), TypeError, "activation: expected"),
        (lambda: Linear(W, sample=1), TypeError, "sample: expected True or False, got 1"),
        (lambda: Linear(W, noise=-1), ValueError, "noise: expected numbers that are not negative, got -1"),
        (lambda: Linear(W, noise=np.nan), ValueError, "noise.*got nan"),
        (lambda: Linear(W, noise="a"), TypeError, "noise: expected an array of numbers"),
        (lambda: Linear(W, seed=-1), ValueError, "seed: expected an integer that is not negative, got -1"),
        (lambda: Linear(W, seed=1.5), TypeError, "seed: expected None or an integer"),
        (lambda: Linear(W, epsilon=-1), ValueError, "epsilon: expected a number that is not negative"),
        (lambda: Linear(W, observation_mean=np.ones(4)), ValueError, "observation_variance: expected an array"),
        (
            lambda: Linear(W, observation_mean=np.ones(3), observation_variance=np.ones(4)),
            ValueError,
            r"observation_mean: expected shape \(4,\)",
        ),
        (
            lambda: Linear(W, observation_mean=np.ones(4), observation_variance=-np.ones(4)),
            ValueError,
            r"observation_variance\[0\]: expected",
        ),
        (lambda: Linear(W, action_space=3), TypeError, "action_space: expected a Discrete"),
        (lambda: Linear(W, action_space=spaces.Discrete(2, start=1)), TypeError, "action_space: expected a Discrete"),
        (lambda: Linear(W, action_space=PLANE, sample=True), ValueError, "sample: expected False"),
        (lambda: Linear(W, action_space=spaces.Discrete(2), noise=1), ValueError, "noise: expected 0"),
        (lambda: Random(LINE), ValueError, "action_space: expected a space with bounds"),
        (lambda: Random(seed="a"), TypeError, "seed: expected None or an integer"),
        (lambda: MLP.from_torch(3), TypeError, "module: expected a torch.nn.Sequential, got 3"),
        (lambda: MLP.from_torch([]), ValueError, "module: expected at least one Linear"),
        (lambda: MLP.from_torch([module("Tanh")]), ValueError, "module: expected Tanh after a Linear"),
        (lambda: MLP.from_torch([module("Dropout")]), TypeError, "module: expected Linear, Tanh and ReLU, got Dropout"),
        # Observations, and arguments that are checked with them
        (lambda: Linear(W)(np.ones(4)), ValueError, r"observations: expected shape \(num_envs, 4\), got \(4,\)"),
        (lambda: Linear(W)(np.ones((3, 5))), ValueError, r"observations: expected shape \(num_envs, 4\), got \(3, 5\)"),
        (lambda: Linear(W)("no"), TypeError, "observations: expected an array of numbers"),
        (lambda: Linear(W, action_space=spaces.Discrete(3))(X), ValueError, "policy: expected 3 outputs, .* got 2"),
        (lambda: Linear(W, action_space=PLANE, noise=[1, 2, 3])(X), ValueError, "noise: expected one number, or 2"),
        (lambda: Linear(numbers(2, 2, 4))(X), ValueError, "policy: .* population whose size divides num_envs = 3"),
        (lambda: Linear(numbers(1, 4))(X), ValueError, "action_space: expected a space, as the policy has one output"),
        (lambda: Linear(W, noise=1)(X), ValueError, "action_space: expected a space, as the policy adds noise"),
        (lambda: Random()(X), ValueError, "action_space: expected a space"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_no_observations_give_no_actions():
    assert Linear(W)(np.ones((0, 4))).shape == (0,)


# Policies from headers


@pytest.fixture(scope="module")
def own(quick_compilations):
    """The classes of the policies in own_policies.hpp."""
    return operant.load(Path(__file__).with_name("own_policies.hpp"))


@needs_compiler
def test_policies_are_loaded_from_headers(own):
    lean, jitter = own
    assert (lean.__name__, lean.__module__, jitter.__name__) == ("Lean", __name__, "Jitter")
    assert issubclass(lean, policies.Compiled)
    assert "gain: of the speed" in lean.__doc__
    policy, x = lean(gain=2), numbers(50, 4)
    assert (repr(policy), policy.parameters["gain"]) == ("Lean(gain=2.0)", 2)
    np.testing.assert_array_equal(policy(x), x[:, 2] + 2 * x[:, 3] > 0)
    actions = jitter(seed=6)(numbers(40, 3))
    expected = [one.normal(0, 0.5) for one in generators(6, 40)]
    np.testing.assert_allclose(actions[:, 0], numbers(40, 3)[:, 0] + expected, atol=1e-6)


@needs_compiler
def test_a_loaded_policy_steers(own):
    lean, jitter = own
    env = operant.envs.CartPoleVecEnv(50)
    assert env.evaluate(lean(gain=0.3), 3, seed=0).lengths.mean() > 50
    env = operant.envs.PendulumVecEnv(50)
    env.reset(seed=0)
    assert np.std(env.rollout(jitter(), 20).actions) > 0.1
    with pytest.raises(ValueError, match="Lean: expected observations of 4 numbers, got 3"):
        env.rollout(lean(), 1)


@needs_compiler
def test_a_loaded_policy_refuses_other_spaces(own):
    lean, _ = own
    with pytest.raises(TypeError, match=r"Lean: got an unexpected keyword argument 'gian'; did you mean 'gain'\?"):
        lean(gian=1)
    with pytest.raises(ValueError, match="gain: expected a positive number, got -1"):
        lean(gain=-1)
    with pytest.raises(ValueError, match=r"observations: expected shape \(num_envs, 4\)"):
        lean()(np.ones((3, 3)))


@needs_compiler
def test_policies_of_a_library_can_be_pickled(own, shared_cache, monkeypatch):
    library = next(shared_cache.glob(f"own_policies*{SUFFIX}"))
    lean = policies.from_library(library)["Lean"]
    monkeypatch.setitem(globals(), "Lean", lean)
    assert pickle.loads(pickle.dumps(lean(gain=2))).parameters["gain"] == 2
