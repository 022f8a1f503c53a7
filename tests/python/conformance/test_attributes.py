"""`get_attr`, `set_attr` and `call` act as in SyncVectorEnv, above all for parameters."""

from __future__ import annotations

import copy
import math
import pickle
from types import new_class

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import error
from gymnasium.vector import AutoresetMode
from parameter_ranges import BY_FAMILY, RANGES, derive_attributes
from side_by_side import Pair, assert_same, gymnasium_id_of, random_actions

from operant import envs

NUM_ENVS = 37  # not a multiple of any number of lanes


@pytest.fixture(params=RANGES)
def family(request):
    return request.param


def make_env(family, num_envs=NUM_ENVS, **kwargs):
    return gym.make_vec(BY_FAMILY[family].id, num_envs=num_envs, **{"dtype": np.float64, **kwargs})


def first_of(family):
    """Return a parameter of the family, and valid numbers for it, one for each env."""
    name, (low, high) = next(iter(RANGES[family].items()))
    return name, np.linspace(low, high, NUM_ENVS)


def change_both(pair, name, values):
    """Set a parameter of Operant's and Gymnasium's environments, and check the new value."""
    pair.ours.set_attr(name, values)
    pair.sync.set_attr(name, values)
    for one in pair.sync.envs:
        derive_attributes(one.unwrapped)
    assert pair.ours.get_attr(name) == pair.sync.get_attr(name)


@pytest.mark.quick
def test_physics_change_from_the_next_step_on_bit_for_bit(family, mode, rng):
    """In one mode, each parameter gets one value for all envs; in the others, one per env."""
    each = mode is not AutoresetMode.NEXT_STEP
    pair = Pair(BY_FAMILY[family], NUM_ENVS, mode, max_episode_steps=40, record_episode_statistics=True)
    pair.reset(seed=2)
    for name, (low, high) in RANGES[family].items():
        pair.run(rng, 6)
        change_both(pair, name, rng.uniform(low, high, NUM_ENVS).tolist() if each else float(rng.uniform(low, high)))
    pair.run(rng, 60)
    pair.compare_states()
    name, (low, high) = next(iter(RANGES[family].items()))
    change_both(pair, name, [low] * NUM_ENVS)  # again one for all
    pair.run(rng, 20)
    pair.close()


CHOICES = {
    "CartPole": {"kinematics_integrator": "semi-implicit euler"},
    "Acrobot": {"book_or_nips": "nips", "AVAIL_TORQUE": [-0.5, 0.25, 1.0]},
}


@pytest.mark.parametrize("family", CHOICES, indirect=True)
def test_choices_and_lists_can_change(family, rng):
    pair = Pair(BY_FAMILY[family], NUM_ENVS, max_episode_steps=40)
    pair.reset(seed=2)
    for name, value in CHOICES[family].items():
        pair.run(rng, 5)
        values = [value if isinstance(value, str) else [one * (1 + i % 3) for one in value] for i in range(NUM_ENVS)]
        pair.ours.set_attr(name, values)
        pair.sync.set_attr(name, values)
        pair.run(rng, 15)
    pair.close()


@pytest.mark.parametrize("how", ["set_attr", "set_parameters", "attribute"])
def test_a_changed_parameter_is_shown_everywhere(family, how):
    env = make_env(family)
    name, values = first_of(family)
    if how == "set_attr":
        env.set_attr(name, values.tolist())
    elif how == "set_parameters":
        env.set_parameters(**{name: values})
    else:
        setattr(env, name, values)
    for shown in (env.parameters[name], getattr(env, name), np.array(env.get_attr(name)), np.array(env.call(name))):
        np.testing.assert_array_equal(shown, values)
    assert type(env.get_attr(name)[0]) is float
    assert env.spec.kwargs[name] == values.tolist()
    constructed = gym.make_vec(env.spec)
    for space in ("single_observation_space", "single_action_space", "observation_space", "action_space"):
        assert getattr(env, space) == getattr(constructed, space)


