"""The version is the same wherever it is written down."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest

import operant

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
