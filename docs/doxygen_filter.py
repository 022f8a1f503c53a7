"""Print a header for Doxygen, with the text of each parameter in `OPERANT_PARAMETERS` beside its declaration."""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path

_STRING = r'"(?:[^"\\]|\\.)*"'
_LIST = re.compile(r"^ +OPERANT_PARAMETERS(?=\()", re.MULTILINE)  # at the beginning of a line, not in a message
_TOKENS = re.compile(rf"{_STRING}|[()]")
_NAME = re.compile(r"\(\s*(\w+)\s*,")
_TEXT = re.compile(rf"((?:{_STRING}\s*)+)\)$")
_DECLARATION = re.compile(r"^(\s*(?!using|return)[\w:<>, ]+ (\w+)(?: ?=[^;]*|\{[^;]*\})?;)$", re.MULTILINE)


def documented(text: str) -> str:
    """Return the header with comments behind the declarations of parameters, and without the lists."""
    parts, end = list[str](), 0
    while found := _LIST.search(text, end):
        start = max(end, text.rfind("struct Parameters", 0, found.start()))
        rows, after = _rows(text, found.end())
        comments = dict(map(_comment, rows))
        parts += [text[end:start], _DECLARATION.sub(partial(_commented, comments), text[start : found.start()])]
        parts.append("\n" * text.count("\n", found.start(), after))  # the lines keep their numbers
        end = after
    return "".join(parts) + text[end:]


def _rows(text: str, begin: int) -> tuple[list[str], int]:
    """Return the inner brackets of the bracket that begins at this place, and the place after it."""
    rows, depth, row = list[str](), 0, begin
    for token in _TOKENS.finditer(text, begin):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if token[0] == "(" and depth == 2:
            row = token.start()
        if token[0] == ")" and depth == 1:
            rows.append(text[row : token.end()])
        if depth == 0:
            return rows, token.end()
    raise ValueError("a list of parameters has no end")


def _comment(row: str) -> tuple[str, str]:
    """Return the name of a parameter, and the strings at the end of its row."""
    name, strings = _NAME.match(row), _TEXT.search(row)
    assert name is not None, row
    return name[1], "" if strings is None else "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', strings[1]))


def _commented(comments: dict[str, str], declaration: re.Match[str]) -> str:
    comment = comments.get(declaration[2])
    return f"{declaration[1]} ///< {comment}" if comment else declaration[0]


if __name__ == "__main__":
    sys.stdout.write(documented(Path(sys.argv[1]).read_text(encoding="utf-8")))
