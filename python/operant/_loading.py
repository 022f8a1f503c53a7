"""Environments from C++ headers, compiled when they are first loaded."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import new_class
from typing import Any

from operant import __version__, _headers, _libraries, simd
from operant._checks import path as checked_path
from operant._checks import shown
from operant._class_documentation import documentation
from operant._compiler import ARCHITECTURES, CompileError, Compiler, find_compiler
from operant._core import Environment
from operant._paths import get_include
from operant.envs.vector_env import SimdVectorEnv

# As cmake/OperantEnvironments.cmake writes it, for one instruction set. An environment of the scalar tier has kernels
# for the least one only.
_SOURCE = """\
#include <type_traits>

#include <operant/describe.hpp>
#include <operant/kernel/table.hpp>

#include "{header}"

template <class E>
using Arch = std::conditional_t<operant::BatchTier<E>, {architecture}, operant::PortableArchitecture>;

{definitions}

extern "C"
#if defined(_WIN32)
__declspec(dllexport)
#else
__attribute__((visibility("default")))
#endif
const operant::EnvironmentLibrary* operant_environment_library() {{
    static const operant::EnvironmentDescription* const list[] = {{{descriptions}}};
    static const operant::EnvironmentLibrary library{{operant::library_version, {count}, "{version}", list}};
    return &library;
}}
"""


def load(header: str | os.PathLike[str], *, environments: Sequence[str] | None = None) -> Any:
    """Make a class of an environment that is described in a C++ header.

    ```python
    DoubleIntegratorVecEnv = operant.load("double_integrator.hpp")
    env = DoubleIntegratorVecEnv(4096, workers=2, max_force=2.0)
    ```

    The header is compiled for the instruction set in use (`operant.simd.active`), which takes some seconds and a C++20
    compiler: the one that the environment variable `CXX` names, or one that is on the path. `CXXFLAGS` has more flags
    for it. The library is kept in a cache directory, and found there as long as the header, the files that it includes
    by names in quotes, the compiler, its flags and Operant stay the same. `OPERANT_CACHE_DIR` names another directory.

    The class can do all that the built-in ones can. Assign it to its own name in a module, as above, and its objects
    can be pickled, sent to other processes and loaded from files. A subclass with a method `draw(state, action)`, which
    returns a picture, can be rendered.

    Args:
        header: The file. What it contains runs: do not load files that you do not trust.
        environments: Names of structs in it, with their namespaces. None: every one that has a line
            `static constexpr std::string_view name`.

    Returns:
        A subclass of `operant.envs.SimdVectorEnv`, its name the environment's with `VecEnv` after it; a tuple of
        them, in the header's order, if there are several environments.

    Raises:
        TypeError: The header is no path, or the environments are no sequence of strings.
        OSError: The header cannot be read, or the cache directory cannot be written.
        CompileError: There is no compiler, or the header does not compile, or an environment lacks a member; the
            message has the first error and its line.
    """
    path = Path(checked_path("header", header)).resolve()
    files = _headers.with_includes(path)
    names = _names(path, files[path], environments)
    compiler = find_compiler()
    module = sys._getframe(1).f_globals.get("__name__", "__main__")
    classes = tuple(_make_class(one, module) for one in _cached(path, files, names, compiler))
    return classes[0] if len(classes) == 1 else classes


def _names(path: Path, text: bytes, environments: Sequence[str] | None) -> list[str]:
    if environments is None:
        names = _headers.environments_in(text.decode(errors="replace"))
        if not names:
            raise CompileError(
                f"{path}: an environment needs `static constexpr std::string_view name`, and no struct in it has one"
            )
        return names
    names = [] if isinstance(environments, str) else list(environments)
    if not names or not all(isinstance(name, str) for name in names):
        raise TypeError(f"environments: expected a list of names of structs, got {shown(environments)}")
    return [name if name.startswith("::") else f"::{name}" for name in names]


def _make_class(environment: Environment, module: str) -> type[SimdVectorEnv[Any]]:
    namespace = {"__module__": module, "__doc__": documentation(environment)}
    name = f"{environment.name}VecEnv"
    return new_class(name, (SimdVectorEnv,), {"environment": environment}, lambda body: body.update(namespace))


def _cached(path: Path, files: dict[Path, bytes], names: list[str], compiler: Compiler) -> list[Environment]:
    """The environments of the header's library, which is built if there is none."""
    # A new name for every content: the system never loads two libraries of one name.
    library = _cache_directory() / f"{path.stem}-{_key(files, names, compiler)}{_libraries.SUFFIX}"
    if library.exists():
        try:
            return _libraries.environments_of(library)
        except ImportError:  # damaged; if that is not the reason, the new one fails alike
            library.unlink()
    with _temporary_directory(library.parent) as directory:
        source, target = directory / "library.cpp", directory / library.name
        source.write_text(_source(path, names), encoding="utf-8")
        compiler.compile(path, source, target, simd.active)
        try:
            target.replace(library)  # at once, whatever other processes do
        except PermissionError:  # Windows: another process has made it, and loaded it
            if not library.exists():
                raise
    return _libraries.environments_of(library)


def _source(path: Path, names: list[str]) -> str:
    architecture, _, _ = ARCHITECTURES[simd.active]
    return _SOURCE.format(
        header=path.as_posix(),
        architecture=architecture,
        definitions="\n".join(f"template struct operant::LibraryKernels<{name}, Arch<{name}>>;" for name in names),
        descriptions=", ".join(f"&operant::describe<{name}, Arch<{name}>>()" for name in names),
        count=len(names),
        version=__version__,
    )


def _key(files: dict[Path, bytes], names: list[str], compiler: Compiler) -> str:
    contents = [hashlib.sha256(content).hexdigest() for content in files.values()]
    parts = [__version__, _operants_headers(), _SOURCE, compiler, compiler.flags(simd.active), names, contents]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]


@lru_cache
def _operants_headers() -> str:
    """A digest of Operant's own headers, which change between two versions when Operant itself is being worked on."""
    digest = hashlib.sha256()
    for header in sorted(Path(get_include(), "operant").rglob("*.hpp")):
        digest.update(header.read_bytes())
    return digest.hexdigest()


def _cache_directory() -> Path:
    named = os.environ.get("OPERANT_CACHE_DIR")
    if named:
        return Path(named).absolute()
    import platformdirs

    return platformdirs.user_cache_path("operant", appauthor=False)


@contextmanager
def _temporary_directory(parent: Path) -> Iterator[Path]:
    try:
        parent.mkdir(parents=True, exist_ok=True)
        directory = tempfile.TemporaryDirectory(prefix="building-", dir=parent)
    except OSError as error:
        raise OSError(
            f"the cache directory {parent} cannot be written ({error}); OPERANT_CACHE_DIR names another one"
        ) from error
    with directory as name:
        yield Path(name)
