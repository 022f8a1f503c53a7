"""Random numbers of the C++ core against numpy's Generator: mixed sequences, bit for bit."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import operant
from operant.building.build_directory import build_directory
from operant.building.compiler import ARCHITECTURES, EXACT_FLAGS

ROOT = Path(__file__).parents[3]
STREAMS = 16
TAILS = {"n": 3.6541528853610088, "e": 7.69711747013104972}  # where the ziggurats' tails begin

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")


@pytest.fixture(scope="module", params=operant.simd.available)
def program(request, session_directory):
    """tests/cpp/draws.cpp, compiled for one instruction set once a session."""
    path = session_directory / f"draws-{request.param}"
    flags = ["-std=c++20", "-O1", *EXACT_FLAGS, *ARCHITECTURES[request.param].flags, f"-I{operant.get_include()}"]
    with build_directory(session_directory, path.name):
        if not path.exists():
            subprocess.run(["g++", *flags, ROOT / "tests/cpp/draws.cpp", "-o", path], check=True)
    return path


def run(program, script, seeds, source, active=0xFFFF):
    """Return the numbers drawn, a row per draw and a column per seed, and the words of the generators' states."""
    lines = [" ".join(map(str, seeds))]
    lines += [
        " ".join([kind, *(str(x) if isinstance(x, int) else float(x).hex() for x in arguments)])
        for kind, *arguments in script
    ]
    done = subprocess.run(
        [program, source, hex(active)], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in done.stdout.splitlines()]
    drawn = [[int(x) if x.lstrip("-").isdigit() else float.fromhex(x) for x in row] for row in rows[: len(script)]]
    return drawn, [list(map(int, row)) for row in rows[len(script) :]]


def draw(generator, kind, *arguments):
    if kind == "r":
        return generator.random()
    if kind == "u":
        return generator.uniform(*arguments)
    if kind == "n":
        return generator.normal(*arguments)
    if kind == "e":
        return generator.exponential(*arguments)
    if kind == "i":
        return int(generator.integers(*arguments))
    # As Gymnasium's categorical_sample does it, whose cumulative sums these are.
    return int(np.argmax(np.asarray(arguments) > generator.random()))


def state_words(generator):
    state = generator.bit_generator.state
    numbers = state["state"]["state"], state["state"]["inc"]
    words = [word for number in numbers for word in divmod(number, 2**64)]
    return [*words, state["has_uint32"], state["uinteger"]]


def expected(script, seeds, active=0xFFFF, with_half=True):
    """Return numpy's numbers and states; the numbers are 0 for inactive seeds."""
    drawn, states = drawn_by_numpy(tuple(script), tuple(seeds), active)
    return drawn, states if with_half else [words[:4] for words in states]


@cache
def drawn_by_numpy(script, seeds, active):
    """Draw once what the programs of all instruction sets are compared with."""
    generators = [np.random.Generator(np.random.PCG64(seed)) for seed in seeds]
    drawn = [
        [draw(generator, *step) if active >> i & 1 else 0 for i, generator in enumerate(generators)] for step in script
    ]
    return drawn, [state_words(generator) for generator in generators]


def random_range(rng):
    """Draw bounds of integers: narrow ones, those at which numpy changes its method, or the widest ones."""
    width = int(
        rng.choice(
            [1, 2, 3, 5, 6, 10, 16, 100, 1000, 2**31 - 1, 2**31, 2**31 + 1, 3 * 2**30, 2**32 - 2, 2**32 - 1, 2**32,
             2**32 + 1, 3 * 2**40, 2**53, 2**62 + 1, 2**63 - 1]
        )
    )  # fmt: skip
    low = int(rng.choice([0, 0, 0, 1, -1, -7, -(2**31), 2**31, -(2**62), -(2**63)]))
    return low, min(low + width, 2**63 - 1)


def random_script(rng, length, kinds, largest=2**63):
    script = []
    for kind in rng.choice(list(kinds), length):
        if kind == "u":
            script.append(("u", *sorted(map(float, rng.normal(size=2) * 10.0 ** rng.integers(-3, 4)))))
        elif kind == "n":
            script.append(
                ("n", 0.0, 1.0) if rng.random() < 0.5 else ("n", float(rng.normal()), float(rng.exponential()))
            )
        elif kind == "e":
            script.append(("e", 1.0 if rng.random() < 0.5 else float(rng.exponential())))
        elif kind == "i":
            low, high = random_range(rng)
            while max(abs(low), abs(high)) > largest:
                low, high = random_range(rng)
            script.append(("i", low, high))
        elif kind == "c":
            weights = rng.dirichlet(np.ones(rng.integers(1, 9)))
            script.append(("c", *map(float, np.cumsum(weights) * rng.choice([1.0, 0.9]))))
        else:
            script.append(("r",))
    return script


@pytest.fixture
def seeds(rng):
    return [0, 1, 2**32 - 1, 2**32, 2**64 - 1, *map(int, rng.integers(0, 2**63, STREAMS - 5))]


def test_a_mixed_sequence_of_100000_draws_equals_numpy(program, rng, seeds):
    script = random_script(rng, 6400, "runeci")
    assert run(program, script, seeds, "single") == expected(script, seeds)


def test_lanes_draw_what_numpy_draws(program, rng, seeds):
    script = random_script(rng, 1000, "runeci", largest=2**53)
    assert run(program, script, seeds, "lanes") == expected(script, seeds)


def test_lanes_without_integers_draw_what_numpy_draws(program, rng, seeds):
    script = random_script(rng, 1000, "runec")
    assert run(program, script, seeds, "lanes_of_plain") == expected(script, seeds, with_half=False)


@pytest.mark.parametrize("active", [0xFFFF, 0x9A35])
def test_batches_draw_what_numpy_draws(program, rng, seeds, active):
    script = random_script(rng, 1000, "runeci")
    assert run(program, script, seeds, "batch", active) == expected(script, seeds, active)


@pytest.mark.parametrize("active", [0xFFFF, 0x9A35])
def test_batches_of_floats_draw_what_numpy_draws_rounded(program, rng, seeds, active):
    script = random_script(rng, 1000, "runeci", largest=2**31 - 1)
    drawn, states = expected(script, seeds, active)
    rounded = [[x if isinstance(x, int) else float(np.float32(x)) for x in row] for row in drawn]
    assert run(program, script, seeds, "batch_of_floats", active) == (rounded, states)


@pytest.mark.parametrize("source", ["single", "lanes_of_plain"])
@pytest.mark.parametrize("kind", TAILS)
def test_tails_equal_numpy(program, seeds, source, kind):
    script = [("n", 0.0, 1.0) if kind == "n" else ("e", 1.0)] * 10000
    drawn, states = run(program, script, seeds, source)
    assert (drawn, states) == expected(script, seeds, with_half=source == "single")
    assert sum(abs(x) > TAILS[kind] for row in drawn for x in row) > 30
