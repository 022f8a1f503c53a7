"""Random arguments: the result is right, or an exception says why not and nothing changes."""

from __future__ import annotations

import csv
import io
from contextlib import redirect_stderr, redirect_stdout, suppress
from operator import index

import gymnasium as gym
import numpy as np
import pytest
from conftest import ONE_PER_CLASS, id_of
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from odd_values import ArrayLike, Exporter, OnPurposeError, RaisingArray
from side_by_side import bounds_of
from twins import DOCUMENTED, DOCUMENTED_OF_RESET, actions_of, make_twins, refused

from operant import cli
from operant.utils import Logger
from operant.utils._curves import read_curves

COUNT = 3

# The same arguments in every run, so that failures are reproducible.
BOUNDED = settings(
    max_examples=500, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)

# Numbers of copies: a few, or more than fit into any memory.
INTEGERS = st.integers(-3, 70) | st.integers(2**60, 2**70) | st.integers(-(2**70), -(2**31)) | st.just(10**400)
NUMBERS = INTEGERS | st.floats(allow_nan=True, allow_infinity=True) | st.floats(width=32) | st.complex_numbers()
TEXT = st.text(max_size=8) | st.characters(categories=["Cs"]) | st.binary(max_size=8)
PLAIN = st.none() | st.booleans() | NUMBERS | TEXT
DTYPES = hnp.scalar_dtypes() | hnp.array_dtypes(max_size=2) | st.just(np.dtype(object))
SHAPES = st.sampled_from([(COUNT,), (COUNT,), (COUNT, 1), (1, COUNT)]) | hnp.array_shapes(
    min_dims=0, max_dims=3, min_side=0, max_side=4
)


@st.composite
def arrays(draw):
    """Arrays of any dtype, shape and layout."""
    dtype = draw(DTYPES)
    elements = PLAIN if dtype.kind == "O" else None
    array = draw(hnp.arrays(dtype, draw(SHAPES), elements=elements))
    layout = draw(st.sampled_from(["as it is", "reversed", "every other", "transposed", "read-only", "misaligned"]))
    if layout == "reversed" and array.ndim:
        array = np.array(array[::-1])[::-1]
    elif layout == "every other" and array.ndim:
        array = np.repeat(array, 2, axis=0)[::2]
    elif layout == "transposed":
        array = np.array(array.T, order="C").T
    elif layout == "read-only":
        array.flags.writeable = False
    elif layout == "misaligned" and array.ndim == 1 and not array.dtype.hasobject and array.size:
        array = np.frombuffer(b"\1" + array.tobytes(), np.uint8)[1:].view(array.dtype)
    return array


# Numbers that are valid for some arguments, so that accepted calls are tried as well.
WANTED = (
    hnp.arrays(st.sampled_from("bhilqBHIL?"), COUNT, elements=st.integers(0, 1))
    | hnp.arrays(st.sampled_from(["<f4", ">f4", "<f8", ">f8", "<f2"]), (COUNT, 1), elements=st.floats(-3, 3, width=16))
    | st.lists(st.integers(0, 1) | st.floats(-1, 1), min_size=COUNT, max_size=COUNT)
    | st.integers(0, 5)
    | st.floats(-1, 1)
)
ANYTHING = st.one_of(
    WANTED,
    PLAIN,
    arrays(),
    arrays().map(lambda array: array[()] if array.ndim == 0 else array.flat[0] if array.size else array),
    st.recursive(PLAIN, lambda some: st.lists(some, max_size=4) | st.dictionaries(TEXT, some, max_size=3)),
    (arrays() | PLAIN).map(ArrayLike),
    arrays().map(Exporter),
    st.sampled_from([OnPurposeError, TypeError, ValueError]).map(lambda kind: RaisingArray(kind("on purpose"))),
)


def mostly(usual, other):
    """Three out of four of the one, the rest of the other."""
    return st.integers(0, 3).flatmap(lambda number: usual if number else other)


@pytest.fixture(params=ONE_PER_CLASS, ids=id_of)
def registration(request):
    return request.param


@pytest.mark.filterwarnings("ignore")  # numpy's, about what it is made to read
def test_arguments_of_calls(registration):
    bounds = list(bounds_of(registration, 0, 0))
    accepted = set()

    @BOUNDED
    @given(
        argument=st.sampled_from(["actions", "seed", "options", "reset_mask", *bounds, "state", "mask"]), value=ANYTHING
    )
    def fuzz(argument, value):
        pair = make_twins(registration)
        state = pair.ours.state * 0.5
        calls = {
            "actions": lambda env: env.step(value),
            "seed": lambda env: env.reset(seed=value),
            "options": lambda env: env.reset(seed=1, options=value),
            "reset_mask": lambda env: env.reset(seed=1, options={"reset_mask": value}),
            **{bound: lambda env, bound=bound: env.reset(seed=1, options={bound: value}) for bound in bounds},
            "state": lambda env: env.set_state(value),
            "mask": lambda env: env.set_state(state, value),
        }
        allowed = DOCUMENTED_OF_RESET if argument == "seed" else DOCUMENTED
        if not refused(lambda: calls[argument](pair.ours), bounds if argument in bounds else [argument], allowed):
            accepted.add(argument)
            calls[argument](pair.spared)
            if argument == "actions":
                _, rewards, *_ = pair.spared.step(actions_of(pair.spared))
                pair.ours.step(actions_of(pair.ours))
                assert not np.isnan(rewards).any()
            assert np.isfinite(pair.ours.state).all()
        pair.assert_undisturbed()

    fuzz()
    assert {"actions", "seed", "mask", bounds[1]} <= accepted  # or nothing would have been tried


@pytest.mark.filterwarnings("ignore")
def test_arguments_of_constructors(registration):
    arguments = ["num_envs", "workers", "max_episode_steps", "autoreset_mode", "render_mode", "dtype"]
    arguments += ["record_episode_statistics", *gym.make_vec(registration.id, num_envs=1).parameters]
    accepted = set()

    @BOUNDED
    @given(
        argument=st.sampled_from(arguments),
        value=ANYTHING,
        dtype=st.sampled_from([np.float32, np.float64]),
    )
    def fuzz(argument, value, dtype):
        if argument == "num_envs":
            with suppress(TypeError):
                assume(not 1000 < index(value) < 2**60)  # valid if it fits into memory, which it would fill
        made = []
        allowed = (TypeError, ValueError, MemoryError) if argument == "num_envs" else (TypeError, ValueError)
        names = [argument, argument.replace("min_", "max_"), argument.replace("max_", "min_")]
        arguments = {"num_envs": 2, "dtype": dtype, argument: value}
        if not refused(lambda: made.append(gym.make_vec(registration.id, **arguments)), names, allowed):
            accepted.add(argument)
            env = made[0]
            env.reset(seed=0)
            for number in range(3):
                env.step(actions_of(env, number))
            env.close()

    fuzz()
    assert len(accepted) > 5


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
        patch.chdir(tmp_path_factory.getbasetemp())
        patch.setattr("operant.commands.bench.measure", lambda options: None)
        output, errors = io.StringIO(), io.StringIO()
        with redirect_stdout(output), redirect_stderr(errors):
            try:
                code = cli.main(arguments)
            except SystemExit as exit:
                code = exit.code
        assert code in (0, 2)
        assert code == 0 or "\noperant" in "\n" + errors.getvalue()


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
