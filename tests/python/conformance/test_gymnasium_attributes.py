"""Attributes of Gymnasium's unwrapped environments can be read and written, with the same effect."""

from __future__ import annotations

import copy
import pickle
import warnings

import gymnasium as gym
import numpy as np
import pytest
from conftest import every_environment
from side_by_side import (
    FORKS,
    Pair,
    assert_same,
    gymnasium_id_with,
    lively_actions,
    random_actions,
    registration_of,
)

from operant import envs

STATES = ["CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1", "Acrobot-v1"]
TABLES = [
    ("FrozenLake-v1", {}),
    ("FrozenLake-v1", {"is_slippery": False}),
    ("FrozenLake-v1", {"desc": ["SFFSF", "FHxFG", "SFFFF"]}),
    ("FrozenLake-v1", {"success_rate": 0.7, "reward_schedule": (3, -2, -1)}),
    ("CliffWalking-v1", {}),
    ("CliffWalking-v1", {"is_slippery": True}),
    ("Taxi-v4", {}),
    ("Taxi-v4", {"is_rainy": True, "rainy_probability": 0.6}),
]


def singles(name, **parameters):
    """Return Operant's and Gymnasium's environment; skip a test of an attribute that this Gymnasium lacks."""
    theirs = gymnasium_id_with(name, parameters)
    return (
        gym.make(f"operant/{name}", disable_env_checker=True, dtype=np.float64, **parameters).unwrapped,
        gym.make(theirs, disable_env_checker=True, **parameters).unwrapped,
    )


def assert_steps_are_the_same(ours, theirs, action):
    actual, expected = ours.step(action), theirs.step(action)
    infos = {name: float(value) if name == "prob" else value for name, value in expected[4].items()}
    assert_same((actual[0], *actual[2:]), (expected[0], *expected[2:4], infos))
    assert np.float32(actual[1]) == np.float32(expected[1])


def with_lists(table):
    """Return Gymnasium's transitions, without tuples."""
    return {s: {a: list(one) for a, one in row.items()} for s, row in table.items()}


# States.


@pytest.mark.parametrize("name", STATES)
def test_the_next_step_uses_what_was_written_into_the_state(name, rng):
    ours, theirs = singles(name)
    for env in (ours, theirs):
        env.reset(seed=1)
    for number in range(4):
        if isinstance(theirs.state, np.ndarray):  # MountainCar has a tuple after the first step
            for env in (ours, theirs):
                env.state[number % len(env.state)] = np.float32(0.03 * (number + 1))
                env.state[-1:] *= 0.5
            np.testing.assert_array_equal(ours.state, theirs.state)
        assert_steps_are_the_same(ours, theirs, random_actions(theirs.action_space, rng, 1)[0])


def test_the_state_is_the_same_array_until_the_next_step():
    """Gymnasium's steps make a new array, too."""
    for env in singles("CartPole-v1"):
        env.reset(seed=1)
        state = env.state
        assert env.state is state
        env.step(1)
        state[:] = 9
        assert (env.state != 9).all()
        env.state = np.array([0.1, 0.2, 0.0, 0.0])
        env.state += 0.01
        np.testing.assert_array_equal(env.state, np.array([0.1, 0.2, 0.0, 0.0]) + 0.01)
        state = env.state
        env.reset(seed=1)
        state[:] = 9
        assert (env.state != 9).all()


@pytest.mark.parametrize("how", ["pickle", "deepcopy"])
def test_copies_have_the_written_state(how):
    env, _ = singles("CartPole-v1")
    env.reset(seed=1)
    env.state[0] = 1.5
    other = FORKS[how](env)
    assert other.state[0] == 1.5
    env.state[0] = 1.0
    velocity = other.state[1]
    assert other.step(0)[0][0] == np.float32(1.5 + 0.02 * velocity)


@pytest.mark.parametrize("written", [np.nan, np.inf])
def test_an_impossible_state_is_refused_by_the_next_step(written):
    env, _ = singles("CartPole-v1")
    env.reset(seed=1)
    before = env.state.copy()
    env.state[2] = written
    for call in (lambda: env.step(0), lambda: env.step(0)):
        with pytest.raises(ValueError, match="state"):
            call()
    env.state = before
    np.testing.assert_array_equal(env.state, before)


