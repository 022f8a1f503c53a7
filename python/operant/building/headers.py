"""Finds the structs of environments and policies in headers, without a compiler."""

from __future__ import annotations

import re

_STRINGS_AND_COMMENTS = re.compile(r'"[^"\n]*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TOKEN = re.compile(
    r"(?:namespace\s+(?P<namespace>[\w:]+)\s*|\b(?:struct|class)\s+(?P<struct>\w+)(?:\s+final)?\s*(?::[^;(){}]*)?)?\{"
    r"|(?P<end>\})|\bstatic\s+constexpr\s+std::string_view\s+(?P<name>(?:policy_)?name)\b"
)


def structs_in(text: str, member: str) -> list[str]:
    """Find the structs that have a member `static constexpr std::string_view <member>`; return their full names.

    The member is `name` in environments and `policy_name` in policies. A full name includes the namespaces and structs
    around the struct. The CMake function `operant_add_environments` uses the same rules.
    """
    scopes: list[str] = []  # the name before each open brace, or an empty string
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
    """Return the line where the definition of a struct begins; 0 if there is none."""
    found = re.search(rf"\b(?:struct|class)\s+{re.escape(name.rpartition('::')[2])}\b[^;]*?\{{", text)
    return text.count("\n", 0, found.start()) + 1 if found else 0


def private_class(text: str, mentioning: str) -> str:
    """Return the name of a `class` without `public` that a text mentions; an empty string if there is none."""
    code = _STRINGS_AND_COMMENTS.sub("", text)
    for found in re.finditer(r"\bclass\s+(?P<name>\w+)[^;{}()<>]*\{", code):
        depth, end = 1, found.end()
        while depth and end < len(code):
            depth += {"{": 1, "}": -1}.get(code[end], 0)
            end += 1
        is_private = not re.search(r"\bpublic\s*:", code[found.end() : end])
        if is_private and re.search(rf"\b{found['name']}\b", mentioning):
            return found["name"]
    return ""


def open_braces(text: str) -> bool:
    """Return True if a text has more opening braces than closing ones."""
    code = _STRINGS_AND_COMMENTS.sub("", text)
    return code.count("{") > code.count("}")
