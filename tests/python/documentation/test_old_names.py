"""The code in the README of the original library still works."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import operant

NEW = {
    "PyCartPoleVecEnv": "from operant.envs import CartPoleVecEnv",
    "PyMountainCarVecEnv": "from operant.envs import MountainCarVecEnv",
    "PyPendulumVecEnv": "from operant.envs import PendulumVecEnv",
    "Logger": "from operant.utils import Logger",
}


@pytest.mark.parametrize(("name", "statement"), NEW.items())
def test_old_names_are_the_new_classes(name, statement):
    with pytest.warns(DeprecationWarning, match=f"operant.{name} is deprecated: {statement}") as warned:
        exec(compile(f"from operant import {name}", __file__, "exec"), old := {})
    assert {one.filename for one in warned} == {__file__}
    exec(statement, new := {})
    assert old[name] is new[statement.split()[-1]]


def test_the_new_names_do_not_warn():
    code = "; ".join([*NEW.values(), "from operant import *"])
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_there_are_no_other_names():
    with pytest.raises(AttributeError, match="module 'operant' has no attribute 'PyAcrobotVecEnv'"):
        operant.PyAcrobotVecEnv  # noqa: B018


@pytest.mark.parametrize(("name", "observation_size"), [("CartPole", 4), ("MountainCar", 2), ("Pendulum", 3)])
def test_the_loop_of_the_original_readme_still_works(name, observation_size, tmp_path):
    with pytest.warns(DeprecationWarning, match="is deprecated"):
        make = getattr(operant, f"Py{name}VecEnv")
    with pytest.warns(DeprecationWarning, match="is deprecated"):
        make_logger = operant.Logger
    for env in (make(64, 2), make(num_envs=64, workers=2)):
        assert env.num_envs == 64
        assert env.observation_size == observation_size
        observations, _ = env.reset(seed=42)
        assert observations.shape == (64, observation_size)
        with make_logger(csv_path=tmp_path / "training.csv", quiet=True) as logger:
            for _ in range(250):
                env.step(np.zeros(64, np.int32) if name != "Pendulum" else np.zeros(64, np.float32))
                logs = env.get_logs()
                logger.log(steps=64, reward=logs["mean_reward"], length=logs["mean_length"])
        assert set(logs) == {"episode_count", "total_reward", "total_steps", "mean_reward", "mean_length"}
        assert logs["episode_count"] > 0
        env.clear_logs()
        assert env.get_logs()["episode_count"] == 0
        env.close()
