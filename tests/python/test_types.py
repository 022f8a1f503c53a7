"""Type stubs and annotations."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import operant

ROOT = Path(__file__).parents[2]


def test_the_stubs_are_those_of_the_compiled_module(tmp_path):
    """`make stubs` writes them anew."""
    pytest.importorskip("nanobind")
    arguments = ["--quiet", "--exclude-values", "--module", "operant._core", "--output-dir", tmp_path]
    subprocess.run([sys.executable, "-m", "nanobind.stubgen", *arguments], check=True)
    expected = ast.dump(ast.parse((tmp_path / "_core.pyi").read_text()))
    assert ast.dump(ast.parse((ROOT / "python/operant/_core.pyi").read_text())) == expected


def test_users_get_the_types():
    package = Path(operant.__file__).parent
    assert (package / "py.typed").exists()
    assert (package / "_core.pyi").exists()


def test_mypy_knows_the_types_of_the_public_names(tmp_path):
    mypy = pytest.importorskip("mypy.api")
    code = tmp_path / "user.py"
    code.write_text(
        """
import operant
from operant.envs import CartPoleVecEnv
from operant.utils import Logger

env = CartPoleVecEnv(4, workers=2)
observations, rewards, terminations, truncations, infos = env.step([0, 1, 0, 1])
with Logger(csv_path="training.csv") as logger:
    logger.log(steps=4, reward=rewards.mean())
reveal_type(observations)
reveal_type(operant.get_include())
reveal_type(operant.envs.CartPoleVecEnv(4).get_logs())
Logger(csv_path=3)
"""
    )
    shown, _, _ = mypy.run(["--strict", "--cache-dir", str(tmp_path), str(code)])
    notes = [line.split(": ", 1)[1] for line in shown.splitlines() if "note: Revealed" in line]
    assert "float" in notes[0], shown
    assert "ndarray" in notes[0]
    assert 'type is "str"' in notes[1]
    assert 'dict[str, Any]"' in notes[2]
    errors = [line for line in shown.splitlines() if "error:" in line]
    assert len(errors) == 1, shown
    assert 'Argument "csv_path" to "Logger" has incompatible type "int"' in errors[0]
