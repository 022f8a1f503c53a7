"""Environments from headers that are compiled when they are loaded."""

from __future__ import annotations

import os
import pickle
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from conftest import needs_compiler
from headers import WALK, changed, line_of

import operant
from operant.building import compiler as _compiler, headers as _headers, libraries as _libraries
from operant.envs import SimdVectorEnv
from operant.envs.single import single_env

ROOT = Path(__file__).parents[3]
HEADER = ROOT / "examples" / "double_integrator.hpp"

pytestmark = needs_compiler

# The parts of a batch tier that examples/double_integrator.hpp does not have.
BOTH = """\
#pragma once
#include "walk.hpp"
#include "double_integrator.hpp"

namespace rails {
struct Steep : DoubleIntegrator {
    static constexpr std::string_view name = "Steep";
    template <class Batch>
    class Dynamics {
    public:
        operant::Outcome<Batch> step(State<Batch>& state, const operant::Input<Steep, Batch>& input) const {
            state.velocity += Batch(1) + input.action;
            return {state.velocity, state.velocity > Batch(100)};
        }
        static std::array<Batch, 2> observation(const State<Batch>& state) { return {state.position, state.velocity}; }
    };
};
}  // namespace rails
"""


@pytest.fixture(scope="module", autouse=True)
def cache(shared_cache):
    """The session's cache directory, for subprocesses too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPERANT_CACHE_DIR", str(shared_cache))
        patch.delenv("CXX", raising=False)
        yield shared_cache


@pytest.fixture(scope="module")
def env_class(cache):
    """The class of the double integrator, in this module, where pickles find it."""
    global DoubleIntegratorVecEnv
    DoubleIntegratorVecEnv = operant.load(HEADER)
    return DoubleIntegratorVecEnv


@pytest.fixture(scope="module")
def registered(env_class):
    """Its id."""
    operant.register("tests/DoubleIntegrator-v0", env_class, reward_threshold=-40.0)
    return "tests/DoubleIntegrator-v0"


@pytest.fixture
def walk(tmp_path, quick_flags, monkeypatch):
    """A header to change, and flags with which it compiles in little time."""
    monkeypatch.setenv("CXXFLAGS", quick_flags)
    header = tmp_path / "walk.hpp"
    header.write_text(WALK)
    return header


def run(code, **environment):
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_class_has_names_and_a_docstring(env_class):
    assert issubclass(env_class, SimdVectorEnv)
    assert (env_class.__name__, env_class.__module__) == ("DoubleIntegratorVecEnv", __name__)
    assert repr(env_class(3)) == "DoubleIntegratorVecEnv(num_envs=3)"
    assert "`position`, `velocity`" in env_class.__doc__
    assert "| `dt` | 0.05 | time between two steps, s; more than 0 |" in env_class.__doc__
    assert "`low` (-2), `high` (2)" in env_class.__doc__


FRAME = """\
#pragma once
#include <operant/environment.hpp>

