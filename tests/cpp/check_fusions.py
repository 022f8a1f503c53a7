"""Fail if the compiler has fused a multiplication with an addition where the source does not ask for it.

A fused operation rounds once instead of twice, so results differ between instruction sets. Files that were compiled
with `-g1` name the line of source of every instruction. A fused instruction may stand only where that line calls `fma`,
or an intrinsic that the compiler's header defines by a fused operation (GCC names the line in that header, Clang the
line that calls the intrinsic). In a file without lines, only instructions that subtract in every other lane are
refused: no source of Operant asks for these, and GCC 12 makes them.
"""

import argparse
import functools
import re
import subprocess
import sys
from pathlib import Path

FUSED = re.compile(r"\t(vfn?m(?:add|sub)\w*|fn?m(?:add|sub|la|ls)\w*)\s")
ALTERNATING = re.compile(r"vfm(?:addsub|subadd)")
ASKED_FOR = re.compile(r"\bfma\(|__builtin_\w*fn?m(?:add|sub|a)|\b_mm\d*_fn?m(?:add|sub)_")
SYMBOL = re.compile(r"[0-9a-f]+ <(.+)>:$")
LINE = re.compile(r"(\S.*):(\d+)(?: \(discriminator \d+\))?$")


@functools.cache
def lines_of(file: str) -> list[str] | None:
    """Return the lines of a source file, or None if there is no such file."""
    return Path(file).read_text(errors="replace").splitlines() if Path(file).is_file() else None


@functools.cache
def asks_for_fusion(file: str, line: int) -> bool:
    """Return True if this line of source asks for a fused operation."""
    lines = lines_of(file)
    return lines is not None and ASKED_FOR.search(lines[line - 1]) is not None


def unwanted_fusions(objdump: str, file: Path, without_lines: bool = False) -> tuple[list[str], int]:
    """Return a description of each fusion that the source does not ask for, and the number of all fusions."""
    command = [objdump, "--disassemble", "--line-numbers", "--no-show-raw-insn", "--demangle", file]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    unwanted, count, symbol, place = [], 0, "?", None
    for text in listing.splitlines():
        instruction = FUSED.search(text)
        if instruction:
            count += 1
            if without_lines:
                asked_for = not ALTERNATING.match(instruction[1])
            else:
                asked_for = place is not None and asks_for_fusion(*place)
            if not asked_for:
                where = f"{place[0]}:{place[1]}" if place else "unknown line"
                unwanted.append(f"{file.name}: {instruction[1]} at {where} in {symbol}")
        elif found := SYMBOL.match(text):
            symbol, place = found[1], None
        elif (found := LINE.match(text)) and lines_of(found[1]) is not None:
            place = found[1], int(found[2])
    return unwanted, count


def main() -> int:
    """Check the files named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objdump", default="objdump")
    parser.add_argument("--without-lines", action="store_true", help="the files have no line numbers")
    parser.add_argument("files", nargs="+", type=Path)
    arguments = parser.parse_args()
    failed = False
    for file in arguments.files:
        unwanted, count = unwanted_fusions(arguments.objdump, file, arguments.without_lines)
        print(f"{file.name}: {count} fused instructions, {len(unwanted)} of them not asked for")
        for one in unwanted[:20]:
            print(one, file=sys.stderr)
        failed = failed or bool(unwanted)
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
