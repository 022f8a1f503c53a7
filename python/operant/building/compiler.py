"""Finds the C++ compiler of this machine, calls it and explains its errors."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from operant._checks import shown
from operant.building.explaining import explained
from operant.building.paths import get_cmake_dir, get_include


class Architecture(NamedTuple):
    """An instruction set for which kernels can be compiled."""

    processor: str  # x86 or arm
    type: str  # in C++
    flags: list[str]  # of GCC and Clang
    microsoft_flags: list[str]


# CMake reads the same file.
_LISTED = json.loads((Path(get_cmake_dir()) / "architectures.json").read_text())
# The keys are the names that `OPERANT_ARCH` uses.
ARCHITECTURES = {
    one["name"]: Architecture(one["processor"], one["type"], one["flags"], one["microsoft_flags"])
    for one in _LISTED["architectures"]
}
# The flags that keep GCC and Clang from fusing multiplications with additions.
EXACT_FLAGS: list[str] = _LISTED["exact_flags"]

_HOW_TO_INSTALL = {
    "linux": "install g++ (Debian and Ubuntu: apt install g++; Fedora: dnf install gcc-c++)",
    "darwin": "install Apple's command line tools (xcode-select --install)",
    "win32": "start Python from the Developer Command Prompt of Microsoft's Build Tools for C++",
}
# The Python package that contains Clang and the C++ library.
_ZIG = "ziglang"

_DISK_FULL = re.compile(r"No space left on device|Disk quota exceeded|not enough space on the disk")

# The name of a C compiler, with the target before it and the version after it: x86_64-linux-gnu-gcc-12.
_C_DRIVER = re.compile(r"(?P<before>(?:.*-)?)(?P<name>gcc|clang|cc)(?P<after>(?:-[\d.]+)?(?:\.exe)?)", re.IGNORECASE)
_CXX_DRIVERS = {"gcc": "g++", "clang": "clang++", "cc": "c++"}

# A flag for a standard before C++20, which Operant's headers need. Conda, for example, puts one into CXXFLAGS.
_OLD_STANDARD = re.compile(r"(?:--?std=(?:c|gnu)\+\+(?:98|03|0x|11|1y|14|1z|17)|[-/]std:c\+\+(?:14|17))")
_SEARCHED = re.compile(r"(?:-I|-isystem|-iquote|-idirafter|/I)(?P<directory>.*)", re.DOTALL)
_INCLUDE_VARIABLES = ("CPATH", "CPLUS_INCLUDE_PATH", "INCLUDE")


# Checks of indices in libstdc++ and in libc++, whose macro Zig defines itself.
_CHECKED_LIBRARY = [
    "-D_GLIBCXX_ASSERTIONS",
    "-U_LIBCPP_HARDENING_MODE",
    "-D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_DEBUG",
]


class CompileError(RuntimeError):
    """There is no C++ compiler, or it refused a header.

    Attributes:
        output: The complete output of the compiler.
    """

    __module__ = "operant"  # users import it from there

    def __init__(self, message: str, output: str = "") -> None:
        """Create the exception from its message and the compiler's output."""
        super().__init__(message)
        self.output = output


