"""Parameters that differ between envs: each env equals Gymnasium's environment with the same parameters."""

from __future__ import annotations

import math

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from parameter_ranges import BY_FAMILY, RANGES, derive_attributes
from side_by_side import RESET_TOLERANCE, Oracle, gymnasium_id_of, random_actions

NUM_ENVS = 37  # not a multiple of any number of lanes

FLAGS = {
    "CartPole": {"sutton_barto_reward": True, "kinematics_integrator": "euler"},
    "Acrobot": {"book_or_nips": "book"},
}


@pytest.fixture(params=RANGES)
def family(request):
    return request.param


def drawn(family, rng):
    """An array for every parameter; some envs of Acrobot have no noise, and each has other torques."""
    parameters = {name: rng.uniform(low, high, NUM_ENVS) for name, (low, high) in RANGES[family].items()}
    if family == "Acrobot":
        parameters["torque_noise_max"][rng.random(NUM_ENVS) < 0.5] = 0
        parameters["AVAIL_TORQUE"] = rng.uniform(-2, 2, (NUM_ENVS, 3))
    return parameters


def make_ours(family, **kwargs):
    return gym.make_vec(BY_FAMILY[family].id, num_envs=NUM_ENVS, **kwargs)


def make_theirs(family, parameters, autoreset_mode, max_episode_steps):
    """Gymnasium's environments with a row of the parameters each."""

    def make_one(i):
        env = gym.make(
            gymnasium_id_of(BY_FAMILY[family]), disable_env_checker=True, max_episode_steps=max_episode_steps
        )
        bare = env.unwrapped
        for name, values in parameters.items():
            assert hasattr(bare, name)
            value = values if np.ndim(values) == 0 else values[i]
            setattr(bare, name, value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value)
        derive_attributes(bare)
        return env

    return Oracle([lambda i=i: make_one(i) for i in range(NUM_ENVS)], autoreset_mode=autoreset_mode)


def assert_same(ours, theirs, exact):
    """Compare the rows in `exact` bit for bit, and the others to within the rounding of float32."""
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours[exact], theirs[exact], strict=True)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-7 if not exact.all() else 0)


def play(family, ours, theirs, mode, steps, seed=3):
    """Steps both and compares everything; returns how many episodes terminated and were truncated."""
    space = gym.make(gymnasium_id_of(BY_FAMILY[family])).action_space
    tolerant = RESET_TOLERANCE.get(gymnasium_id_of(BY_FAMILY[family]), 0) > 0
    rng = np.random.default_rng(seed)
    everywhere, none = np.ones(NUM_ENVS, bool), np.zeros(NUM_ENVS, bool)
    starts = none if tolerant else everywhere
    assert_same(ours.reset(seed=seed)[0], theirs.reset(seed=seed)[0], starts)
    finished = none
    counts = np.zeros(2, int)
    for _ in range(steps):
        if mode is AutoresetMode.DISABLED and finished.any():
            options = {"reset_mask": finished}
            ours_reset, theirs_reset = ours.reset(options=dict(options))[0], theirs.reset(options=dict(options))[0]
            assert_same(ours_reset[finished], theirs_reset[finished], starts[finished])
        actions = random_actions(space, rng, NUM_ENVS)
        actual, expected = ours.step(actions), theirs.step(actions)
        ended = expected[2] | expected[3]
        shown = {AutoresetMode.NEXT_STEP: finished, AutoresetMode.SAME_STEP: ended, AutoresetMode.DISABLED: none}[mode]
        assert_same(actual[0], expected[0], ~shown | starts)
        np.testing.assert_array_equal(actual[1], expected[1].astype(np.float32))
        np.testing.assert_array_equal(actual[2], expected[2])
        np.testing.assert_array_equal(actual[3], expected[3])
        assert actual[4].keys() == expected[4].keys()
        if "final_obs" in expected[4]:
            for i in np.flatnonzero(ended):
                np.testing.assert_array_equal(actual[4]["final_obs"][i], expected[4]["final_obs"][i])
        finished = ended
        counts += expected[2].sum(), expected[3].sum()
    return counts


def test_float64_equals_gymnasium_bit_for_bit(family, mode, rng):
    parameters = drawn(family, rng)
    ours = make_ours(family, workers=2, dtype=np.float64, autoreset_mode=mode, max_episode_steps=70, **parameters)
    theirs = make_theirs(family, parameters, mode, 70)
    terminated, truncated = play(family, ours, theirs, mode, 150)
    assert truncated > 0
    if family == "CartPole":
        assert terminated > NUM_ENVS
    ours.close()


def test_one_parameter_per_env_beside_others_for_all(family, rng):
    """The values are lists. The environment's attributes are arrays for the parameters that differ."""
    for name, (low, high) in RANGES[family].items():
        values = rng.uniform(low, high, NUM_ENVS)
        ours = make_ours(family, dtype=np.float64, max_episode_steps=11, **{name: values.tolist()})
        np.testing.assert_array_equal(ours.parameters[name], values)
        assert sum(np.ndim(value) == 1 and len(value) == NUM_ENVS for value in ours.parameters.values()) == 1
        theirs = make_theirs(family, {name: values}, AutoresetMode.NEXT_STEP, 11)
        play(family, ours, theirs, AutoresetMode.NEXT_STEP, 25)
        ours.close()


