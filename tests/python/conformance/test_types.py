"""Type stubs and annotations."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import operant
from operant import envs
from operant.registration import ENVIRONMENTS

ROOT = Path(__file__).parents[3]


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


USER = """\
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


def test_mypy_knows_public_names_and_every_parameter(tmp_path):
    """One run of mypy serves both checks, because the libraries take most of its time. Numbers may be arrays.

    `make lint` has kept what mypy found out about the libraries, which counts with the same options, strict ones.
    """
    mypy = pytest.importorskip("mypy.api")
    lines = ["import numpy as np", "from gymnasium.vector import AutoresetMode", "from operant import envs"]
    for name in ENVIRONMENTS:
        env_class = getattr(envs, f"{name}VecEnv")
        for key, value in env_class(1).parameters.items():
            lines.append(f"envs.{name}VecEnv(2, {key}={list(value) if isinstance(value, tuple) else value!r})")
            if env_class._known[key].kind == "number":
                lines += [f"envs.{name}VecEnv(2, {key}={given})" for given in ("np.ones(2)", "np.float32(1)", "[1, 2]")]
        common = "max_episode_steps=-1, dtype=np.float64, record_episode_statistics=True, render_mode=None"
        lines.append(f"envs.{name}VecEnv(2, 1, {common}, autoreset_mode=AutoresetMode.DISABLED)")
        lines.append(f'envs.{name}VecEnv(2, workers=2, dtype="float64", autoreset_mode="SameStep")')
    right = len(lines)
    for name in ENVIRONMENTS:
        wrong = ["gravitty=3", 'autoreset_mode="same_step"', "max_episode_steps=1.5", 'success_rate="high"', "1, 1"]
        lines += [f"envs.{name}VecEnv(2, {arguments})" for arguments in wrong]
    user, parameters = tmp_path / "user.py", tmp_path / "parameters.py"
    user.write_text(USER)
    parameters.write_text("\n".join(lines))
    if (ROOT / ".mypy_cache").exists():
        shutil.copytree(ROOT / ".mypy_cache", tmp_path / "cache")
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path / "cache")]
    shown, _, _ = mypy.run([*options, str(user), str(parameters)])
    notes = [line.split(": ", 1)[1] for line in shown.splitlines() if "note: Revealed" in line]
    assert "float" in notes[0], shown
    assert "ndarray" in notes[0]
    assert 'type is "str"' in notes[1]
    assert 'dict[str, Any]"' in notes[2]
    (error,) = re.findall(r"user\.py:\d+: error: (.*)", shown)
    assert 'Argument "csv_path" to "Logger" has incompatible type "int"' in error
    # Mypy reports misspelled names and wrong choices; a line twice if it refuses two arguments.
    refused = {int(found) for found in re.findall(r"^.*parameters\.py:(\d+): error: ", shown, re.MULTILINE)}
    assert refused == set(range(right + 1, len(lines) + 1)), shown
