"""The cache of `operant.load`: what is compiled again and what is not, damage, processes, compilers, odd paths."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from test_load import pytestmark, run  # noqa: F401

import operant
from operant.building import (
    build_directory as _build_directory,
    cache as _cache,
    compiler as _compiler,
    libraries as _libraries,
)

# A policy compiles in half the time of an environment. A test replaces the number of its action.
POLICY = """\
#pragma once
#include <operant/compiled_policy.hpp>

struct Always {
    static constexpr std::string_view policy_name = "Always";
    static constexpr std::size_t observation_size = 1;
    using ActionSpace = operant::Discrete<1000>;
    template <class Batch>
    operant::Integer<Batch> action(const std::array<Batch, 1>&) const { return operant::Integer<Batch>(int(1.0)); }
};
"""
FACTORS = ("in_flags", "in_path", "in_cpath", "linked")


@pytest.fixture(autouse=True)
def cache(tmp_path, quick_flags, monkeypatch):
    """A cache directory of each test's own."""
    directory = tmp_path / "cache"
    monkeypatch.setenv("OPERANT_CACHE_DIR", str(directory))
    monkeypatch.setenv("CXXFLAGS", quick_flags)
    monkeypatch.delenv("CXX", raising=False)
    return directory


@pytest.fixture(scope="module")
def compiled(tmp_path_factory, quick_flags):
    """A header, and a cache with its library."""
    place = tmp_path_factory.mktemp("compiled")
    (place / "headers").mkdir()
    (place / "headers" / "policy.hpp").write_text("#include <factor.hpp>\n" + POLICY.replace("1.0", "factor"))
    write_factor(place / "include", 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPERANT_CACHE_DIR", str(place / "cache"))
        patch.setenv("CXXFLAGS", f"{quick_flags} -I{place / 'include'}")
        patch.delenv("CXX", raising=False)
        operant.load(place / "headers" / "policy.hpp")
    return place


@pytest.fixture
def policy(compiled, cache, quick_flags, tmp_path, monkeypatch):
    """A copy of the header, and of its library in this test's cache."""
    shutil.copytree(compiled / "cache", cache)
    monkeypatch.setenv("CXXFLAGS", f"{quick_flags} -I{compiled / 'include'}")
    return Path(shutil.copy(compiled / "headers" / "policy.hpp", tmp_path))


@pytest.fixture
def no_compiles(monkeypatch):
    """A function after which nothing can be compiled."""
    return lambda: monkeypatch.setattr(_compiler.Compiler, "compile", None)


def write_factor(directory, value, name="factor"):
    directory.mkdir(exist_ok=True)
    (directory / f"{name}.hpp").write_text(f"inline constexpr double {name} = {value};\n")


def action(header):
    return operant.load(header)()(np.zeros((1, 1), np.float32))[0]


def script(path, text):
    """A program that stands for a compiler."""
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)
    return path


def logging_compiler(path, before=""):
    """A compiler that writes a line into a file `compiles` whenever it makes a library."""
    log = path.with_name("compiles")
    text = f'case "$*" in *library.cpp*) echo once >> "{log}"; {before}\nesac\nexec {shutil.which("c++")} "$@"\n'
    return script(path, text), lambda: len(log.read_text().splitlines()) if log.exists() else 0


def libraries(cache):
    return sorted(path.name for path in cache.iterdir() if path.suffix == _libraries.SUFFIX)


def test_a_change_of_any_file_that_the_compiler_reads_is_seen(tmp_path, quick_flags, monkeypatch):
    values = dict.fromkeys(FACTORS, 1)
    directories = {name: tmp_path / name for name in FACTORS}
    for name, directory in directories.items():
        write_factor(directory, 1, name)
    # `target` is a file beside a link; the compiler looks beside the link for the file that it includes in turn.
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "target.hpp").write_text('#include "linked.hpp"\n')
    (tmp_path / "linked" / "link.hpp").symlink_to(tmp_path / "elsewhere" / "target.hpp")
    includes = '#include <in_flags.hpp>\n#include <in_path.hpp>\n#include <in_cpath.hpp>\n#include "linked/link.hpp"\n'
    header = tmp_path / "policy.hpp"
    header.write_text(includes + POLICY.replace("1.0", " * ".join(FACTORS)))
    monkeypatch.setenv("CXXFLAGS", f"{quick_flags} -I {directories['in_flags']} -isystem {tmp_path}")
    monkeypatch.setenv("CPLUS_INCLUDE_PATH", str(directories["in_path"]))
    monkeypatch.setenv("CPATH", str(directories["in_cpath"]))
    assert action(header) == 1
    for i, name in enumerate(FACTORS):
        values[name] = i + 2
        write_factor(directories[name], values[name], name)
        expected = 1
        for value in values.values():
            expected *= value
        assert (name, action(header)) == (name, expected)


