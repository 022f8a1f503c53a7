"""Turns the errors of Numba into one line with the place, the reason and the remedy."""

from __future__ import annotations

import re
from typing import Any

from operant.building.compiler import CompileError
from operant.python.declaration import Declaration

# A pattern in Numba's message, and the reason and remedy in one sentence.
_REASONS = (
    (r"(random\.\w+ (?:does not exist|takes integers)[^\n]*)", r"\1"),
    (
        r"Untyped global name '(\w+)'[^\n]*[Cc]annot determine Numba type of <class '([\w.]+)'>",
        r"`\1` is a \2, which cannot be compiled: use numbers, tuples, numpy arrays and plain functions",
    ),
    (
        r"scipy [\d.+]+ is required for linear algebra",
        r"compiled code has no linear algebra: write it with numbers, as in math.sqrt(x * x + y * y)",
    ),
    (r"has no `print`", r"compiled code has no `print`: the class `plain` runs as plain Python"),
    (r"NameError: name '(\w+)' is not defined", r"there is no `\1`"),
    (r"Unknown attribute '(\w+)' of type Record", r"there is no member `\1`"),
    (r"Unknown attribute '(\w+)' of type ([^\n]+)", r"a value of type \2 has no `\1` in compiled code"),
    (
        r"Cannot unify ([^\n]+?) and ([^\n]+?) for '(\w+?)(?:\.\d+)?'",
        r"`\3` is a \1 on one path through the function and a \2 on another: give it one type, such as float(...)",
    ),
    (r"can't unify return type", r"the `return`s have different types: return the same kinds of values in all of them"),
    (r"Use of unsupported opcode \(([^)]+)\)", r"compiled code has no \1: write plain loops and assignments"),
    (r"unsupported NumPy function '([\w.]+)'", r"compiled code has no \1 with these arguments: write a loop"),
    (r"exception_match", r"compiled code cannot tell exceptions apart: write `except Exception:`"),
    (r"[Uu]nsupported context manager", r"compiled code has no `with`: do this outside the environment's functions"),
    (r"The use of (\w+) types?", r"compiled code has no \1"),
    (
        r"Unsupported use of cell|freevar|closure",
        r"a function inside a function cannot be compiled: move it to the module",
    ),
    (
        r"(?:try|except|with)[^\n]* (?:is )?not supported|Unsupported (?:exception|try)",
        r"compiled code has no `try` of this kind",
    ),
    (r"cannot (?:assign|setitem)|Cannot (?:assign|set)|SetItem", r"this cannot be assigned: check types and shapes"),
    (
        r"No implementation of function Function\(([^)]+)\) found for signature:\s*>>> (\S+\([^\n]*\))",
        r"compiled code has no \2: use other types, or numbers in a loop",
    ),
)


def explained(d: Declaration, error: BaseException) -> CompileError:
    """Return the error for users: `file:line: class: reason`."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    file = next(iter(d.functions.values())).__code__.co_filename
    lines = [
        (found[1], int(found[2]))
        for found in re.finditer(r'(?:File "|lowering .* at )([^"\n]+?)(?:", line |\s\()(\d+)', text)
        if not found[1].startswith("<")
    ]
    own = [one for one in lines if one[0] == file or file.endswith(one[0].lstrip("./"))]
    line = own[-1][1] if own else _line_in(error, file)
    reason = next((found.expand(to) for pattern, to in _REASONS if (found := re.search(pattern, text))), None)
    if reason is None:
        said = [one.strip() for one in text.splitlines() if one.strip()]
        telling = [one for one in said if not one.startswith(("Failed in", "File ", "During:", "<source", "-", "^"))]
        reason = f"Numba says: {(telling or said or [type(error).__name__])[0]}"
    return CompileError(f"{file}:{line}: {d.name}: {_in_python(reason)}")


def _in_python(text: str) -> str:
    """Replace the names of Numba's types by Python's."""
    text = re.sub(r"Literal\[(\w+)\]\([^()]*\)", r"\1", text)
    text = re.sub(r"\b(float|int)64\b", r"\1", text)
    text = re.sub(r"\b(?:Uni)?Tuple\(([^()]*)\)", r"tuple (\1)", text)
    return text.replace("unicode_type", "str").replace("reflected list", "list")


def _line_in(error: Any, file: str) -> int:
    place = getattr(error, "loc", None)
    return int(place.line) if place is not None and place.filename == file else 0
