"""The rooms of the headers and of the Python package: includes and imports point one way."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
INCLUDE = ROOT / "include" / "operant"
PACKAGE = ROOT / "python" / "operant"

pytestmark = pytest.mark.skipif(not INCLUDE.is_dir(), reason="needs the sources")

#: From the bottom to the top. A room includes itself and the rooms below it.
ROOMS = ["math", "random", "contract", "rigid_body", "abi", "policies", "kernel", "library", "core", "top"]

#: An environment includes only what an author needs.
OF_ENVIRONMENTS = {"environment.hpp", "block.hpp", "math", "random", "rigid_body", "environments"}


def room_of(header: Path) -> str:
    if header.name == "environment.hpp":
        return "contract"
    return header.parts[0] if len(header.parts) > 1 else "top"


def includes() -> list[tuple[Path, Path]]:
    """List the pairs of a header and a header that it includes, relative to `include/operant`."""
    return [
        (header.relative_to(INCLUDE), Path(included))
        for header in sorted(INCLUDE.rglob("*.hpp"))
        for included in re.findall(r'^#include [<"]operant/([^>"]+)[>"]', header.read_text(), re.MULTILINE)
    ]


def points_up(header: Path, included: Path) -> bool:
    if header.parts[0] == "environments":
        return not OF_ENVIRONMENTS & {included.name, included.parts[0]}
    if included.parts[0] == "environments":
        return room_of(header) != "top"
    return ROOMS.index(room_of(included)) > ROOMS.index(room_of(header))


def test_every_header_has_a_room():
    assert {room_of(header.relative_to(INCLUDE)) for header in INCLUDE.rglob("*.hpp")} == {*ROOMS, "environments"}


def test_includes_point_down():
    assert [f"{header} includes {included}" for header, included in includes() if points_up(header, included)] == []


def module_of(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def statements_at_import(body: list[ast.stmt]) -> list[ast.stmt]:
    """List the statements that run when a module is imported: neither in functions nor under `if TYPE_CHECKING`."""
    found = []
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        found.append(statement)
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
            found += statements_at_import(statement.orelse)
            continue
        for block in ("body", "orelse", "finalbody"):
            found += statements_at_import(getattr(statement, block, []))
        for handler in getattr(statement, "handlers", []):
            found += statements_at_import(handler.body)
    return found


def imports() -> dict[str, set[str]]:
    """Map each module of the package to the modules that it imports when it is imported."""
    files = {module_of(file): file for file in PACKAGE.rglob("*.py")}
    graph = {}
    for module, file in files.items():
        imported = set()
        for statement in statements_at_import(ast.parse(file.read_text()).body):
            if isinstance(statement, ast.Import):
                imported |= {alias.name for alias in statement.names}
            elif isinstance(statement, ast.ImportFrom):
                package = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
                base = package[: len(package) - statement.level + 1] if statement.level else []
                name = ".".join([*base, *([statement.module] if statement.module else [])])
                # `from operant import simd` imports a module, `from operant import __version__` a name in one.
                for alias in statement.names:
                    imported.add(f"{name}.{alias.name}" if f"{name}.{alias.name}" in files else name)
        graph[module] = imported & set(files) - {module}
    return graph


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """List the sets of modules that import each other, directly or not."""
    reached = {}
    for module in graph:
        reached[module], left = set(), [module]
        while left:
            new = graph[left.pop()] - reached[module]
            reached[module] |= new
            left += new
    return sorted({tuple(sorted(b for b in reached[a] if a in reached[b])) for a in graph if a in reached[a]})


def test_imports_have_no_circle():
    assert circles(imports()) == []