def test_another_installation_has_its_own_libraries(policy, cache, tmp_path, monkeypatch):
    before = set(cache.glob("*.so"))
    operant.load(policy)
    assert set(cache.glob("*.so")) == before
    shutil.copytree(_cache.get_include(), tmp_path / "other")
    for module in (_cache, _compiler):
        monkeypatch.setattr(module, "get_include", lambda: str(tmp_path / "other"))
    operant.load(policy)
    assert len(set(cache.glob("*.so")) - before) == 1


def test_both_forms_of_a_list_of_files_are_read():
    rule = b"library: /tmp/library.cpp /a/b.hpp \\\n  C:\\x\\y.hpp /two\\ words\\\\\\ $$HOME/c\\#.hpp\n"
    assert _compiler._files_in(rule) == ["/tmp/library.cpp", "/a/b.hpp", "C:\\x\\y.hpp", "/two words\\ $HOME/c#.hpp"]
    files = [r"c:\program files\msvc\include\array", r"c:\policy.hpp"]  # as Microsoft's compiler documents its list
    listing = {"Version": "1.2", "Data": {"Source": r"c:\library.cpp", "ProvidedModule": "", "Includes": files}}
    assert _compiler._files_in(json.dumps(listing).encode()) == files


def test_a_file_that_takes_the_place_of_another_is_seen(policy, tmp_path, compiled, quick_flags, monkeypatch):
    monkeypatch.setenv("CXXFLAGS", f"{quick_flags} -I{tmp_path / 'first'} -I{compiled / 'include'}")
    assert action(policy) == 1
    write_factor(tmp_path / "first", 5)
    assert action(policy) == 5


def test_relative_directories_are_those_of_the_working_directory(policy, tmp_path, quick_flags, monkeypatch):
    monkeypatch.setenv("CXXFLAGS", f"{quick_flags} -Iinclude")
    for value in (2, 3):
        place = tmp_path / f"place{value}"
        place.mkdir()
        write_factor(place / "include", value)
        monkeypatch.chdir(place)
        assert action(policy) == value


def test_files_named_in_flags_are_seen(policy, tmp_path, quick_flags, monkeypatch):
    flags = tmp_path / "flags"
    monkeypatch.setenv("CXXFLAGS", f"{quick_flags} @{flags}")
    for value in (2, 3):
        flags.write_text(f"-I{tmp_path / str(value)}")
        write_factor(tmp_path / str(value), value)
        assert action(policy) == value


def test_a_file_that_changes_during_the_compilation_is_seen(tmp_path, monkeypatch, no_compiles):
    write_factor(tmp_path, 2)
    header = tmp_path / "policy.hpp"
    header.write_text('#include "factor.hpp"\n' + POLICY.replace("1.0", "factor"))
    (tmp_path / "next.hpp").write_text("inline constexpr double factor = 7;\n")
    compiler = script(
        tmp_path / "compiler",
        f'{shutil.which("c++")} "$@" || exit\n'
        f'case "$*" in *library.cpp*) mv {tmp_path}/next.hpp {tmp_path}/factor.hpp 2> {tmp_path}/none;; esac; true\n',
    )
    monkeypatch.setenv("CXX", str(compiler))
    assert action(header) == 7
    no_compiles()
    assert action(header) == 7


