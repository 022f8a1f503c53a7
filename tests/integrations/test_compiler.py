"""`operant.load` on a machine without a compiler, where only the Python package `ziglang` is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
HEADER = ROOT / "examples" / "double_integrator.hpp"

# Positions and velocities after 50 steps with forces of numpy, from the library that is compiled.
STEPS = f"""
import numpy as np, operant
from operant.building.compiler import find_compiler
print(find_compiler().command[-3:])
env = operant.load({str(HEADER)!r})(7, dtype=np.float64)
env.reset(seed=3)
for t in range(50):
    env.step(np.random.default_rng(t).uniform(-1, 1, (7, 1)))
print(env.state.tolist())
"""


@pytest.fixture
def without_compilers(tmp_path):
    """Variables of a shell that finds no programs."""
    (tmp_path / "nothing").mkdir()
    variables = os.environ | {"PATH": str(tmp_path / "nothing"), "OPERANT_CACHE_DIR": str(tmp_path / "cache")}
    return {name: value for name, value in variables.items() if name not in ("CXX", "CXXFLAGS")}


def run(code, variables, status=0):
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    return done


def test_zig_compiles_what_the_equations_say(without_compilers):
    done = run(STEPS, without_compilers)
    command, states = map(eval, done.stdout.splitlines())
    assert command == ["-m", "ziglang", "c++"]
    starts = [np.random.Generator(np.random.PCG64(3 + i)).uniform(-2, 2) for i in range(7)]
    position, velocity = np.array(starts), np.zeros(7)
    for t in range(50):
        force = np.random.default_rng(t).uniform(-1, 1, (7, 1))[:, 0]
        position += 0.05 * (0.5 * 0.05 * force + velocity)
        velocity += 0.05 * force
    np.testing.assert_allclose(states, np.stack([position, velocity], 1), rtol=1e-13)
    again = run(STEPS.replace("find_compiler().command", "['-m', 'ziglang', 'c++']"), without_compilers)
    assert again.stdout == done.stdout


# Zig's C++ library is not the one of Operant, so an exception that left the library would end the process.
THROWN = """
import operant
fragile, _ = operant.load({!r})
def caught(call):
    try:
        call()
    except Exception as error:
        print(type(error).__name__, error)
caught(lambda: fragile(2, strength=21))
for workers in (1, 2):
    env = fragile(8192, workers=workers)
    env.reset(seed=0)
    env.step([0] * 8192)
    caught(lambda: env.step([1] * 8192))
"""


def test_exceptions_leave_what_zig_compiles(without_compilers):
    header = ROOT / "tests" / "python" / "helpers" / "fragile.hpp"
    done = run(THROWN.format(str(header)), without_compilers)
    failed = "RuntimeError env 0 failed in step 2 (thrown during a step or a reset; the environment is now closed)"
    assert done.stdout.splitlines() == ["ValueError strength: too much", failed, failed]


def test_zig_explains_mistakes(without_compilers, tmp_path):
    text = HEADER.read_text().replace("state.velocity}", "state.velocty}")
    (tmp_path / "wrong.hpp").write_text(text)
    done = run(f"import operant; operant.load({str(tmp_path / 'wrong.hpp')!r})", without_compilers, status=1)
    line = text[: text.index("velocty")].count("\n") + 1
    assert f"CompileError: {tmp_path / 'wrong.hpp'}:{line}:" in done.stderr
