"""Damaged files and pickles of environments are refused by their checksum and version."""

from __future__ import annotations

import json
import pickle
import zlib

import gymnasium as gym
import pytest
from conftest import ONE_PER_CLASS, id_of
from hypothesis import HealthCheck, given, settings, strategies as st
from twins import actions_of

from operant import envs
from operant.envs import _saving
from operant.registration import REGISTRATIONS

# The same damage in every run, so that failures are reproducible.
BOUNDED = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
ARGUMENTS = {"num_envs": 3, "max_episode_steps": 5, "autoreset_mode": "SameStep", "record_episode_statistics": True}


def started(env_id, dtype="float32"):
    """An environment in the middle of its episodes."""
    env = gym.make_vec(env_id, dtype=dtype, **ARGUMENTS)
    env.reset(seed=1)
    for number in range(8):
        env.step(actions_of(env, number))
    return env


# The format and the checksum of a file do not depend on the environment.
@pytest.fixture
def env():
    return started("operant/CartPole-v1")


@st.composite
def damages(draw, saved):
    """Draw damaged bytes: some are altered, removed or added."""
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


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("saved_one", ONE_PER_CLASS, ids=id_of)
def test_the_core_of_another_environment_is_refused(saved_one, dtype):
    env = started(saved_one.id, dtype)
    saved = env._core.save()
    for registration in REGISTRATIONS:
        for other_dtype in ("float32", "float64"):
            for num_envs in (2, 3, 4) if registration.id == f"operant/{env.gymnasium_id}" else (3,):
                other = gym.make_vec(registration.id, **ARGUMENTS | {"num_envs": num_envs, "dtype": other_dtype})
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
    path.write_bytes(_saving.pack(_saving.describe(env), core.replace(b"operant 3", b"operant 2", 1)))
    with pytest.raises(ValueError, match="version"):
        envs.load(path)
    with pytest.raises(FileNotFoundError):
        envs.load(tmp_path / "nowhere")


def test_the_checksum_is_that_of_zlib(env, tmp_path):
    """A file can be checked without Operant."""
    env.save(tmp_path / "env")
    first_line, _, content = (tmp_path / "env").read_bytes().partition(b"\n")
    assert int(first_line.split()[-1], 16) == zlib.crc32(content)
    assert json.loads(content.partition(b"\n")[0])["arguments"]["num_envs"] == env.num_envs


def test_a_pickle_has_the_format_of_a_file(env, tmp_path):
    env.save(tmp_path / "env")
    saved = (tmp_path / "env").read_bytes()
    assert saved in pickle.dumps(env)
    pickled = pickle.dumps(env).replace(saved, saved[:-1] + bytes([saved[-1] ^ 1]))
    with pytest.raises(ValueError, match="its checksum is wrong"):
        pickle.loads(pickled)