struct Frame : operant::Environment {
    static constexpr std::string_view name = "Frame";
    static constexpr std::int32_t max_episode_steps = 30;
    using ActionSpace = operant::Box<40>;
    struct State {
        std::array<std::int64_t, 300> cells;
        OPERANT_MEMBERS(cells)
    };
    struct Parameters {
        std::array<double, 500> heights{1, 2};
        OPERANT_PARAMETERS((heights, operant::Sign::any))
    };
    static operant::Box<40> action_space(const Parameters&) {
        operant::Box<40> box{};
        for (int i = 0; i < 40; ++i) box.high[i] = float(i);
        return box;
    }
    static operant::Box<21168> observation_space(const Parameters&) {
        operant::Box<21168> box{};
        for (float& high : box.high) high = 255;
        return box;
    }
    static State reset(const Parameters&, operant::Pcg64&) { return {}; }
    static std::array<float, 21168> observation(const Parameters&, const State&) { return {}; }
    static operant::Outcome<double> step(const Parameters&, State&, const std::array<float, 40>&) { return {0, false}; }
};
"""


def test_the_docstring_of_a_large_environment_is_short(tmp_path, quick_flags, monkeypatch):
    monkeypatch.setenv("CXXFLAGS", quick_flags)
    (tmp_path / "frame.hpp").write_text(FRAME)
    documentation = operant.load(tmp_path / "frame.hpp").__doc__
    assert len(documentation) < 3000
    assert "`Box`, shape `(21168,)`, float32, each within [0, 255], one for each env." in documentation
    assert "`Box`, shape `(40,)`, float32, within [0, 0], [0, 1], [0, 2]," in documentation
    assert "(40 in all), one for each env." in documentation
    assert "(300 in all)." in documentation
    assert "| `heights` | (1.0, 2.0, 0.0, " in documentation
    assert "(500 in all)) |" in documentation


def test_gymnasium_makes_it(registered, env_class):
    vector = gym.make_vec(registered, num_envs=3, max_force=2.0)
    assert (type(vector), vector.spec.reward_threshold) == (env_class, -40.0)
    assert pickle.loads(pickle.dumps(vector)).spec == vector.spec
    single = gym.make(registered, max_force=2.0)
    assert (type(single.unwrapped).__name__, single.spec.max_episode_steps) == ("DoubleIntegratorEnv", 200)
    np.testing.assert_array_equal(vector.reset(seed=4)[0][0], single.reset(seed=4)[0])
    other = pickle.loads(pickle.dumps(single.unwrapped))
    np.testing.assert_array_equal(other.step(1.5)[0], single.step(1.5)[0])
    synchronous = gym.make_vec(registered, num_envs=2, vectorization_mode="sync")
    np.testing.assert_array_equal(synchronous.reset(seed=4)[0], vector.reset(seed=4)[0][:2])


def test_only_classes_of_environments_are_registered():
    with pytest.raises(TypeError, match=r"env_class: expected a class such as operant\.load returns, got <"):
        operant.register("tests/Other-v0", int)


def test_a_class_that_draws_can_be_rendered(env_class):
    for make in (partial(env_class, 2), single_env(env_class)):
        with pytest.raises(
            TypeError, match=r"render_mode: expected None, as this class has no method draw\(state, action"
        ):
            make(render_mode="rgb_array")

    class Drawn(env_class):
        def draw(self, state, action):
            return np.full((2, 3, 3), 0 if action is None else 100 * action[0], np.uint8)

    env = Drawn(2, render_mode="rgb_array")
    env.reset(seed=0)
    assert [frame.max() for frame in env.render()] == [0, 0]
    env.step([[1.0], [2.0]])
    assert [frame.max() for frame in env.render()] == [100, 200]


def test_a_class_that_draws_has_a_window(env_class, monkeypatch):
    pygame = pytest.importorskip("pygame")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pictures = [np.full((20, 30, 3), brightness, np.uint8) for brightness in (10, 20, 30)]
    pictures[0][5, 7] = 255, 0, 128

    class Drawn(env_class):
        def draw(self, state, action):
            return shown[-1]

    shown = [pictures[0]]
    env = Drawn(1, render_mode="human")
    env.reset(seed=0)
    for picture in (pictures[0], *pictures[1:]):
        shown.append(picture)
        env.step(np.zeros((1, 1), np.float32))
        window = pygame.surfarray.array3d(pygame.display.get_surface())
        assert np.array_equal(window, picture.transpose(1, 0, 2))
    assert env.render() is None
    env.close()
    assert not pygame.display.get_init()


def test_nothing_is_compiled_twice(env_class, monkeypatch, tmp_path):
    monkeypatch.setattr(_compiler.Compiler, "compile", None)
    again = operant.load(HEADER)
    moved = operant.load(shutil.copy(HEADER, tmp_path))  # it is the content that counts
    assert again(1).reset(seed=1)[0].tobytes() == moved(1).reset(seed=1)[0].tobytes()


def test_a_header_may_have_several_environments(tmp_path, walk):
    shutil.copy(HEADER, tmp_path)
    both = tmp_path / "both.hpp"
    both.write_text(BOTH)
    walk_class, steep_class = operant.load(both, environments=["Walk", "rails::Steep"])
    assert (walk_class.__name__, steep_class.__name__) == ("WalkVecEnv", "SteepVecEnv")
    env = steep_class(4)
    env.reset(seed=0)
    assert env.step(np.ones((4, 1)))[1].tolist() == [2, 2, 2, 2]
    assert env.single_action_space == gym.spaces.Box(-1, 1, (1,))
    env = walk_class(4, stride=np.array([9, 10, 10, 11]))
    env.reset(seed=0)
    assert env.step([0, 1, 0, 1])[2].tolist() == [False, True, False, True]


@pytest.mark.quick
def test_the_first_error_is_shown_with_its_line(walk):
    walk.write_text(WALK.replace("s.place += action", "s.place += actoin"))
    with pytest.raises(operant.CompileError) as raised:
        operant.load(walk)
    line = line_of(WALK, "s.place += action")
    first, *more = str(raised.value).splitlines()
    assert first.startswith(f"{walk}:{line}:")
    assert "actoin" in first
    assert any("s.place += actoin" in line for line in more)
    assert len(more) < 5
    assert raised.value.output


def test_a_header_without_environments_is_refused(walk):
    walk.write_text(WALK.replace("std::string_view name", "std::string_view title"))
    with pytest.raises(operant.CompileError, match="needs `static constexpr std::string_view name`"):
        operant.load(walk)
    with pytest.raises(
        operant.CompileError, match="Walk: an environment needs a public `static constexpr std::string_view name`"
    ):
        operant.load(walk, environments=["Walk"])


def test_a_missing_compiler_is_explained(walk, monkeypatch, tmp_path):
    walk.write_text(WALK + "// not in the cache\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(_compiler, "find_spec", lambda name: None)  # as if there was no package ziglang
    with pytest.raises(
        operant.CompileError,
        match=r"needs a C\+\+20 compiler, and none of .* is on the PATH: pip install ziglang, .*, or name a",
    ):
        operant.load(walk)
    monkeypatch.setenv("CXX", "no-such-compiler -O3")
    with pytest.raises(
        operant.CompileError,
        match="CXX names the C\\+\\+ compiler 'no-such-compiler -O3', which does not exist: correct CXX",
    ):
        operant.load(walk)


def test_the_package_ziglang_is_the_last_compiler(walk, monkeypatch, tmp_path):
    """Of the commands that load would call; test_ziglang.py compiles with it."""
    first = _compiler.find_compiler().command
    assert first[0] == shutil.which("c++")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(_compiler, "find_spec", lambda name: name)
    monkeypatch.setattr(
        _compiler, "_run", lambda command: subprocess.CompletedProcess(command, 0, f"version of {command[-2:]}", "")
    )
    found = _compiler.find_compiler()
    assert found.command == [sys.executable, "-m", "ziglang", "c++"]
    assert found.version == "version of ['c++', '--version']"
    assert "-mcpu=baseline" in found.flags("avx2")  # Zig compiles for this processor otherwise
    for architecture, tuned in {"avx2": ["-mtune=native"], "neon": []}.items():
        flags = _compiler.Compiler(first, "").flags(architecture)
        assert [one for one in flags if one.startswith(("-mcpu", "-mtune", "-march"))] == tuned


# On slippery ground, reads behind the end of an array in its first step. Fails an assertion in its third.
CARELESS = changed(
    WALK,
    [
        ("#include <array>", "#include <array>\n#include <cassert>"),
        ("s.place += action == 1 ? p.stride : -p.stride;", "s.place += std::array<int, 2>{0, 1}[action + p.slippery];"),
        ("++s.steps;", "assert(++s.steps < 3);"),
    ],
)


def test_a_library_for_debugging_checks_indices_and_assertions(walk, cache, quick_flags):
    walk.write_text(CARELESS)
    code = (
        "import operant, sys\n"
        f"env = operant.load({str(walk)!r}, debug=sys.argv[1] == 'debug')(1, slippery=sys.argv[2] == 'ice')\n"
        "env.reset()\n"
        "for _ in range(4): env.step([1])\n"
        "print('done')\n"
    )
    ended = {}
    for mode, ground, flags in (("debug", "dry", ""), ("debug", "ice", ""), ("fast", "dry", quick_flags)):
        environment = os.environ | {"CXXFLAGS": flags}
        command = [sys.executable, "-c", code, mode, ground]
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        ended[mode, ground] = (done.returncode, done.stdout, done.stderr)
    assert ended["fast", "dry"] == (0, "done\n", "")
    assert re.search(rf"{walk}:\d+: .*Assertion `\+\+s.steps < 3' failed", ended["debug", "dry"][2])
    assert ended["debug", "dry"][0] != 0
    assert ended["debug", "ice"][0] != 0
    assert re.search(r"operator\[\].*Assertion '__n < this->size\(\)' failed", ended["debug", "ice"][2])
    found = sorted(cache.glob(f"walk-*{_libraries.SUFFIX}"), key=lambda path: path.stat().st_mtime)[-2:]
    assert [b".debug_info" in one.read_bytes() for one in found] == [True, False]


def test_bad_arguments_are_refused(tmp_path):
    with pytest.raises(TypeError, match="header: expected a path, got 3"):
        operant.load(3)
    with pytest.raises(FileNotFoundError):
        operant.load(tmp_path / "none.hpp")
    with pytest.raises(TypeError, match="environments: expected a list of names of structs, got 'Walk'"):
        operant.load(HEADER, environments="Walk")
    with pytest.raises(TypeError, match="debug: expected True or False, got 'yes'"):
        operant.load(HEADER, debug="yes")


def test_a_cache_that_cannot_be_written_is_named(walk, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OPERANT_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(OSError, match=r"file cannot be written .* OPERANT_CACHE_DIR names another one"):
        operant.load(walk)


@pytest.fixture
def library(env_class, cache, tmp_path):
    """A copy of the double integrator's library."""
    found = sorted(cache.glob(f"double_integrator*{_libraries.SUFFIX}"), key=lambda path: path.stat().st_mtime)
    return Path(shutil.copy(found[0], tmp_path / f"library{_libraries.SUFFIX}"))


