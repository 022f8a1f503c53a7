"""The compiled module is built with what Linux distributions build theirs with."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from operant import _core

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads ELF files"),
    pytest.mark.skipif(shutil.which("readelf") is None, reason="needs readelf, of binutils"),
]


def readelf(option):
    return subprocess.run(
        ["readelf", "--wide", option, _core.__file__], capture_output=True, text=True, check=True
    ).stdout


def test_full_relro():
    assert "GNU_RELRO" in readelf("--program-headers")
    assert "BIND_NOW" in readelf("--dynamic")


def test_the_stack_is_not_executable():
    (stack,) = [line for line in readelf("--program-headers").splitlines() if "GNU_STACK" in line]
    assert " RWE " not in stack


def test_stack_protector():
    assert "__stack_chk_fail" in readelf("--dyn-syms")


def test_fortified_functions():
    assert "_chk@GLIBC" in readelf("--dyn-syms").replace("__stack_chk", "")