def test_a_snapshot_restores_parameters(family, rng):
    env = make_env(family)
    env.reset(seed=0)
    name, values = first_of(family)
    before, space = env.get_attr(name), env.observation_space
    snapshot = env.snapshot()
    actions = [random_actions(env.single_action_space, rng, NUM_ENVS) for _ in range(10)]
    expected = [env.step(one)[0].copy() for one in actions]
    env.set_attr(name, values.tolist())
    env.restore(snapshot)
    assert (env.get_attr(name), env.observation_space) == (before, space)
    assert gym.make_vec(env.spec).get_attr(name) == before
    for one, observations in zip(actions, expected, strict=True):
        np.testing.assert_array_equal(env.step(one)[0], observations)


def test_evaluations_use_changed_parameters():
    """Without gravity and pushes the pole does not fall, so no episode is shorter than the limit."""
    env = envs.CartPoleVecEnv(5, max_episode_steps=50)
    env.set_parameters(gravity=0.0, force_mag=0.0)
    lengths = env.evaluate(lambda observations: np.zeros(5, int), seed=0, episodes=1).lengths
    assert (lengths == 50).all()


def test_spaces_follow_parameters_and_keep_their_random_stream():
    env = envs.PendulumVecEnv(3, max_torque=2.0)
    env.action_space.seed(5)
    unchanged = copy.deepcopy(env.action_space)
    observation_space = env.observation_space
    env.set_attr("g", 3.0)
    assert env.observation_space is observation_space
    env.set_attr("max_torque", [1.0, 2.0, 4.0])
    assert env.single_action_space.high == np.float32(4)
    np.testing.assert_array_equal(env.action_space.high[:, 0], np.float32([1, 2, 4]))
    drawn, expected = env.action_space.sample(), unchanged.sample()
    np.testing.assert_allclose(drawn[:, 0] / [1, 2, 4], expected[:, 0] / 2, rtol=1e-6)


def assert_unchanged(env, names):
    """Assert that a refused call has left the environment unchanged."""
    fresh = type(env)(NUM_ENVS, dtype=np.float64)
    for name in names:
        assert env.get_attr(name) == fresh.get_attr(name)
    assert env.single_observation_space == fresh.single_observation_space
    fresh.reset(seed=1)
    actions = random_actions(fresh.single_action_space, np.random.default_rng(0), NUM_ENVS)
    np.testing.assert_array_equal(env.step(actions)[0], fresh.step(actions)[0])


BAD = [
    *(math.nan, math.inf, "a", None, [], [1.0, 2.0], np.ones((NUM_ENVS, 2)), np.ones((NUM_ENVS, 1)), np.ones(2), {}),
    *(np.ones(NUM_ENVS, kind) for kind in (object, complex, bool)),
    ["1"] * NUM_ENVS,
    [[1.0, 1.0], *[1.0] * (NUM_ENVS - 1)],
    *(np.where(np.arange(NUM_ENVS) == 5, bad, 1) for bad in (math.nan, math.inf, -math.inf)),
]


@pytest.mark.quick
@pytest.mark.parametrize("bad", BAD)
def test_invalid_values_are_refused_by_name_and_change_nothing(family, bad):
    env = make_env(family)
    env.reset(seed=1)
    for name in RANGES[family]:
        for change in (
            env.set_attr,
            lambda name, value: setattr(env, name, value),
            lambda name, value: make_env(family, dtype=np.float32, **{name: value}),
        ):
            with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b"):
                change(name, bad)
    assert_unchanged(env, RANGES[family])


def test_one_bad_number_is_refused_with_its_env(family):
    env = make_env(family)
    env.reset(seed=1)
    name, values = first_of(family)
    with pytest.raises(ValueError, match=rf"{name}\[7\]"):
        env.set_attr(name, np.where(np.arange(NUM_ENVS) == 7, math.nan, values).tolist())
    assert_unchanged(env, RANGES[family])


def test_several_parameters_change_together_or_not_at_all():
    env = envs.MountainCarVecEnv(NUM_ENVS, dtype=np.float64)
    env.reset(seed=1)
    with pytest.raises(ValueError, match="min_position"):
        env.set_parameters(gravity=0.001, min_position=0.9)
    assert_unchanged(env, ["gravity", "min_position", "max_position"])
    # Both together: each alone would contradict the other one's old value.
    env.set_parameters(min_position=0.7, max_position=0.9)
    assert env.get_attr("min_position") == (0.7,) * NUM_ENVS


