"""The C++ compiler of this machine: which one it is, how it is called, and what its errors say."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from operant import _headers
from operant._paths import get_include

#: For each instruction set its C++ type, the flags of GCC and Clang, and those of Microsoft's compiler.
#: `cmake/architectures.cmake` has the same table; a test compares the two.
ARCHITECTURES = {
    "avx512bw": (
        "xsimd::avx512bw",
        ["-mavx512f", "-mavx512cd", "-mavx512dq", "-mavx512bw", "-mfma", "-mbmi2"],
        ["/arch:AVX512"],
    ),
    "avx2": ("xsimd::fma3<xsimd::avx2>", ["-mavx2", "-mfma"], ["/arch:AVX2"]),
    "sse4.2": ("xsimd::sse4_2", ["-msse4.2"], ["/D__SSE4_2__"]),
    "neon": ("xsimd::neon64", [], []),
}

_HOW_TO_INSTALL = {
    "linux": "install g++ (Debian and Ubuntu: apt install g++; Fedora: dnf install gcc-c++)",
    "darwin": "install Apple's command line tools: xcode-select --install",
    "win32": "install Microsoft's Build Tools for C++ and start Python from their Developer Command Prompt",
}

# file:12:34: error: message (GCC, Clang), g++: error: message, file(12): error C2065: message (Microsoft)
_ERROR = re.compile(
    r"^(?P<file>.+?)(?::\d+(?::\d+)?|\(\d+(?:,\d+)?\)|)\s?: (?:fatal )?error(?:: | \w+: )(?P<what>.*)$", re.MULTILINE
)
_CHECK = re.compile(r"Check(?:Members|Steps)<(?:struct |class )?([\w:]+)>")


class CompileError(RuntimeError):
    """There is no C++ compiler, or it has refused a header.

    Attributes:
        output: Everything that the compiler printed.
    """

    __module__ = "operant"  # users import it from there

    def __init__(self, message: str, output: str = "") -> None:
        """Create the exception from its message and the compiler's output."""
        super().__init__(message)
        self.output = output


class Compiler(NamedTuple):
    """A compiler that can be called."""

    command: list[str]
    version: str

    @property
    def is_microsofts(self) -> bool:
        """Whether it takes the options of Microsoft's compiler."""
        return Path(self.command[0]).stem.lower() in ("cl", "clang-cl")

    def flags(self, architecture: str) -> list[str]:
        """The flags on which a library's contents depend; those of the environment variable `CXXFLAGS` come last."""
        _, flags, microsofts_flags = ARCHITECTURES[architecture]
        own = _words(os.environ.get("CXXFLAGS", ""))
        if self.is_microsofts:
            return ["/nologo", "/std:c++20", "/O2", "/DNDEBUG", "/EHsc", "/utf-8", "/LD", *microsofts_flags, *own]
        common = ["-std=c++20", "-O3", "-DNDEBUG", "-fPIC", "-shared", "-ffp-contract=off"]
        hidden = ["-fvisibility=hidden", "-fvisibility-inlines-hidden"]
        return [*common, *hidden, *flags, *own]

    def compile(
        self, header: Path, source: Path, library: Path, architecture: str, includes: Sequence[str] = ()
    ) -> None:
        """Make a shared library of a source file that includes a header.

        Args:
            header: What errors are about.
            source: The file to compile.
            library: The file to make.
            architecture: One of `ARCHITECTURES`.
            includes: Directories of headers, besides Operant's.

        Raises:
            CompileError: The compiler refuses it.
        """
        if self.is_microsofts:
            directories = [f"/I{one}" for one in (get_include(), *includes)]
            files = [*directories, str(source), f"/Fe:{library}", f"/Fo:{source.with_suffix('.obj')}"]
        else:
            directories = [f"-I{one}" for one in (get_include(), *includes)]
            files = ["-Wfatal-errors", *directories, str(source), "-o", str(library)]
        command = [*self.command, *self.flags(architecture), *files]
        done = _run(command)
        if done.returncode != 0:
            output = done.stderr + done.stdout
            raise CompileError(_explained(output, header), output)


def find_compiler() -> Compiler:
    """The compiler that `CXX` names, or one that is on the path.

    Raises:
        CompileError: There is none, or it cannot be called.
    """
    named = os.environ.get("CXX", "").strip()
    names = ("cl", "clang-cl") if sys.platform == "win32" else ("c++", "g++", "clang++")
    candidates = [_words(named)] if named else [[name] for name in names]
    for program, *arguments in candidates:
        found = shutil.which(program.strip('"'))
        if found:
            command = [found, *arguments]
            asked = _run([found] if Path(found).stem.lower() == "cl" else [*command, "--version"])
            return Compiler(command, asked.stdout + asked.stderr)
    looked = f"CXX names {named!r}, which is not there" if named else f"none of {', '.join(names)} is on the PATH"
    advice = _HOW_TO_INSTALL.get(sys.platform, "install one")
    raise CompileError(f"operant.load needs a C++20 compiler, and {looked}: {advice}, or name one in CXX")


def _words(text: str) -> list[str]:
    return shlex.split(text, posix=sys.platform != "win32")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"LC_ALL": "C"}  # messages in English
    try:
        return subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment)
    except OSError as error:
        raise CompileError(f"the C++ compiler {command[0]} cannot be called: {error}") from error


def _explained(output: str, header: Path) -> str:
    """A message with the first error and the source lines that the compiler prints below it."""
    error = _ERROR.search(output)
    if error is None:
        return f"{header} does not compile: {output.strip()[-2000:] or 'the compiler says nothing'}"
    if Path(error["file"]).name == "check_environment.hpp":
        return _missing_member(output, error["what"], header)
    shown = [error[0]]
    for line in output[error.end() :].splitlines()[1:]:
        if not re.match(r"\s+(\d+ )?\|", line):
            break
        shown.append(line)
    mention = re.search(rf"^{re.escape(str(header))}[:(]\d+.*$", output, re.MULTILINE)
    if mention and str(header) not in error[0]:
        shown.append(mention[0])
    return "\n".join(shown)


def _missing_member(output: str, what: str, header: Path) -> str:
    sentence = re.search(r"(?:an|what an) environment.*", what)
    checked = _CHECK.search(output)
    name = checked[1].removeprefix("::") if checked else "?"
    line = _headers.line_of_struct(header.read_text(errors="replace"), name)
    return f"{header}:{line}: {name}: {sentence[0].rstrip(chr(39)) if sentence else what}"
