"""Random calls of the logger, command lines and files: each succeeds, or an exception or a message has the reason."""

from __future__ import annotations

import csv
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from hypothesis.extra import numpy as hnp
from interpreter import run_here
from odd_values import OnPurposeError, RaisingArray
from twins import refused

from operant.utils import Logger
from operant.utils._curves import read_curves

# The same arguments in every run, so that failures are reproducible.
BOUNDED = settings(
    max_examples=200, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)

# Numbers of envs: a few, or more than fit into any memory.
INTEGERS = st.integers(-3, 70) | st.integers(2**60, 2**70) | st.integers(-(2**70), -(2**31)) | st.just(10**400)
NUMBERS = INTEGERS | st.floats(allow_nan=True, allow_infinity=True) | st.floats(width=32) | st.complex_numbers()
TEXT = st.text(max_size=8) | st.characters(categories=["Cs"]) | st.binary(max_size=8)
PLAIN = st.none() | st.booleans() | NUMBERS | TEXT


#: Metrics of every kind; test_bad_input.py tries such values as arguments of environments.
ANYTHING = st.one_of(
    PLAIN,
    st.lists(PLAIN, max_size=3),
    st.dictionaries(TEXT, PLAIN, max_size=3),
    hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=2)),
    st.sampled_from([OnPurposeError, TypeError, ValueError]).map(lambda kind: RaisingArray(kind("on purpose"))),
)


def mostly(usual, other):
    """Draw the usual values in three of four cases."""
    return st.integers(0, 3).flatmap(lambda number: usual if number else other)


@pytest.mark.filterwarnings("ignore")
def test_arguments_of_log(tmp_path):
    path = tmp_path / "log.csv"
    logged = []
    with Logger(csv_path=path, quiet=True, sinks=logged.append) as logger:

        @BOUNDED
        @given(
            steps=mostly(st.integers(0, 9), ANYTHING | st.dictionaries(TEXT, NUMBERS, max_size=3)),
            metrics=st.dictionaries(
                mostly(st.sampled_from("abc"), st.text(max_size=4)), mostly(NUMBERS, ANYTHING), max_size=3
            ),
        )
        def fuzz(steps, metrics):
            metrics.pop("steps", None)
            rows, total_steps = len(logged), logger.total_steps
            given = {**(steps if isinstance(steps, dict) else {}), **metrics}
            names = ["steps", "metrics", *map(str, given), *map(repr, given)]
            if refused(lambda: logger.log(steps, **metrics), names, (TypeError, ValueError)):
                assert (len(logged), logger.total_steps) == (rows, total_steps)
            else:
                assert logged[-1].keys() - given.keys() == {"timestamp", "total_steps", "steps_per_second"}
                assert all(type(number) in (int, float) for number in logged[-1].values())

        fuzz()
    assert len(logged) > 50
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(logged)
    for row, record in zip(rows, logged, strict=True):
        numbers = {name: type(record[name])(cell) for name, cell in row.items() if cell}
        assert str(numbers) == str({name: record[name] for name in row if name in record})  # nan is nan there


# fmt: off
WORDS = [
    "info", "envs", "plot", "bench", "--help", "--version", "--include-dir", "--cmake-dir", "-o", "--output", "log.csv",
    "-V", "-x", "time", "-m", "--metric", "reward", "--smooth", "--show", "-", "all", "cartpole", "operant/Taxi-v3",
    "no.csv", ".", "..", '""', "--env", "CartPole", "Pendulum,Ant", "--num-envs", "0", "64", "1e3", "9" * 20,
    "--workers", "1,2", "5000", "--dtype", "float32", "float16", "--against", "none", "gymnasium", "--json", "out.json",
    "--plot", "out.png", "out.txt", "--rounds", "--seconds", "nan", "inf", "0.01", "--all", "--",
]
# fmt: on
ARGUMENTS = st.sampled_from(WORDS) | st.text(st.characters(exclude_characters="/\\", exclude_categories=()), max_size=6)


@BOUNDED
@given(arguments=st.lists(ARGUMENTS, max_size=5))
def test_command_lines(arguments, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("operant.cli.bench.measure", lambda options: None)
        done = run_here(*arguments, cwd=tmp_path_factory.getbasetemp())
    assert done.returncode in (0, 2)
    assert done.returncode == 0 or "\noperant" in "\n" + done.stderr


LINES = st.lists(
    st.sampled_from(["timestamp,total_steps,steps_per_second", "timestamp,total_steps,steps_per_second,a,b"])
    | st.lists(st.sampled_from(["1", "2.5", "nan", "inf", "", "x", '"', "\0", "9" * 5000]), max_size=6).map(",".join)
    | st.text(max_size=5),
    max_size=6,
)


@BOUNDED
@given(lines=LINES, rest=st.binary(max_size=4))
def test_files_to_plot_and_to_resume(lines, rest, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "fuzzed.csv"
    content = "\n".join(lines).encode("utf-8", "surrogatepass") + rest
    path.write_bytes(content)
    with suppress(ValueError):  # other tests read its message
        assert all(len(steps) == len(values) > 0 for steps, values in read_curves(path).values())
    try:
        logger = Logger(csv_path=path, resume=True, quiet=True)
    except ValueError:
        assert path.read_bytes() == content
    else:
        with logger:
            logger.log(7, a=1.5)
        assert path.read_bytes().splitlines()[-1].count(b",1.5") == 1