def test_set_attr_takes_a_list_as_one_value_per_env():
    env = envs.AcrobotVecEnv(3)
    with pytest.raises(TypeError, match="AVAIL_TORQUE"):
        env.set_attr("AVAIL_TORQUE", [-1.0, 0.0, 1.0])
    env.AVAIL_TORQUE = [-2.0, 0.0, 2.0]
    assert env.get_attr("AVAIL_TORQUE") == ((-2.0, 0.0, 2.0),) * 3


def test_fixed_rewards_change_only_before_the_first_reset():
    env = envs.CartPoleVecEnv(3)
    env.set_attr("sutton_barto_reward", True)
    env.reset(seed=0)
    assert (env.step(np.zeros(3, int))[1] == 0).all()
    with pytest.raises(ValueError, match="sutton_barto_reward: expected the same rewards"):
        env.set_attr("sutton_barto_reward", False)
    env.set_attr("sutton_barto_reward", True)
    assert env.sutton_barto_reward is True


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gravitas", r"did you mean 'gravity'\?"),
        ("max_episode_steps", "max_episode_steps: cannot be changed"),
        ("total_mass", "total_mass: cannot be set, it follows from masscart and masspole"),
        ("polemass_length", "masspole and length"),
        ("np_random_seed", "np_random_seed: cannot be changed"),
        ("observation_space", "observation_space: cannot be changed"),
    ],
)
def test_attributes_that_cannot_be_set_raise(name, reason):
    with pytest.raises(AttributeError, match=reason):
        envs.CartPoleVecEnv(2).set_attr(name, 1)


@pytest.mark.parametrize("name", ["num_envs", "workers", "max_episode_steps", "dtype", "autoreset_mode", "render_mode"])
def test_arguments_of_the_constructor_cannot_be_assigned(name):
    env = envs.CartPoleVecEnv(2)
    with pytest.raises(AttributeError, match=f"{name}: cannot be changed once the environment is made"):
        setattr(env, name, getattr(env, name))
    with pytest.raises(AttributeError, match="set_parameters"):
        env.parameters = {}


def test_a_class_attribute_is_the_default_of_a_parameter(family, rng):
    """It acts as an argument of the constructor. Gymnasium's Acrobot also has its parameters in the class."""
    name, value = first_of(family)[0], float(first_of(family)[1][5])
    base = type(make_env(family))
    own = type("Own", (base,), {name: value})
    further = type("Further", (own,), {})
    for env_class in (own, further):
        ours, expected = env_class(3, dtype=np.float64), base(3, dtype=np.float64, **{name: value})
        assert getattr(ours, name) == ours.parameters[name] == value
        assert ours.single_action_space == expected.single_action_space
        assert getattr(env_class(3, **{name: float(first_of(family)[1][7])}), name) == first_of(family)[1][7]
        for env in (ours, expected):
            env.reset(seed=1)
        for _ in range(5):
            actions = random_actions(ours.single_action_space, rng, 3)
            assert_same(ours.step(actions), expected.step(actions))
        other = copy.deepcopy(ours)
        assert getattr(other, name) == value
        setattr(ours, name, float(first_of(family)[1][9]))
        assert ours.parameters[name] == first_of(family)[1][9]
    assert getattr(base(3), name) != value


def test_mixins_define_defaults():
    class Weak:
        gravity = 1.62

    first = type("First", (Weak, envs.CartPoleVecEnv), {})
    second = type("Second", (first,), {"gravity": 3.7})
    third = type("Third", (second,), {})
    last = type("Last", (envs.CartPoleVecEnv, Weak), {})  # Python finds the parameter first
    for env_class, gravity in ((first, 1.62), (second, 3.7), (third, 3.7), (last, 9.8)):
        assert env_class(1).gravity == env_class(1).parameters["gravity"] == gravity


