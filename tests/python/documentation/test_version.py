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

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("pyproject.toml", r'^version = "(.*)"$'),
        ("CMakeLists.txt", r"^project\(operant VERSION (\S+) "),
        ("docs/cite.md", r"^  version = \{(.*)\},$"),
        ("CITATION.cff", r'^version: "?([^"\n]*)"?$'),
    ],
)
def test_files_agree_with_the_package(file, pattern):
    assert re.findall(pattern, (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE) == [operant.__version__]


def test_the_installed_package_agrees():
    assert version("operant") == operant.__version__


def test_the_oldest_gymnasium_is_that_of_the_dependencies():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    oldest = ".".join(map(str, _gymnasium.OLDEST))
    assert re.findall(r'^dependencies = \["gymnasium>=([0-9.]+)"', text, re.MULTILINE) == [oldest]


# Imports Operant with an empty Gymnasium of each version, and prints what that raises, a line each.
IMPORTS = """
import sys, types
for version in sys.argv[1:]:
    for name in [name for name in sys.modules if name.partition(".")[0] == "operant"]:
        del sys.modules[name]
    sys.modules["gymnasium"] = types.ModuleType("gymnasium")
    sys.modules["gymnasium"].__version__ = version
    try:
        import operant
        print()
    except Exception as error:
        print(type(error).__name__, *str(error).splitlines())
"""
OLD, NEW = ["0.29.1", "1.0.0a2", "1.1.0", "1.2", "1.2.0"], ["1.2.1", "1.3", "1.10", "2.0.0", "unknown"]


def test_an_old_gymnasium_is_an_import_error_with_advice():
    run = subprocess.run([*PYTHON, "-c", IMPORTS, *OLD, *NEW], capture_output=True, text=True, check=True)
    shown = run.stdout.splitlines()
    for old, line in zip(OLD, shown, strict=False):
        assert line.startswith(f"ImportError Operant needs Gymnasium 1.2.1 or newer, and {old} is installed.")
        assert 'pip install --upgrade "gymnasium>=1.2.1"' in line
    assert len(shown) == len(OLD + NEW)
    assert not any("Operant needs Gymnasium" in line for line in shown[len(OLD) :])
