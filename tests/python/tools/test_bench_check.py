"""`bench/check.py`: its output and files. The tests do not check that targets are reached on this machine."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from interpreter import refusal, run_python

import operant.envs

SCRIPT = Path(__file__).parents[3] / "bench" / "check.py"


def test_rows_are_judged_by_their_medians(tmp_path):
    file = tmp_path / "check.json"
    pattern = "^N = |int64|import|one env|MountainCar /|memory|^Acrobot: AVX2"
    done = run_python(SCRIPT, "--only", pattern, "--rounds", "1", "--seconds", "0.002", "--json", str(file))
    assert done.returncode == 0, done.stderr
    rows = json.loads(file.read_text())["rows"]
    assert {row["name"]: (row["target"], row["at_most"]) for row in rows} == {
        "MountainCar / CartPole": (1.8, False),
        "Acrobot: AVX2 / AVX-512": (0.55, False),
        "step of one env": (0.33, True),
        "N = 16 / N = 4096": (0.05, False),
        "N = 256 / N = 4096": (0.6, False),
        "N = 1048576 / N = 4096": (0.45, False),
        "int64 actions / int32": (0.92, False),
        "memory per env, N = 1048576": (250, True),
        "import operant after gymnasium": (40, True),
    }
    for row in rows:
        if row["verdict"] == "not measured":
            assert "this processor does not have" in row["remark"] or "/proc" in row["remark"]
            continue
        assert row["median"] > 0
        reached = row["median"] <= row["target"] if row["at_most"] else row["median"] >= row["target"]
        assert row["verdict"] == ("ok" if reached else "falls short")
        if row["name"].startswith("memory"):  # at least this much, with two sets of results
            state, began, random, observations, rewards, flags = 4 * 4, 8, 32, 4 * 4, 4, 2
            assert row["median"] > state + began + random + 2 * (observations + rewards + flags)


def test_workers_on_shared_cores(tmp_path):
    file = tmp_path / "check.json"
    pattern = "time, .* core: .*, 4096"
    done = run_python(SCRIPT, "--only", pattern, "--rounds", "2", "--seconds", "0.002", "--json", str(file))
    assert done.returncode == 0, done.stderr
    rows = json.loads(file.read_text())["rows"]
    assert [row["name"] for row in rows] == [f"time, {name} core: 2 workers / 1, 4096" for name in ("busy", "one")]
    for row in rows:
        assert (row["target"], row["at_most"]) == (1.05, True)
        if row["verdict"] == "not measured":
            assert "this system does not" in row["remark"] or "one core only" in row["remark"]
        else:
            assert len(row["rounds"]) == 2
            assert row["median"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "swimming"], "--only: no row's name matches 'swimming'"),
        (["--only", "("], "--only: expected a regular expression"),
        (["--rounds", "0"], "--rounds: expected a positive integer, got 0"),
    ],
)
def test_mistakes_are_explained(arguments, message):
    assert message in refusal(run_python(SCRIPT, *arguments))


def test_heuristics_act_alike_in_both_libraries(monkeypatch):
    """The walker whose gait is measured is Gymnasium's: it chooses the same actions."""
    bipedal_walker = pytest.importorskip("gymnasium.envs.box2d.bipedal_walker")
    monkeypatch.syspath_prepend(SCRIPT.parent)
    heuristics = importlib.import_module("heuristics")
    ours = heuristics.Acting(operant.envs.BipedalWalkerVecEnv(1), heuristics.gait, seconds=1e-9)
    theirs = heuristics.Acting(bipedal_walker.BipedalWalker(), heuristics.gait, seconds=1e-9)
    for _ in range(100):
        assert ours.step()[0].tolist() == theirs.step().tolist()
    for acting in (ours, theirs):
        assert acting.rate() > 0


@pytest.mark.skipif(not any(map(shutil.which, ("g++", "clang++"))), reason="needs g++ or clang++ on the PATH")
@pytest.mark.usefixtures("quick_compilations")
def test_the_plain_loops_make_the_same_steps(monkeypatch):
    """The loops with which the environments of examples/ are compared start and step as Operant does."""
    monkeypatch.syspath_prepend(SCRIPT.parent)
    plain_loops = importlib.import_module("plain_loops")
    for name in plain_loops.HEADERS:
        env = plain_loops.loaded(name)(100)
        loop = plain_loops.PlainLoop(name, env.single_action_space, 100)
        env.reset(seed=3)
        loop.reset(seed=3)
        env.action_space.seed(0)
        # Errors of float32 grow, and the two ways to compute a quadrotor differ in the last bits.
        steps, tolerance = (30, 1e-3) if name == "QuadrotorLidar" else (700, 0)
        received = 0
        for _ in range(steps):
            actions = env.action_space.sample()
            loop.step(actions)
            rewards = env.step(actions)[1]
            np.testing.assert_allclose(loop.rewards, rewards, rtol=tolerance, atol=0)
            received += np.count_nonzero(rewards)
        assert received > 0
