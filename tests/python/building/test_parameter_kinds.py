"""Parameters and infos of every type have the values of a twin in Python; errors name the expected values."""

from __future__ import annotations

import copy
import pickle
import re
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from side_by_side import Float32Oracle, assert_same, run_beside

import operant

HEADER = Path(__file__).with_name("parameter_kinds.hpp")
NUM_ENVS = 5

DEFAULTS = {
    "tiny": -3,
    "level": 200,
    "small": 5,
    "count": 4,
    "mask": 4000000000,
    "far": 2**53 - 1,
    "ratio": float(np.float32(0.1)),
    "scale": 2.5,
    "share": 0.5,
    "weather": "rainy",
    "counts": (1, 2, 3),
    "table": ((0.0, 1.0, 2.0), (3.0, 4.0, 5.0)),
    "moves": ((0, 1), (-1, 0)),
    "pair": (0.25, 0.5),
}
CHANGED = {
    "tiny": 127,
    "level": np.uint8(7),
    "small": -5,
    "count": 10,
    "mask": 2**32 - 1,
    "far": -(2**53) + 1,
    "ratio": 0.75,
    "scale": 1,
    "share": 1,
    "weather": "sunny",
    "counts": np.array([9, 0, 4]),
    "table": np.arange(6).reshape(2, 3) / 4,
    "moves": [[1, -1], (0, 1)],
    "pair": np.float32([3, -4]),
}


