"""Settings for the tests with other libraries, whose warnings are not errors here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from operant.envs import LunarLanderVecEnv
from operant.policies import Random

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
def run_script(tmp_path):
    """Return a function that runs a script of the repository and returns the number that it prints last."""

    def run(path, *arguments):
        command = [sys.executable, ROOT / path, *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=1800)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        print(done.stdout)
        return float(done.stdout.split()[-1])

    return run


@pytest.fixture
def run_example(run_script):
    """Return a function that runs a script of examples/training and returns the number that it prints last."""
    return lambda name, *arguments: run_script(f"examples/training/{name}", *arguments)


@pytest.fixture
def assert_lander_is_learnt(run_script):
    """Return a function that trains with a library for a short while, and compares the policy with random actions."""

    def check(library, bound):
        episodes = 50  # as many as bench/libraries.py plays
        random = LunarLanderVecEnv(40 * episodes).evaluate(Random(), seed=1)
        assert random.returns.reshape(-1, episodes).mean(axis=1).max() < bound - 20
        assert run_script("bench/libraries.py", "--learn", library) >= bound

    return check
