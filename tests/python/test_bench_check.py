"""`bench/check.py`: what it prints and writes, but not whether targets are reached, as that depends on the machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "bench" / "check.py"


def run(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True)


def test_rows_are_judged_by_their_medians(tmp_path):
    file = tmp_path / "check.json"
    pattern = "^N = |int64|import|one copy|MountainCar /|memory|^Acrobot: AVX2"
    done = run("--only", pattern, "--rounds", "1", "--seconds", "0.002", "--json", str(file))
    assert done.returncode == 0, done.stderr
    rows = json.loads(file.read_text())["rows"]
    assert {row["name"]: (row["target"], row["at_most"]) for row in rows} == {
        "MountainCar / CartPole": (1.8, False),
        "Acrobot: AVX2 / AVX-512": (0.55, False),
        "step of one copy": (0.33, True),
        "N = 16 / N = 4096": (0.05, False),
        "N = 256 / N = 4096": (0.6, False),
        "N = 1048576 / N = 4096": (0.45, False),
        "int64 actions / int32": (0.92, False),
        "memory per copy, N = 1048576": (250, True),
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "swimming"], "--only: no row's name matches 'swimming'"),
        (["--only", "("], "--only: expected a regular expression"),
        (["--rounds", "0"], "--rounds: expected a positive integer, got 0"),
    ],
)
def test_mistakes_are_explained(arguments, message):
    failed = run(*arguments)
    assert failed.returncode == 2
    assert message in failed.stderr
