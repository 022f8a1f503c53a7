"""Environments in Python: compiled code equals plain Python bit for bit."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[3] / "examples/in_python"
NAMES = {"cartpole": "CartPole", "snake": "Snake", "inventory": "Inventory", "pendulum": "Pendulum"}


def example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, NAMES[name])


@pytest.mark.parametrize("name", NAMES)
def test_compiled_runs_equal_plain_python(name, mode, tmp_path, monkeypatch):
    pytest.importorskip("numba", reason="Numba has no wheels for this Python")
    monkeypatch.setenv("OPERANT_CACHE_DIR", str(tmp_path))
    made = example(name)
    envs = [one(9, autoreset_mode=mode, max_episode_steps=12) for one in (made, made.plain)]
    seen = [env.reset(seed=3)[0] for env in envs]
    np.testing.assert_array_equal(*seen)
    actions = envs[0].action_space
    actions.seed(1)
    for _ in range(40):
        action = actions.sample()
        steps = [env.step(action) for env in envs]
        for ours, theirs in zip(*(step[:4] for step in steps), strict=True):
            np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(envs[0].state, envs[1].state)
        ended = steps[0][2] | steps[0][3]
        if envs[0].metadata["autoreset_mode"].value == "Disabled" and ended.any():
            for env in envs:
                env.reset(options={"reset_mask": ended})
