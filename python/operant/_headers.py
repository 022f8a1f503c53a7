"""What is in the headers of environments, as far as it can be told without a compiler."""

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
    """The structs that have a member `static constexpr std::string_view <member>`, with what is around them.

    The member is `name` in environments, `policy_name` in policies; what may be around them are namespaces and structs.
    The CMake function `operant_add_environments` finds them in the same way.
    """
    scopes: list[str] = []  # one for each brace that is open, empty for one without a name
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