def test_nothing_is_compiled_twice_by_processes_that_load_at_once(policy, cache, tmp_path, monkeypatch):
    shutil.rmtree(cache)
    compiler, compiles = logging_compiler(tmp_path / "compiler", "sleep 0.5;;")
    monkeypatch.setenv("CXX", str(compiler))
    code = f"import operant; print(operant.load({str(policy)!r})()([[0]]))"
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[0] for process in processes] == ["[1]\n"] * 3
    assert compiles() == 1
    assert sorted(path.suffix for path in cache.iterdir()) == [".json", _libraries.SUFFIX]


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_directories_of_killed_processes_are_removed_and_others_are_not(policy, cache, tmp_path, monkeypatch):
    started, finish = tmp_path / "started", tmp_path / "finish"
    waiting = f"touch {started}; n=0; while [ ! -e {finish} ] && [ $n -lt 1200 ]; do n=$((n + 1)); sleep 0.05; done;;"
    compiler, _ = logging_compiler(tmp_path / "compiler", waiting)

    def begun(number):
        header = Path(shutil.copy(policy, tmp_path / f"policy{number}.hpp"))
        code = f"import operant; operant.load({str(header)!r})"
        process = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"CXX": str(compiler)})
        while not started.exists():
            assert process.poll() is None
            time.sleep(0.01)
        started.unlink()
        return process

    killed = begun(1)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    (left,) = cache.glob("building-*")
    running = begun(2)
    directories = set(cache.glob("building-*"))
    assert left not in directories
    assert len(directories) == 1
    monkeypatch.setenv("CXX", str(script(tmp_path / "fails", "exit 1")))
    with pytest.raises(operant.CompileError):
        operant.load(Path(shutil.copy(policy, tmp_path / "other.hpp")))
    assert set(cache.glob("building-*")) == directories
    finish.touch()
    assert running.wait() == 0
    assert not list(cache.glob("building-*"))


def test_a_build_directory_has_one_owner_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(_build_directory, "_POLL", 0.0001)

    def work(seed):
        name = f"name{seed % 2}"
        for _ in range(150):
            with _build_directory.build_directory(tmp_path, name) as directory:
                (tmp_path / f"owner-{name}").mkdir()  # an error if there is one
                (directory / "file").write_text("")
                time.sleep(0)
                (directory / "file").unlink()
                (tmp_path / f"owner-{name}").rmdir()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert [path.name for path in tmp_path.iterdir() if path.name != "cache"] == []


@pytest.mark.parametrize("damage", ["zeroed page", "empty record", "another record"])
def test_damage_in_the_cache_is_mended(damage, policy, cache):
    (name,) = libraries(cache)
    library, record = cache / name, (cache / name).with_suffix(".json")
    whole = library.read_bytes()
    expected = json.loads(record.read_bytes())
    page = len(whole) // 2 // 4096 * 4096
    if damage == "zeroed page":
        library.write_bytes(whole[:page] + bytes(4096) + whole[page + 4096 :])
    else:
        record.write_text("" if damage == "empty record" else '{"compiler": 3, "files": []}')
    assert run(f"import operant; print(operant.load({str(policy)!r}).__name__)") == "Always\n"
    assert library.read_bytes() == whole
    assert json.loads(record.read_bytes())["library"] == expected["library"]


def test_files_reach_the_disk_before_they_have_their_names(policy, cache, monkeypatch):
    shutil.rmtree(cache)
    synced, moved = set(), {}
    sync, replace = os.fsync, Path.replace

    def noted_sync(file):
        sync(file)
        synced.add(os.fstat(file).st_ino)

    def noted_replace(path, target):
        moved[Path(target).suffix] = path.stat().st_ino in synced
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    operant.load(policy)
    assert moved == {_libraries.SUFFIX: True, ".json": True}