def test_a_library_has_its_environments_by_name(library):
    for path in (library, str(library), library.with_suffix("")):
        assert list(operant.load_library(path)) == ["DoubleIntegrator"]

    class Named(SimdVectorEnv, environment=operant.load_library(library)["DoubleIntegrator"]):
        pass

    assert Named(2, dt=0.1).dt == 0.1


def test_a_file_that_is_not_a_library_is_refused(library, tmp_path):
    with pytest.raises(FileNotFoundError, match="path: there is no file"):
        operant.load_library(tmp_path / "none")
    for content in ("", "#include <cstdio>\n"):
        library.write_text(content)
        with pytest.raises(ImportError, match=re.escape(str(library))):
            operant.load_library(library)
    source = tmp_path / "other.cpp"
    source.write_text("int answer() { return 42; }\n")
    subprocess.run([shutil.which("c++"), "-shared", "-fPIC", source, "-o", library], check=True)
    with pytest.raises(ImportError, match="is not a library of Operant environments"):
        operant.load_library(library)


def test_a_library_of_another_version_is_refused(tmp_path):
    source, library = tmp_path / "old.cpp", tmp_path / f"old{_libraries.SUFFIX}"
    source.write_text(
        "#include <cstdint>\n"
        "struct Library { std::uint32_t version, count; const char* operant; const void* none; };\n"
        'Library library{99, 0, "9.9", nullptr};\n'
        'extern "C" const Library* operant_environment_library() { return &library; }\n'
    )
    subprocess.run([shutil.which("c++"), "-shared", "-fPIC", source, "-o", library], check=True)
    with pytest.raises(ImportError, match=r"was built for version 99 of the interface .* build it again"):
        operant.load_library(library)


