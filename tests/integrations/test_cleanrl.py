"""CleanRL's own PPO learns on Operant once the lines are changed that docs/training.md names."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import files
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]


def changes():
    """The page's changes: lines of a block of `diff`, an old line or several and then the new one or several."""
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```diff\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for hunk in re.findall(r"(?:^-.*\n)+(?:^\+.*\n)*", block, re.MULTILINE):
        lines = hunk.splitlines()
        yield tuple("\n".join(line[1:] for line in lines if line[0] == sign) for sign in "-+")


def test_the_changed_script_learns(tmp_path):
    (script,) = (path for path in files("cleanrl") if str(path) == "cleanrl/ppo.py")
    code = script.read_text()
    for old, new in changes():
        assert code.count(old) == 1, old
        code = code.replace(old, new)
    (tmp_path / "ppo.py").write_text(code)
    arguments = ["--num-envs", "16", "--total-timesteps", "100000", "--learning-rate", "0.001", "--cuda", "False"]
    done = subprocess.run(
        [sys.executable, "ppo.py", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        env={"OMP_NUM_THREADS": "1", "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    returns = [float(one) for one in re.findall(r"episodic_return=([\d.]+)", done.stdout)]
    assert np.mean(returns[:20]) < 50
    assert np.mean(returns[-20:]) > 150
