"""Saved and pickled environments that were damaged: loading raises a ValueError or gives what was saved."""

from __future__ import annotations

import copy
import json
import pickle
import struct
import warnings
import zlib

import gymnasium as gym
import numpy as np
import pytest
from conftest import ONE_PER_CLASS, id_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twins import actions_of

from operant import envs
from operant.envs import _saving
from operant.registration import REGISTRATIONS

# The same damage in every run, so that failures are reproducible.
BOUNDED = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
ARGUMENTS = {"num_envs": 3, "max_episode_steps": 5, "autoreset_mode": "SameStep", "record_episode_statistics": True}


@pytest.fixture(params=ONE_PER_CLASS, ids=id_of)
def registration(request):
    return request.param


@pytest.fixture
def dtype():
    return "float32"


# Of what depends on it: the saved states.
in_both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


@pytest.fixture
def env(registration, dtype):
    """An environment in the middle of its episodes."""
    env = gym.make_vec(registration.id, dtype=dtype, **ARGUMENTS)
    env.reset(seed=1)
    for number in range(8):
        env.step(actions_of(env, number))
    return env


@st.composite
def damages(draw, saved):
    """The bytes with some altered, taken away or added."""
    kind = draw(st.sampled_from(["bits", "bytes", "cut", "head", "more", "hole", "swap"]))
    place = draw(st.integers(0, len(saved) - 1))
    length = draw(st.integers(1, 40))
    if kind == "bits":
        return saved[:place] + bytes([saved[place] ^ 1 << draw(st.integers(0, 7))]) + saved[place + 1 :]
    if kind == "bytes":
        return saved[:place] + draw(st.binary(min_size=1, max_size=16)) + saved[place + length :]
    return {
        "cut": saved[:place],
        "head": saved[place + 1 :],
        "more": saved + draw(st.binary(min_size=1, max_size=16)),
        "hole": saved[:place] + saved[place + length :],
        "swap": saved[place:] + saved[:place],
    }[kind]


@pytest.mark.quick
@in_both_dtypes
def test_a_damaged_file_is_refused(env, tmp_path):
    path = tmp_path / "env"
    env.save(path)
    saved = path.read_bytes()

    @BOUNDED
    @given(damages(saved))
    def fuzz(damaged):
        path.write_bytes(damaged)
        if damaged == saved:
            return
        with pytest.raises(ValueError, match="is not a saved environment"):
            envs.load(path)

    fuzz()