@pytest.mark.parametrize(
    ("name", "attribute", "value"),
    [("FrozenLake-v1", "lastaction", 2), ("CliffWalking-v1", "lastaction", 3), ("Taxi-v4", "lastaction", 2)],
)
def test_pictures_show_the_last_action_that_was_set(name, attribute, value):
    pytest.importorskip("pygame")
    frames = []
    for env in singles(name, render_mode="rgb_array"):
        env.reset(seed=1)
        assert getattr(env, attribute) is None
        env.step(1)
        assert getattr(env, attribute) == 1
        before = env.render()
        setattr(env, attribute, value)
        assert getattr(env, attribute) == value
        frames.append(env.render())
        assert name != "Taxi-v4" or (frames[-1] != before).any()
    np.testing.assert_array_equal(*frames)


def test_the_last_torque_of_a_pendulum():
    for env in singles("Pendulum-v1"):
        env.reset(seed=1)
        assert env.last_u is None
        env.step(np.float32([1.5]))
        assert env.last_u == 1.5
        env.step(np.float32([-9]))
        assert env.last_u == -2
        env.last_u = None
        assert env.last_u is None


# Toy text.


@pytest.mark.parametrize("name", ["FrozenLake-v1", "CliffWalking-v1", "Taxi-v4"])
def test_the_number_of_the_state_can_be_set(name, rng):
    ours, theirs = singles(name)
    count = int(theirs.observation_space.n)
    for env in (ours, theirs):
        env.reset(seed=1)
    for _ in range(200):
        assert ours.s == theirs.s
        ours.s = theirs.s = number = int(rng.integers(count))
        assert ours.s == number
        assert_steps_are_the_same(ours, theirs, int(rng.integers(theirs.action_space.n)))
    for wrong, kind in ((-1, ValueError), (count, ValueError), (1.5, TypeError), (None, TypeError), ("1", TypeError)):
        with pytest.raises(kind, match=f"^s: expected an integer.*got {wrong!r}"):
            ours.s = wrong
    assert ours.s == theirs.s


@pytest.mark.parametrize(("name", "parameters"), TABLES)
def test_transitions_equal_gymnasium(name, parameters):
    ours, theirs = singles(name, **parameters)
    assert with_lists(ours.P) == theirs.P
    assert isinstance(ours.P, dict)
    np.testing.assert_array_equal(ours.initial_state_distrib, theirs.initial_state_distrib)
    for copied in (copy.deepcopy(ours.P), pickle.loads(pickle.dumps(ours.P))):
        assert type(copied) is type(copied[0]) is dict
        assert copied == ours.P
        copied[0][0] = []


def test_transitions_follow_parameters_that_are_changed():
    ours, _ = singles("FrozenLake-v1")
    ours.set_parameters(is_slippery=False, desc=["SG", "FH"])
    _, theirs = singles("FrozenLake-v1", is_slippery=False, desc=["SG", "FH"])
    assert with_lists(ours.P) == theirs.P


@pytest.mark.parametrize(
    "write",
    [
        lambda table: table.update({0: {}}),
        lambda table: table.__setitem__(0, {}),
        lambda table: table[0].__setitem__(0, []),
        lambda table: table[0].pop(0),
        lambda table: table.__delitem__(0),
        lambda table: table.clear(),
        lambda table: table.setdefault(0, {}),
        lambda table: table.popitem(),
        lambda table: table.__ior__({0: {}}),
    ],
)
def test_transitions_cannot_be_changed(write):
    env, _ = singles("FrozenLake-v1")
    with pytest.raises(TypeError, match="P cannot be changed"):
        write(env.P)
    with pytest.raises(AttributeError, match="P: cannot be set, it follows from desc, is_slippery"):
        env.P = {}
    with pytest.raises(TypeError):
        env.P[0][0][0] = (1.0, 3, 0, False)
    with pytest.raises(ValueError, match="read-only"):
        env.initial_state_distrib[0] = 0


ATTRIBUTES = {
    "FrozenLake-v1": ["desc", "nrow", "ncol", "reward_range"],
    "CliffWalking-v1": ["shape", "start_state_index", "nS", "nA"],
    "Taxi-v4": ["desc", "locs", "max_row", "max_col", "fickle_step", "taxi_orientation"],
    "MountainCar-v0": ["low", "high"],
    "MountainCarContinuous-v0": ["low_state", "high_state"],
}


