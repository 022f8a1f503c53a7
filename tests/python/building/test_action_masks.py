"""Action masks: infos report them as Gymnasium's vector environments would, and policies follow them."""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from side_by_side import Float32Oracle, assert_same, generators, run_beside

import operant
from operant.envs import CartPoleVecEnv, PendulumVecEnv, TaxiVecEnv
from operant.policies import MLP, Linear, Random

HEADER = Path(__file__).with_name("masked_environments.hpp")
NUM_ENVS = 67
STEPS = 60


class Nim(gym.Env):
    """The environment of the header in Python."""

    action_space = gym.spaces.Discrete(3)
    observation_space = gym.spaces.Box(np.float32([0, 0]), np.float32([20, 2]))
    mask_dtype: type = np.bool_

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.sticks, self.steps = int(self.np_random.integers(5, 21)), 0
        return self.observed()

    def step(self, action):
        self.steps += 1
        reward, terminated = -10.0, True
        if action < self.sticks:
            self.sticks -= int(action) + 1
            reward, terminated = float(self.sticks == 0), self.sticks == 0
        observation, info = self.observed()
        return observation, reward, terminated, self.steps == 9, info

    def observed(self):
        mask = np.array([self.sticks > i for i in range(3)], self.mask_dtype)
        return np.float32([self.sticks, self.sticks % 3]), {"action_mask": mask}


class NimOfNumbers(Nim):
    mask_dtype = np.int8


class Rails(gym.Env):
    """The environment of the header in Python."""

    action_space = gym.spaces.MultiDiscrete([3, 2])
    observation_space = gym.spaces.Box(-np.inf, np.inf, (2,))

    def __init__(self, length=2.0):
        self.length = length

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place, self.steps = self.np_random.uniform(-1, 1), 0
        return self.observed()

    def step(self, action):
        self.steps += 1
        self.place += (int(action[0]) - 1) * (0.25 + 0.25 * int(action[1]))
        observation, info = self.observed()
        return observation, self.place, abs(self.place) > self.length, self.steps == 25, info

    def observed(self):
        place, length = self.place, self.length
        mask = [place > 0.5 - length, True, place < length - 0.5, True, abs(place) < length * 0.5]
        return np.float32([place, length]), {
            "left_and_right": np.array([place + length, length - place]),
            "beyond": np.array([[place < 0, place > 0], [place < -length, place > length]]),
            "action_mask": np.array(mask),
        }


@pytest.fixture(scope="module")
def loaded(quick_compilations):
    """The environments and the policies of the header by their names."""
    return {one.__name__.removesuffix("VecEnv"): one for one in operant.load(HEADER)}


def oracle(twin, mode=AutoresetMode.NEXT_STEP):
    """Make Gymnasium's vector environment of twins, from one function or from one function per env."""
    return Float32Oracle(twin if isinstance(twin, list) else [twin] * NUM_ENVS, autoreset_mode=mode)


def random_steps(env, rng):
    space = env.single_action_space
    return rng.integers(0, getattr(space, "nvec", 3), (STEPS, NUM_ENVS, *space.shape))


@pytest.mark.parametrize(
    ("name", "twin"),
    [("Nim", Nim), ("NimOfNumbers", NimOfNumbers), ("NimOfBits", Nim), ("NimOfBitset", Nim)],
)
def test_a_mask_of_plain_cpp_is_reported_as_gymnasium_does(loaded, mode, rng, name, twin):
    ours = loaded[name](NUM_ENVS, autoreset_mode=mode)
    run_beside(ours, oracle(twin, mode), random_steps(ours, rng))


@pytest.mark.parametrize("name", ["Rails", "RailsOfBits"])
@pytest.mark.parametrize("of_each", [False, True])
def test_masks_and_infos_of_batches_are_reported_as_gymnasium_does(loaded, mode, rng, name, of_each):
    lengths = np.linspace(1.2, 2.7, NUM_ENVS) if of_each else np.full(NUM_ENVS, 2.0)
    ours = loaded[name](NUM_ENVS, autoreset_mode=mode, dtype=np.float64, length=lengths)
    theirs = oracle([lambda length=length: Rails(length) for length in lengths.tolist()], mode)
    run_beside(ours, theirs, random_steps(ours, rng))


@pytest.mark.parametrize("name", ["Nim", "Rails", "RailsOfBits"])
def test_action_masks_are_those_of_the_present_states(loaded, name):
    env = loaded[name](NUM_ENVS)
    with pytest.raises(gym.error.ResetNeeded):
        env.action_masks()
    _, infos = env.reset(seed=1)
    for _ in range(5):
        masks = env.action_masks()
        assert_same(masks, infos["action_mask"])
        assert_same(np.array(env.call("action_masks")), masks)
        assert_same(np.array([one() for one in env.get_attr("action_masks")]), masks)
        infos = env.step(np.zeros_like(env.action_space.sample()))[4]
        infos["action_mask"][~infos["_action_mask"]] = masks[~infos["_action_mask"]]
    with pytest.raises(AttributeError, match="CartPoleVecEnv"):
        CartPoleVecEnv(2).action_masks()
    with pytest.raises(AttributeError, match="action_masks"):
        CartPoleVecEnv(2).get_attr("action_masks")


