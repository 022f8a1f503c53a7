"""The sign of zero: xsimd's unary minus loses it with AVX-512, so the library uses `operant::negate`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from interpreter import PYTHON
from test_load import pytestmark  # noqa: F401

import operant
from operant.building import compiler as _compiler, headers as _headers

UNARY_MINUS = "XSIMD_INLINE batch operator-() const noexcept;"


@pytest.fixture
def uses_of_unary_minus(tmp_path):
    """Return a function that compiles lines of C++ and returns the compiler's warnings of unary minus on batches."""
    compiler = _compiler.find_compiler()
    if compiler.is_msvc:
        pytest.skip("needs GCC or Clang")
    # xsimd's headers, in which unary minus is deprecated. The first declaration is that of real numbers.
    shutil.copytree(Path(operant.get_include()) / "xsimd", tmp_path / "xsimd")
    declared = tmp_path / "xsimd" / "types" / "xsimd_batch.hpp"
    text = declared.read_text()
    assert UNARY_MINUS in text
    declared.write_text(text.replace(UNARY_MINUS, f'[[deprecated("unary minus")]] {UNARY_MINUS}', 1))

    def compiled(source):
        (tmp_path / "source.cpp").write_text(source)
        flags = [one for one in compiler.flags(operant.simd.active) if one != "-shared"]
        command = [*compiler.command, *flags, f"-I{tmp_path}", f"-I{operant.get_include()}", "-fsyntax-only"]
        done = subprocess.run([*command, tmp_path / "source.cpp"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return [line for line in done.stderr.splitlines() if "unary minus" in line and "warning" in line]

    return compiled


def test_no_kernel_uses_unary_minus_on_batches(uses_of_unary_minus):
    rooms = Path(operant.get_include()) / "operant"
    headers = sorted((rooms / "environments").glob("*.hpp"))
    names = [name for header in headers for name in _headers.structs_in(header.read_text(), "name")]
    assert "::operant::Pendulum" in names
    includes = "".join(f"#include <operant/environments/{header.name}>\n" for header in headers)
    kernels = "".join(f"template struct operant::LibraryKernels<{name}, xsimd::default_arch>;\n" for name in names)
    networks = "template struct operant::LibraryNetworks<xsimd::default_arch>;\n"
    use = "auto opposite(xsimd::batch<float> x) { return -x; }\n"  # shows that a use is found
    (found,) = uses_of_unary_minus(f"#include <operant/library/table.hpp>\n{includes}{kernels}{networks}{use}")
    assert "source.cpp" in found


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("architecture", operant.simd.available)
def test_the_reward_of_a_pendulum_at_rest_is_minus_zero(architecture, dtype):
    # Gymnasium's reward is -costs.
    reference = gym.make("Pendulum-v1")
    reference.reset(seed=0, options={"x_init": 0.0, "y_init": 0.0})
    expected = reference.step(np.zeros(1, np.float32))[1]
    assert expected == 0
    assert np.signbit(expected)
    program = (
        "import numpy as np, operant\n"
        f"env = operant.envs.PendulumVecEnv(64, dtype={dtype!r})\n"
        "env.reset(seed=0, options={'x_init': 0.0, 'y_init': 0.0})\n"
        "rewards = env.step(np.zeros((64, 1), np.float32))[1]\n"
        "assert (rewards == 0).all() and np.signbit(rewards).all(), rewards\n"
    )
    subprocess.run([*PYTHON, "-c", program], check=True, env=os.environ | {"OPERANT_ARCH": architecture})