@pytest.mark.parametrize(("name", "attribute"), [(name, one) for name, of in ATTRIBUTES.items() for one in of])
def test_attributes_equal_gymnasium(name, attribute):
    ours, theirs = singles(name)
    for env in (ours, theirs):
        env.reset(seed=1)
    if not hasattr(theirs, attribute):
        pytest.skip("this Gymnasium has no such attribute")
    actual, expected = getattr(ours, attribute), getattr(theirs, attribute)
    if isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(actual, expected, strict=True)
        with pytest.raises(ValueError, match="read-only"):
            actual[0] = actual[0]
    else:
        assert actual == (tuple(expected) if isinstance(expected, list) else expected)


def test_a_map_can_be_passed_on_and_set():
    ours, theirs = singles("FrozenLake-v1", desc=["SFG", "FHF"])
    ours.desc = theirs.desc[:, ::-1]
    assert ours.desc.tolist() == theirs.desc[:, ::-1].tolist()
    assert gym.make("operant/FrozenLake-v1", desc=ours.desc).unwrapped.nrow == 2


def test_numbers_of_states_of_the_taxi_equal_gymnasium():
    ours, theirs = singles("Taxi-v4")
    for number in range(500):
        assert ours.decode(number) == tuple(theirs.decode(number))  # Gymnasium before 1.3 returns an iterator
        assert ours.encode(*ours.decode(number)) == number
        np.testing.assert_array_equal(ours.action_mask(number), theirs.action_mask(number), strict=True)
    with pytest.raises(ValueError, match="i: expected an integer from 0 to 499, got 500"):
        ours.decode(500)


def test_other_attributes_of_the_taxi_can_be_set(rng):
    ours, theirs = singles("Taxi-v4", fickle_passenger=True, fickle_probability=0.0)
    for env in (ours, theirs):
        env.reset(seed=1)
    for number in range(300):
        ours.s = theirs.s = ours.encode(*rng.integers([5, 5, 5, 4]).tolist())
        ours.fickle_step = theirs.fickle_step = bool(number % 2)
        assert ours.fickle_step is theirs.fickle_step
        assert_steps_are_the_same(ours, theirs, int(rng.integers(6)))
        assert ours.fickle_step == theirs.fickle_step
    ours.taxi_orientation = 3
    assert ours.taxi_orientation == 3
    with pytest.raises(ValueError, match="taxi_orientation: expected an integer from 0 to 3, got 4"):
        ours.taxi_orientation = 4


HANDS = [[1, 10], [10, 1], [10, 6], [1, 1, 1], [2, 3, 4, 5], [10, 10, 1], [5, 5, 1], [9, 8], [10, 10]]


@pytest.mark.parametrize("parameters", [{}, {"sab": False}, {"sab": False, "natural": True}])
def test_the_hands_of_blackjack_can_be_set(parameters):
    ours, theirs = singles("Blackjack-v1", **parameters)
    for player in HANDS:
        for dealer in HANDS:
            for action in (0, 1):
                for env in (ours, theirs):
                    env.reset(seed=4)
                    env.player, env.dealer = list(player), list(dealer)
                assert_steps_are_the_same(ours, theirs, action)


@pytest.mark.parametrize("wrong", [[], [0], [11], [1.5], "1", None, 3, [1] * 22])
def test_impossible_hands_are_refused(wrong):
    env, _ = singles("Blackjack-v1")
    env.reset(seed=1)
    before = env.state.copy()
    for name in ("player", "dealer"):
        with pytest.raises(ValueError, match=f"^{name}: expected "):
            setattr(env, name, wrong)
    np.testing.assert_array_equal(env.state, before)


def test_hands_cannot_be_read_as_the_cards_are_not_kept():
    env, _ = singles("Blackjack-v1")
    env.reset(seed=1)
    with pytest.raises(AttributeError, match=r"player: cannot be read, .* player_sum, player_cards and player_aces"):
        env.player.append(3)


# Vector environments.


