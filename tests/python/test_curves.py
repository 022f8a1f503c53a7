"""`bench/*_curves.py`: what they print, write and draw."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import gymnasium as gym

BENCH = Path(__file__).parents[2] / "bench"


def measured(script, tmp_path, *arguments):
    """What it prints, and what it writes."""
    file, plot = tmp_path / "curves.json", tmp_path / "curves.png"
    command = [sys.executable, BENCH / script, *arguments, "--json", file, "--plot", plot]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert plot.read_bytes().startswith(b"\x89PNG")
    return done.stdout, json.loads(file.read_text(encoding="utf-8"))


def test_rollout_curves(tmp_path):
    shown, written = measured(
        "rollout_curves.py", tmp_path, "--num-envs", "16,64", "--rounds", "2", "--seconds", "0.002"
    )
    results = written["results"]
    assert [one["num_envs"] for one in results] == [16] * 5 + [64] * 5
    assert len({one["contender"] for one in results}) == 5
    for one, line in zip(results, shown.splitlines(), strict=True):
        assert line.split(" copies, ")[0].strip() == str(one["num_envs"])
        assert one["contender"] in line
        lowest, highest = sorted(one["steps_per_second"]["rounds"])
        assert 0 < lowest <= one["steps_per_second"]["median"] <= highest


def test_learning_curves(tmp_path):
    shown, written = measured("learning_curves.py", tmp_path, "--env", "CartPole-v1", "--seeds", "2")
    assert shown.startswith("CartPole-v1 ")
    runs = written["results"]
    assert [run["seed"] for run in runs] == [0, 1]
    for run in runs:
        assert len(run["cpu_seconds"]) == len(run["returns"]) > 1
        assert run["cpu_seconds"] == sorted(run["cpu_seconds"])
        assert run["returns"][0] < run["returns"][-1] <= gym.spec("CartPole-v1").max_episode_steps
        assert run["gymnasium"] >= gym.spec("CartPole-v1").reward_threshold