class Compiler(NamedTuple):
    """A C++ compiler: the command that calls it, and its description of its version."""

    command: list[str]
    version: str

    @property
    def name(self) -> str:
        """The command in one line, for messages."""
        return " ".join(self.command)

    @property
    def is_zig(self) -> bool:
        """True for the Clang in Zig, which by default compiles for this machine's processor alone."""
        return _ZIG in self.command or Path(self.command[0]).stem.lower() == "zig"

    @property
    def is_msvc(self) -> bool:
        """True if the compiler takes the options of Microsoft's compiler."""
        return Path(self.command[0]).stem.lower() in ("cl", "clang-cl")

    def flags(self, architecture: str, debug: bool = False) -> list[str]:
        """The flags on which a library's contents depend; those of the environment variable `CXXFLAGS` come last.

        Args:
            architecture: The name of an instruction set.
            debug: Compile with information for debuggers, assertions and checks of the standard library, and without
                optimisation.
        """
        processor, _, flags, microsoft_flags = ARCHITECTURES[architecture]
        own = [word for word in _words_of("CXXFLAGS") if not _OLD_STANDARD.fullmatch(word)]
        if self.is_msvc:
            mode = (
                ["/Z7", "/Od", "/D_CONTAINER_DEBUG_LEVEL=1", "/D_MSVC_STL_HARDENING=1"]
                if debug
                else ["/O2", "/DNDEBUG"]
            )
            return ["/nologo", "/std:c++20", *mode, "/EHsc", "/utf-8", "/LD", *microsoft_flags, *own]
        mode = ["-g", "-O0", *_CHECKED_LIBRARY] if debug else ["-O3", "-DNDEBUG"]
        common = ["-std=c++20", *mode, "-fPIC", "-shared"]
        hidden = ["-fvisibility=hidden", "-fvisibility-inlines-hidden"]
        # Without this flag, GCC clears arrays of a few hundred bytes, such as images, with an instruction that takes
        # longer than a step of a grid world.
        tuned = ["-mtune=native"] if processor == "x86" else []
        target = ["-mcpu=baseline"] if self.is_zig else tuned
        return [*common, *EXACT_FLAGS, *hidden, *target, *flags, *own]

    def compile(
        self,
        header: Path,
        source: Path,
        library: Path,
        architecture: str,
        includes: Sequence[str] = (),
        debug: bool = False,
    ) -> list[str]:
        """Compile a source file into a shared library, and return the files that the compiler read.

        Error messages mention the header. The compiler writes other files beside the source.

        Raises:
            CompileError: The compiler refuses the source.
            OSError: The disk is full.
        """
        list_of_files = source.with_suffix(".d")
        command = [*self.command, *self.flags(architecture, debug), *self._listing(list_of_files)]
        if self.is_msvc:
            command += [f"/I{one}" for one in (get_include(), *includes)]
            command += [str(source), f"/Fe:{library}", f"/Fo:{source.with_suffix('.obj')}"]
        else:
            command += [f"-I{one}" for one in (get_include(), *includes)]
            command += ["-Wfatal-errors", str(source), "-o", str(library)]
        # The compiler's temporary files are beside the source, so they are removed with it if the compiler is killed.
        done = _run(command, **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(source.parent)))
        output = done.stderr + done.stdout
        if done.returncode != 0:
            full = _DISK_FULL.search(output)
            if full:
                raise OSError(full[0])
            raise CompileError(explained(output, header, source, done.returncode), output)
        for file, what in ((library, "library"), (list_of_files, "list of the files that it has read")):
            if not file.is_file():
                raise CompileError(
                    f"{self.name} reports success, but has written no {what}: expected a C++ compiler, such as "
                    "g++ or clang++, named in CXX, and no flags in CXXFLAGS that end it early",
                    output,
                )
        return _files_in(list_of_files.read_bytes())

    def _listing(self, file: Path) -> list[str]:
        """Return flags that make the compiler list the files that it reads, including those of the system."""
        if not self.is_msvc:
            return ["-MD", "-MT", "library", "-MF", str(file)]
        if Path(self.command[0]).stem.lower() == "clang-cl":
            return ["/clang:-MD", "/clang:-MT", "/clang:library", "/clang:-MF", f"/clang:{file}"]
        return ["/sourceDependencies", str(file)]


