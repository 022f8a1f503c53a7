"""The examples in Python: their results hold in Gymnasium's own environments."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import compress
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from modules import module_at

EXAMPLES = Path(__file__).parents[3] / "examples"


def run(name, *arguments):
    command = [sys.executable, EXAMPLES / f"{name}.py", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout


def mean_return(gymnasium_id, policy, episodes=50):
    """The mean return of one episode in each env."""
    total = 0.0
    playing = [gym.make(gymnasium_id, disable_env_checker=True) for _ in range(episodes)]
    observations = [env.reset(seed=1000 + i)[0] for i, env in enumerate(playing)]
    while playing:
        actions = policy(np.stack(observations))
        results = [env.step(action) for env, action in zip(playing, actions, strict=True)]
        total += sum(reward for _, reward, *_ in results)
        going_on = [not (terminated or truncated) for _, _, terminated, truncated, _ in results]
        playing = list(compress(playing, going_on))
        observations = list(compress((observation for observation, *_ in results), going_on))
    return total / episodes


#: Members and envs per member with which these find a policy, too, and sooner than with the settings of the example.
SMALLER = {"Pendulum-v1": (512, 8), "MountainCar-v0": (512, 8), "LunarLander-v3": (128, 2)}


# Gymnasium's reward thresholds; and for Pendulum, which has none, an episode that gets to the top and stays there.
@pytest.mark.parametrize(
    ("gymnasium_id", "expected"),
    [
        ("CartPole-v1", 475),
        ("Pendulum-v1", -250),
        ("Acrobot-v1", -100),
        ("MountainCar-v0", -110),
        ("MountainCarContinuous-v0", 90),
        ("LunarLander-v3", 200),
    ],
)
def test_cem_finds_policies(gymnasium_id, expected):
    if gymnasium_id.startswith("LunarLander"):
        pytest.importorskip("Box2D")
    cem = module_at(EXAMPLES / "cem.py")
    shapes, *size, generations, extra = cem.SETTINGS[gymnasium_id]
    cem.SETTINGS[gymnasium_id] = (shapes, *SMALLER.get(gymnasium_id, size), generations, extra)
    policy, history = cem.train(gymnasium_id, 0)
    assert mean_return(gymnasium_id, policy) >= expected
    seconds, returns = zip(*history, strict=True)
    assert list(seconds) == sorted(seconds)
    assert returns[0] < returns[-1]


def test_cem_prints_the_return_in_gymnasium():
    shown = run("cem", "CartPole-v1", "--seed", "2")
    assert float(re.fullmatch(r"found in \S+ s of CPU time, returns (\S+) in Gymnasium\n", shown)[1]) >= 475


def test_mppi_swings_the_pendulum_up_and_keeps_it_there():
    mppi = module_at(EXAMPLES / "mppi.py")
    angles, seconds = mppi.swing_up(mppi.Planner(4096, 0))
    assert len(angles) == len(seconds) == gym.spec("Pendulum-v1").max_episode_steps
    assert np.abs(angles[0]) > 3  # it hung
    assert np.abs(angles[-100:]).max() < 0.05


def test_mppi_prints_when_it_was_upright():
    shown = run("mppi", "--num-envs", "256")
    step, steps, after = re.search(r"from step (\d+) of (\d+) on, after (\S+) s", shown).groups()
    assert int(step) < int(steps) == 200
    assert float(after) == pytest.approx(int(step) * gym.make("Pendulum-v1").unwrapped.dt)


@pytest.mark.parametrize("name", ["cem", "mppi"])
def test_help(name):
    assert run(name, "--help").startswith(f"usage: {name}.py")
