"""CleanRL's own PPO learns on Operant after the changes that docs/training.md lists."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import files
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


def changes():
    """Yield the changes in the page's block of `diff`: pairs of old and new lines."""
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```diff\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for hunk in re.findall(r"(?:^-.*\n)+(?:^\+.*\n)*", block, re.MULTILINE):
        lines = hunk.splitlines()
        yield tuple("\n".join(line[1:] for line in lines if line[0] == sign) for sign in "-+")


def run(directory, *arguments, more=()):
    """Run the script with the page's changes and further ones; return its output."""
    (script,) = (path for path in files("cleanrl") if str(path) == "cleanrl/ppo.py")
    code = script.read_text()
    for old, new in [*changes(), *more]:
        assert code.count(old) == 1, old
        code = code.replace(old, new)
    (directory / "ppo.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "ppo.py", "--cuda", "False", *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=600,
        env={"OMP_NUM_THREADS": "1", "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_changed_script_learns(tmp_path):
    output = run(tmp_path, "--num-envs", "16", "--total-timesteps", "100000", "--learning-rate", "0.001")
    returns = [float(one) for one in re.findall(r"episodic_return=([\d.]+)", output)]
    assert np.mean(returns[:20]) < 50
    assert np.mean(returns[-20:]) > 150


@pytest.mark.parametrize(("mode", "wrong"), [("NextStep", True), ("SameStep", False)])
def test_the_script_learns_from_restarts_in_mode_next_step(tmp_path, mode, wrong):
    """A script asks the environment for nothing that could warn. A step of CartPole has reward 1, and a restart 0."""
    end = "    envs.close()\n"
    more = [
        ('autoreset_mode="SameStep"', f'autoreset_mode="{mode}"'),
        (end, f"{end}    print('zeros and episodes:', int((rewards == 0).sum()), int(dones.sum()))\n"),
    ]
    output = run(tmp_path, "--num-envs", "16", "--total-timesteps", "2048", more=more)
    zeros, episodes = map(int, output.split()[-2:])
    assert episodes > 16
    assert zeros == (episodes if wrong else 0)


def test_the_lander_is_learnt(assert_lander_is_learnt):
    assert_lander_is_learnt("CleanRL", 0)