def test_equal_numbers_for_all_envs_act_as_one_number(family, rng):
    names = {name: float(low) for name, (low, _) in RANGES[family].items()}
    arrays = {name: np.full(NUM_ENVS, value) for name, value in names.items()}
    for dtype in (np.float32, np.float64):
        one, each = (make_ours(family, dtype=dtype, **chosen) for chosen in (names, arrays))
        assert each.parameters == one.parameters
        np.testing.assert_array_equal(one.reset(seed=1)[0], each.reset(seed=1)[0])
        for _ in range(100):
            actions = random_actions(one.single_action_space, rng, NUM_ENVS)
            for ours, theirs in zip(one.step(actions)[:4], each.step(actions)[:4], strict=True):
                np.testing.assert_array_equal(ours, theirs)


def test_float32_equals_float64_within_rounding(family, rng):
    """One step from the same state; Acrobot's noise is drawn from the same streams."""
    parameters = drawn(family, rng)
    single, double = (make_ours(family, dtype=dtype, **parameters) for dtype in (np.float32, np.float64))
    for env in (single, double):
        env.reset(seed=1)
    for _ in range(60):
        double.set_state(single.state)
        actions = random_actions(single.single_action_space, rng, NUM_ENVS)
        ours, theirs = single.step(actions), double.step(actions)
        np.testing.assert_allclose(ours[0], theirs[0], rtol=2e-5, atol=2e-5)
        if not np.array_equal(ours[2] | ours[3], theirs[2] | theirs[3]):
            break  # so close to a threshold that rounding decides


def test_only_the_envs_with_noise_draw(rng):
    """Noise in some envs changes nothing in the others."""
    noise = np.where(rng.random(NUM_ENVS) < 0.5, 0.0, 1.0)
    quiet, loud = (make_ours("Acrobot", torque_noise_max=value, max_episode_steps=20) for value in (0.0, 1.0))
    mixed = make_ours("Acrobot", torque_noise_max=noise, max_episode_steps=20)
    for env in (quiet, loud, mixed):
        env.reset(seed=4)
    for _ in range(100):
        actions = random_actions(quiet.single_action_space, rng, NUM_ENVS)
        expected = np.where(noise[:, None] > 0, loud.step(actions)[0], quiet.step(actions)[0])
        np.testing.assert_array_equal(mixed.step(actions)[0], expected)


def test_the_bounds_of_the_batched_space_are_those_of_each_env():
    thresholds = np.linspace(1, 3, NUM_ENVS)
    env = make_ours("CartPole", x_threshold=thresholds)
    np.testing.assert_array_equal(env.observation_space.high[:, 0], (2 * thresholds).astype(np.float32))


@pytest.mark.parametrize(("family", "name"), [(family, name) for family, flags in FLAGS.items() for name in flags])
def test_flags_and_choices_are_the_same_for_all(family, name):
    with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b"):
        make_ours(family, **{name: [FLAGS[family][name]] * NUM_ENVS})
    with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b"):
        make_ours(family, **{name: np.array([FLAGS[family][name]] * NUM_ENVS)})
    make_ours(family, **FLAGS[family]).close()  # nothing else breaks


def with_one(bad):
    return lambda value: np.where(np.arange(NUM_ENVS) == 5, bad, value)


#: Invalid values, each made from a valid number.
INVALID = {
    "too short": lambda value: np.full(NUM_ENVS - 1, value),
    "too long": lambda value: np.full(NUM_ENVS + 1, value),
    "empty": lambda value: np.ones(0),
    "a column": lambda value: np.full((NUM_ENVS, 1), value),
    "nan": with_one(math.nan),
    "inf": with_one(math.inf),
    "-inf": with_one(-math.inf),
    "strings": lambda value: [str(value)] * NUM_ENVS,
    "objects": lambda value: np.array([value] * NUM_ENVS, object),
    "complex": lambda value: np.full(NUM_ENVS, value, complex),
    "bools": lambda value: np.ones(NUM_ENVS, bool),
    "ragged": lambda value: [[value, value], *[value] * (NUM_ENVS - 1)],
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("invalid", INVALID)
def test_invalid_values_are_refused_by_name(family, invalid, dtype):
    for name, (low, _) in RANGES[family].items():
        with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b"):
            make_ours(family, dtype=dtype, **{name: INVALID[invalid](low)})


def test_bounds_that_contradict_each_other_are_refused_with_their_env():
    low = np.full(NUM_ENVS, -1.2)
    low[11] = 0.7
    with pytest.raises(ValueError, match=r"min_position.*env 11"):
        make_ours("MountainCar", min_position=low)


@pytest.mark.parametrize("shape", [(NUM_ENVS, 2), (NUM_ENVS, 4), (NUM_ENVS - 1, 3), (NUM_ENVS, 3, 1), (NUM_ENVS,)])
def test_torques_per_env_need_a_row_for_each(shape):
    with pytest.raises((TypeError, ValueError), match="AVAIL_TORQUE"):
        make_ours("Acrobot", AVAIL_TORQUE=np.ones(shape))
