"""The example with evosax solves Gymnasium's environment, and EvoTorch's own problems take Operant's environments."""

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


@pytest.mark.parametrize("kind", ["GymNE", "VecGymNE"])
def test_evotorch_trains_on_single_and_vector_environments(kind):
    """Follows EvoTorch's documentation: a linear policy as text, normalised observations, PGPE."""
    evotorch = pytest.importorskip("evotorch.neuroevolution", reason="needs evotorch: pip install evotorch")
    import torch
    from evotorch.algorithms import PGPE

    torch.manual_seed(1)
    env_id = "operant:operant/CartPole-v1"
    env = env_id if kind == "GymNE" else lambda num_envs, **_: gym.make_vec(env_id, num_envs=num_envs)
    problem = getattr(evotorch, kind)(env, "Linear(obs_length, act_length)", observation_normalization=True)
    searcher = PGPE(
        problem,
        popsize=64,
        center_learning_rate=0.5,
        stdev_learning_rate=0.1,
        optimizer_config={"max_speed": 1.0},
        radius_init=2.0,
    )
    searcher.run(6)
    assert searcher.status["best_eval"] == 500
    assert searcher.status["mean_eval"] > 150  # a random policy's is about 22