TRICKY = """\
/* struct Commented : operant::Environment { static constexpr std::string_view name = "x"; }; */
// struct Also : operant::Environment { static constexpr std::string_view name = "{";
namespace a::b {
namespace detail { struct Helper { int i[3]; }; }
struct Declared;
template <class Batch> class Template { };
enum class Color { red };
struct First final : Template<std::array<int, 3>> {
    static constexpr std::string_view name = "First {";
    template <class N> struct State { N x; };
    struct Parameters { double a[2] = {1, 2}; };
};
}  // namespace a::b
struct Outer
{
    struct Inner : operant::Environment { static constexpr std::string_view name{"In;ner"}; };
};
class Third { static constexpr std::string_view name_of = "", name = "Third"; };
class Fourth : operant::Environment { static constexpr std::string_view name = "Fourth"; };
"""


def test_environments_are_found_by_their_names():
    assert _headers.structs_in(TRICKY, "name") == ["::a::b::First", "::Outer::Inner", "::Fourth"]


@pytest.mark.skipif(shutil.which("cmake") is None, reason="needs CMake")
def test_cmake_finds_the_same_and_has_the_same_flags(tmp_path):
    (tmp_path / "tricky.hpp").write_text(TRICKY)
    lists = "".join(
        f'message("{name} ${{operant_type_{name}}} ${{operant_flags_{name}}}")\n'
        for name in ("avx512bw", "avx2", "sse4_2")
    )
    (tmp_path / "script.cmake").write_text(
        f"include({operant.get_cmake_dir()}/OperantEnvironments.cmake)\n"
        f'operant_structs_in({tmp_path}/tricky.hpp name found)\nmessage("${{found}}")\n{lists}'
    )
    found, *architectures = subprocess.run(
        ["cmake", "-P", tmp_path / "script.cmake"], capture_output=True, text=True, check=True
    ).stderr.splitlines()
    assert found.split(";") == _headers.structs_in(TRICKY, "name")
    for line in architectures:
        name, kind, flags = line.split()
        expected = _compiler.ARCHITECTURES[name.replace("_", ".")]
        assert (kind, flags.split(";")) == (expected.type, expected.flags)
