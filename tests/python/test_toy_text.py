"""FrozenLake, CliffWalking, Taxi and Blackjack are Gymnasium's, bit for bit, in either precision."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from functools import cache
from textwrap import dedent

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.toy_text.frozen_lake import MAPS, generate_random_map
from gymnasium.envs.toy_text.utils import categorical_sample
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from operant import envs

CASES = [
    ("FrozenLake-v1", {}),
    ("FrozenLake-v1", {"is_slippery": False}),
    ("FrozenLake-v1", {"success_rate": 0.8}),
    ("FrozenLake-v1", {"reward_schedule": (10, -5.5, -0.1)}),
    ("FrozenLake-v1", {"desc": ["SFFSF", "FHxFG", "SFFFF"], "max_episode_steps": 9}),
    ("FrozenLake-v1", {"desc": ["SFFFFFFFFS"], "success_rate": 0.1, "max_episode_steps": 9}),
    ("FrozenLake-v1", {"desc": generate_random_map(12, seed=3)}),
    ("FrozenLake8x8-v1", {}),
    ("CliffWalking-v1", {}),
    ("CliffWalking-v1", {"is_slippery": True, "max_episode_steps": 45}),
    ("CliffWalkingSlippery-v1", {}),
    ("Taxi-v3", {}),
    ("Taxi-v4", {"is_rainy": True}),
    ("Taxi-v4", {"fickle_passenger": True, "fickle_probability": 0.9}),
    ("Taxi-v4", {"is_rainy": True, "fickle_passenger": True, "rainy_probability": 0.55, "max_episode_steps": 50}),
    ("Blackjack-v1", {}),
    ("Blackjack-v1", {"sab": False}),
    ("Blackjack-v1", {"sab": False, "natural": True}),
]
IDS = [", ".join([name, *parameters]) for name, parameters in CASES]
WITHOUT_PARAMETERS = [(name, parameters) for name, parameters in CASES if not parameters]


class Told(gym.Wrapper):
    """Reports the probability of a reset as a float.

    Gymnasium's are integers, and `SyncVectorEnv` then cuts off the probabilities of all copies when the first restarts.
    """

    def reset(self, **kwargs):
        observation, info = self.env.reset(**kwargs)
        return observation, {name: float(value) if name == "prob" else value for name, value in info.items()}


def gymnasium_id_of(name):
    """Taxi-v3 follows the rules of the newest version."""
    if name == "Taxi-v3":
        return envs.TaxiVecEnv.gymnasium_id
    return name


def make_theirs(name, **arguments):
    gymnasium_id = gymnasium_id_of(name)
    if gymnasium_id not in gym.registry:
        pytest.skip(f"this Gymnasium has no {gymnasium_id}")
    module, _, attribute = gym.spec(gymnasium_id).entry_point.partition(":")
    known = inspect.signature(getattr(__import__(module, fromlist=[attribute]), attribute)).parameters
    unknown = arguments.keys() - known.keys() - {"max_episode_steps"}
    if unknown or name == "Taxi-v3" == gymnasium_id:
        pytest.skip(f"this Gymnasium's {gymnasium_id} is an older one")
    return Told(gym.make(gymnasium_id, disable_env_checker=True, **arguments))


@cache
def ways_to_destinations():
    """For every state of the Taxi, the action that a shortest way to the end of the episode begins with."""
    transitions = gym.make(gymnasium_id_of("Taxi-v3"), disable_env_checker=True).unwrapped.P
    best, reached = np.zeros(500, int), set()
    while True:
        new = {
            state: action
            for state in range(500)
            for action, ((_, following, _, terminated),) in transitions[state].items()
            if state not in reached and (terminated or following in reached)
        }
        if not new:
            return best
        for state, action in new.items():
            best[state] = action
            reached.add(state)


def lively(name, observations, rng):
    """Random actions, but often those that reach the goal, where random ones rarely do."""
    num_envs = len(observations[0] if isinstance(observations, tuple) else observations)
    actions = rng.integers(0, 6 if name.startswith("Taxi") else 2 if name.startswith("Blackjack") else 4, num_envs)
    chosen = rng.random(num_envs) < 0.8
    if name.startswith("Taxi"):
        actions = np.where(chosen, ways_to_destinations()[observations], actions)
    elif name.startswith("CliffWalking"):
        row, col = np.divmod(observations, 12)
        actions = np.where(chosen, np.where(col == 11, 2, np.where(row > 1, 0, 1)), actions)
    return actions


def assert_same(actual, expected):
    """Arrays of the same dtype and values, or tuples of them."""
    if isinstance(expected, tuple):
        assert isinstance(actual, tuple)
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected, strict=True):
            assert_same(one, other)
    else:
        np.testing.assert_array_equal(actual, expected, strict=True)


def assert_same_infos(actual, expected):
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        if name == "final_obs":
            assert [None if one is None else np.array(one).tolist() for one in actual[name]] == [
                None if one is None else np.array(one).tolist() for one in value
            ]
        elif isinstance(value, dict):
            assert_same_infos(actual[name], value)
        else:
            assert_same(actual[name], value)


class Pair:
    """Gymnasium's environment and Operant's: both precisions, one worker and two."""

    def __init__(self, name, num_envs, mode, parameters, **arguments):
        self.name = name
        self.mode = mode
        self.sync = SyncVectorEnv(
            [lambda: make_theirs(name, **parameters, **arguments)] * num_envs, autoreset_mode=mode
        )
        self.ours = [
            gym.make_vec(
                f"operant/{name}",
                num_envs,
                workers=workers,
                dtype=dtype,
                autoreset_mode=mode,
                **parameters,
                **arguments,
            )
            for workers, dtype in ((1, np.float32), (2, np.float64))
        ]
        for ours in self.ours:
            assert ours.single_observation_space == self.sync.single_observation_space
            assert ours.observation_space == self.sync.observation_space
            assert ours.action_space == self.sync.action_space

    def reset(self, seed=None, mask=None):
        options = {} if mask is None else {"reset_mask": mask}
        expected = self.sync.reset(seed=seed, options=dict(options))
        for ours in self.ours:
            observations, infos = ours.reset(seed=seed, options=dict(options))
            assert_same(observations, expected[0])
            assert_same_infos(infos, expected[1])
        return expected

    def step(self, actions):
        expected = self.sync.step(actions)
        for ours in self.ours:
            observations, rewards, terminations, truncations, infos = ours.step(actions)
            assert_same(observations, expected[0])
            assert_same(rewards, expected[1].astype(np.float32))
            assert_same(terminations, expected[2])
            assert_same(truncations, expected[3])
            assert_same_infos(infos, expected[4])
        return expected

    def run(self, steps, rng, observations, after_step=lambda: None):
        """Steps, in the mode without autoreset with resets; returns how many episodes terminated and were truncated."""
        counts = np.zeros(2, int)
        for _ in range(steps):
            observations, _, terminations, truncations, _ = self.step(lively(self.name, observations, rng))
            counts += terminations.sum(), truncations.sum()
            after_step()
            ended = terminations | truncations
            if self.mode is AutoresetMode.DISABLED and ended.any():
                observations, _ = self.reset(mask=ended)
        return counts

    def close(self):
        for env in (self.sync, *self.ours):
            env.close()


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=IDS)
def test_runs_are_gymnasiums(name, parameters, mode, rng):
    pair = Pair(name, 7, mode, parameters)
    counts = np.zeros(2, int)
    for seed in (0, 2**40, [3, None, 1, 4, 1, 5, 9]):
        counts += pair.run(300, rng, pair.reset(seed=seed)[0])
        counts += pair.run(20, rng, pair.reset()[0])
    terminated, truncated = counts
    assert terminated > 0 or parameters.get("desc") == ["SFFFFFFFFS"]  # which has no goal
    assert truncated > 0 or "max_episode_steps" not in parameters
    pair.close()


FORKS = {"pickle": lambda env: pickle.loads(pickle.dumps(env)), "deepcopy": copy.deepcopy}


@pytest.mark.parametrize("how", [*FORKS, "save"])
@pytest.mark.parametrize(("name", "parameters"), CASES, ids=IDS)
def test_copies_go_on_where_the_original_stood(name, parameters, how, rng, tmp_path):
    def saved(env):
        env.save(tmp_path / "env")
        return envs.load(tmp_path / "env")

    pair = Pair(name, 5, AutoresetMode.NEXT_STEP, parameters)
    observations, _ = pair.reset(seed=1)
    pair.run(23, rng, observations)
    old, pair.ours = pair.ours, [FORKS.get(how, saved)(ours) for ours in pair.ours]
    for before, after in zip(old, pair.ours, strict=True):
        assert after.parameters == before.parameters
        np.testing.assert_array_equal(after.state, before.state)
        before.step(rng.integers(0, before.single_action_space.n, 5))
    pair.run(40, rng, observations)
    pair.close()


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=IDS)
def test_single_environments_are_gymnasiums(name, parameters, rng):
    theirs = make_theirs(name, **parameters)
    ours = gym.make(f"operant/{name}", **parameters)
    assert ours.observation_space == theirs.observation_space
    assert ours.spec.max_episode_steps == theirs.spec.max_episode_steps
    assert ours.spec.reward_threshold == theirs.spec.reward_threshold

    def compare(actual, expected):
        assert type(actual[0]) is type(expected[0])
        assert actual[0] == expected[0]
        if len(expected) == 5:
            assert actual[1:4] == (np.float32(expected[1]), *expected[2:4])
        assert actual[-1].keys() == expected[-1].keys()
        for key, value in expected[-1].items():
            np.testing.assert_array_equal(actual[-1][key], value, strict=key == "action_mask")

    compare(ours.reset(seed=7), theirs.reset(seed=7))
    for _ in range(300):
        action = int(rng.integers(theirs.action_space.n))
        expected = theirs.step(action)
        compare(ours.step(action), expected)
        if expected[2] or expected[3]:
            compare(ours.reset(), theirs.reset())
    ours.close()


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=IDS)
def test_frames_are_gymnasiums(name, parameters, mode, rng):
    pytest.importorskip("pygame")
    pair = Pair(name, 3, mode, parameters, render_mode="rgb_array")
    shown = set()

    def compare_frames():
        expected = pair.sync.render()
        shown.update(frame.tobytes() for frame in expected)
        for ours in pair.ours:
            for frame, other in zip(ours.render(), expected, strict=True):
                np.testing.assert_array_equal(frame, other, strict=True)

    observations, _ = pair.reset(seed=11)
    compare_frames()
    pair.run(12, rng, observations, compare_frames)
    assert len(shown) > 3
    pair.close()


def test_statistics_are_sums_of_rewards(rng):
    env = envs.FrozenLakeVecEnv(64, reward_schedule=(10, -5, -0.5), record_episode_statistics=True, dtype=np.float64)
    env.reset(seed=0)
    running = np.zeros(64)
    for _ in range(200):
        _, rewards, terminations, truncations, infos = env.step(rng.integers(0, 4, 64))
        running += rewards
        ended = terminations | truncations
        if ended.any():
            np.testing.assert_array_equal(infos["episode"]["r"], np.where(ended, running, 0))
        running[ended] = 0


def test_maps():
    assert envs.FrozenLakeVecEnv(2).desc == MAPS["4x4"]
    assert envs.FrozenLakeVecEnv(2, map_name="8x8").parameters["desc"] == MAPS["8x8"]
    assert envs.FrozenLakeVecEnv(2, desc=["SG"], map_name="8x8").desc == ["SG"]
    theirs = gym.make("FrozenLake-v1", map_name="8x8").unwrapped
    assert envs.FrozenLakeVecEnv(2, desc=theirs.desc).desc == MAPS["8x8"]
    random_map = envs.FrozenLakeVecEnv(2, map_name=None).desc
    assert [len(line) for line in random_map] == [8] * 8
    assert set("".join(random_map)) <= set("SFHG")
    assert gym.make("operant/FrozenLake8x8-v1").unwrapped.observation_space.n == 64
    large = envs.FrozenLakeVecEnv(2, desc=["S" * 64] * 64)
    assert large.single_observation_space.n == 4096
    assert large.observation_space.contains(large.reset(seed=0)[0])


REFUSED = [
    ({"desc": ["FFG"]}, ValueError, "desc: expected a map with an S"),
    ({"desc": ["SF", "G"]}, ValueError, "desc: expected strings of the same length"),
    ({"desc": []}, TypeError, "desc: expected a list"),
    ({"desc": "SFG"}, TypeError, "desc: expected a list"),
    ({"desc": ["S" * 65]}, ValueError, "desc: expected strings of the same length, from 1 to 64"),
    ({"map_name": "5x5"}, ValueError, "map_name: expected one of '4x4', '8x8' or None, got '5x5'"),
    ({"map_name": 4}, TypeError, "map_name: expected a string"),
    ({"success_rate": 1.5}, ValueError, "success_rate: expected a probability, from 0 to 1, got 1.5"),
    ({"success_rate": -0.1}, ValueError, "success_rate: expected a probability"),
    ({"success_rate": [0.5, 2.0]}, ValueError, "success_rate: expected a probability, from 0 to 1, got 2, of copy 1"),
    ({"reward_schedule": (1, 0)}, TypeError, "reward_schedule: expected 3 numbers"),
    ({"slippery": True}, TypeError, "did you mean 'is_slippery'"),
]


@pytest.mark.parametrize(("parameters", "error", "message"), REFUSED)
def test_what_makes_no_sense_is_refused(parameters, error, message):
    with pytest.raises(error, match=re.escape(message)):
        envs.FrozenLakeVecEnv(2, **parameters)


@pytest.mark.parametrize("parameter", ["rainy_probability", "fickle_probability"])
def test_the_taxis_probabilities_are_checked(parameter):
    with pytest.raises(ValueError, match=f"{parameter}: expected a probability, from 0 to 1, got 1.01"):
        envs.TaxiVecEnv(2, **{parameter: 1.01})


def test_every_copy_may_have_its_own_ice():
    rates = np.linspace(0, 1, 3000)
    env = envs.FrozenLakeVecEnv(3000, success_rate=rates, desc=["FFFFF", "FFSFF", "FFFFF"], workers=2)
    env.reset(seed=0)
    observations, _, _, _, infos = env.step(np.full(3000, 2))
    went_right = observations == 8
    np.testing.assert_array_equal(infos["prob"], np.where(went_right, rates, (1 - rates) / 2))
    assert went_right[:1500].mean() < 0.35
    assert went_right[1500:].mean() > 0.65


@pytest.mark.parametrize(("name", "parameters"), WITHOUT_PARAMETERS)
def test_any_state_that_is_set_can_be_stepped(name, parameters, rng):
    """Whatever int8 can hold: what comes of it is nobody's promise, but for the next episode."""
    env = gym.make_vec(f"operant/{name}", 500, workers=2)
    env.reset(seed=0)
    for _ in range(5):
        env.set_state(rng.integers(-128, 128, env.state.shape))
        for _ in range(5):
            env.step(rng.integers(0, env.single_action_space.n, 500))
    observations, _ = env.reset(seed=0)
    assert env.observation_space.contains(observations)
    with pytest.raises(ValueError, match=r"state\[0, 0\]: expected an integer"):
        env.set_state(np.full(env.state.shape, 0.5))


