"""The choice of an instruction set."""

from __future__ import annotations

import os

import pytest
from interpreter import run_python

from operant import simd

pytestmark = [pytest.mark.emulated, pytest.mark.quick]

SHOW = "import operant; print(operant.simd.active)"


def run(code, **environment):
    clean = {name: value for name, value in os.environ.items() if name != "OPERANT_ARCH"}
    return run_python("-c", code, env=clean | environment)


def test_the_best_instruction_set_is_chosen():
    assert run(SHOW).stdout.strip() == simd.available[0]


@pytest.mark.parametrize("architecture", ["avx512bw", "avx2", "sse4.2", "neon"])
def test_each_instruction_set_can_be_forced(architecture):
    if architecture not in simd.available:
        pytest.skip(f"this processor has {', '.join(simd.available)} only")
    assert run(SHOW, OPERANT_ARCH=architecture).stdout.strip() == architecture


def test_a_wrong_name_lists_the_right_ones():
    failed = run(SHOW, OPERANT_ARCH="mmx")
    assert failed.returncode == 1
    assert "ImportError: OPERANT_ARCH: expected one of" in failed.stderr
    assert simd.available[0] in failed.stderr
    assert "got 'mmx'" in failed.stderr


@pytest.mark.parametrize("architecture", ["avx512bw", "avx2"])
def test_an_instruction_set_that_the_processor_lacks_is_an_import_error(architecture):
    if architecture in simd.available or "neon" in simd.available:
        pytest.skip("this processor has it, or is not an x86")
    failed = run(SHOW, OPERANT_ARCH=architecture)
    assert f"ImportError: OPERANT_ARCH: this processor does not support {architecture}" in failed.stderr
