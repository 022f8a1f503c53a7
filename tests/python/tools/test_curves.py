"""`bench/*_curves.py`: their output, files and pictures."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import gymnasium as gym
import pytest

BENCH = Path(__file__).parents[3] / "bench"


@pytest.fixture
def measured(tmp_path, monkeypatch, capsys):
    """Return a function that runs a script and returns the text that it prints, and the results that it writes."""

    def measured(script, *arguments):
        file, plot = tmp_path / "curves.json", tmp_path / "curves.png"
        monkeypatch.syspath_prepend(BENCH)
        monkeypatch.setattr(sys, "argv", [script, *arguments, "--json", str(file), "--plot", str(plot)])
        importlib.import_module(script).main()
        assert plot.read_bytes().startswith(b"\x89PNG")
        return capsys.readouterr().out, json.loads(file.read_text(encoding="utf-8"))["results"]

    return measured


def test_rollout_curves(measured):
    shown, results = measured("rollout_curves", "--num-envs", "16,64", "--rounds", "2", "--seconds", "0.002")
    assert [one["num_envs"] for one in results] == [16] * 5 + [64] * 5
    assert len({one["contender"] for one in results}) == 5
    for one, line in zip(results, shown.splitlines(), strict=True):
        assert line.split()[0] == str(one["num_envs"])
        assert one["contender"] in line
        lowest, highest = sorted(one["steps_per_second"]["rounds"])
        assert 0 < lowest <= one["steps_per_second"]["median"] <= highest


def test_learning_curves(measured):
    shown, (run,) = measured("learning_curves", "--env", "CartPole-v1", "--seeds", "1")
    assert shown.startswith("CartPole-v1 ")
    assert run["seed"] == 0
    assert len(run["cpu_seconds"]) == len(run["returns"]) > 1
    assert run["cpu_seconds"] == sorted(run["cpu_seconds"])
    assert run["returns"][0] < run["returns"][-1] <= gym.spec("CartPole-v1").max_episode_steps
    assert run["gymnasium"] >= gym.spec("CartPole-v1").reward_threshold
