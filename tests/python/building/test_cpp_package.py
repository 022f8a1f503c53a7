"""The C++ package that `cmake --install` and the wheel provide, and the examples that are built on it."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from conftest import UNOPTIMISED

import operant
from operant.building.build_directory import build_directory
from operant.building.compiler import ARCHITECTURES, EXACT_FLAGS

ROOT = Path(__file__).parents[3]
OPTIMISE_LITTLE = "-DCMAKE_CXX_FLAGS_RELEASE=-O1"  # the tests look at the output only
# Examples in one program, because the compiler spends most of its time on the headers and the engine; their arguments.
PASSED = "argc - 1, argv + 1"
PROGRAMS = {"controllers": PASSED, "double_integrator": "", "minimal": "", "simulator": PASSED}
INCLUDED = '#define main(...) {0}_returns; void {0}(__VA_ARGS__)\n#include "{0}.cpp"\n#undef main\n'
TOGETHER = (
    "".join(map(INCLUDED.format, PROGRAMS))
    + "#include <string_view>\nint main(int argc, char** argv) {\n"
    + "".join(f'if (argv[1] == std::string_view("{name}")) {name}({given});\n' for name, given in PROGRAMS.items())
    + "}\n"
)

# Kernels compile sooner if xsimd does not demand that they are inlined. `dispatch` makes so few steps that it need not
# be optimised.
QUICKER = f"""\
function(compile_quicker)
  add_executable(together together.cpp)
  target_link_libraries(together PRIVATE operant::operant)
  target_compile_options(together PRIVATE -march=native {" ".join(UNOPTIMISED[1:])})
  foreach(target double_integrators dispatch)
    target_compile_options(${{target}} PRIVATE -O0)
  endforeach()
