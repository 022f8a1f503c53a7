"""Actions with several parts, and of bits: spaces, checks and results equal those of Gymnasium."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import SyncVectorEnv
from side_by_side import Float32Oracle, assert_same, generators, run_beside, stacked

import operant
from operant.policies import Linear, Random

HEADER = Path(__file__).with_name("action_kinds.hpp")
NUM_ENVS = 67


class Car(gym.Env):
    """The environment of the header in Python."""

    observation_space = spaces.Box(-np.inf, np.inf, (2,))

    def __init__(self, limit=1.0):
        low, high = np.float32([-limit, 0]), np.float32([limit, limit])
        self.action_space = spaces.Tuple([spaces.Discrete(3), spaces.Box(low, high)])

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x, self.y, self.steps = self.np_random.uniform(-1, 1), self.np_random.uniform(-1, 1), 0
        return np.float32([self.x, self.y]), {}

    def step(self, action):
        self.steps += 1
        gear, pedals = action
        self.x += 0.25 * int(gear) - float(pedals[1])
        self.y += float(pedals[0])
        return np.float32([self.x, self.y]), self.x - self.y, self.x > 4, self.steps == 20, {}


class Wagon(Car):
    def __init__(self, limit=1.0):
        low, high = np.float32([-limit, 0]), np.float32([limit, limit])
        self.action_space = spaces.Dict(
            {
                "pedals": spaces.Box(low, high),
                "gears": spaces.MultiDiscrete([3, 2]),
                "lights": spaces.MultiBinary(3),
                "bell": spaces.Discrete(4),
            }
        )

    def step(self, action):
        self.steps += 1
        pedals, gears, lights = action["pedals"], action["gears"].tolist(), action["lights"].tolist()
        self.x += 0.25 * gears[0] - float(pedals[1]) + gears[1] * 0.5
        self.y += float(pedals[0]) + 0.125 * (lights[0] + lights[1] * 2 + lights[2] * 4) + int(action["bell"])
        return np.float32([self.x, self.y]), self.x - self.y, self.x > 4, self.steps == 20, {}


class Lamps(gym.Env):
    action_space = observation_space = spaces.MultiBinary(4)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.on, self.steps = np.array([self.np_random.random() < 0.5 for _ in range(4)], np.int8), 0
        return self.on.copy(), {}

    def step(self, action):
        self.steps += 1
        self.on ^= np.asarray(action, np.int8)
        return self.on.copy(), float(self.on.sum()), bool(self.on.all()), self.steps == 15, {}


TWINS = {"Car": Car, "Wagon": Wagon, "Lamps": Lamps}


@pytest.fixture(scope="module")
def loaded(quick_compilations):
    """The environments of the header by their names."""
    classes = {one.__name__: one for one in operant.load(HEADER)}
    globals().update(classes)  # for pickles
    return {name.removesuffix("VecEnv"): one for name, one in classes.items()}


def mapped(function, actions):
    """Apply a function to each part."""
    if isinstance(actions, Mapping):
        return {key: function(part) for key, part in actions.items()}
    return tuple(map(function, actions)) if isinstance(actions, tuple) else function(actions)


@pytest.mark.parametrize("name", TWINS)
def test_the_spaces_equal_gymnasium(loaded, name):
    ours, theirs = loaded[name](3), SyncVectorEnv([TWINS[name]] * 3)
    assert ours.single_action_space == theirs.single_action_space
    assert ours.action_space == theirs.action_space
    for env in (ours, theirs):
        env.action_space.seed(4)
    assert_same(mapped(np.asarray, ours.action_space.sample()), mapped(np.asarray, theirs.action_space.sample()))


def test_bounds_may_differ_between_envs(loaded):
    limits = np.array([1.0, 3.0])
    env = loaded["Car"](2, limit=limits)
    assert env.single_action_space == Car(3.0).action_space
    assert_same(env.action_space[1].high, np.float32([[1, 1], [3, 3]]))
    env.limit = 2.0
    assert env.single_action_space == Car(2.0).action_space


@pytest.mark.parametrize("name", TWINS)
def test_steps_equal_those_of_twins(loaded, mode, name):
    theirs = Float32Oracle([TWINS[name]] * NUM_ENVS, autoreset_mode=mode)
    theirs.action_space.seed(5)
    actions = [theirs.action_space.sample() for _ in range(50)]
    run_beside(loaded[name](NUM_ENVS, autoreset_mode=mode, dtype=np.float64), theirs, actions)


@pytest.mark.parametrize("name", TWINS)
def test_dtypes_of_the_parts_do_not_matter(loaded, name):
    """As in Gymnasium, float64 parts are not rounded."""
    envs = [loaded[name](5, dtype=np.float64) for _ in range(3)]
    observations = [env.reset(seed=1)[0] for env in envs]
    envs[0].action_space.seed(0)
    actions = envs[0].action_space.sample()
    wide = mapped(lambda part: part.astype(np.float64 if part.dtype.kind == "f" else np.int64), actions)
    small = mapped(lambda part: part.tolist() if part.dtype.kind == "f" else part.astype(np.uint8), actions)
    for env, given in zip(envs, (actions, wide, small), strict=True):
        observations.append(env.step(given)[0])
    assert_same(observations[3], observations[4])
    assert_same(observations[3], observations[5])


@pytest.mark.filterwarnings("ignore:.*A Box observation space")  # these have no bounds
@pytest.mark.parametrize("name", TWINS)
def test_single_environments_pass_gymnasiums_check(loaded, name):
    operant.register(f"tests/{name}-v0", loaded[name])
    env = gym.make(f"tests/{name}-v0", dtype=np.float64).unwrapped
    check_env(env, skip_render_check=True)
    twin = TWINS[name]()
    assert_same(env.reset(seed=9)[0], twin.reset(seed=9)[0])
    twin.action_space.seed(1)
    for _ in range(5):
        action = twin.action_space.sample()
        assert_same(env.step(action)[0], twin.step(action)[0])


@pytest.mark.parametrize("name", TWINS)
def test_the_check_of_operant_finds_nothing(loaded, name):
    assert not operant.check_environment(loaded[name], steps=40).findings


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("how", ["given", "called"])
def test_rollouts_equal_steps(loaded, name, how):
    ours, other = (loaded[name](NUM_ENVS, autoreset_mode="SameStep") for _ in range(2))
    other.action_space.seed(2)
    given = [other.action_space.sample() for _ in range(30)]
    for env in (ours, other):
        env.reset(seed=6)
    rows = iter(given)
    rollout = ours.rollout(stacked(given)) if how == "given" else ours.rollout(lambda _: next(rows), 30)
    observations, rewards, *_ = zip(*map(other.step, given), strict=True)
    assert_same(rollout.observations, np.stack(observations))
    assert_same(rollout.rewards, np.stack(rewards))
    assert_same(*(mapped(lambda part: part.astype(np.float64), one) for one in (rollout.actions, stacked(given))))


def test_random_actions_of_parts_are_drawn_as_documented(loaded):
    env = loaded["Wagon"](9, limit=2.0)
    env.reset(seed=0)
    rollout = env.rollout(Random(seed=3), 4)
    drawn = np.array([[one.random(8) for one in generators(3, 9)]])  # the first step
    expected = {
        "pedals": np.float32(np.array([-2, 0]) + drawn[0][:, :2] * np.array([4, 2])),
        "gears": np.int32(drawn[0][:, 2:4] * np.array([3, 2])),
        "lights": np.int8(drawn[0][:, 4:7] * 2),
        "bell": np.int32(drawn[0][:, 7] * 4),
    }
    assert rollout.actions.keys() == expected.keys()
    for key, value in expected.items():
        assert_same(rollout.actions[key][0], value)
    other = loaded["Wagon"](9, limit=2.0)
    other.reset(seed=0)
    for t in range(4):
        assert_same(other.step(mapped(lambda part, t=t: part[t], rollout.actions))[0], rollout.observations[t])
    again = env.rollout(Random(seed=3), 4, out=rollout)
    assert_same(again.actions["bell"][0], expected["bell"])
    assert env.evaluate(Random(seed=1), 2, seed=0).lengths.max() <= 20


def test_policies_that_do_not_fit_are_refused(loaded):
    env = loaded["Car"](4)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="policy: expected discrete or continuous actions, got those of a tuple or a "):
        env.rollout(Linear(np.ones((5, 2))), 3)
    with pytest.raises(ValueError, match="Car takes actions of a tuple or a dict"):
        env.rollout(Random(spaces.Discrete(3)), 3)
    lamps = loaded["Lamps"](4)
    lamps.reset(seed=0)
    chosen = lamps.rollout(Linear(np.eye(8, 4)), 1).actions
    assert set(np.unique(chosen)) <= {0, 1}


def car(gear=0, pedals=(0.0, 0.0), count=2):
    return np.full(count, gear), np.tile(np.float32(pedals), (count, 1))


REFUSED = [
    ("Car", np.zeros(2, int), TypeError, r"actions: expected a tuple of 2 parts, got array\(\[0, 0\]\)"),
    ("Car", (np.zeros(2, int),), TypeError, "actions: expected a tuple of 2 parts, got "),
    ("Car", {"gear": 0}, TypeError, "actions: expected a tuple of 2 parts, got "),
    ("Car", car(count=3), ValueError, r"actions\[0\]: expected shape \(2,\), one for each env, got \(3,\)"),
    ("Car", (np.zeros(2), car()[1]), TypeError, r"actions\[0\]: expected an integer dtype, got float64"),
    ("Car", (car()[0], np.zeros((2, 3))), ValueError, r"actions\[1\]: expected shape \(2, 2\), one for each env, got"),
    ("Car", car(gear=3), ValueError, r"actions\[0\]\[0\]: expected an integer from 0 to 2, got 3"),
    ("Car", car(gear=-1), ValueError, r"actions\[0\]\[0\]: expected an integer from 0 to 2, got -1"),
    ("Car", car(gear=2**40), ValueError, r"actions\[0\]\[0\]: expected an integer from 0 to 2, got "),
    ("Car", car(pedals=(0, np.nan)), ValueError, r"actions\[1\]\[0, 1\]: expected a number, got nan"),
    (
        "Wagon",
        {"pedals": np.zeros((2, 2)), "gears": [[0, 0], [0, 2]], "lights": np.zeros((2, 3), int), "bell": [0, 0]},
        ValueError,
        r"actions\['gears'\]\[1, 1\]: expected an integer from 0 to 1, got 2",
    ),
    ("Wagon", {"pedals": 0}, TypeError, "actions: expected a dict of 'pedals', 'gears', 'lights', 'bell', got "),
    ("Lamps", np.full((2, 4), 2), ValueError, r"actions\[0, 0\]: expected an integer from 0 to 1, got 2"),
    ("Lamps", np.zeros((2, 4)), TypeError, "actions: expected an integer dtype, got float64"),
]


@pytest.mark.parametrize(("name", "actions", "error", "message"), REFUSED)
def test_wrong_actions_are_refused_and_nothing_is_stepped(loaded, name, actions, error, message):
    env = loaded[name](2)
    env.reset(seed=0)
    before = env.state
    with pytest.raises(error, match=f"^{message}"):
        env.step(actions)
    assert_same(env.state, before)