def exercise(env):
    """The environment can be stepped without a crash, whatever its state."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy warns of infinities and NaN
        env.get_logs()
        assert env.state.shape[0] == env.num_envs
        try:
            for number in range(7):
                env.step(actions_of(env, number))
        except gym.error.ResetNeeded:
            pass
        env.reset(seed=0)
        env.step(actions_of(env))
        pickle.loads(pickle.dumps(env)).close()


@in_both_dtypes
def test_a_forged_core_is_refused_or_steps(env, tmp_path):
    """Forged files: damage whose checksum is right."""
    saved = env._core.save()
    described = env._description()

    @BOUNDED
    @given(damages(saved))
    def fuzz(damaged):
        path = tmp_path / "env"
        path.write_bytes(_saving.pack(described, damaged))
        before = env._core.save()
        try:
            forged = envs.load(path)
        except ValueError:
            with pytest.raises(ValueError, match="saved state"):
                env._core.load(damaged)
            assert env._core.save() == before
        else:
            exercise(forged)

    fuzz()


# What a forger would try first, by 64-bit words: counts that are negative, huge, or NaN when read as floats.
WORDS = [0, 1, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 2**64 - 1, struct.unpack("<Q", struct.pack("<d", np.nan))[0]]


@in_both_dtypes
def test_every_word_of_a_forged_core_is_refused_or_steps(env):
    saved = env._core.save()
    for place in range(0, len(saved) - 7, 8):
        for word in WORDS:
            forged = copy.deepcopy(env)
            before = forged._core.save()
            try:
                forged._core.load(saved[:place] + struct.pack("<Q", word) + saved[place + 8 :])
            except ValueError:
                assert forged._core.save() == before
            else:
                exercise(forged)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda some: st.lists(some, max_size=4) | st.dictionaries(st.text(max_size=5), some, max_size=3),
)


def test_a_forged_description_is_refused(env, tmp_path):
    path = tmp_path / "env"
    core = env._core.save()
    described = env._description()
    names = [*described["arguments"], "workers", "render_mode", "colour"]

    @BOUNDED
    @given(name=st.sampled_from(names), value=ANYTHING, remove=st.booleans(), whole=st.booleans())
    def fuzz(name, value, remove, whole):
        forged = copy.deepcopy(described)
        forged["arguments"][name] = value
        if remove:
            del forged["arguments"][name]
        if whole:
            forged = value
        path.write_bytes(_saving.pack(forged, core))
        try:
            loaded = envs.load(path)
        except ValueError:
            return
        assert loaded._description() == forged
        exercise(loaded)

    fuzz()


@pytest.mark.parametrize("header", [b"[" * 100_000, b"\xff", b"", b"null", b"{}", b'{"class": "CartPoleVecEnv"}'])
def test_a_header_that_is_none(header, tmp_path):
    path = tmp_path / "env"
    content = header + b"\nrest"
    path.write_bytes(_saving._first_line(content) + content)
    with pytest.raises(ValueError, match="is not a saved environment"):
        envs.load(path)


def test_a_number_in_a_file_fills_no_memory(env, tmp_path):
    path = tmp_path / "env"
    described = env._description()
    for num_envs in (10**6, 2**31, 2**45, 10**400):
        described["arguments"]["num_envs"] = num_envs
        path.write_bytes(_saving.pack(described, env._core.save()))
        with pytest.raises(ValueError, match="too short for its num_envs"):
            envs.load(path)


@in_both_dtypes
def test_another_environments_core_is_refused(env):
    saved = env._core.save()
    for registration in REGISTRATIONS:
        for dtype in ("float32", "float64"):
            for num_envs in (2, 3, 4):
                other = gym.make_vec(registration.id, **ARGUMENTS | {"num_envs": num_envs, "dtype": dtype})
                if (type(other), other.dtype, num_envs) == (type(env), env.dtype, env.num_envs):
                    continue
                before = other._core.save()
                with pytest.raises(ValueError, match="saved state"):
                    other._core.load(saved)
                assert other._core.save() == before


def test_another_version_is_refused(env, tmp_path):
    path = tmp_path / "env"
    env.save(path)
    saved = path.read_bytes()
    path.write_bytes(saved.replace(b"environment 2", b"environment 1", 1))
    with pytest.raises(ValueError, match="expected bytes that begin with b'operant environment 2"):
        envs.load(path)
    core = env._core.save()
    assert b"operant 3" in core
    path.write_bytes(_saving.pack(env._description(), core.replace(b"operant 3", b"operant 2", 1)))
    with pytest.raises(ValueError, match="version"):
        envs.load(path)
    with pytest.raises(FileNotFoundError):
        envs.load(tmp_path / "nowhere")


def test_the_checksum_is_that_of_zlib(env, tmp_path):
    """So that a file can be checked without Operant."""
    env.save(tmp_path / "env")
    first_line, _, content = (tmp_path / "env").read_bytes().partition(b"\n")
    assert int(first_line.split()[-1], 16) == zlib.crc32(content)
    assert json.loads(content.partition(b"\n")[0])["arguments"]["num_envs"] == env.num_envs


def test_a_damaged_pickle_raises_or_is_an_environment(env):
    """Pickle may raise anything. If it accepts the damaged bytes, the environment's own checks refuse them."""
    pickled = pickle.dumps(env)

    @BOUNDED
    @given(damages(pickled))
    def fuzz(damaged):
        try:
            loaded = pickle.loads(damaged)
        except Exception:
            return
        if isinstance(loaded, envs.SimdVectorEnv):
            exercise(loaded)

    fuzz()


def test_a_pickle_has_the_format_of_a_file(env, tmp_path):
    env.save(tmp_path / "env")
    saved = (tmp_path / "env").read_bytes()
    assert saved in pickle.dumps(env)
    pickled = pickle.dumps(env).replace(saved, saved[:-1] + bytes([saved[-1] ^ 1]))
    with pytest.raises(ValueError, match="its checksum is wrong"):
        pickle.loads(pickled)


def test_pickles_of_closed_environments_stay_closed(env):
    env.close()
    closed = pickle.loads(pickle.dumps(env))
    with pytest.raises(gym.error.ClosedEnvironmentError):
        closed.reset()
    with pytest.raises(gym.error.ClosedEnvironmentError):
        closed.state  # noqa: B018