def plain(value):
    """Convert a value to the form in which `parameters` shows it."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return tuple(plain(one) for one in value)
    return value.item() if isinstance(value, np.generic) else value


class Plain(gym.Env):
    """The environment of the header in Python."""

    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Box(-100, 100, (1,))

    def __init__(self, **parameters):
        self.p = DEFAULTS | parameters

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place, self.steps = int(self.np_random.random() * self.p["count"]), 0
        return np.float32([self.place]), self.info()

    def step(self, action):
        self.steps += 1
        self.place += int(self.p["moves"][action][1]) + 1
        reward = self.weighed()
        return np.float32([self.place]), reward, self.place > self.p["count"] + 3, self.steps == 6, self.info()

    def weighed(self):
        numbers = [float(self.p[name]) for name in ("tiny", "level", "small", "count", "mask", "far")]
        numbers += [float(np.float32(self.p["ratio"])), self.p["scale"], self.p["share"], self.p["weather"] == "rainy"]
        for name in ("counts", "table", "moves", "pair"):
            numbers += np.ravel(self.p[name]).tolist()
        total = 0.0
        for factor, one in enumerate(numbers, 2):
            total += one * factor
        return total

    def info(self):
        place = self.place
        return {
            "is_even": place % 2 == 0,
            "byte": np.uint8((250 + place) % 256),
            "small": np.int16(-300 * place),
            "real": np.float32(0.5 * place),
            "bytes": np.array([(250 + place) % 256, 1, self.p["level"]], np.uint8),
            "flags": np.array([place > 2, True]),
            "grid": np.array([[place, 1, 2], self.p["counts"]], np.int32),
        }


@pytest.fixture(scope="module")
def loaded(quick_compilations):
    """The environments of the header by their names."""
    classes = {one.__name__: one for one in operant.load(HEADER)}
    globals().update({name: one for name, one in classes.items() if name.endswith("VecEnv")})  # for pickles
    return {name.removesuffix("VecEnv"): one for name, one in classes.items()}


def of_each_env(name):
    """Return different valid values for each env."""
    value = np.array(CHANGED[name])
    if isinstance(np.ravel(DEFAULTS[name])[0].item(), float):
        return np.stack([value - i / 8 if name == "share" else value + i for i in range(NUM_ENVS)])
    return np.stack([np.where(value > 0, value - i % 2, value + i % 2) for i in range(NUM_ENVS)])


def runs_beside(ours, twins):
    """Step both and compare them. The rewards depend on every number; the infos have every type."""
    theirs = Float32Oracle(twins, autoreset_mode=ours.autoreset_mode)
    run_beside(ours, theirs, [np.arange(NUM_ENVS) // (t + 1) % 2 for t in range(20)])


@pytest.mark.parametrize("given", [{}, CHANGED], ids=["defaults", "changed"])
def test_a_run_equals_that_of_a_twin(loaded, mode, given):
    ours = loaded["Plain"](NUM_ENVS, autoreset_mode=mode, **given)
    runs_beside(ours, [lambda: Plain(**given)] * NUM_ENVS)


@pytest.mark.parametrize("name", [one for one in DEFAULTS if one != "weather"])
def test_values_may_differ_between_envs(loaded, name):
    values = of_each_env(name)
    ours = loaded["Plain"](NUM_ENVS, **{name: values})
    integer = isinstance(np.ravel(DEFAULTS[name])[0].item(), int)
    assert_same(getattr(ours, name), values.astype(np.int64 if integer else np.float64))
    runs_beside(ours, [lambda i=i: Plain(**{name: values[i]}) for i in range(NUM_ENVS)])


@pytest.mark.parametrize("name", DEFAULTS)
def test_keywords_attributes_pickles_and_files(loaded, name, tmp_path):
    env_class, value = loaded["Plain"], plain(CHANGED[name])
    assert getattr(env_class(2), name) == DEFAULTS[name]
    assert type(getattr(env_class(2), name)) is type(DEFAULTS[name])
    env = env_class(2, **{name: CHANGED[name]})
    other = env_class(2)
    setattr(other, name, CHANGED[name])
    other.save(tmp_path / "env")
    for one in (env, other, copy.deepcopy(env), pickle.loads(pickle.dumps(env)), operant.envs.load(tmp_path / "env")):
        assert one.parameters == DEFAULTS | {name: value}
        assert one.get_attr(name) == (value, value)


def test_gymnasium_makes_it_with_parameters(loaded):
    operant.register("tests/Plain-v0", loaded["Plain"])
    env = gym.make_vec("tests/Plain-v0", 2, vectorization_mode="vector_entry_point", **CHANGED)
    assert gym.make_vec(env.spec).parameters == env.parameters == {name: plain(one) for name, one in CHANGED.items()}
    single = gym.make("tests/Plain-v0", **CHANGED).unwrapped
    assert (single.counts, single.moves, single.far) == ((9, 0, 4), ((1, -1), (0, 1)), -(2**53) + 1)
    single.counts = (1, 1, 1)
    assert single.counts == (1, 1, 1)


REFUSED = [
    ("count", 2.5, TypeError, "count: expected an integer, got 2.5"),
    ("count", 2.0, TypeError, "count: expected an integer, got 2.0"),
    ("count", True, TypeError, "count: expected an integer, got True"),
    ("count", "2", TypeError, "count: expected an integer, got '2'"),
    ("count", 0, ValueError, "count: expected an integer from 1 to 10, got 0"),
    ("count", 11, ValueError, "count: expected an integer from 1 to 10, got 11"),
    ("small", -6, ValueError, "small: expected an integer from -5 to 5, got -6"),
    ("tiny", 128, ValueError, "tiny: expected an integer from -128 to 127, got 128"),
    ("level", 0, ValueError, "level: expected an integer from 1 to 255, got 0"),
    ("level", 256, ValueError, "level: expected an integer from 1 to 255, got 256"),
    ("mask", -1, ValueError, "mask: expected an integer from 0 to 4294967295, got -1"),
    ("far", 2**53, ValueError, "far: expected an integer from -9007199254740991 to 9007199254740991, got "),
    ("far", 10**400, ValueError, "far: expected a number that a float can hold, got "),
    ("ratio", -0.5, ValueError, "ratio: expected a number that is not negative, got -0.5"),
    ("ratio", 1e39, ValueError, "ratio: expected a number that float32 can hold, got 1e\\+39"),
    ("scale", 0, ValueError, "scale: expected a positive number, got 0"),
    ("share", 1.5, ValueError, "share: expected a number from 0 to 1, got 1.5"),
    ("share", float("nan"), ValueError, "share: expected a number from 0 to 1, got nan"),
    ("weather", "snowy", ValueError, "weather: expected one of 'sunny', 'rainy', got 'snowy'"),
    ("counts", (1, 2), TypeError, r"counts: expected 3 integers, got \(1, 2\)"),
    ("counts", (1, 2, 3.5), TypeError, r"counts\[2\]: expected an integer, got 3.5"),
    ("counts", (1, 2, 10), ValueError, "counts: expected an integer from 0 to 9, got 10"),
    ("table", [[1, 2, 3]], TypeError, r"table: expected 2 by 3 numbers, got \[\[1, 2, 3\]\]"),
    ("table", [[1, 2, 3], [4, 5]], TypeError, "table: expected 2 by 3 numbers, got "),
    ("table", [[1, 2, 3], [4, "x", 6]], TypeError, r"table\[1\]\[1\]: expected a number, got "),
    ("moves", np.zeros((2, 2)), TypeError, r"moves\[0\]\[0\]: expected an integer, got "),
    ("moves", [[1, 0], [2, 0]], ValueError, "moves: expected an integer from -1 to 1, got 2"),
    ("count", np.full(NUM_ENVS, 2.0), TypeError, "count: expected an integer, or 5 times that, one for each env, got "),
    ("count", np.full(NUM_ENVS - 1, 2), TypeError, "count: expected an integer, or 5 times that, one for each env, "),
    ("count", np.array([1, 2, 3, 11, 5]), ValueError, r"count\[3\]: expected an integer from 1 to 10, got 11"),
    ("counts", np.zeros((NUM_ENVS, 2), int), TypeError, "counts: expected 3 integers, or 5 times that, one for each "),
    ("table", np.zeros((NUM_ENVS, 3, 2)), TypeError, "table: expected 2 by 3 numbers, or 5 times that, one for each "),
]


@pytest.mark.parametrize(("name", "value", "error", "message"), REFUSED)
def test_wrong_values_are_refused_and_change_nothing(loaded, name, value, error, message):
    with pytest.raises(error, match=f"^{message}"):
        loaded["Plain"](NUM_ENVS, **{name: value})
    env = loaded["Plain"](NUM_ENVS)
    with pytest.raises(error, match=f"^{message}"):
        env.set_parameters(**{"tiny": 1, "scale": 4, name: value})
    assert env.parameters == DEFAULTS


def test_values_of_each_env_are_set_as_an_attribute_of_each(loaded):
    env = loaded["Plain"](3)
    env.set_attr("count", [1, 2, 3])
    assert env.get_attr("count") == (1, 2, 3)
    env.set_attr("counts", [(1, 2, 3), (4, 5, 6), (7, 8, 9)])
    assert env.get_attr("counts") == ((1, 2, 3), (4, 5, 6), (7, 8, 9))
    with pytest.raises(TypeError, match="counts: expected a row of 3 integers for each env"):
        env.set_attr("counts", [1, 2, 3])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dynamics_hold_integers(loaded, dtype):
    counts, levels = np.arange(1, 8), np.arange(200, 207)
    tables = np.zeros((7, 2, 3))
    tables[:, 1, 2] = np.arange(7) / 2
    env = loaded["Batches"](7, dtype=dtype, count=counts, level=levels, table=tables)
    first, _ = env.reset(seed=1)
    starts = [int(np.random.default_rng(1 + i).random() * count) for i, count in enumerate(counts)]
    assert_same(first, np.float32([starts, levels]).T)
    observations, rewards, *_ = env.step(np.ones(7, int))
    assert_same(observations, np.float32([starts + counts + 1, levels]).T)
    assert_same(rewards, np.float32(np.arange(7) / 2))


def test_the_docstring_has_the_defaults(loaded):
    documentation = loaded["Plain"].__doc__
    assert "| `count` | 4 | of tokens |" in documentation
    assert "| `table` | ((0.0, 1.0, 2.0), (3.0, 4.0, 5.0)) | by row and column |" in documentation
    assert re.search(r"`bytes` \(uint8, shape \(3,\)\), .*`grid` \(int32, shape \(2, 3\)\)", documentation)


def test_rollouts_stack_infos_of_every_shape(loaded):
    ours, other = (loaded["Plain"](NUM_ENVS, autoreset_mode="SameStep") for _ in range(2))
    for env in (ours, other):
        env.reset(seed=2)
    actions = np.ones((12, NUM_ENVS), int)
    rollout = ours.rollout(actions)
    assert rollout.infos["grid"].shape == (12, NUM_ENVS, 2, 3)
    for t in range(12):
        infos = other.step(actions[t])[4]
        for name in ("is_even", "byte", "small", "real", "bytes", "flags", "grid"):
            assert_same(rollout.infos[name][t], infos[name])
