"""A whole environment in a file."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from operant import envs


def test_a_loaded_environment_goes_on_bit_for_bit(make, draw, mode, tmp_path):
    for dtype in (np.float32, np.float64):
        env = make(20, dtype=dtype, autoreset_mode=mode, max_episode_steps=30, record_episode_statistics=True)
        env.reset(seed=1)
        for _ in range(25):
            result = env.step(draw(env))
            if mode is gym.vector.AutoresetMode.DISABLED and (result[2] | result[3]).any():
                env.reset(options={"reset_mask": result[2] | result[3]})
        env.save(tmp_path / "env")
        loaded = envs.load(tmp_path / "env", workers=2)
        assert type(loaded) is type(env)
        assert loaded.parameters == env.parameters
        assert loaded.get_logs() == env.get_logs()
        for _ in range(1 if mode is gym.vector.AutoresetMode.DISABLED else 4):
            actions = draw(env)
            for ours, theirs in zip(loaded.step(actions)[:4], env.step(actions)[:4], strict=True):
                np.testing.assert_array_equal(ours, theirs)
        assert loaded.get_logs() == env.get_logs()


def test_parameters_are_kept(tmp_path):
    env = envs.AcrobotVecEnv(2, AVAIL_TORQUE=[-3, 0, 2], book_or_nips="nips", LINK_MASS_1=2)
    env.save(tmp_path / "env")
    assert envs.load(tmp_path / "env").parameters == env.parameters


@pytest.mark.parametrize(
    "damage",
    [
        lambda saved: saved[:-1],
        lambda saved: saved + b"x",
        lambda saved: b"",
        lambda saved: saved[saved.index(b"\n") + 1 :],
        lambda saved: saved.replace(b"CartPoleVecEnv", b"CartPoleVecEnw"),
        lambda saved: saved.replace(b'"num_envs": 4', b'"num_envs": 5'),
        lambda saved: saved.replace(b'"tau": 0.02', b'"tau": -0.2'),
        lambda saved: saved.replace(b"operant2", b"operant1"),
    ],
    ids=["short", "long", "empty", "headless", "class", "size", "parameter", "version"],
)
def test_a_damaged_file_is_refused(tmp_path, damage):
    path = tmp_path / "env"
    env = envs.CartPoleVecEnv(4)
    env.reset(seed=0)
    env.save(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match="is not a saved environment"):
        envs.load(path)


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        envs.load(tmp_path / "nowhere")
