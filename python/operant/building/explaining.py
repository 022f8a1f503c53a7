"""Shortens the errors of compilers. A message begins with the position in the user's header and one sentence."""

from __future__ import annotations

import re
from pathlib import Path

from operant.building import headers as _headers
from operant.building.paths import get_include

# file:12:34: error: message (GCC, Clang), g++: error: message, file(12): error C2065: message (Microsoft)
_ERROR = re.compile(
    r"^(?P<file>.+?)(?::\d+(?::\d+)?|\(\d+(?:,\d+)?\)|)\s?: (?:fatal )?error(?:: | \w+: )(?P<what>.*)$", re.MULTILINE
)
# collect2: error: ld returned 1 exit status; clang++: error: linker command failed with exit code 1
_LINKER_FAILED = re.compile(r"ld returned|linker command failed")
_STATIC_ASSERT = re.compile(r"static(?: assertion|_assert) failed(?: due to requirement '.*?')?: (?P<sentence>.*)")
# Errors in the user's code that private members may have caused.
_PRIVATE = re.compile("private|convert|constructor|initiali[sz]")
# The struct whose members are checked.
_CHECKED = re.compile(r"\bCheck(?:Members|Steps|Policy)<(?:struct |class )?([\w:]+)>")
# A file and a line at the beginning of an error or a note. The notes that lead from an error to the code that caused it
# begin with the innermost. Other notes list candidates that the compiler has rejected.
_LINE = re.compile(r"^(?!In file|\s)(?P<file>.+?)[:(](?P<line>\d+)[:,)](?P<rest>.*)$", re.MULTILINE)
_CAUSE = re.compile(
    r"(?:\d+\)?: ?)?\s*(?:note: )?(?:recursively )?(?:required|in instantiation|in expansion|see reference)"
)
# Types of batches. Messages about code that is checked have them in the architecture of the check.
_SET = r"xsimd::\w+(?:<xsimd::\w+ ?>)?"
_BATCH = re.compile(
    rf"xsimd::batch(?P<mask>_bool)?<(?P<number>[\w ]+), (?:operant::detail::BranchCheck<{_SET} ?>|{_SET}) ?>"
)


def explained(output: str, header: Path, source: Path, status: int) -> str:
    """Return a message about the first error.

    Args:
        output: The output of the compiler.
        header: The header of the user.
        source: The compiled file, which includes the header.
        status: The exit status of the compiler.
    """
    error = _ERROR.search(output)
    if error is None:
        silent = f"the compiler was ended by signal {-status}" if status < 0 else "the compiler gives no reason"
        return f"{header} does not compile: {output.strip()[-2000:] or silent}"
    if _LINKER_FAILED.search(error["what"]):  # the linker's lines above have the reason
        return "\n".join([f"{header} does not link:", *output[: error.start()].strip().splitlines()[-4:], error[0]])
    text = header.read_text(errors="replace")
    checked = _CHECKED.search(output)
    name = checked[1].removeprefix("::") if checked else ""
    sentence = _STATIC_ASSERT.search(error["what"])
    private = _headers.private_class(text, f"{name if sentence else ''} {error['what']}")
    if private and (_PRIVATE.search(error["what"]) or not _is_own(error["file"], source)):
        return (
            f"{header}:{_headers.line_of_struct(text, private)}: the members of `class {private}` are private, so "
            "Operant cannot use them: write `struct`, or `public:` before the members"
        )
    if _is_own(error["file"], source):
        return "\n".join([_shortened(error[0]), *_source_lines(output[error.end() :])])
    if error["file"] == str(source):
        return _about_end_of_header(error["what"], header, text)
    return _about_code_of_operant(output, error, header, source, sentence, name)


def _is_own(file: str, source: Path) -> bool:
    """Return True if a file is neither the source nor a file of Operant, xsimd or the compiler."""
    parts = Path(file).parts
    return (
        Path(file) != source
        and not file.startswith(get_include())
        and not {"xsimd", "c++", "libcxx", "MSVC"} & {*parts}
    )


def _about_code_of_operant(
    output: str, error: re.Match[str], header: Path, source: Path, assertion: re.Match[str] | None, name: str
) -> str:
    """Return a message about an error that the user's code causes in a header of Operant."""
    text = header.read_text(errors="replace")
    own = [one for one in _LINE.finditer(output) if _is_own(one["file"], source)]
    if "branch_check.hpp" not in error["file"]:
        own = [one for one in own if _CAUSE.match(one["rest"])]
    place = f"{own[0]['file']}:{own[0]['line']}" if own else f"{header}:{_headers.line_of_struct(text, name)}"
    sentence = _shortened(assertion["sentence"].rstrip("'") if assertion else error["what"])
    struct = f"{name}: " if name and not own else ""
    more = [] if assertion else [_shortened(error[0])]
    return "\n".join([f"{place}: {struct}{sentence}", *more])


def _about_end_of_header(what: str, header: Path, text: str) -> str:
    """Return a message about an error in the generated lines after the header."""
    if _headers.open_braces(text):
        end = text.count("\n") + 1
        return f"{header}:{end}: the header ends inside a struct, a function or a namespace: a `}}` or `}};` is missing"
    return f"{header}: {_shortened(what)}"


def _source_lines(output: str) -> list[str]:
    """Return the lines of code that the compiler prints below an error."""
    lines = []
    for line in output.splitlines()[1:]:
        if not re.match(r"\s+(\d+ )?\|", line):
            break
        lines.append(line)
    return lines


def _shortened(message: str) -> str:
    """Replace the types of batches by the names that they have in environments."""
    return _BATCH.sub(_name_of_batch, message).replace("Batch >", "Batch>")


def _name_of_batch(match: re.Match[str]) -> str:
    if match["mask"]:
        return "Mask"
    return "Batch" if match["number"] in ("double", "float") else "Integer<Batch>"