def test_single_environments_have_masks(loaded):
    operant.register("tests/Nim-v0", loaded["Nim"])
    env = gym.make("tests/Nim-v0").unwrapped
    check_env(env, skip_render_check=True)
    twin = Nim()
    assert_same(env.reset(seed=5)[1], twin.reset(seed=5)[1])
    for action in (0, 2, 1):
        assert_same(env.step(action)[4], twin.step(action)[4])
    assert_same(env.action_masks(), twin.observed()[1]["action_mask"])
    assert not hasattr(gym.make("operant/CartPole-v1").unwrapped, "action_masks")


def split(env, mask):
    """Split a mask, or outputs of a network, into those of the numbers of an action."""
    values = env.single_action_space.nvec if hasattr(env.single_action_space, "nvec") else [env.single_action_space.n]
    return np.split(mask, np.cumsum(values)[:-1], axis=1)


class RandomInPython:
    """The choice that `Random` documents."""

    def __init__(self, env, seed):
        self.env, self.streams = env, generators(seed, env.num_envs)

    def __call__(self, observations, mask):
        masks = split(self.env, mask)
        chosen = [[self.one(stream, one[i]) for one in masks] for i, stream in enumerate(self.streams)]
        return np.array(chosen, np.int32).reshape(self.env.action_space.shape)

    def one(self, stream, allowed):
        places, drawn = np.flatnonzero(allowed), stream.random()
        return places[int(drawn * len(places))] if len(places) else 0


class LinearInPython:
    """The largest output among the allowed ones, or a draw from the softmax of theirs."""

    def __init__(self, env, weights, seed=None):
        self.env, self.weights = env, weights
        self.streams = None if seed is None else generators(seed, env.num_envs)

    def __call__(self, observations, mask):
        chosen = []
        outputs = (observations @ self.weights.T).astype(np.float64)
        for of_number, allowed in zip(split(self.env, outputs), split(self.env, mask), strict=True):
            of_number = np.where(allowed, of_number, -np.inf)
            if self.streams is not None:
                drawn = np.float64([[stream.random()] for stream in self.streams])
                largest = of_number.max(axis=1, where=allowed, initial=0, keepdims=True)
                cumulative = np.exp(of_number - largest).cumsum(axis=1)
                of_number = cumulative > drawn * cumulative[:, -1:]
            chosen.append(of_number.argmax(axis=1))
        return np.stack(chosen, axis=1).astype(np.int32).reshape(self.env.action_space.shape)


def follows(env, policy, twin, mode):
    """Assert that a rollout of a policy equals the steps of its twin in Python, which reads the mask from the infos."""
    env.reset(seed=2)
    rollout = env.rollout(policy, STEPS)
    other = type(env)(env.num_envs, autoreset_mode=mode, dtype=env.dtype, **env.parameters)
    observations, infos = other.reset(seed=2)
    mask = infos["action_mask"].astype(bool)
    for t in range(STEPS):
        actions = twin(observations, mask)
        np.testing.assert_array_equal(rollout.actions[t], actions)
        observations, rewards, _, _, _ = other.step(actions)
        assert_same(rollout.observations[t], observations)
        assert_same(rollout.rewards[t], rewards)
        mask = other.action_masks().astype(bool)
    assert rollout.terminations.any() or rollout.truncations.any()
    return rollout


POLICIES = ["random", "linear", "sampled", "mlp"]


def pair(kind, env, rng):
    """Return a policy and its twin in Python."""
    outputs = sum(one.shape[1] for one in split(env, env.reset(seed=0)[1]["action_mask"]))
    if kind == "random":
        return Random(seed=5), RandomInPython(env, 5)
    weights = rng.normal(size=(outputs, 2)).astype(np.float32)
    if kind == "linear":
        return Linear(weights), LinearInPython(env, weights)
    if kind == "sampled":
        return Linear(weights, sample=True, seed=9), LinearInPython(env, weights, 9)
    # Two layers whose product is a linear policy: negative and positive parts pass a ReLU.
    first = np.float32([[1, 0], [-1, 0], [0, 1], [0, -1]])
    second = np.stack([weights[:, 0], -weights[:, 0], weights[:, 1], -weights[:, 1]], axis=1)
    return MLP([first, second], activation="relu"), LinearInPython(env, weights)


