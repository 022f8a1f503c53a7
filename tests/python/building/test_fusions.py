"""The compiler fuses a multiplication and an addition only where the source asks for it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from test_load import pytestmark  # noqa: F401

import operant
from operant.building import compiler as _compiler

ROOT = Path(__file__).parents[3]

# For a processor with FMA, GCC 12 fuses the products of this rotation, with -O2 -ffp-contract=off, too.
ROTATION = """\
#pragma once
#include <operant/environment.hpp>

struct Rotation : operant::Environment {
    static constexpr std::string_view name = "Rotation";
    static constexpr std::int32_t max_episode_steps = 1000;
    using ActionSpace = operant::Discrete<2>;
    struct State {
        double x, y;
        OPERANT_MEMBERS(x, y)
    };
    struct Parameters {
        double cosine = 0.6, sine = 0.8;
        OPERANT_PARAMETERS((cosine, operant::Sign::any), (sine, operant::Sign::any))
    };
    struct ResetBounds {
        double high = 1;
        OPERANT_MEMBERS(high)
    };
    static operant::Box<2> observation_space(const Parameters&) { return operant::Box<2>::unbounded(); }
    static State reset(const Parameters&, const ResetBounds& bounds, operant::Pcg64& random) {
        const double x = random.uniform(0, bounds.high);
        return {x, random.uniform(0, bounds.high)};
    }
    static std::array<double, 2> observation(const Parameters&, const State& s) { return {s.x, s.y}; }
    static operant::Outcome<double> step(const Parameters& p, State& s, std::int64_t) {
        const double x = s.x, y = s.y;
        s.x = p.cosine * x - p.sine * y;
        s.y = p.sine * x + p.cosine * y;
        return {0.0, false};
    }
};
"""


def check(*arguments):
    """Run the check on compiled files; return its report and its errors."""
    if shutil.which("objdump") is None:
        pytest.skip("needs objdump")
    command = [sys.executable, ROOT / "tests" / "cpp" / "check_fusions.py", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr == "") in ((0, True), (1, False)), done.stderr
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def rotation(tmp_path_factory):
    """The class of the rotation, compiled with the names of its lines, and its library."""
    place = tmp_path_factory.mktemp("rotation")
    (place / "rotation.hpp").write_text(ROTATION)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPERANT_CACHE_DIR", str(place / "cache"))
        patch.setenv("CXXFLAGS", "-g1")
        loaded = operant.load(place / "rotation.hpp")
    (library,) = (place / "cache").rglob("rotation*.so")
    return loaded, library


def test_loaded_environments_round_every_operation(rotation):
    env = rotation[0](64)
    env.reset(seed=0)
    x, y = env.state.T
    for _ in range(100):
        env.step(np.zeros(64, np.int64))
        x, y = 0.6 * x - 0.8 * y, 0.8 * x + 0.6 * y
        assert np.array_equal(env.state, np.stack([x, y], axis=1))


def test_loaded_libraries_fuse_where_the_source_asks_for_it(rotation):
    report, errors = check(rotation[1])
    assert "0 of them not asked for" in report, errors


def test_the_module_has_no_fusion_that_the_source_does_not_ask_for():
    report, errors = check("--without-lines", operant._core.__file__)
    assert "0 of them not asked for" in report, errors
    if operant.simd.available[0] != "neon":
        assert int(re.search(r": (\d+) fused", report)[1]) > 1000  # fusions in float, which the source asks for


@pytest.mark.parametrize("flag", ["-ffp-contract=fast", "-ftree-vectorize"])
def test_the_check_finds_fusions(flag, tmp_path):
    compiler = _compiler.find_compiler()
    if "Free Software Foundation" not in compiler.version or "avx2" not in _compiler.ARCHITECTURES:
        pytest.skip("needs GCC")
    (tmp_path / "rotation.cpp").write_text(
        "void turn(double c, double s, double* p) {\n"
        "    const double x = p[0], y = p[1];\n"
        "    p[0] = c * x - s * y;\n    p[1] = s * x + c * y;\n}\n"
    )
    flags = [one for one in compiler.flags("avx2") if one != "-shared"]
    objects = {}
    for name, more in (("kept", []), ("broken", [flag])):
        objects[name] = tmp_path / f"{name}.o"
        command = [*compiler.command, *flags, "-g1", *more, "-c", "rotation.cpp", "-o", objects[name]]
        subprocess.run(command, cwd=tmp_path, check=True, env=os.environ | {"LC_ALL": "C"})
    assert check(objects["kept"]) == ("kept.o: 0 fused instructions, 0 of them not asked for\n", "")
    disassembled = subprocess.run(
        ["objdump", "-d", objects["broken"]], check=True, capture_output=True, text=True
    ).stdout
    if flag == "-ftree-vectorize" and "vfm" not in disassembled:
        pytest.skip("this compiler does not fuse when it vectorises: GCC 12 does")
    _, errors = check(objects["broken"])
    assert "rotation.cpp:" in errors
    if flag == "-ftree-vectorize":
        assert "vfmaddsub" in check("--without-lines", objects["broken"])[1]


def test_instructions_for_users_have_the_flags():
    for page in ("README.md", "examples/minimal.cpp"):
        (line,) = re.findall(r"g\+\+ -std=c\+\+20 .*", (ROOT / page).read_text())
        assert set(_compiler.EXACT_FLAGS) <= set(line.split()), page