endfunction()
cmake_language(DEFER CALL compile_quicker)
"""

pytestmark = pytest.mark.skipif(
    shutil.which("cmake") is None or shutil.which("g++") is None, reason="needs CMake and g++"
)


def run(*command, expect_success=True, **kwargs):
    done = subprocess.run(
        [str(argument) for argument in command], capture_output=True, text=True, encoding="utf-8", **kwargs
    )
    assert (done.returncode == 0) == expect_success, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def prefix(session_directory):
    """The directory into which `cmake --install` has put Operant, and which was moved afterwards."""
    moved = session_directory / "moved"
    with build_directory(session_directory, "install") as directory:
        if not moved.exists():
            run("cmake", "-S", ROOT, "-B", directory / "build", "-DOPERANT_TESTS=OFF", "-DOPERANT_BENCHMARKS=OFF")
            run("cmake", "--install", directory / "build", "--prefix", directory / "first")
            (directory / "first").rename(moved)
    return moved


@pytest.fixture(scope="module")
def examples(session_directory, prefix):
    """The examples, built once a session, outside of the source tree, against the installed package."""
    built = session_directory / "examples"
    with build_directory(session_directory, "examples-source") as directory:
        if not built.exists():
            shutil.copytree(ROOT / "examples", directory / "source")
            (directory / "source" / "together.cpp").write_text(TOGETHER)
            (directory / "quicker.cmake").write_text(QUICKER)
            included = f"-DCMAKE_PROJECT_INCLUDE={directory / 'quicker.cmake'}"
            arguments = (f"-DCMAKE_PREFIX_PATH={prefix}", OPTIMISE_LITTLE, included)
            run("cmake", "-S", directory / "source", "-B", directory / "build", *arguments)
            targets = ("together", "dispatch")
            run("cmake", "--build", directory / "build", "--parallel", "2", "--target", *targets)
            (directory / "build").rename(built)
    return built


def assert_is_the_first_step_of_gymnasium(text):
    env = gym.make("CartPole-v1")
    env.reset(seed=42)
    x, x_dot, *_ = env.step(1)[0]
    shown = re.fullmatch(r"cart 0 is at (\S+) m and moves at (\S+) m/s\n", text)
    assert [float(number) for number in shown.groups()] == pytest.approx([x, x_dot], rel=1e-5)


def test_minimal_example(examples):
    assert_is_the_first_step_of_gymnasium(run(examples / "together", "minimal"))


def test_simulator_example(examples):
    shown = run(examples / "together", "simulator", "1")
    assert run(examples / "together", "simulator", "3") == shown
    episodes, mean, lowest, highest = {}, {}, {}, {}
    for name, *numbers in (line.split() for line in shown.splitlines()[1:]):
        episodes[name], mean[name], lowest[name], highest[name] = map(float, numbers)
    assert list(mean) == ["CartPole", "MountainCar", "MountainCarContinuous", "Pendulum", "Acrobot"]
    assert episodes["Pendulum"] == 4096 * 4  # 1000 steps hold 4 times 200 and the step that starts anew
    assert 18 < mean["CartPole"] < 26  # random pushes last about 22 steps
    assert lowest["CartPole"] >= 8  # no pole falls sooner
    assert (mean["MountainCar"], lowest["MountainCar"]) == (-200, -200)  # chance does not climb the hill
    assert -16.2736044 * 200 < lowest["Pendulum"] < highest["Pendulum"] < 0  # Gymnasium's bound of one reward
    assert lowest["Acrobot"] == -500


def test_double_integrator_example(examples):
    start, end, episodes, mean_return = map(
        float, re.findall(r"[-\d.]+(?= m\n| episodes|\n)", run(examples / "together", "double_integrator"))
    )
    position = np.array([np.random.default_rng(7 + i).uniform(-2, 2) for i in range(1000)])
    velocity = np.zeros(1000)
    assert start == pytest.approx(np.abs(position).mean(), rel=1e-5)
    returns = np.zeros(1000)
    for _ in range(200):
        force = np.clip(-position - np.sqrt(2) * velocity, -2, 2)
        returns -= position**2 + force**2
        position += 0.05 * velocity + force * 0.05**2 / 2
        velocity += 0.05 * force
    assert end == pytest.approx(np.abs(position).mean(), rel=1e-3)
    assert mean_return == pytest.approx(returns.mean(), rel=1e-5)
    assert episodes == 1000


def gymnasium_returns(controller, episodes):
    """Returns and lengths of episodes of the continuous MountainCar, with the seeds 0, 1, 2 and so on."""
    env = gym.make("MountainCarContinuous-v0")
    returns, lengths = np.zeros(episodes), np.zeros(episodes)
    for episode in range(episodes):
        (observation, _), over = env.reset(seed=episode), False
        while not over:
            action = np.clip(controller(observation[1]), -1, 1)
            observation, reward, terminated, truncated, _ = env.step(np.array([action], np.float32))
            returns[episode] += reward
            lengths[episode] += 1
            over = terminated or truncated
    return returns, lengths


def test_controllers_example(examples):
    expected = [
        gymnasium_returns(controller, 50)
        for controller in (lambda velocity: -1 if velocity < 0 else 1, lambda velocity: 20 * velocity)
    ]
    _, *rows, verdict = run(examples / "together", "controllers", "50").splitlines()
    for row, (returns, lengths) in zip(rows, expected, strict=True):
        shown = [float(number) for number in row.split()[-4:]]
        assert shown == pytest.approx([returns.mean(), returns.min(), returns.max(), lengths.mean()], abs=0.02)
    better = (expected[0][0] < expected[1][0]).sum()
    assert verdict == f"The second one is better from {better} of 50 starts"

    shown = run(examples / "together", "controllers")
    assert run(examples / "together", "controllers", "100000", "3") == shown
    _, *rows, verdict = shown.splitlines()
    assert verdict.endswith(" of 100000 starts")
    for row, (returns, _) in zip(rows, expected, strict=True):
        mean, lowest, highest, _ = (float(number) for number in row.split()[-4:])
        assert mean == pytest.approx(returns.mean(), abs=5 * returns.std() / np.sqrt(50))
        assert lowest - 0.01 <= returns.min() <= returns.max() <= highest + 0.01


def test_dispatch_example(examples):
    returns = []
    for architecture in operant.simd.available:
        name, episodes, mean = re.fullmatch(
            r"(\S+): (\d+) episodes returned (\S+) on average\n", run(examples / "dispatch", architecture)
        ).groups()
        assert (name, episodes) == (architecture, "2726")
        returns.append(float(mean))
    assert returns == pytest.approx([returns[0]] * len(returns), rel=1e-5)
    assert run(examples / "dispatch").startswith(f"{operant.simd.available[0]}: ")
    assert "expected one of" in run(examples / "dispatch", "mmx", expect_success=False)


#: A small program that needs the include directories, the flags and the threads. It prints 42.
PROGRAM = """\
#include <iostream>
#include <thread>
#include <operant/environment.hpp>
#include <xsimd/xsimd.hpp>
#if !__has_include(<taskflow/taskflow.hpp>)
#error Taskflow is not on the include path
#endif