def test_defaults_of_classes_are_of_any_kind():
    class Paper(envs.AcrobotVecEnv):
        book_or_nips = "nips"
        AVAIL_TORQUE = (-2, 0, 2)

    class Small(envs.FrozenLakeVecEnv):
        desc = ("SF", "FG")
        is_slippery = False

    assert (Paper(1).book_or_nips, Paper(1).AVAIL_TORQUE) == ("nips", (-2.0, 0.0, 2.0))
    assert Small(1).desc == ("SF", "FG")
    assert Small(1).single_observation_space.n == 4
    assert Small(1, map_name="8x8").single_observation_space.n == 64
    assert Small(1, desc=["SG"]).single_observation_space.n == 2


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("gravity", "a lot", "gravity: expected a number"),
        ("gravity", np.ones(3), "gravity: expected a number"),
        ("gravity", property(lambda self: 1.62), "Own.gravity: expected a value, as gravity is a parameter"),
        ("gravity", lambda self: 1.62, "Own.gravity: expected a value"),
        ("total_mass", 3.0, "Own.total_mass: cannot be set, it follows from masscart and masspole"),
        ("max_episode_steps", 30, "Own.max_episode_steps: cannot be an attribute of the class; pass it"),
        ("dtype", np.float64, "Own.dtype: cannot be an attribute of the class; pass it to the constructor"),
    ],
)
def test_class_attributes_that_cannot_be_parameters_are_refused(name, value, message):
    with pytest.raises(TypeError, match=message):
        type("Own", (envs.CartPoleVecEnv,), {name: value})


def test_a_class_attribute_that_is_added_later_is_refused():
    own = type("Own", (envs.CartPoleVecEnv,), {})
    own.gravity = 1.62
    with pytest.raises(TypeError, match=r"Own\.gravity: was changed after the class was made"):
        own(2)


def test_class_attributes_of_a_single_environment_are_refused():
    single = type(gym.make("operant/CartPole-v1").unwrapped)
    with pytest.raises(TypeError, match=r"Own\.gravity: cannot be an attribute of the class"):
        new_class("Own", (single,), {"vector_env": envs.CartPoleVecEnv}, lambda body: body.update(gravity=1.62))


