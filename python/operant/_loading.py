"""Environments and policies from C++ headers, compiled when they are first loaded."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import new_class
from typing import Any, NamedTuple, TypeVar

from operant import __version__, _headers, _libraries, simd
from operant._checks import path as checked_path
from operant._checks import shown
from operant._class_documentation import documentation
from operant._compiler import ARCHITECTURES, CompileError, Compiler, find_compiler
from operant._core import Environment, PolicyClass
from operant._paths import get_include
from operant.envs.vector_env import SimdVectorEnv
from operant.policies import make_class

_Contents = tuple[list[Environment], list[PolicyClass]]
_Opened = TypeVar("_Opened")

# The source of a library, as cmake/OperantEnvironments.cmake writes it, but for one instruction set. An environment of
# the scalar tier has kernels for the baseline instruction set only. C++ has no empty arrays: one nullptr stands there.
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
    static const operant::PolicyDescription* const policies[] = {{{policy_descriptions}}};
    static const operant::EnvironmentLibrary library{{
        operant::library_version, {count}, "{version}", list, policies, {policy_count}, nullptr, 0}};
    return &library;
}}
"""


def load(
    header: str | os.PathLike[str],
    *,
    environments: Sequence[str] | None = None,
    policies: Sequence[str] | None = None,
) -> Any:
    """Make a class of an environment, or of a policy, that is described in a C++ header.

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
            `static constexpr std::string_view name`, unless there are names of policies.
        policies: The same of policies. None: every one that has a line `static constexpr std::string_view policy_name`,
            unless there are names of environments.

    Returns:
        A subclass of `operant.envs.SimdVectorEnv`, its name the environment's with `VecEnv` after it; or, of a policy,
        one of `operant.policies.Compiled` with the policy's name. A tuple of them, environments first and in the
        header's order, if there are several.

    Raises:
        TypeError: The header is no path, or the environments or the policies are no sequence of strings.
        OSError: The header cannot be read, or the cache directory cannot be written.
        CompileError: There is no compiler, or the header does not compile, or an environment lacks a member; the
            message has the first error and its line.
    """
    path = Path(checked_path("header", header)).resolve()
    files = _headers.with_includes(path)
    structs = _structs(path, files[path], environments, policies)
    compiler = find_compiler()
    module = sys._getframe(1).f_globals.get("__name__", "__main__")
    found, found_policies = _cached(path, files, structs, compiler)
    classes = *(_make_class(one, module) for one in found), *(make_class(one, module) for one in found_policies)
    return classes[0] if len(classes) == 1 else classes


class _Structs(NamedTuple):
    """The names of the structs in C++, with their namespaces."""

    environments: list[str]
    policies: list[str]


def _structs(path: Path, text: bytes, environments: Sequence[str] | None, policies: Sequence[str] | None) -> _Structs:
    if environments is None and policies is None:
        structs = _Structs(
            *(_headers.structs_in(text.decode(errors="replace"), one) for one in ("name", "policy_name"))
        )
        if not any(structs):
            raise CompileError(
                f"{path}: an environment needs `static constexpr std::string_view name`, and no struct in it has one, "
                "nor the `policy_name` that a policy needs"
            )
        return structs
    return _Structs(_names("environments", environments), _names("policies", policies))


def _names(argument: str, given: Sequence[str] | None) -> list[str]:
    if given is None:
        return []
    names = [] if isinstance(given, str) else list(given)
    if not names or not all(isinstance(name, str) for name in names):
        raise TypeError(f"{argument}: expected a list of names of structs, got {shown(given)}")
    return [name if name.startswith("::") else f"::{name}" for name in names]


def _make_class(environment: Environment, module: str) -> type[SimdVectorEnv[Any]]:
    namespace = {"__module__": module, "__doc__": documentation(environment)}
    name = f"{environment.name}VecEnv"
    return new_class(name, (SimdVectorEnv,), {"environment": environment}, lambda body: body.update(namespace))


def _cached(path: Path, files: dict[Path, bytes], structs: _Structs, compiler: Compiler) -> _Contents:
    """What is in the header's library, which is built if there is none."""
    key = _key(files, structs, compiler)
    return built(f"{path.stem}-{key}", _source(path, structs), path, compiler, _libraries.contents_of)


def built(
    name: str,
    source: str,
    header: Path,
    compiler: Compiler,
    opened: Callable[[Path], _Opened],
    includes: Sequence[str] = (),
) -> _Opened:
    """Open a library of the cache directory, which is built if there is none.

    Args:
        name: Of the library, a new one for every content: the system never loads two libraries of one name.
        source: C++.
        header: What the source is about, for messages.
        compiler: That makes the library.
        opened: Opens it; ImportError if it is damaged.
        includes: Directories of headers, besides Operant's.
    """
    library = _cache_directory() / f"{name}{_libraries.SUFFIX}"
    if library.exists():
        try:
            return opened(library)
        except ImportError:  # damaged, so build it again; if something else is wrong, the new one raises the same error
            library.unlink()
    with _temporary_directory(library.parent) as directory:
        written, target = directory / "library.cpp", directory / library.name
        written.write_text(source, encoding="utf-8")
        compiler.compile(header, written, target, simd.active, includes)
        try:
            target.replace(library)  # atomic: other processes see no library or a complete one
        except PermissionError:  # on Windows, if another process has built it and loaded it meanwhile
            if not library.exists():
                raise
    return opened(library)


def _source(path: Path, structs: _Structs) -> str:
    architecture, _, _ = ARCHITECTURES[simd.active]
    definitions = [f"LibraryKernels<{name}, Arch<{name}>>" for name in structs.environments]
    definitions += [f"LibraryPolicy<{name}, {architecture}>" for name in structs.policies]
    described = [f"&operant::describe<{name}, Arch<{name}>>()" for name in structs.environments]
    described_policies = [f"&operant::describe_policy<{name}, {architecture}>()" for name in structs.policies]
    return _SOURCE.format(
        header=path.as_posix(),
        architecture=architecture,
        definitions="\n".join(f"template struct operant::{definition};" for definition in definitions),
        descriptions=", ".join(described) or "nullptr",
        count=len(described),
        policy_descriptions=", ".join(described_policies) or "nullptr",
        policy_count=len(described_policies),
        version=__version__,
    )


def _key(files: dict[Path, bytes], structs: _Structs, compiler: Compiler) -> str:
    contents = [hashlib.sha256(content).hexdigest() for content in files.values()]
    return key_of(compiler, _SOURCE, structs, contents)


def key_of(compiler: Compiler, *parts: Any) -> str:
    """A short name for all that a library depends on: Operant, the compiler, its flags, and these parts."""
    all_parts = [
        __version__,
        headers_digest(Path(get_include(), "operant")),
        compiler,
        compiler.flags(simd.active),
        *parts,
    ]
    return hashlib.sha256(json.dumps(all_parts).encode()).hexdigest()[:20]


@lru_cache
def headers_digest(directory: Path) -> str:
    """A digest of a directory's headers: Operant's own change between two versions when it is being worked on."""
    digest = hashlib.sha256()
    for header in sorted(path for path in directory.rglob("*") if path.suffix in (".h", ".hpp")):
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