EQUATIONS = [
    (envs.FrozenLakeVecEnv, "FrozenLake-v1"),
    (envs.CliffWalkingVecEnv, "CliffWalking-v1"),
    (envs.TaxiVecEnv, "Taxi-v4"),
    (envs.BlackjackVecEnv, "Blackjack-v1"),
]
VARIANTS = {
    "FrozenLake-v1": [{"is_slippery": False}, {"success_rate": 0.7, "reward_schedule": (3, -2, -1), "map_name": "8x8"}],
    "CliffWalking-v1": [{}, {"is_slippery": True}],
    "Taxi-v4": [{}, {"is_rainy": True}, {"is_rainy": True, "fickle_passenger": True, "fickle_probability": 0.8}],
    "Blackjack-v1": [{}, {"sab": True}, {"natural": True}],
}


@pytest.mark.parametrize(
    ("env_class", "name", "parameters"), [(*one, variant) for one in EQUATIONS for variant in VARIANTS[one[1]]]
)
def test_equations_in_docstrings_are_those_of_the_environment(env_class, name, parameters, rng):
    section = re.search(r"^## Dynamics\n(.*?)^## ", dedent("    " + env_class.__doc__), re.MULTILINE | re.DOTALL)[1]
    code = compile(re.search(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)[1], name, "exec")
    random = np.random.default_rng()
    functions = {
        "draw": lambda probabilities: int(categorical_sample(probabilities, random)),
        "integers": random.integers,
        "card": lambda: min(int(random.integers(13)) + 1, 10),
    }
    theirs = make_theirs(name)  # for its generator, which a reset leaves where the first step begins
    env = env_class(1, autoreset_mode="Disabled", max_episode_steps=-1, **parameters)
    terminated_ever = False
    for seed in range(40):
        observations, _ = env.reset(seed=seed)
        theirs.unwrapped.fickle_passenger = parameters.get("fickle_passenger", False)
        theirs.unwrapped.fickle_probability = parameters.get("fickle_probability", 0.3)
        theirs.reset(seed=seed)
        random.bit_generator.state = theirs.unwrapped.np_random.bit_generator.state
        names = functions | dict(env.parameters)
        if name == "Blackjack-v1":
            names |= {"player": theirs.unwrapped.player, "dealer": theirs.unwrapped.dealer}
        for _ in range(60):
            if name != "Blackjack-v1":
                names |= dict(zip(env.state_names, env.state[0].astype(int).tolist(), strict=True))
            action = lively(name, observations, rng)
            observations, rewards, terminations, _, infos = env.step(action)
            names["action"] = int(action[0])
            exec(code, names)
            if name == "Blackjack-v1":
                hands = env.state[0].astype(int).tolist()
                assert hands[:2] == [sum(names["player"]), len(names["player"])]
                assert hands[3:5] == [sum(names["dealer"]), len(names["dealer"])]
            else:
                assert [names[one] for one in env.state_names] == env.state[0].tolist()
                assert names["prob"] == infos["prob"][0]
            assert names["reward"] == rewards[0]
            assert names["terminated"] == terminations[0]
            if terminations[0]:
                terminated_ever = True
                break
    assert terminated_ever
