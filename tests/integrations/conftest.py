"""Settings for the tests with other libraries, whose warnings are not errors here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "default")


@pytest.fixture(autouse=True)
def one_thread():
    """One thread trains such small networks fastest, and with the same results in every run."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


@pytest.fixture
def run_example(tmp_path):
    """Return a function that runs a script of examples/training and returns the number that it prints last."""

    def run(name, *arguments):
        script = ROOT / "examples" / "training" / name
        done = subprocess.run(
            [sys.executable, script, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=1800
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        print(done.stdout)
        return float(done.stdout.split()[-1])

    return run