def test_a_library_in_the_cache_needs_no_compiler(policy, compiled, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert action(policy) == 1
    factor = compiled / "include" / "factor.hpp"
    kept = factor.read_text()
    try:
        factor.unlink()  # as are the standard library's headers, where no compiler is installed
        assert action(policy) == 1
        write_factor(compiled / "include", 2)
        monkeypatch.setattr(_compiler, "find_spec", lambda name: None)
        with pytest.raises(operant.CompileError, match=r"needs a C\+\+20 compiler"):
            operant.load(policy)
    finally:
        factor.write_text(kept)


@pytest.mark.parametrize("standard", ["-std=c++17", "-std=gnu++14 --std=c++11", "-std=c++2b"])
def test_an_old_standard_in_the_flags_does_not_count(standard, monkeypatch):
    monkeypatch.setenv("CXXFLAGS", f"{standard} -DNOTHING")
    flags = [one for one in _compiler.find_compiler().flags("avx2") if one.startswith(("-std", "--std", "-DNOTHING"))]
    assert flags == ["-std=c++20", *(["-std=c++2b"] if standard == "-std=c++2b" else []), "-DNOTHING"]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_gcc_stands_for_gxx(policy, cache, monkeypatch, no_compiles):
    monkeypatch.setenv("CXX", "gcc")
    shutil.rmtree(cache)
    assert action(policy) == 1
    no_compiles()
    assert action(policy) == 1


@pytest.mark.parametrize("variable", ["CXX", "CXXFLAGS"])
def test_an_open_quote_in_a_variable_is_named(variable, policy, monkeypatch):
    monkeypatch.setenv(variable, 'c++ "-DX=1')
    with pytest.raises(operant.CompileError) as raised:
        operant.load(policy)
    assert str(raised.value) == f"{variable}: expected every quote to be closed, got 'c++ \"-DX=1'"


def test_a_program_that_makes_no_library_is_named(policy, monkeypatch):
    monkeypatch.setenv("CXX", "true")
    program = shutil.which("true")
    sentence = f"{program} reports success, but has written no library: expected a C[+][+] compiler, such as g[+][+]"
    policy.write_text(POLICY + "// not in the cache\n")
    with pytest.raises(operant.CompileError, match=sentence):
        operant.load(policy)


def test_a_library_that_cannot_be_loaded_is_explained_and_not_kept(policy, cache, monkeypatch):
    shutil.rmtree(cache)
    monkeypatch.setenv("CXXFLAGS", os.environ["CXXFLAGS"] + " -c")  # an object file
    with pytest.raises(operant.CompileError, match=r"has made a library that cannot be loaded \(.*\): expected"):
        operant.load(policy)
    assert not list(cache.iterdir())


def test_the_linkers_reason_is_shown(policy, monkeypatch):
    monkeypatch.setenv("CXXFLAGS", os.environ["CXXFLAGS"] + " -lno_such_library")
    with pytest.raises(operant.CompileError, match=rf"{policy} does not link:\n(.*\n)*.*no_such_library"):
        operant.load(policy)


@pytest.mark.parametrize(
    "output",
    [  # of GCC 12 and GNU ld, where a disk of 300 kB is full
        "/usr/bin/ld: final link failed: No space left on device\ncollect2: error: ld returned 1 exit status",
        "policy.hpp:5:72: fatal error: error writing to cc9Zr3d8.s: No space left on device\ncompilation terminated.",
    ],
)
def test_a_full_disk_is_named(output, policy, cache, tmp_path, monkeypatch):
    (tmp_path / "output").write_text(output)
    monkeypatch.setenv("CXX", str(script(tmp_path / "compiler", f"cat {tmp_path}/output >&2; exit 1")))
    with pytest.raises(OSError, match=r"cache directory .* cannot be written \(No space left on device\)"):
        operant.load(policy)
    assert not list(cache.glob("building-*"))


def test_a_missing_home_directory_is_explained(policy, tmp_path, monkeypatch):
    import platformdirs

    def no_home(*_, **__):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPERANT_CACHE_DIR")
    for result in (no_home, lambda *_, **__: Path("~/.cache/operant")):  # newer and older versions of platformdirs
        monkeypatch.setattr(platformdirs, "user_cache_path", result)
        with pytest.raises(OSError, match=r"there is no cache directory \(.*\); OPERANT_CACHE_DIR names one"):
            operant.load(policy)
    assert not (tmp_path / "~").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system with such names")
def test_paths_may_have_any_characters(tmp_path, monkeypatch):
    name = b'a "quoted" $name: back\\slash # and  two spaces\\ x=c;d\'e%s{0} caf\xe9'
    place = tmp_path / os.fsdecode(name)
    place.mkdir()
    monkeypatch.setenv("OPERANT_CACHE_DIR", str(place / "cache"))
    header = place / f"{place.name}.hpp"
    header.write_text('#include "factor.hpp"\n' + POLICY.replace("1.0", "factor"))
    for value in (2, 3):
        write_factor(place, value)
        assert action(header) == value
    (library, *_) = (place / "cache").glob(f"*{_libraries.SUFFIX}")
    odd = Path(shutil.copy(library, place / f"{place.name}{_libraries.SUFFIX}"))
    assert operant.load_library(odd) == {}  # no environments
    nothing = place / f"nothing{_libraries.SUFFIX}"
    nothing.write_bytes(b"nothing")
    with pytest.raises(ImportError) as raised:
        operant.load_library(nothing)
    assert place.name in str(raised.value)


def test_a_path_that_cannot_be_included_is_refused(tmp_path):
    for name in ("two\nlines", 'a "quoted" > b'):
        header = tmp_path / f"{name}.hpp"
        header.write_text(POLICY)
        with pytest.raises(ValueError, match="header: expected a path without line breaks and without both"):
            operant.load(header)
