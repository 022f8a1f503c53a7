"""`operant.load` says that it compiles, where somebody sees it."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from conftest import needs_compiler

import operant
from operant.building import progress

ROOT = Path(__file__).parents[3]


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Notebook(io.StringIO):
    """ipykernel's standard error, which is not a terminal."""


Notebook.__module__ = "ipykernel.iostream"


class Broken(Terminal):
    def write(self, text):
        raise OSError("no space left on device")


@needs_compiler
def test_load_says_that_it_compiles(quick_flags, tmp_path, monkeypatch):
    monkeypatch.setenv("OPERANT_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("CXXFLAGS", quick_flags)
    monkeypatch.setattr(progress, "PATIENCE", 0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    header = ROOT / "examples" / "double_integrator.hpp"
    operant.load(header)
    first, _, rest = sys.stderr.getvalue().partition(" ... ")
    assert first == "operant: compiling double_integrator.hpp"
    assert float(rest.removesuffix(" s\n")) > 0
    sys.stderr = Terminal()
    operant.load(header)  # from the cache
    assert sys.stderr.getvalue() == ""


@pytest.mark.parametrize("console", [io.StringIO(), None])
def test_nothing_is_said_where_nobody_sees_it(console, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0)
    monkeypatch.setattr(sys, "stderr", console)
    threads = threading.active_count()
    with progress.shown_compilation("a.hpp"):
        assert threading.active_count() == threads
    assert console is None or console.getvalue() == ""


def test_nothing_is_said_of_a_short_compilation(monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 3600)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress.shown_compilation("a.hpp"):
        pass
    assert sys.stderr.getvalue() == ""


def test_a_console_that_fails_does_not_end_the_compilation(monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0)
    monkeypatch.setattr(sys, "stderr", Broken())
    with progress.shown_compilation("a.hpp"):
        time.sleep(0.05)


@pytest.mark.parametrize("console", [Terminal, Notebook])
def test_an_error_ends_the_line(console, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0)
    monkeypatch.setattr(sys, "stderr", console())

    def compile_wrongly():
        with progress.shown_compilation("a.hpp"):
            while not sys.stderr.getvalue():
                time.sleep(0.01)
            raise KeyError

    with pytest.raises(KeyError):
        compile_wrongly()
    assert re.fullmatch(r"operant: compiling a\.hpp \.\.\. \d+\.\d s\n", sys.stderr.getvalue())


@pytest.mark.skipif(shutil.which("cmake") is None, reason="needs CMake")
@pytest.mark.parametrize(
    ("given", "expected"),
    [("", "neon"), ("x86_64", "avx512bw;avx2;sse4_2"), ("arm64", "neon"), ("x86_64;arm64", None)],
)
def test_on_a_mac_the_target_chooses_the_instruction_sets(given, expected, tmp_path):
    """An arm64 Mac builds for the processor that CMAKE_OSX_ARCHITECTURES names."""
    script = tmp_path / "list.cmake"
    script.write_text(
        f'set(APPLE ON)\nset(CMAKE_SYSTEM_PROCESSOR arm64)\nset(CMAKE_OSX_ARCHITECTURES "{given}")\n'
        f'include("{ROOT.as_posix()}/cmake/architectures.cmake")\nmessage("${{operant_architectures}}")\n'
    )
    done = subprocess.run(["cmake", "-P", str(script)], capture_output=True, text=True)
    if expected is None:
        assert done.returncode != 0
        assert "expected CMAKE_OSX_ARCHITECTURES to be" in " ".join(done.stderr.split())
    else:
        assert done.stderr.strip() == expected