def find_compiler() -> Compiler:
    """Find the compiler that `CXX` names, one that is on the path, or the one in the Python package `ziglang`.

    Raises:
        CompileError: There is no compiler, or it cannot be called.
    """
    # Microsoft's compiler comes first: it is on the path only if the user has put it there.
    names = ("cl", "clang-cl", "g++", "clang++") if sys.platform == "win32" else ("c++", "g++", "clang++")
    named = _words_of("CXX")
    for program, *arguments in [named] if named else [[name] for name in names]:
        found = shutil.which(program.strip('"'))
        if found:
            command = [_cxx_of(found), *arguments]
            asked = _run(command[:1] if Path(found).stem.lower() == "cl" else [*command, "--version"])
            return Compiler(command, asked.stdout + asked.stderr)
    if not named and find_spec(_ZIG) is not None:
        command = [sys.executable, "-m", _ZIG, "c++"]
        return Compiler(command, _run([*command, "--version"]).stdout)
    if named:
        given = os.environ["CXX"].strip()
        raise CompileError(f"CXX names the C++ compiler {given!r}, which does not exist: correct CXX, or remove it")
    others = [_HOW_TO_INSTALL[sys.platform]] if sys.platform in _HOW_TO_INSTALL else []
    raise CompileError(
        f"operant.load needs a C++20 compiler, and none of {', '.join(names)} is on the PATH: "
        + ", ".join([f"pip install {_ZIG}", *others, "or name a compiler in CXX"])
    )


def _cxx_of(program: str) -> str:
    """Replace a C compiler by the C++ compiler beside it: gcc compiles C++, but does not link the C++ library."""
    path = Path(program)
    driver = _C_DRIVER.fullmatch(path.name)
    if driver is None:
        return program
    other = path.with_name(driver["before"] + _CXX_DRIVERS[driver["name"].lower()] + driver["after"])
    return shutil.which(str(other)) or program


def settings() -> list[Any]:
    """Collect the values of environment variables that affect a library with any compiler.

    Raises:
        CompileError: A quote is not closed.
    """
    arguments = [*_words_of("CXX")[1:], *_words_of("CXXFLAGS")]
    variables = [os.environ.get(name) for name in (*_INCLUDE_VARIABLES, "CL", "_CL_")]
    # The words may name object files, archives, and files of further flags.
    named = [re.sub(r"^(?:@|-[\w-]+=)", "", word) for word in arguments]
    return [arguments, variables, search_directories(), {name: digest_of(name) for name in named if name}]


def search_directories() -> list[str]:
    """List the header directories in environment variables, roughly in the compiler's order of search."""
    words = iter([*_words_of("CXX")[1:], *_words_of("CXXFLAGS")])
    matches = filter(None, map(_SEARCHED.fullmatch, words))
    directories = [match["directory"] or next(words, "") for match in matches]
    for variable in _INCLUDE_VARIABLES:
        value = os.environ.get(variable)
        directories += value.split(os.pathsep) if value else []  # an empty name means the working directory
    return [os.path.abspath(directory) for directory in directories]


def digest_of(file: str | os.PathLike[str]) -> str | None:
    """Hash the contents of a file; return None if it cannot be read."""
    try:
        with open(file, "rb") as opened:
            return hashlib.sha256(opened.read()).hexdigest()
    except (OSError, ValueError):
        return None


def _words_of(variable: str) -> list[str]:
    """Split the value of an environment variable into words, as a shell does."""
    text = os.environ.get(variable, "")
    try:
        return shlex.split(text, posix=sys.platform != "win32")
    except ValueError as error:
        raise CompileError(f"{variable}: expected every quote to be closed, got {shown(text)}") from error


def _files_in(listing: bytes) -> list[str]:
    """Read the names of files from a rule for `make`, or from the JSON that Microsoft's compiler writes."""
    if listing.lstrip().startswith(b"{"):
        return list(json.loads(listing)["Data"]["Includes"])
    words = re.findall(
        rb"(?:\\+[ \t#]|[^\s])+", listing.partition(b":")[2].replace(b"\\\r\n", b" ").replace(b"\\\n", b" ")
    )
    # Compilers double the backslashes before a space, and only those.
    plain = (re.sub(rb"(\\*)\\([ \t#])", lambda one: one[1][: len(one[1]) // 2] + one[2], word) for word in words)
    return [os.fsdecode(word.replace(b"$$", b"$")) for word in plain]


def _run(command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"LC_ALL": "C"} | variables  # messages in English
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", env=environment
        )
    except OSError as error:
        raise CompileError(f"the C++ compiler {command[0]} cannot be called: {error}") from error
