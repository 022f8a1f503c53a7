"""What the README shows works."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def snippets(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("code", snippets("python"))
def test_python_snippets_run(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})


@pytest.mark.parametrize("code", snippets("cpp"))
def test_cpp_snippets_compile_and_run(code, tmp_path):
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("no g++")
    source = tmp_path / "main.cpp"
    source.write_text(code)
    subprocess.run(
        [compiler, "-std=c++20", "-O2", f"-I{ROOT / 'include'}", source, "-o", tmp_path / "main"], check=True
    )
    subprocess.run([tmp_path / "main"], check=True)


def test_there_is_something_to_run():
    assert snippets("python")
    assert snippets("cpp")
