"""The version is the same wherever it is written down, and Gymnasium's is new enough."""

from __future__ import annotations

import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
from interpreter import PYTHON

import operant
from operant import _gymnasium

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("pyproject.toml", r'^version = "(.*)"$'),
        ("CMakeLists.txt", r"^project\(operant VERSION (\S+) "),
        ("CITATION.cff", r'^version: "?([^"\n]*)"?$'),
    ],
)
def test_files_agree_with_the_package(file, pattern):
    assert re.findall(pattern, (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE) == [operant.__version__]


def test_the_installed_package_agrees():
    assert version("operant") == operant.__version__


def test_the_oldest_gymnasium_is_what_the_package_depends_on():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    oldest = ".".join(map(str, _gymnasium.OLDEST))
    assert re.findall(r'^dependencies = \["gymnasium>=([0-9.]+)"', text, re.MULTILINE) == [oldest]


def import_with(gymnasium_version):
    """Import Operant where that version of Gymnasium is installed; it has nothing in it."""
    code = f"""if True:
        import sys, types
        gymnasium = types.ModuleType("gymnasium")
        gymnasium.__version__ = {gymnasium_version!r}
        sys.modules["gymnasium"] = gymnasium
        import operant
    """
    return subprocess.run([*PYTHON, "-c", code], capture_output=True, text=True)


@pytest.mark.parametrize("old", ["0.29.1", "0.26.3", "1.0.0", "1.0.0a2"])
def test_an_old_gymnasium_is_an_import_error_that_says_what_to_do(old):
    result = import_with(old)
    assert result.returncode == 1
    error = result.stderr.splitlines()[-1]
    assert error.startswith(f"ImportError: Operant needs Gymnasium 1.1 or newer, and {old} is installed.")
    assert 'pip install --upgrade "gymnasium>=1.1"' in error


@pytest.mark.parametrize("new", ["1.1.0", "1.10", "2.0.0", "unknown"])
def test_a_new_gymnasium_is_not_refused_for_its_version(new):
    assert "Operant needs Gymnasium" not in import_with(new).stderr
