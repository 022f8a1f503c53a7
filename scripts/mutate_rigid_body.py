"""Insert one fault after the other into LunarLander, BipedalWalker and their rigid bodies; check that a test finds it.

    python scripts/mutate_rigid_body.py                # about ten seconds a fault
    python scripts/mutate_rigid_body.py wake order     # only those whose names contain a word

The tests are the recorded runs of Gymnasium that the C++ tests repeat, env by env and, for the walker, in blocks. The
script fails if the tests miss a fault. rigid_body_faults.txt has the faults: after a hash, the runs that must find the
faults below, each by itself, and the file; a name; the old lines, after a minus; the new lines, after a plus.
"""

import argparse
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
INCLUDE = ROOT / "include" / "operant"
# As in tests/cpp: functions of xsimd need not be inlined, so the programs compile in a third of the time.
FLAGS = ["-std=c++20", "-O1", "-w", "-fno-tree-vectorize", "-ffp-contract=off", "-march=native"]
FLAGS += ["-DXSIMD_INLINE_HPP", "-DXSIMD_INLINE=inline"]

# Programs that repeat the recorded runs, and print how many differ.
PROGRAMS = {
    "lander": """
#include <cstdio>
#include "lunar_lander_runs.hpp"
int main() {
    recorded_runs::Envs<operant::LunarLander> discrete;
    recorded_runs::Envs<operant::LunarLanderContinuous> continuous;
    discrete.run();
    continuous.run();
    const auto differing = discrete.differing().size() + continuous.differing().size();
    std::printf("%zu", differing + !recorded_runs::new_contact_wakes());
}
""",
    "walker": """
#include <cstdio>
#include "bipedal_walker_runs.hpp"
int main() {
    recorded_runs::walker::Envs alone, block;
    alone.run();
    block.run_block();
    std::printf("%zu", alone.differing().size() + block.differing().size());
}
""",
}


class Fault(NamedTuple):
    """A fault of the file of faults, with one of its runs."""

    name: str
    runs: str
    file: str
    before: str
    after: str


def faults() -> list[Fault]:
    """Read the file of faults."""
    read = []
    for block in Path(__file__).with_name("rigid_body_faults.txt").read_text().split("\n\n"):
        lines = block.rstrip("\n").split("\n")
        if lines[0].startswith("# "):
            *all_runs, file = lines.pop(0)[2:].split()
        before, after = ("\n".join(line[1:] for line in lines[1:] if line[0] == sign) for sign in "-+")
        read += [Fault(f"{runs}: {lines[0]}", runs, file, before, after) for runs in all_runs]
    return read


def differing_runs(directory: Path, runs: str, fault: Fault | None = None) -> int:
    """Compile the recorded runs, with a fault, and return how many differ."""
    directory.mkdir(parents=True)
    shutil.copytree(INCLUDE, directory / "operant")
    if fault is not None:
        file = directory / "operant" / fault.file
        text = file.read_text()
        if text.count(fault.before) != 1:
            raise SystemExit(f"{fault.name}: {fault.file} has {text.count(fault.before)} times: {fault.before}")
        file.write_text(text.replace(fault.before, fault.after))
    main = directory / "main.cpp"
    main.write_text(PROGRAMS[runs])
    program = directory / "main"
    subprocess.run(["c++", *FLAGS, f"-I{directory}", f"-I{ROOT}/tests/cpp", main, "-o", program], check=True)
    return int(subprocess.run([program], check=True, capture_output=True, timeout=600).stdout)


def main() -> None:
    """Try the faults whose names contain one of the words, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="faults whose names contain one of these")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    chosen = [one for one in faults() if not options.words or any(word in one.name for word in options.words)]
    missed = 0
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(options.jobs) as pool:
        for runs in sorted({fault.runs for fault in chosen}):
            if count := differing_runs(Path(temporary) / runs, runs):
                raise SystemExit(f"{count} runs of the {runs} differ without a fault")

        def try_fault(number: int) -> int:
            return differing_runs(Path(temporary) / str(number), chosen[number].runs, chosen[number])

        for fault, count in zip(chosen, pool.map(try_fault, range(len(chosen))), strict=True):
            print(f"{fault.name}: {count} runs differ" if count else f"{fault.name}: MISSED", flush=True)
            missed += count == 0
    print(f"{len(chosen) - missed} of {len(chosen)} faults found")
    if missed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