int main() { std::thread([] { std::cout << operant::Discrete<42>::n << '\\n'; }).join(); }
"""


def test_the_wheel_carries_the_package(tmp_path):
    (tmp_path / "program.cpp").write_text(PROGRAM)
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(program LANGUAGES CXX)\nfind_package(operant CONFIG REQUIRED)\n"
        "add_executable(program program.cpp)\ntarget_link_libraries(program PRIVATE operant::operant)\n"
    )
    built = tmp_path / "build"
    run("cmake", "-S", tmp_path, "-B", built, f"-Doperant_DIR={operant.get_cmake_dir()}")
    assert operant.get_include() in run("cmake", "--build", built, "--verbose")
    assert run(built / "program") == "42\n"
    carried = {
        path.relative_to(operant.get_include()) for path in Path(operant.get_include(), "operant").rglob("*.hpp")
    }
    assert carried == {path.relative_to(ROOT / "include") for path in (ROOT / "include" / "operant").rglob("*.hpp")}


@pytest.mark.skipif(shutil.which("pkg-config") is None, reason="needs pkg-config")
def test_pkg_config(prefix, tmp_path):
    path = {"PKG_CONFIG_PATH": str(prefix / "share" / "pkgconfig"), "PATH": str(Path(shutil.which("g++")).parent)}
    pkg_config = shutil.which("pkg-config")
    assert run(pkg_config, "--modversion", "operant", env=path).strip() == operant.__version__
    flags = run(pkg_config, "--cflags", "--libs", "operant", env=path).split()
    assert set(EXACT_FLAGS) <= set(flags)
    (tmp_path / "program.cpp").write_text(PROGRAM)
    run("g++", "-std=c++20", tmp_path / "program.cpp", "-o", tmp_path / "program", *flags)
    assert run(tmp_path / "program") == "42\n"


def compile_without_warnings(compiler, modes, program, architecture, target):
    """GCC's intrinsics and std::string warn where Operant's headers use them in certain ways."""
    flags = [*EXACT_FLAGS, *ARCHITECTURES[architecture].flags, f"-I{operant.get_include()}"]
    warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    source = ROOT / "examples" / f"{program}.cpp"
    run(compiler, "-std=c++20", *modes, *warnings, *flags, source, "-o", target, "-pthread")


COMPILERS = pytest.mark.parametrize("compiler", [name for name in ("g++", "g++-14", "clang++") if shutil.which(name)])


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="needs an x86-64 processor")
@COMPILERS
def test_an_optimised_program_has_no_warnings(compiler, tmp_path):
    """GCC finds some of these warnings when it optimises."""
    compile_without_warnings(compiler, ["-O2"], "minimal", "avx512bw", tmp_path / "minimal")


def test_headers_convert_no_numbers_implicitly(tmp_path):
    """Programs with -Wconversion include them. xsimd's own headers for AVX-512 have such warnings."""
    (tmp_path / "program.cpp").write_text("#include <operant/operant.hpp>\n")
    flags = [*EXACT_FLAGS, f"-I{operant.get_include()}", "-Wconversion", "-Werror", "-fsyntax-only"]
    run("g++", "-std=c++20", *flags, tmp_path / "program.cpp")


@COMPILERS
def test_lunar_lander_example(compiler, tmp_path):
    """It compiles without warnings, and Gymnasium's heuristic lands."""
    compile_without_warnings(compiler, UNOPTIMISED, "lunar_lander", operant.simd.active, tmp_path / "lander")
    shown = run(tmp_path / "lander", "8", "500")
    landed, ended = map(int, re.fullmatch(r"(\d+) of (\d+) episodes ended with a landing\n", shown).groups())
    assert landed > 0.8 * ended > 5


def test_only_programs_with_workers_include_taskflow(tmp_path):
    source = tmp_path / "program.cpp"
    compile = ("g++", "-std=c++20", *EXACT_FLAGS, f"-I{operant.get_include()}", source)
    source.write_text("#include <operant/cartpole.hpp>\n")
    assert "taskflow" not in run(*compile, "-M").lower()
    source.write_text("#include <operant/cartpole.hpp>\noperant::CartPoleVecEnv env(1024, {.workers = 2});\n")
    assert "workers` needs #include <operant/workers.hpp>" in run(*compile, "-fsyntax-only", expect_success=False)


def configure_with(tmp_path, prefix, *arguments, expect_success):
    shown = run(
        *("cmake", "-S", ROOT / "examples", "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={tmp_path};{prefix}"),
        *arguments,
        expect_success=expect_success,
    )
    return " ".join(shown.split())  # CMake breaks lines anywhere


@pytest.mark.parametrize(("package", "minimum"), [("xsimd", "13"), ("Taskflow", "3.9")])
def test_a_missing_dependency_is_named(package, minimum, prefix, tmp_path):
    shown = configure_with(tmp_path, prefix, f"-DCMAKE_DISABLE_FIND_PACKAGE_{package}=ON", expect_success=False)
    assert f"Operant needs {package} {minimum} or newer, but none is installed where CMake looks" in shown


@pytest.mark.parametrize(("version", "is_accepted"), [("12.1.1", False), ("14.0.0", True)])
def test_newer_major_versions_of_dependencies_are_accepted(version, is_accepted, prefix, tmp_path):
    package = tmp_path / "share" / "cmake" / "xsimd"
    package.mkdir(parents=True)
    (package / "xsimdConfig.cmake").write_text("add_library(xsimd INTERFACE IMPORTED)\n")
    (package / "xsimdConfigVersion.cmake").write_text(  # as SameMajorVersion, which xsimd and Taskflow have
        f"set(PACKAGE_VERSION {version})\n"
        f"if(NOT PACKAGE_FIND_VERSION OR PACKAGE_FIND_VERSION_MAJOR EQUAL {version.partition('.')[0]})\n"
        "  set(PACKAGE_VERSION_COMPATIBLE TRUE)\nendif()\n"
    )
    shown = configure_with(tmp_path, prefix, expect_success=is_accepted)
    assert is_accepted or f"Operant needs xsimd 13 or newer, but {package} has version {version}" in shown
