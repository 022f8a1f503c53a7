"""Fail if a translation unit for one instruction set defines a symbol that another unit might link to.

An inline function or a template that two object files define is one weak symbol. The linker keeps any one of them,
perhaps the one with AVX-512 instructions, for a processor that lacks them. Every definition in the object files of
kernels must therefore carry the architecture in its name.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

LIST = Path(__file__).parents[2] / "cmake" / "architectures.json"
ARCHITECTURES = {one["name"].replace(".", "_"): one["type"] for one in json.loads(LIST.read_text())["architectures"]}


def shared_definitions(nm: str, object_file: Path) -> list[str]:
    """Return the global definitions in the object file that do not carry its architecture in their type."""
    architecture = re.search(r"kernels_(\w+?)\.", object_file.name).group(1)
    listing = subprocess.run(
        [nm, "--demangle", "--defined-only", "--extern-only", object_file], check=True, capture_output=True, text=True
    ).stdout
    # 3f0 W operant::BatchTierKernels<operant::CartPole, float, xsimd::avx512bw>::restart(...)
    # Constants, of the types R, V and u, are the same whatever the flags.
    symbols = [line.split(maxsplit=2)[2] for line in listing.splitlines() if line.split()[1] not in "RVu"]
    if not symbols:
        raise SystemExit(f"{object_file} defines no symbols: expected the kernels of an instruction set")
    own = re.compile(ARCHITECTURES[architecture] + r"\W")
    return [symbol for symbol in symbols if not own.search(symbol)]


def main() -> int:
    """Check the object files named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nm", default="nm")
    parser.add_argument("objects", nargs="+", type=Path)
    arguments = parser.parse_args()
    failed = False
    for object_file in arguments.objects:
        for symbol in shared_definitions(arguments.nm, object_file):
            print(f"{object_file.name}: {symbol}", file=sys.stderr)
            failed = True
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
