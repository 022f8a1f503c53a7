"""The policy of the example with evosax solves Gymnasium's environment."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

pytest.importorskip("evosax", reason="needs evosax: pip install evosax")

EXAMPLE = Path(__file__).parents[2] / "examples" / "evolution_strategy.py"


def test_the_example_with_evosax_solves_acrobot(capsys):
    spec = importlib.util.spec_from_file_location("evolution_strategy", EXAMPLE)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    policy = example.train(40, 0)

    env = gym.make_vec("Acrobot-v1", 100, vectorization_mode="sync")
    observations, _ = env.reset(seed=1000)
    returns, playing = np.zeros(100), np.ones(100, bool)
    while playing.any():
        observations, rewards, terminations, truncations, _ = env.step(policy(observations))
        returns += rewards * playing
        playing &= ~(terminations | truncations)
    assert returns.mean() > -100  # where Gymnasium calls it solved
    assert len(capsys.readouterr().out.splitlines()) == 4