@pytest.mark.parametrize("kind", POLICIES)
@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP], ids=lambda mode: mode.value)
@pytest.mark.parametrize(("name", "num_envs"), [("Nim", 67), ("NimOfNumbers", 640), ("Rails", 67), ("RailsOfBits", 5)])
def test_policies_follow_masks(loaded, mode, rng, name, num_envs, kind):
    env = loaded[name](num_envs, autoreset_mode=mode)
    policy, twin = pair(kind, env, rng)
    follows(env, policy, twin, mode)


def test_records_do_not_matter(loaded):
    env = loaded["Rails"](640, autoreset_mode="SameStep")
    env.reset(seed=1)
    everything = env.rollout(Random(seed=4), STEPS)
    env.reset(seed=1)
    assert_same(env.rollout(Random(seed=4), STEPS, record="returns").returns, everything.returns)
    env.reset(seed=1)
    assert_same(env.rollout(Random(seed=4), STEPS, record=["actions", "returns"]).actions, everything.actions)


def test_random_actions_are_uniform_among_the_allowed():
    masks = np.tile(np.array([[1, 0, 1, 1], [0, 0, 0, 1]], np.int8), (3000, 1))
    actions = Random(gym.spaces.Discrete(4), seed=0)(np.zeros((6000, 1)), masks)
    counts = np.bincount(actions[::2], minlength=4)
    assert counts[1] == 0
    np.testing.assert_allclose(counts[[0, 2, 3]] / 3000, 1 / 3, atol=0.04)
    assert (actions[1::2] == 3).all()


def test_a_mask_that_allows_everything_changes_nothing(rng):
    x = rng.normal(size=(500, 3)).astype(np.float32)
    weights = rng.normal(size=(4, 3)).astype(np.float32)
    for make in (
        lambda: Random(gym.spaces.Discrete(4), seed=1),
        lambda: Linear(weights),
        lambda: Linear(weights, sample=True, seed=3),
    ):
        assert_same(make()(x, np.ones((500, 4), bool)), make()(x))


def test_without_an_allowed_action_it_is_the_first_one(rng):
    """Gymnasium's `Discrete.sample` also returns the start of the space then."""
    x = rng.normal(size=(40, 3)).astype(np.float32)
    weights = rng.normal(size=(4, 3)).astype(np.float32)
    for policy in (Random(gym.spaces.Discrete(4)), Linear(weights), Linear(weights, sample=True)):
        assert (policy(x, np.zeros((40, 4), np.int8)) == gym.spaces.Discrete(4).sample(np.zeros(4, np.int8))).all()


def test_wrong_masks_are_refused(rng):
    x, policy = np.zeros((5, 3), np.float32), Linear(rng.normal(size=(4, 3)))
    with pytest.raises(ValueError, match=r"action_mask: expected shape \(5, 4\), got \(5, 3\)"):
        policy(x, np.ones((5, 3), bool))
    with pytest.raises(ValueError, match=r"action_mask: expected shape \(num_envs, n\), got \(4,\)"):
        policy(x, np.ones(4, bool))
    with pytest.raises(TypeError, match="action_mask: expected bools or integers, got float64"):
        policy(x, np.ones((5, 4)))
    continuous = Random(PendulumVecEnv(1).single_action_space)
    with pytest.raises(ValueError, match="action_mask: expected None, as the actions are continuous"):
        continuous(x, np.ones((5, 1), bool))


@pytest.mark.parametrize("num_envs", [5, 67, 640])
def test_compiled_policies_take_the_mask(loaded, num_envs):
    def last(observations, mask):
        return np.stack([one.shape[1] - 1 - one[:, ::-1].argmax(axis=1) for one in split(env, mask)], 1)

    env = loaded["Rails"](num_envs)
    follows(env, loaded["LastAllowed"](), last, env.autoreset_mode)


def test_compiled_policies_take_the_mask_and_draw(loaded):
    env = loaded["Rails"](70)
    streams = generators(3, 70)

    def choose(observations, mask):
        left = np.array([np.float32(stream.random()) < 0.5 for stream in streams]) & mask[:, 0]
        return np.stack([np.where(left, 0, np.where(mask[:, 2], 2, 1)), np.zeros(70, int)], 1)

    follows(env, loaded["AnyDirection"](seed=3), choose, env.autoreset_mode)


def test_networks_follow_the_mask_of_taxi():
    """No pick-up or drop-off is impossible, and no move ends at a wall."""
    policy = Linear(np.eye(6, 500), sample=True, seed=2)
    env = TaxiVecEnv(100)
    assert env.evaluate(policy, 3, seed=1).returns.min() >= -200  # an impossible attempt costs 10
    env.reset(seed=4)
    masks = env.action_masks()
    for _ in range(20):
        actions = env.rollout(policy, 1).actions[0]
        assert (masks[np.arange(100), actions] == 1).all()
        masks = env.action_masks()
