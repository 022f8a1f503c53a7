"""`bench/check.py`: what it prints and writes. Whether targets are reached is no test's business."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "bench" / "check.py"


def run(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True)


def check(tmp_path, pattern):
    """The rows that a short run writes."""
    file = tmp_path / "check.json"
    done = run("--only", pattern, "--rounds", "1", "--seconds", "0.002", "--json", str(file))
    assert done.returncode == 0, done.stderr
    rows = json.loads(file.read_text())["rows"]
    assert all(re.search(pattern, row["name"]) for row in rows)
    return rows


def test_rows_are_judged_by_their_medians(tmp_path):
    rows = check(tmp_path, "^N = |int64|import|one copy|MountainCar /")
    assert {row["name"]: (row["target"], row["at_most"]) for row in rows} == {
        "MountainCar / CartPole": (1.8, False),
        "step of one copy": (0.33, True),
        "N = 16 / N = 4096": (0.05, False),
        "N = 256 / N = 4096": (0.6, False),
        "N = 1048576 / N = 4096": (0.45, False),
        "int64 actions / int32": (0.92, False),
        "import operant after gymnasium": (40, True),
    }
    for row in rows:
        assert row["median"] > 0
        reached = row["median"] <= row["target"] if row["at_most"] else row["median"] >= row["target"]
        assert row["verdict"] == ("ok" if reached else "falls short")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_counts_what_a_copy_needs_at_least(tmp_path):
    (row,) = check(tmp_path, "memory")
    state, began, random, observations, rewards, flags = 4 * 4, 8, 32, 4 * 4, 4, 2
    assert row["median"] > state + began + random + 2 * (observations + rewards + flags)  # two sets of results


def test_instruction_sets_have_processes_of_their_own(tmp_path):
    (row,) = check(tmp_path, "^Acrobot: AVX2")
    if row["verdict"] == "not measured":
        assert "this processor does not have" in row["remark"]
    else:
        assert row["median"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "swimming"], "--only: no row's name matches 'swimming'"),
        (["--only", "("], "--only: expected a regular expression"),
        (["--rounds", "0"], "--rounds: expected a positive integer, got 0"),
        (["--json", "/no/such/directory/x.json"], "--json: expected a file in a directory that exists"),
    ],
)
def test_mistakes_are_explained(arguments, message):
    failed = run(*arguments)
    assert failed.returncode == 2
    assert message in failed.stderr
