"""What other libraries warn of is theirs; Operant's own warnings are errors in tests/python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "python"))  # side_by_side.py


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "default")


@pytest.fixture(autouse=True)
def one_thread():
    """Networks this small are trained fastest, and always alike, by one thread."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


@pytest.fixture
def run_example(tmp_path):
    """Runs a script of examples/training as its reader would; returns the mean return that it prints last."""

    def run(name, *arguments):
        script = ROOT / "examples" / "training" / name
        done = subprocess.run(
            [sys.executable, script, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        print(done.stdout)
        return float(done.stdout.split()[-1])

    return run
