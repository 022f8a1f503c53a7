"""What the headers of environments contain, read without a compiler."""

from __future__ import annotations

import re
from pathlib import Path

_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.MULTILINE)
_STRINGS_AND_COMMENTS = re.compile(r'"[^"\n]*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TOKEN = re.compile(
    r"(?:namespace\s+(?P<namespace>[\w:]+)\s*|\b(?:struct|class)\s+(?P<struct>\w+)(?:\s+final)?\s*(?::[^;(){}]*)?)?\{"
    r"|(?P<end>\})|\bstatic\s+constexpr\s+std::string_view\s+(?P<name>(?:policy_)?name)\b"
)


def with_includes(header: Path) -> dict[Path, bytes]:
    """The header and all files that it includes by names in quotes, relative to the file that includes them.

    Raises:
        OSError: The header cannot be read.
    """
    files: dict[Path, bytes] = {}
    waiting = [header]
    while waiting:
        path = waiting.pop()
        if path not in files:
            files[path] = path.read_bytes()
            included = (path.parent / name.decode(errors="replace") for name in _INCLUDE.findall(files[path]))
            waiting += [one.resolve() for one in included if one.is_file()]
    return files


def structs_in(text: str, member: str) -> list[str]:
    """The full names of the structs that have a member `static constexpr std::string_view <member>`.

    The member is `name` in environments, and `policy_name` in policies. The names of the structs have those of the
    namespaces and structs around them. The CMake function `operant_add_environments` finds structs in the same way.
    """
    scopes: list[str] = []  # the name before each open brace, empty where there is none
    found = []
    for token in _TOKEN.finditer(_STRINGS_AND_COMMENTS.sub("", text)):
        if token["name"]:
            if token["name"] == member:
                found.append("::" + "::".join(filter(None, scopes)))
        elif not token["end"]:
            scopes.append(token["namespace"] or token["struct"] or "")
        elif scopes:
            scopes.pop()
    return found


def line_of_struct(text: str, name: str) -> int:
    """The line in which a struct's definition begins; 0 if it is not found."""
    found = re.search(rf"\b(?:struct|class)\s+{re.escape(name.rpartition('::')[2])}\b[^;]*?\{{", text)
    return text.count("\n", 0, found.start()) + 1 if found else 0
