"""Classes of environments and policies from C++ headers, which are compiled when they are first loaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, new_class
from typing import Any, NamedTuple

from operant import __version__, simd
from operant._checks import path as checked_path, shown, switch
from operant._core import EnvironmentDescription
from operant.building import headers as _headers, libraries as _libraries
from operant.building.cache import built
from operant.building.compiler import ARCHITECTURES, CompileError
from operant.building.documentation import documentation
from operant.envs.parameters import mistake_of
from operant.envs.vector_env import SimdVectorEnv
from operant.policies.compiled import make_class, mistake_of as mistake_of_policy

# The source of a library. cmake/OperantEnvironments.cmake writes the same lines, for several instruction sets.
_SOURCE = """\
#include <operant/library/describe.hpp>
#include <operant/library/table.hpp>

#include @header@

{definitions}
const operant::EnvironmentLibrary* operant_environment_library() {{
    return &operant::make_library(operant::Environments<{environments}>(), operant::Policies<{policies}>(),
                                  xsimd::arch_list<{architecture}>(), "{version}");
}}
"""


def load(
    header: str | os.PathLike[str],
    *,
    environments: Sequence[str] | None = None,
    policies: Sequence[str] | None = None,
    debug: bool = False,
) -> Any:
    """Compile a C++ header and make a class of the environment or policy in it.

    To load a file that `SimdVectorEnv.save` wrote, use `operant.envs.load`.

    ```python
    DoubleIntegratorVecEnv = operant.load("double_integrator.hpp")
    env = DoubleIntegratorVecEnv(4096, workers=2, max_force=2.0)
    ```

    The header is compiled for the instruction set in use (`operant.simd.active`). This takes some seconds and needs a
    C++20 compiler: the one that the environment variable `CXX` names, one on the path, or the one in the Python package
    `ziglang` (`pip install ziglang`). `CXXFLAGS` adds flags. On terminals and in notebooks, a line on standard error
    reports a compilation that takes longer than a second.

    The library goes into a cache directory (`OPERANT_CACHE_DIR` names another one). It is reused, without a compiler,
    as long as the header, all files that it includes, the compiler and its flags stay the same.

    The class has all features of the built-in classes. If a module assigns it to its own name, as above, its objects
    can be pickled, sent to other processes and loaded from files. To render, derive a class with a method
    `draw(state, action)` that returns a picture.

    Args:
        header: The file. Loading runs code in it: do not load files that you do not trust.
        environments: Names of structs in the header, with their namespaces. None: all structs that have a line
            `static constexpr std::string_view name`, or none of them if `policies` is given.
        policies: Names of policies, likewise. None: all structs that have a line
            `static constexpr std::string_view policy_name`, or none of them if `environments` is given.
        debug: Compile for debugging: with assertions, checks of indices in the standard library's containers and
            information for debuggers, and without optimisation. Such a library is slow. The cache keeps it separately.

    Returns:
        For an environment, a subclass of `operant.envs.SimdVectorEnv`, named after it with `VecEnv` at the end. For a
        policy, a subclass of `operant.policies.Compiled` with the policy's name. If there are several, a tuple:
        environments first, then policies, both in the header's order.

    Raises:
        TypeError: The header is not a path, the environments or policies are not a sequence of strings, or `debug` is
            not a bool.
        ValueError: The header's path contains a line break, or both `"` and `>`, so no `#include` can name it.
        OSError: The header cannot be read, there is no cache directory, or it cannot be written.
        CompileError: There is no compiler, the header does not compile, or an environment lacks a member. The message
            has the first error and its line.
    """
    path = Path(checked_path("header", header)).resolve()
    included = _quoted(path)
    text = path.read_bytes()
    structs = _structs(path, text, environments, policies)
    debug = switch("debug", debug)
    module = sys._getframe(1).f_globals.get("__name__", "__main__")
    source = _source(structs)
    parts = [source]  # without the path, so that a header keeps its library when it moves
    written = source.encode().replace(b"@header@", included)
    found, found_policies = built(path, text, written, _libraries.contents_of, debug=debug, parts=parts)
    mistakes = [*(mistake_of(one, SimdVectorEnv) for one in found), *map(mistake_of_policy, found_policies)]
    _refuse_mistakes(path, text, structs, mistakes)
    classes = *(make_env_class(one, module) for one in found), *(make_class(one, module) for one in found_policies)
    return classes[0] if len(classes) == 1 else classes


def _refuse_mistakes(path: Path, text: bytes, structs: _Structs, mistakes: Sequence[str]) -> None:
    """Raise a CompileError for the first mistake that the compiler could not see. There is one text per struct."""
    for name, mistake in zip((*structs.environments, *structs.policies), mistakes, strict=True):
        if mistake:
            line = _headers.line_of_struct(text.decode(errors="replace"), name)
            raise CompileError(f"{path}:{line}: {name.removeprefix('::')}: {mistake}")


class _Structs(NamedTuple):
    """The names of structs in C++, with their namespaces."""

    environments: list[str]
    policies: list[str]


def _structs(path: Path, text: bytes, environments: Sequence[str] | None, policies: Sequence[str] | None) -> _Structs:
    if environments is None and policies is None:
        contents = text.decode(errors="replace")
        structs = _Structs(*(_headers.structs_in(contents, member) for member in ("name", "policy_name")))
        if not any(structs):
            raise CompileError(
                f"{path}: an environment needs `static constexpr std::string_view name`, a policy `policy_name`, and "
                "no struct in the header has one of them"
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


def make_env_class(
    environment: EnvironmentDescription, module: str, name: str = "", members: Mapping[str, Any] = MappingProxyType({})
) -> type[SimdVectorEnv[Any]]:
    """Make the class of an environment, as if `module` defined it.

    Args:
        environment: Its description.
        module: The name of the module.
        name: The name of the class; if it is empty, the name of the environment with `VecEnv` at the end.
        members: Further members of the class, such as `draw`.
    """
    namespace = {**members, "__module__": module, "__doc__": documentation(environment)}
    return new_class(
        name or f"{environment.name}VecEnv",
        (SimdVectorEnv,),
        {"environment": environment},
        lambda body: body.update(namespace),
    )


def _quoted(path: Path) -> bytes:
    """Quote the path for an `#include`, where nothing can be escaped."""
    name = path.as_posix()
    if "\n" in name or "\r" in name or ('"' in name and ">" in name):
        raise ValueError(
            f'header: expected a path without line breaks and without both " and >, got {shown(str(path))}'
        )
    return os.fsencode(f"<{name}>" if '"' in name else f'"{name}"')


def _source(structs: _Structs) -> str:
    architecture = ARCHITECTURES[simd.active].type
    definitions = [
        f"LibraryKernels<{name}, operant::KernelArchitecture<{name}, {architecture}>>" for name in structs.environments
    ]
    definitions += [f"LibraryPolicy<{name}, {architecture}>" for name in structs.policies]
    return _SOURCE.format(
        architecture=architecture,
        definitions="".join(f"template struct operant::{definition};\n" for definition in definitions),
        environments=", ".join(structs.environments),
        policies=", ".join(structs.policies),
        version=__version__,
    )