def test_shown_parameters_are_read_only(family):
    """Setting it would change the value that is shown and saved, but not the physics."""
    name, values = first_of(family)
    env = make_env(family, **{name: values})
    with pytest.raises(TypeError, match="does not support item assignment"):
        env.parameters[name] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        env.parameters[name][0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        getattr(env, name)[0] = 1.0
    with pytest.raises(TypeError, match="does not support item assignment"):
        envs.AcrobotVecEnv(2).AVAIL_TORQUE[0] = 1.0


def test_a_single_environment_has_attributes_that_can_be_set_too(family, rng):
    registration = BY_FAMILY[family]
    ours = gym.make(registration.id, disable_env_checker=True, dtype=np.float64)
    theirs = gym.make(gymnasium_id_of(registration), disable_env_checker=True)
    start = theirs.reset(seed=4)[0]
    np.testing.assert_allclose(ours.reset(seed=4)[0], start, rtol=0, atol=2e-7)
    for i, (name, (_, high)) in enumerate(RANGES[family].items()):
        for one in (ours, theirs):
            if i % 2:
                one.set_wrapper_attr(name, high)
            else:
                setattr(one.unwrapped, name, high)
        derive_attributes(theirs.unwrapped)
        action = random_actions(theirs.action_space, rng, 1)[0]
        actual, expected = ours.step(action), theirs.step(action)
        assert_same(actual[0], expected[0])
        assert np.float32(actual[1]) == np.float32(expected[1])
        assert ours.get_wrapper_attr(name) == theirs.get_wrapper_attr(name) == high
        assert ours.unwrapped.spec.kwargs[name] == high
        if expected[2]:
            break
    assert pickle.loads(pickle.dumps(ours.unwrapped)).get_wrapper_attr(name) == high
    constructed = gym.make(ours.unwrapped.spec, disable_env_checker=True)
    assert ours.unwrapped.observation_space == constructed.observation_space
    assert ours.unwrapped.action_space == constructed.action_space


def test_a_single_environment_refuses_the_same_attributes():
    env = gym.make("operant/CartPole-v1").unwrapped
    with pytest.raises(AttributeError, match="total_mass: cannot be set"):
        env.total_mass = 3.0
    with pytest.raises(ValueError, match="length"):
        env.length = -1.0
    assert env.length == gym.make("CartPole-v1").unwrapped.length


def test_derived_attributes_equal_gymnasium():
    masses, lengths = [0.1, 0.2, 0.4], [0.5, 0.6, 0.7]
    env = envs.CartPoleVecEnv(3)
    assert env.get_attr("total_mass") == (gym.make("CartPole-v1").unwrapped.total_mass,) * 3
    env.set_parameters(masspole=masses, length=lengths)
    single = gym.make("CartPole-v1").unwrapped
    for index, (mass, length) in enumerate(zip(masses, lengths, strict=True)):
        single.masspole, single.length = mass, length
        derive_attributes(single)
        assert env.get_attr("total_mass")[index] == single.total_mass
        assert env.get_attr("polemass_length")[index] == single.polemass_length


def test_states_can_be_read_and_set(family, rng):
    pair = Pair(BY_FAMILY[family], NUM_ENVS, max_episode_steps=40)
    pair.reset(seed=2)
    pair.run(rng, 3)
    np.testing.assert_array_equal(np.array(pair.ours.get_attr("state")), np.array(pair.sync.get_attr("state")))
    states = pair.states()[::-1].copy()
    pair.ours.set_attr("state", list(states))
    np.testing.assert_array_equal(pair.ours.state, states)
    pair.ours.set_attr("state", states[5])
    np.testing.assert_array_equal(pair.ours.state, np.broadcast_to(states[5], states.shape))
    with pytest.raises(ValueError, match="state"):
        pair.ours.set_attr("state", states[1:])


def test_common_attributes_equal_syncvectorenv(family):
    pair = Pair(BY_FAMILY[family], 3)
    for name in ("observation_space", "action_space", "render_mode"):
        assert pair.ours.get_attr(name) == pair.sync.get_attr(name)
        assert pair.ours.call(name) == pair.sync.call(name)
    for method in (pair.ours.get_attr, pair.ours.call):
        with pytest.raises(AttributeError, match="no attribute 'colour'"):
            method("colour")


def test_calling_render_draws_every_env():
    pytest.importorskip("pygame")
    pair = Pair(BY_FAMILY["CartPole"], 2, render_mode="rgb_array")
    pair.reset(seed=0)
    for ours, theirs in zip(pair.ours.call("render"), pair.sync.call("render"), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    pair.close()


@pytest.mark.parametrize("mode", AutoresetMode)
def test_skrl_gets_one_warning_in_a_mode_that_it_does_not_support(mode, recwarn):
    env = envs.CartPoleVecEnv(2, autoreset_mode=mode)
    assert not any(hasattr(env, "state_space") for _ in range(3))
    assert ["SameStep" in str(one.message) for one in recwarn] == [True] * (mode is AutoresetMode.NEXT_STEP)
    env.state_space = env.single_observation_space  # a user's own, for skrl's learners that have one
    assert env.state_space is env.single_observation_space


def test_a_map_can_change_if_it_holds_every_player():
    env = envs.FrozenLakeVecEnv(4, desc=["SFFG"], is_slippery=False)
    env.reset(seed=0)
    env.set_state([[0, 0], [0, 2], [0, 0], [0, 0]])
    with pytest.raises(ValueError, match=r"state\[1\]: col: expected an integer from 0 to 1, got 2"):
        env.set_parameters(desc=["SG", "FF"])
    assert env.desc == ("SFFG",)
    env.set_state(np.zeros((4, 2)))
    env.set_parameters(desc=["SG", "FF"])
    assert env.single_observation_space == gym.spaces.Discrete(4)
    observations, rewards, terminations, *_ = env.step(np.array([2, 1, 2, 1]))
    assert observations.tolist() == [1, 2, 1, 2]
    assert rewards.tolist() == [1, 0, 1, 0]
    assert terminations.tolist() == [True, False, True, False]


def test_a_closed_environment_shows_its_parameters():
    env = envs.CartPoleVecEnv(2)
    env.close()
    assert env.get_attr("gravity") == (9.8, 9.8)
    with pytest.raises(error.ClosedEnvironmentError):
        env.gravity = 1.0


def test_an_unknown_keyword_is_named_as_python_does():
    def function():
        pass

    with pytest.raises(TypeError) as pythons:
        function(gravitas=1)
    words = str(pythons.value).split("()")[1]
    for make in (envs.CartPoleVecEnv, envs.CartPoleVecEnv(1).set_parameters):
        with pytest.raises(TypeError) as ours:
            make(**({"num_envs": 2} if make is envs.CartPoleVecEnv else {}), gravitas=1)
        assert words in str(ours.value)
        assert "did you mean 'gravity'?" in str(ours.value)