@pytest.mark.parametrize("name", ["FrozenLake-v1", "CliffWalking-v1", "Taxi-v4"])
def test_vector_environments_have_the_attributes_by_name(name, rng):
    pair = Pair(registration_of(name), 7, max_episode_steps=30)
    pair.reset(seed=1)
    count = int(pair.ours.single_observation_space.n)
    for _ in range(20):
        numbers = rng.integers(count, size=7).tolist()
        for env in (pair.ours, pair.sync):
            env.set_attr("s", numbers)
        assert pair.ours.get_attr("s") == pair.sync.get_attr("s")
        pair.run(rng, 1)
    pair.ours.set_attr("s", 3)
    assert pair.ours.get_attr("s") == (3,) * 7
    with pytest.raises(ValueError, match="s: expected 7 values, one for each env, got 2"):
        pair.ours.set_attr("s", [1, 2])
    with pytest.raises(AttributeError, match="P: cannot be set, it follows from"):
        pair.ours.set_attr("P", {})
    with pytest.raises(AttributeError, match=r"s: is an attribute of single envs; set_attr\('s', ...\)"):
        pair.ours.s = 3
    assert [with_lists(table) for table in pair.ours.get_attr("P")] == list(pair.sync.get_attr("P"))
    pair.close()


def test_vector_environments_call_methods_of_the_taxi():
    pair = Pair(registration_of("Taxi-v4"), 3)
    assert pair.ours.call("encode", 1, 2, 3, 0) == pair.sync.call("encode", 1, 2, 3, 0)
    assert pair.ours.call("decode", 77) == tuple(map(tuple, pair.sync.call("decode", 77)))
    pair.close()


def test_bounds_follow_the_parameters_of_each_env():
    env = envs.MountainCarVecEnv(3, max_speed=[0.05, 0.06, 0.07])
    for limit, low, high in zip((0.05, 0.06, 0.07), env.get_attr("low"), env.get_attr("high"), strict=True):
        np.testing.assert_array_equal(low, np.float32([-1.2, -limit]))
        np.testing.assert_array_equal(high, np.float32([0.6, limit]))


def test_states_that_get_attr_returns_cannot_be_written_to():
    """In SyncVectorEnv, writing to the array changes the state. Here it would have no effect."""
    env = envs.CartPoleVecEnv(2)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="read-only"):
        env.get_attr("state")[0][0] = 1.0


# Steps after the end of an episode.


@every_environment
def test_steps_after_the_end_equal_gymnasium(registration, rng):
    if registration.name == "Pendulum":
        pytest.skip("its episodes do not terminate")
    name = registration.id.removeprefix("operant/")
    ours, theirs = singles(name)
    ended = 0
    for seed in range(30):
        observation = theirs.reset(seed=seed)[0]
        ours.reset(seed=seed)
        if hasattr(theirs, "state"):
            ours.state = theirs.state
        terminated = False
        for _ in range(600):
            batch = tuple(np.array([one]) for one in observation) if isinstance(observation, tuple) else None
            batch = np.asarray(observation)[None] if batch is None else batch
            action = lively_actions(registration, theirs.action_space, rng, batch)[0]
            kept = copy.deepcopy(theirs)
            observation, _, terminated, _, _ = theirs.step(action)
            assert_steps_are_the_same(ours, kept, action)
            if terminated:
                break
        if not terminated:
            continue
        ended += 1
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for _ in range(12):
                assert_steps_are_the_same(ours, theirs, random_actions(theirs.action_space, rng, 1)[0])
        ours_say = [one for one in caught if "the episode has terminated already" in str(one.message)]
        theirs_say = [one for one in caught if "has already returned" in str(one.message)]
        assert len(theirs_say) <= len(ours_say) <= 1
        if ended == 3:
            break
    assert ended


@pytest.mark.filterwarnings("ignore:.*terminated")
@pytest.mark.parametrize("sutton_barto_reward", [False, True])
def test_cartpole_counts_steps_beyond_the_end(sutton_barto_reward):
    for env in singles("CartPole-v1", sutton_barto_reward=sutton_barto_reward):
        env.reset(seed=0)
        assert env.steps_beyond_terminated is None
        env.state = np.array([2.39, 5.0, 0.0, 0.0])
        rewards = [env.step(1)[1] for _ in range(4)]
        assert rewards == ([-1, -1, -1, -1] if sutton_barto_reward else [1, 0, 0, 0])
        assert env.steps_beyond_terminated == 3
        env.steps_beyond_terminated = None
        assert env.step(1)[1] == (-1 if sutton_barto_reward else 1)
        assert env.steps_beyond_terminated == 0
