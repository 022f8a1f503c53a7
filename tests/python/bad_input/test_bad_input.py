"""Odd values for every argument: a call uses them correctly, or raises an exception and changes nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import partial
from operator import index

import gymnasium as gym
import numpy as np
import pytest
from conftest import ONE_PER_CLASS, id_of
from gymnasium.error import ClosedEnvironmentError
from gymnasium.vector import AutoresetMode
from interpreter import run_python
from odd_values import (
    ArrayLike,
    Exporter,
    LyingList,
    OddFloat,
    OnPurposeError,
    array_likes,
    odd_values,
    scalars,
)
from side_by_side import assert_same, bounds_of, random_actions
from twins import DOCUMENTED, DOCUMENTED_OF_RESET, Twins, actions_of, refused

from operant import envs

COUNT = 3


@pytest.fixture(params=ONE_PER_CLASS, ids=id_of)
def registration(request):
    return request.param


def pairs_of_odd_values(count):
    """Yield names, values to pass, and equal values for the test, as some values can be read only once."""
    again = odd_values(count)
    return ((name, value, again[name]) for name, value in odd_values(count).items())


@pytest.fixture
def twins(registration):
    """Return a function that makes pairs of environments with every kind of output."""
    return partial(Twins, registration)


def plain_array(value):
    """Return the array that an array-like holds."""
    return value.found if isinstance(value, (ArrayLike, Exporter)) else np.asarray(value)


# Names of the odd values that are valid: the right number of numbers of the right kind, in any memory layout.
LAYOUTS = ("big-endian", "every other", "reversed", "misaligned", "read-only", "a subclass", "__array__", "DLPack")
INTEGERS = {f"{layout} l" for layout in LAYOUTS} | {f"dtype {code}" for code in "bhilqBHILQ"}
INTEGERS |= {"a list", "a tuple"}
FLOATS = {f"{layout} d" for layout in (*LAYOUTS, "a column")} | {f"dtype {code}" for code in "efdg"}
FLOATS |= {"a list of floats", "with inf", "with -inf"}


def accepted(pair, names, call, plain, values, errors=DOCUMENTED):
    """Return the names of the values that `call` accepts. The other twin gets the same values in plain form."""
    found = set()
    for name, value, again in values:
        if not refused(lambda: call(pair.ours, value), names, errors):  # noqa: B023
            found.add(name)
            call(pair.spared, plain(again))
            assert np.isfinite(pair.ours.state).all(), name
        pair.assert_undisturbed()
    return found


@pytest.mark.quick
def test_actions(twins):
    pair = twins()
    is_discrete = isinstance(pair.spared.single_action_space, gym.spaces.Discrete)

    def plain(value):
        array = plain_array(value)
        return array.astype(np.int64) if is_discrete else rounded(array)

    found = accepted(pair, ["actions"], lambda env, value: env.step(value), plain, pairs_of_odd_values(COUNT))
    assert found >= (INTEGERS if is_discrete else FLOATS)


def rounded(actions):
    """Convert continuous actions to float32 if that is exact, else to float64."""
    with np.errstate(over="ignore"):
        return actions.astype(np.float32 if actions.dtype.kind == "f" and actions.dtype.itemsize <= 4 else np.float64)


def test_actions_of_a_single_environment(registration):
    ours, spared = (gym.make(registration.id, disable_env_checker=True).unwrapped for _ in range(2))
    for _, value, again in pairs_of_odd_values(1):
        ours.reset(seed=1)
        spared.reset(seed=1)
        if not refused(lambda: ours.step(value), ["action"]):  # noqa: B023
            clean = plain_array(again).reshape(1)
            spared.step(clean.astype(np.int64) if ours.action_space.shape == () else rounded(clean))
        for _ in range(3):
            action = ours.action_space.sample()
            assert_same(ours.step(action), spared.step(action))


@pytest.mark.quick
def test_seeds(twins):
    values = pairs_of_odd_values(COUNT)
    found = accepted(
        twins(), ["seed"], lambda env, value: env.reset(seed=value), plain_seed, values, DOCUMENTED_OF_RESET
    )
    assert found >= {"None", "0", "2**64", "10**400"} | INTEGERS - {"__array__ l", "DLPack l"}


def plain_seed(value):
    """Return the same seed as a plain Python object."""
    if value is None:
        return None
    try:
        return int.__index__(index(value))
    except TypeError:
        return [None if one is None else int.__index__(index(one)) for one in list(iter(value))]


def test_seeds_of_a_single_environment(registration):
    ours, spared = (gym.make(registration.id, disable_env_checker=True).unwrapped for _ in range(2))
    for name, value in odd_values(1).items():
        ours.reset(seed=1)
        spared.reset(seed=1)
        try:
            ours.reset(seed=value)
        except (gym.error.Error, OnPurposeError):
            pass
        else:
            spared.reset(seed=value)
        assert ours.np_random_seed == spared.np_random_seed, name
        assert ours.np_random.bit_generator.state == spared.np_random.bit_generator.state, name
        assert_same(ours.reset(), spared.reset())


def test_a_bad_option_does_not_use_up_the_seed_of_a_single_environment(registration):
    ours, spared = (gym.make(registration.id, disable_env_checker=True).unwrapped for _ in range(2))
    ours.reset(seed=1)
    spared.reset(seed=1)
    with pytest.raises(TypeError, match="options: expected a dict or None, got 5"):
        ours.reset(seed=2, options=5)
    assert ours.np_random_seed == 1
    assert_same(ours.reset(), spared.reset())


def test_options(twins):
    values = pairs_of_odd_values(COUNT)
    found = accepted(twins(), ["options"], lambda env, value: env.reset(seed=3, options=value), lambda _: None, values)
    assert found == {"None", "dict"}


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bounds(twins, registration, which, dtype):
    names = list(bounds_of(registration, 0, 0))
    others = {} if registration.name == "Pendulum" else {names[1 - which]: (0.75, -0.75)[which]}

    def call(env, value):
        env.reset(seed=3, options={**others, names[which]: value})

    values = ((name, value, value) for name, value in (scalars() | array_likes()).items())
    assert len(accepted(twins(dtype=dtype), names, call, float, values)) > 5


@pytest.mark.quick
def test_reset_masks(twins):
    def call(env, mask):
        env.reset(seed=3, options={"reset_mask": mask})

    def plain(mask):
        return np.asarray(mask).view(np.uint8) != 0

    assert len(accepted(twins(), ["reset_mask"], call, plain, pairs_of_odd_values(COUNT))) >= 5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_states(twins, dtype):
    pair = twins(dtype=dtype)
    shape = pair.ours.state.shape
    size = pair.ours.state.size

    def call(env, value):
        env.set_state(value.reshape(shape) if isinstance(value, np.ndarray) and value.size == size else value)

    def plain(value):
        return np.asarray(value).astype(np.float64)

    assert len(accepted(pair, ["state"], call, plain, pairs_of_odd_values(size))) > 20


def test_masks_of_states(twins):
    def call(env, mask):
        env.set_state(env.state * 0.5, mask)

    def plain(mask):
        return None if mask is None else plain_array(mask)

    assert len(accepted(twins(), ["mask"], call, plain, pairs_of_odd_values(COUNT))) >= 8


def test_only_the_envs_that_a_mask_selects_need_a_finite_state(twins):
    pair = twins()
    state = pair.ours.state
    state[1] = np.nan
    for env in pair.envs:
        env.set_state(state, np.array([True, False, True]))
    pair.assert_undisturbed()


# The constructor keeps valid values in plain form, and refuses others before it makes anything.


@pytest.mark.quick
@pytest.mark.parametrize("argument", ["num_envs", "workers", "max_episode_steps"])
def test_counts(registration, argument):
    for name, value in odd_values(1).items():
        arguments = {"num_envs": 2, argument: value}
        allowed = (TypeError, ValueError, MemoryError) if argument == "num_envs" else (TypeError, ValueError)
        made = []
        if name == "2**31" and argument == "num_envs":
            continue  # valid on a machine with enough memory
        if refused(lambda: made.append(gym.make_vec(registration.id, **arguments)), [argument], allowed):  # noqa: B023
            continue
        if argument == "max_episode_steps" and value in (None, -1):
            expected = registration.max_episode_steps if value is None else -1
        else:
            expected = int.__index__(index(value))
        assert getattr(made[0], argument) == expected, name


@pytest.mark.filterwarnings("ignore:.*that is not in the possible render_modes")  # another string is a warning
@pytest.mark.parametrize(
    ("argument", "more", "expected"),
    [
        ("autoreset_mode", dict(zip("abc", AutoresetMode, strict=True)), {"a", "b", "c"}),
        (
            "render_mode",
            {"rgb_array": "rgb_array"},
            {"None", "rgb_array"} | {name for name, value in odd_values(1).items() if isinstance(value, str)},
        ),
        (
            "dtype",
            {"float32": "float32", "big-endian": ">f4", "pair": ("f4", (2,)), "deprecated": "a", "syntax": "f4, ("},
            {"type", "float32", "numpy's float", "no dimension d"},  # float is numpy's float64; numbers have a dtype
        ),
        ("record_episode_statistics", {"False": False}, {"True", "False", "numpy's bool", "no dimension ?"}),
    ],
)
def test_choices(registration, rng, argument, more, expected):
    accepted = set()
    for name, value in (odd_values(1) | more).items():
        made = []
        arguments = {"num_envs": 2, argument: value}
        if not refused(lambda: made.append(gym.make_vec(registration.id, **arguments)), [argument]):  # noqa: B023
            accepted.add(name)
            made[0].reset(seed=0)
            made[0].step(random_actions(made[0].single_action_space, rng, 2))
            made[0].close()
    assert accepted == expected


def test_physical_parameters(registration, rng):
    defaults = gym.make_vec(registration.id, num_envs=1).parameters
    for parameter, default in defaults.items():
        # No value has one number for each of seven envs.
        accepted = 0
        for name, value in odd_values(3).items():
            made = []
            arguments = {"num_envs": 7, parameter: value}
            if refused(lambda: made.append(gym.make_vec(registration.id, **arguments)), named(parameter)):  # noqa: B023
                continue
            accepted += 1
            found = made[0].parameters[parameter]
            assert type(found) is type(default), (parameter, name)
            assert found == plain(value, default), (parameter, name)
            made[0].reset(seed=0)
            # odd parameters may lead to odd numbers, but not to an exception
            made[0].step(random_actions(made[0].single_action_space, rng, 7))
        assert accepted >= (0 if isinstance(default, str) else 2), parameter


def named(parameter):
    """Return the names that the message may have: if two bounds contradict each other, either of them."""
    return [parameter, parameter.replace("min_", "max_"), parameter.replace("max_", "min_")]


def plain(value, default):
    """Return an accepted parameter as the environment shows it."""
    if isinstance(default, tuple):
        return tuple(float(one) for one in value)
    return (
        bool(value)
        if isinstance(default, bool)
        else float.__float__(value)
        if type(value) is OddFloat
        else float(value)
    )


@pytest.mark.skipif(shutil.which("localedef") is None, reason="needs localedef to make a locale")
def test_numbers_in_messages_have_a_point_in_every_locale(tmp_path):
    source = tmp_path / "source"
    source.write_text('LC_NUMERIC\ndecimal_point "<U002C>"\nthousands_sep ""\nEND LC_NUMERIC\n')
    subprocess.run(["localedef", "-c", "-f", "UTF-8", "-i", source, tmp_path / "xx_XX"], capture_output=True)
    if not (tmp_path / "xx_XX").is_dir():
        pytest.skip("localedef makes no locale")
    code = (
        "import locale, numpy as np\nfrom operant.envs import CartPoleVecEnv\n"
        "locale.setlocale(locale.LC_NUMERIC, 'xx_XX')\nassert locale.localeconv()['decimal_point'] != '.'\n"
        "for arguments in ({'length': -1.5}, {'length': np.array([1.0, -1.5e-300])}, {'masscart': -1e22}):\n"
        "    try:\n        CartPoleVecEnv(2, **arguments)\n    except ValueError as error:\n        print(error)\n"
    )
    environment = os.environ | {"LOCPATH": str(tmp_path)}
    done = run_python("-c", code, env=environment)
    if "unsupported locale setting" in done.stderr:
        pytest.skip("this C library does not take the locale that localedef has made")
    assert done.returncode == 0, done.stderr
    assert [line.rpartition(" ")[2] for line in done.stdout.splitlines()] == [
        repr(one) for one in (-1.5, -1.5e-300, -1e22)
    ]


def test_paths(tmp_path):
    env = envs.CartPoleVecEnv(2)
    for name, value in scalars().items():
        if not isinstance(value, str) or "\0" in value:
            assert refused(lambda: env.save(value), ["path"]), name  # noqa: B023
            assert refused(lambda: envs.load(value), ["path"]), name  # noqa: B023
    for path in (tmp_path, tmp_path / "no" / "directory", "", "x" * 10_000):
        with pytest.raises(OSError, match=r".+"):
            env.save(path)
        with pytest.raises(OSError, match=r".+"):
            envs.load(path)


# Objects that act while they are read.


class Meddler:
    """A number, an array or an integer that calls `meddle` when it is read."""

    def __init__(self, meddle, found):
        self.meddle = meddle
        self.found = found

    def __array__(self, dtype=None, copy=None):
        self.meddle()
        return np.asarray(self.found)

    def __index__(self):
        self.meddle()
        return self.found

    def __float__(self):
        self.meddle()
        return float(self.found)


MEDDLING = {
    "step": lambda env: env.step(actions_of(env, 9)),
    "reset": lambda env: env.reset(seed=9),
    "set_state": lambda env: env.set_state(env.state * 0.5),
    "save": lambda env: env._core.save(),
    "close": lambda env: env.close(),
}


@pytest.mark.parametrize("meddling", MEDDLING)
def test_actions_that_call_the_environment_while_they_are_read(twins, meddling):
    pair = twins()
    actions = Meddler(lambda: MEDDLING[meddling](pair.ours), actions_of(pair.ours))
    with pytest.raises(RuntimeError, match="another thread is using this environment"):
        pair.ours.step(actions)
    pair.assert_undisturbed()


@pytest.mark.parametrize("meddling", MEDDLING)
def test_other_arguments_that_call_the_environment_while_they_are_read(twins, registration, meddling):
    """The environment reads its arguments before the call begins, so the effect is that of `meddle` before the call."""
    high = list(bounds_of(registration, 0, 0))[-1]
    for call in (
        lambda env, wrap: env.reset(seed=wrap(4)),
        lambda env, wrap: env.reset(seed=[1, wrap(2), 3]),
        lambda env, wrap: env.reset(seed=4, options={high: wrap(0.5)}),
        lambda env, wrap: env.set_state(wrap(np.full(env.state.shape, 0.125))),
    ):
        pair = twins()

        def meddle(pair=pair):
            MEDDLING[meddling](pair.ours)

        if meddling == "close":
            with pytest.raises(ClosedEnvironmentError):
                call(pair.ours, lambda found, meddle=meddle: Meddler(meddle, found))
            continue
        call(pair.ours, lambda found, meddle=meddle: Meddler(meddle, found))
        MEDDLING[meddling](pair.spared)
        call(pair.spared, lambda found: found)
        pair.assert_undisturbed()


def test_actions_that_change_while_they_are_read(twins):
    pair = twins()
    actions = actions_of(pair.ours).tolist()
    elements = list(actions)

    class Changing(list):
        def __len__(self):
            elements[0] = "changed"
            return super().__len__()

    refused(lambda: pair.ours.step(Changing(elements)), ["actions"]) or pair.spared.step(actions)
    pair.assert_undisturbed()


def test_a_mask_that_changes_while_bounds_are_read(twins, registration):
    """The environment reads the mask last, and copies it."""
    pair = twins()
    mask = np.array([True, False, False])
    high = list(bounds_of(registration, 0, 0))[-1]
    pair.ours.reset(seed=5, options={high: Meddler(lambda: mask.__setitem__(1, True), 0.5), "reset_mask": mask})
    pair.spared.reset(seed=5, options={high: 0.5, "reset_mask": np.array([True, True, False])})
    pair.assert_undisturbed()


def test_rendering_reads_actions_once(twins):
    pair = twins(render_mode="rgb_array")
    actions = actions_of(pair.ours, 5)
    pair.ours.step(Meddler(iter([None]).__next__, actions))  # raises StopIteration the second time
    pair.spared.step(actions)
    for ours, spared in zip(pair.ours.render(), pair.spared.render(), strict=True):
        np.testing.assert_array_equal(ours, spared)
    pair.assert_undisturbed()


def test_sequences_of_seeds_with_a_false_length_are_counted(twins):
    for seeds in (LyingList([1, 2, 3, 4] * 1000, COUNT), LyingList([1, 2], COUNT), LyingList([1, 2, 3, 4], 2**62)):
        pair = twins()
        with pytest.raises(ValueError, match=r"seed: expected 3 seeds, one for each env, got (more|2)"):
            pair.ours.reset(seed=seeds, options={"reset_mask": np.ones(COUNT, bool)})
        pair.assert_undisturbed()
