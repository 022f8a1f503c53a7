"""The logger: every call is a row, whatever happens."""

from __future__ import annotations

import csv
import enum
import errno
import gc
import io
import math
import os
import subprocess
import sys
import threading
import time
from decimal import Decimal

import numpy as np
import pytest

from operant.utils import Logger

BASE = ["timestamp", "total_steps", "steps_per_second"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "training.csv"


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def column(path, name):
    return [row[name] for row in read(path)]


def wait_until(condition):
    """Poll a condition that a thread brings about; a minute is for machines that are busy otherwise."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def first_error(call):
    """Call until there is an OSError."""
    errors = []

    def fails():
        try:
            call()
        except OSError as error:
            errors.append(error)
        return errors

    wait_until(fails)
    return errors[0]


def run(code, *arguments, **options):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)], capture_output=True, text=True, **options
    )


class Terminal(io.StringIO):
    """Standard output that says that it is a terminal."""

    def isatty(self):
        return True


# CSV


def test_every_call_is_a_row(path):
    before = time.time()
    with Logger(csv_path=path, quiet=True) as logger:
        for i in range(1000):
            logger.log(steps=3, reward=i / 7, length=i)
    after = time.time()
    rows = read(path)
    assert list(rows[0]) == [*BASE, "reward", "length"]
    assert [int(row["total_steps"]) for row in rows] == list(range(3, 3003, 3))
    assert [float(row["reward"]) for row in rows] == [i / 7 for i in range(1000)]
    assert [row["length"] for row in rows] == [str(i) for i in range(1000)]
    timestamps = [float(row["timestamp"]) for row in rows]
    assert before <= timestamps[0]
    assert timestamps == sorted(timestamps)
    assert timestamps[-1] <= after


def test_the_documented_parameters_are_positional(path):
    with Logger(0.5, 10, path):
        pass
    assert path.read_text() == ",".join(BASE) + "\n"


NUMBERS = [
    0.1,
    1 / 3,
    1e300,
    5e-324,
    -0.0,
    1e16,
    123456789012345680.0,
    20.0,
    math.pi * 1e-5,
    math.inf,
    -math.inf,
    2**80,
]


@pytest.mark.parametrize("number", [*NUMBERS, 0, -7, 2**63, -(2**63)])
def test_numbers_round_trip(path, number):
    with Logger(csv_path=path, quiet=True) as logger:
        logger.log(metric=number)
    (cell,) = column(path, "metric")
    assert type(number)(cell) == number
    assert math.copysign(1, float(cell)) == math.copysign(1, number)
    assert len(cell) <= len(repr(number))


def test_floats_look_like_floats(path):
    with Logger(csv_path=path, quiet=True) as logger:
        for number in (20.0, -3.0, 1e22, math.nan, 5):
            logger.log(metric=number)
    assert column(path, "metric") == ["20.0", "-3.0", "1e+22", "nan", "5"]


def test_random_floats_round_trip(path, rng):
    numbers = rng.integers(0, 2**64, 20_000, dtype=np.uint64).view(np.float64)
    numbers = numbers[np.isfinite(numbers)].tolist()
    with Logger(csv_path=path, quiet=True) as logger:
        for number in numbers:
            logger.log(metric=number)
    assert [float(cell) for cell in column(path, "metric")] == numbers


class Scalar:
    """What tensors of no dimension have in common."""

    shape = ()

    def __init__(self, value):
        self._value = value

    def item(self):
        return self._value


class Level(enum.IntEnum):
    TWO = 2


@pytest.mark.parametrize(
    ("scalar", "expected"),
    [
        *((dtype(0.1), repr(float(dtype(0.1)))) for dtype in (np.float16, np.float32, np.float64, np.longdouble)),
        *((dtype(7), "7") for dtype in (np.int8, np.uint16, np.int32, np.int64)),
        (np.uint64(2**64 - 1), str(2**64 - 1)),
        (np.array(1.5), "1.5"),
        (np.array(3), "3"),
        (True, "1"),
        (np.False_, "0"),
        (Level.TWO, "2"),
        (Scalar(2.5), "2.5"),
        (Scalar(4), "4"),
    ],
)
def test_scalars_are_numbers(path, scalar, expected):
    with Logger(csv_path=path, quiet=True) as logger:
        logger.log(metric=scalar)
    assert column(path, "metric") == [expected]


def test_torch_scalars_are_numbers(path):
    torch = pytest.importorskip("torch")
    with Logger(csv_path=path, quiet=True) as logger:
        logger.log(metric=torch.tensor(0.1))
        logger.log(metric=torch.tensor(3))
        logger.log(metric=torch.tensor(2.5, requires_grad=True))
        with pytest.raises(TypeError, match=r"metric: expected a number, got Tensor of shape \(1,\)"):
            logger.log(metric=torch.tensor([1.0]))
    assert column(path, "metric") == ["0.10000000149011612", "3", "2.5"]


@pytest.mark.parametrize(
    "value",
    [
        None,
        "1.5",
        [1.0],
        (1.0,),
        {},
        1j,
        np.complex64(1),
        np.zeros(1),
        np.zeros((2, 3)),
        np.str_("1"),
        object(),
        Decimal(1),
        np.datetime64(0, "ns"),
        np.timedelta64(0, "ns"),
        Scalar("1"),
        Scalar(None),
        Scalar(1j),
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_else_is_refused_by_name(path, value):
    with Logger(csv_path=path, quiet=True) as logger:
        with pytest.raises(TypeError, match="episode_return: expected a number, got "):
            logger.log(steps=5, reward=1.0, episode_return=value)
        logger.log(steps=1, reward=2.0)
    assert [list(row.values())[1:2] + list(row.values())[3:] for row in read(path)] == [["1", "2.0"]]


@pytest.mark.parametrize("steps", [1.0, "1", None, True, [1], np.float32(1)])
def test_steps_must_be_an_integer(path, steps):
    with Logger(csv_path=path, quiet=True) as logger, pytest.raises(TypeError, match="steps: expected an integer"):
        logger.log(steps=steps)
    assert read(path) == []


def test_steps_must_not_be_negative():
    with Logger(quiet=True) as logger, pytest.raises(ValueError, match="steps: expected an integer, 0 or more, got -1"):
        logger.log(steps=-1)


def test_numpy_integers_are_steps():
    with Logger(quiet=True) as logger:
        logger.log(np.int32(4))
        logger.log(np.uint8(200))
        assert logger.total_steps == 204


@pytest.mark.parametrize("name", BASE)
def test_the_first_columns_are_no_metrics(path, name):
    with Logger(csv_path=path, quiet=True) as logger, pytest.raises(ValueError, match=f"{name}: expected another name"):
        logger.log(**{name: 1.0})
    assert read(path) == []


@pytest.mark.parametrize("name", ["self", "loss/policy", 'a "quoted", name', "θ", " ", "0"])
def test_metrics_can_have_any_name(path, name):
    with Logger(csv_path=path, quiet=True) as logger:
        logger.log(**{name: 1.5})
    assert column(path, name) == ["1.5"]


def test_but_one_with_a_line_break(path):
    with Logger(csv_path=path, quiet=True) as logger, pytest.raises(ValueError, match="without line breaks"):
        logger.log(**{"a\nb": 1.5})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a\rb", "without line breaks and null characters"),
        ("a\0b", "without line breaks and null characters"),
        ("\ud800", "that UTF-8 can encode"),
    ],
)
def test_names_that_a_file_cannot_have_are_refused_at_once(path, name, message):
    with Logger(csv_path=path, quiet=True) as logger:
        with pytest.raises(ValueError, match=message):
            logger.log(3, reward=1.0, **{name: 1.5})
        logger.log(4, reward=2.0)
    assert column(path, "reward") == ["2.0"]
    assert column(path, "total_steps") == ["4"]


@pytest.mark.parametrize("number", [10**400, -(10**400), 10**5000], ids=["large", "negative", "unprintable"])
def test_integers_that_no_float_can_hold_are_refused_at_once(path, number):
    with Logger(csv_path=path, quiet=True) as logger:
        for metrics in ({"steps": number}, {"steps": 1, "reward": number}):
            with pytest.raises(ValueError, match=r"(steps|reward): expected"):
                logger.log(**metrics)
        logger.log(1, reward=10**300)
    assert column(path, "total_steps") == ["1"]
    assert int(column(path, "reward")[0]) == 10**300


def test_missing_metrics_leave_empty_cells_and_late_ones_get_columns(path):
    with Logger(csv_path=path, quiet=True) as logger:
        logger.log(reward=1)
        logger.log(length=2)
        logger.log()
        logger.log(length=3, loss=4, reward=5)
    rows = read(path)
    assert list(rows[0]) == [*BASE, "reward", "length", "loss"]
    cells = [[row[name] for name in ("reward", "length", "loss")] for row in rows]
    assert cells == [["1", "", ""], ["", "2", ""], ["", "", ""], ["5", "3", "4"]]


def test_late_metrics_lose_no_row_that_is_on_disk_already(path):
    with Logger(csv_path=path, quiet=True) as logger:
        for i in range(2000):
            logger.log(steps=1, reward=i)
        wait_until(lambda: len(read(path)) == 2000)
        for i in range(600):  # more than are formatted at once, with and without the new column
            logger.log(steps=1, reward=i)
            if i % 2:
                logger.log(steps=1, loss=i)
        wait_until(lambda: len(read(path)) == 2900)
        logger.log(steps=1, **{"a,b": 7})
    rows = read(path)
    assert [int(row["total_steps"]) for row in rows] == list(range(1, 2902))
    assert list(rows[0]) == [*BASE, "reward", "loss", "a,b"]
    assert all(None not in row and None not in row.values() for row in rows)
    assert [row["reward"] for row in rows[:2000]] == [str(i) for i in range(2000)]
    assert [row["loss"] for row in rows if row["loss"]] == [str(i) for i in range(1, 600, 2)]
    assert rows[-1]["a,b"] == "7"
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_late_column_is_added_at_once_or_not_at_all(path, monkeypatch):
    replace = os.replace
    with Logger(csv_path=path, quiet=True) as logger:
        logger.log(reward=1)
        wait_until(lambda: len(read(path)) == 1)
        before = path.read_bytes()

        def fail(*_):
            raise OSError(errno.EIO, "broken")

        monkeypatch.setattr(os, "replace", fail)
        logger.log(reward=2, loss=3)

        error = first_error(lambda: logger.log(reward=9))
        assert (error.errno, error.filename) == (errno.EIO, str(path))
        assert path.read_bytes() == before
        assert [file.name for file in path.parent.iterdir()] == [path.name]
        monkeypatch.setattr(os, "replace", replace)
    rows = read(path)
    assert [row["reward"] for row in rows][:2] == ["1", "2"]
    assert [row["loss"] for row in rows][:2] == ["", "3"]
    assert {row["reward"] for row in rows[2:]} <= {"9"}


def test_a_file_that_somebody_has_replaced_is_not_destroyed(path):
    logger = Logger(csv_path=path, quiet=True)
    logger.log(reward=1)
    wait_until(lambda: len(read(path)) == 1)
    path.rename(path.with_name("moved.csv"))
    path.write_text("somebody else's")
    logger.log(loss=1)
    with pytest.raises(OSError, match=r"training\.csv has been moved or replaced"):
        logger.close()
    assert path.read_text() == "somebody else's"
    assert len(read(path.with_name("moved.csv"))) == 1


def test_rows_reach_the_disk_without_another_call(path):
    logger = Logger(csv_path=path, quiet=True)
    logger.log(steps=1, reward=0.5)
    wait_until(lambda: path.exists() and len(read(path)) == 1)
    logger.close()


def test_an_existing_file_gets_a_number(path):
    for content in ("first", "", "third"):
        path.write_text(content)
        with Logger(csv_path=str(path), quiet=True) as logger:
            logger.log(reward=1)
        assert column(path, "reward") == ["1"]
    kept = {file.name: file.read_text() for file in path.parent.iterdir() if file != path}
    assert kept["training.1.csv"] == "first"
    assert kept["training.2.csv"] == ""
    assert kept["training.3.csv"] == "third"
    assert len(kept) == 3


def test_two_loggers_of_one_path_do_not_mix(path):
    if sys.platform == "win32":
        pytest.skip("Windows does not rename open files")
    with Logger(csv_path=path, quiet=True) as first, Logger(csv_path=path, quiet=True) as second:
        first.log(reward=1)
        second.log(reward=2)
    assert column(path.with_name("training.1.csv"), "reward") == ["1"]
    assert column(path, "reward") == ["2"]


def test_resume_carries_on(path):
    with Logger(csv_path=path, quiet=True, resume=True) as logger:  # nothing there yet
        logger.log(steps=10, reward=1, **{"a,b": 2})
        logger.log(steps=5, reward=2)
    before = path.read_text()
    with Logger(csv_path=path, quiet=True, resume=True) as logger:
        assert logger.total_steps == 15
        logger.log(steps=1, reward=3)
        logger.log(steps=1, loss=4, reward=5, **{"a,b": 6})
    with Logger(csv_path=path, quiet=True, resume=True) as logger:
        logger.log(steps=1, loss=7)
    rows = read(path)
    assert list(rows[0]) == [*BASE, "reward", "a,b", "loss"]
    assert [row["total_steps"] for row in rows] == ["10", "15", "16", "17", "18"]
    assert [row["reward"] for row in rows] == ["1", "2", "3", "5", ""]
    assert [row["loss"] for row in rows] == ["", "", "", "4", "7"]
    assert [row["a,b"] for row in rows] == ["2", "", "", "6", ""]
    assert [line.rstrip(",") for line in path.read_text().splitlines()[1:3]] == [
        line.rstrip(",") for line in before.splitlines()[1:]
    ]
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_resume_measures_the_rate_of_this_run(path):
    path.write_text(",".join(BASE) + "\n1.0,1000000000000000,1.0\n")
    with Logger(csv_path=path, quiet=True, resume=True) as logger:
        logger.log(steps=0)
    assert float(read(path)[-1]["steps_per_second"]) == 0


@pytest.mark.parametrize("rest", ["3.0,45", "3.0,45,6.0,7.12", "3"])
def test_resume_removes_a_line_that_was_cut_short(path, rest):
    path.write_text(",".join([*BASE, "reward"]) + "\n1.0,20,3.0,4.0\n" + rest)
    with Logger(csv_path=path, quiet=True, resume=True) as logger:
        assert logger.total_steps == 20
        logger.log(steps=1, reward=5.0)
    assert column(path, "total_steps") == ["20", "21"]


@pytest.mark.parametrize("content", ["", "timestamp,total_st", ",".join([*BASE, "loss"]) + "\n"])
def test_resume_of_a_file_without_rows(path, content):
    path.write_text(content)
    with Logger(csv_path=path, quiet=True, resume=True) as logger:
        logger.log(steps=2, reward=1)
    assert column(path, "total_steps") == ["2"]
    assert column(path, "reward") == ["1"]


@pytest.mark.parametrize("name", ["a\u2028b", "a\x85b", "a\x0bb", "a\x1cb"])
@pytest.mark.parametrize("rows", [0, 1])
def test_resume_of_a_file_whose_names_have_odd_spaces(path, name, rows):
    """Python's str takes them for line breaks, a CSV file does not."""
    with Logger(csv_path=path, quiet=True) as logger:
        logger._check_names([name])
        for _ in range(rows):
            logger.log(5, **{name: 1})
    with Logger(csv_path=path, quiet=True, resume=True) as logger:
        logger.log(6, **{name: 2})
    assert column(path, name) == ["1", "2"][1 - rows :]


@pytest.mark.parametrize("total_steps", ["-1", "9" * 30, "1e3", "nan"])
def test_resume_needs_a_number_of_steps(path, total_steps):
    path.write_text(f"timestamp,total_steps,steps_per_second\n1.0,{total_steps},2.0\n")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="cannot be resumed"):
        Logger(csv_path=path, quiet=True, resume=True)
    assert path.read_bytes() == before


def test_resume_of_a_long_file(path):
    with open(path, "w") as file:
        file.write(",".join([*BASE, *(f"metric_{i}" for i in range(2000))]) + "\n")
        for i in range(100):
            file.write(f"1.0,{i},2.0" + ",0.123456789" * 2000 + "\n")
    with Logger(csv_path=path, quiet=True, resume=True) as logger:
        assert logger.total_steps == 99


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n", "its columns do not begin with timestamp, total_steps, steps_per_second"),
        (b"\xff\xfe\n", "codec can't decode"),
        (b"timestamp,total_steps,steps_per_second\n1.0,many,2\n", "invalid literal for int.*many"),
        (b"\n\n", "its columns do not begin with"),
    ],
)
def test_resume_refuses_other_files_and_leaves_them_alone(path, content, message):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"csv_path: .*training\.csv cannot be resumed: .*{message}"):
        Logger(csv_path=path, quiet=True, resume=True)
    assert path.read_bytes() == content


def test_resume_needs_a_path():
    with pytest.raises(ValueError, match="resume: expected a csv_path"):
        Logger(resume=True)


def test_a_changed_working_directory_does_not_matter(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with Logger(csv_path="training.csv", quiet=True) as logger:
        logger.log(reward=1)
        wait_until(lambda: len(read(tmp_path / "training.csv")) == 1)
        monkeypatch.chdir(tmp_path / "elsewhere")
        logger.log(loss=1)
    assert len(read(tmp_path / "training.csv")) == 2


def test_threads_can_share_a_logger(path):
    def log(name):
        for i in range(5000):
            logger.log(steps=2, **{name: i})

    with Logger(csv_path=path, quiet=True) as logger:
        threads = [threading.Thread(target=log, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    rows = read(path)
    assert [int(row["total_steps"]) for row in rows] == list(range(2, 40_002, 2))
    for name in "abcd":
        assert [row[name] for row in rows if row[name]] == [str(i) for i in range(5000)]


# Errors


@pytest.mark.parametrize("where", ["no such directory/training.csv", "."])
def test_a_path_that_cannot_be_opened(tmp_path, where):
    path = tmp_path / where
    with pytest.raises(OSError, match=r".") as raised:
        Logger(csv_path=path, quiet=True)
    assert raised.value.filename == str(path)


def test_no_permission(tmp_path):
    if os.name != "posix" or os.geteuid() == 0:
        pytest.skip("everything is permitted here")
    tmp_path.chmod(0o500)
    path = tmp_path / "training.csv"
    with pytest.raises(PermissionError) as raised:
        Logger(csv_path=path, quiet=True)
    assert raised.value.filename == str(path)


@pytest.fixture
def full():
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full")
    return "/dev/full"


def test_a_full_disk_is_told_by_close(full):
    logger = Logger(csv_path=full, quiet=True)
    logger.log(reward=1)
    with pytest.raises(OSError, match="No space left") as raised:
        logger.close()
    assert raised.value.filename == full
    assert raised.value.errno == errno.ENOSPC
    logger.close()
    assert os.path.exists(full)


def test_a_full_disk_is_told_by_log(full):
    logger = Logger(csv_path=full, quiet=True)

    calls = 0

    def log():
        nonlocal calls
        logger.log(steps=1)
        calls += 1

    error = first_error(log)
    assert (error.errno, error.filename) == (errno.ENOSPC, full)
    assert logger.total_steps == calls
    with pytest.raises(OSError, match="No space left"):
        logger.close()


def test_a_full_disk_does_not_hide_another_exception(full):
    def fail():
        with Logger(csv_path=full, quiet=True) as logger:
            logger.log(reward=1)
            raise KeyError("mine")

    with (
        pytest.warns(RuntimeWarning, match="rows of the log are missing: .*No space left.*/dev/full"),
        pytest.raises(KeyError, match="mine"),
    ):
        fail()


def test_rows_wait_until_there_is_space(path):
    """A file may not grow beyond 10,000 bytes for a while, so that writes succeed in part, then fail."""
    pytest.importorskip("resource")
    done = run(
        """
import resource, signal, sys, time
from operant.utils import Logger
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
with Logger(csv_path=sys.argv[1], quiet=True) as logger:
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, most))
    for i in range(1000):
        logger.log(steps=1, reward=i / 7)
    failed = 0
    while failed < 2:
        time.sleep(0.01)
        try:
            logger.log(steps=1, reward=0.5)
        except OSError as error:
            assert error.filename == sys.argv[1], error
            failed += 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    print(logger.total_steps)
""",
        path,
    )
    assert done.returncode == 0, done.stderr
    rows = read(path)
    assert [int(row["total_steps"]) for row in rows] == list(range(1, int(done.stdout) + 1))
    assert [float(row["reward"]) for row in rows[:1000]] == [i / 7 for i in range(1000)]


def test_a_device_cannot_get_a_late_column(path):
    if not os.path.exists("/dev/null"):
        pytest.skip("there is no /dev/null")
    logger = Logger(csv_path="/dev/null", quiet=True)
    logger.log(reward=1)
    wait_until(lambda: not logger._csv.rows and not logger._csv._formatted)
    logger.log(loss=1)
    with pytest.raises(OSError, match="/dev/null is no regular file and cannot get a new column: loss"):
        logger.close()


@pytest.mark.parametrize(
    ("arguments", "exception", "message"),
    [
        ({"print_interval": -1}, ValueError, "print_interval: expected a number of seconds, 0 or more, got -1"),
        ({"print_interval": math.nan}, ValueError, "print_interval: expected .* got nan"),
        ({"print_interval": "1"}, TypeError, "print_interval: expected a number, got str '1'"),
        ({"newline_interval": 0}, ValueError, "newline_interval: expected an integer, 1 or more, got 0"),
        ({"newline_interval": 2.5}, TypeError, "newline_interval: expected an integer, 1 or more, got 2.5"),
        ({"sinks": [print, 3]}, TypeError, "sinks: expected callables, got 3"),
        ({"sinks": 3}, TypeError, "sinks: expected a callable or several, got 3"),
        ({"csv_path": 3}, TypeError, "csv_path: expected a path, got 3"),
        ({"csv_path": b"training.csv"}, TypeError, "csv_path: expected a path, got b'training.csv'"),
        ({"csv_path": "a\0b"}, ValueError, "csv_path: expected a path without null characters"),
        ({"tensorboard_dir": 3}, TypeError, "tensorboard_dir: expected a path, got 3"),
        ({"print_interval": 10**400}, ValueError, "print_interval: expected a number that a float can hold"),
        ({"newline_interval": 2**64}, ValueError, "newline_interval: expected an integer, 1 or more and below"),
        ({"quiet": "no"}, TypeError, "quiet: expected True or False, got 'no'"),
        ({"resume": 1}, TypeError, "resume: expected True or False, got 1"),
    ],
)
def test_wrong_arguments(arguments, exception, message):
    with pytest.raises(exception, match=message):
        Logger(**arguments)


# The end


def test_exceptions_go_on_and_all_rows_are_on_disk(path):
    def fail():
        with Logger(csv_path=path, quiet=True) as logger:
            for i in range(700):
                logger.log(reward=i)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fail()
    assert column(path, "reward") == [str(i) for i in range(700)]


def test_ctrl_c(path):
    done = run(
        """
import signal, sys
from operant.utils import Logger
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a process in the background does not have
with Logger(csv_path=sys.argv[1]) as logger:
    for i in range(700):
        logger.log(reward=i)
    signal.raise_signal(signal.SIGINT)
""",
        path,
    )
    assert done.returncode != 0
    assert "KeyboardInterrupt" in done.stderr
    assert column(path, "reward") == [str(i) for i in range(700)]


@pytest.mark.parametrize("where", ["__main__", "a function"])
def test_the_interpreter_exits_with_an_open_logger(path, where):
    open_and_log = """
import sys
from operant.utils import Logger
def main():
    logger = Logger(csv_path=sys.argv[1], quiet=True)
    for i in range(700):
        logger.log(reward=i)
    return logger
"""
    done = run(open_and_log + ("logger = main()" if where == "__main__" else "main()"), path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert column(path, "reward") == [str(i) for i in range(700)]


def test_a_forgotten_logger_writes_its_rows(path):
    logger = Logger(csv_path=path, quiet=True)
    logger.log(reward=1)
    thread = logger._csv._thread
    del logger
    gc.collect()
    assert column(path, "reward") == ["1"]
    assert not thread.is_alive()


def test_killed(path):
    """Rows that have been logged are on disk before long, and a kill leaves a file that can be read and resumed."""
    logging = subprocess.Popen(
        [
            sys.executable,
            "-c",
            """
import itertools, sys
from operant.utils import Logger
logger = Logger(csv_path=sys.argv[1], quiet=True)
for i in itertools.count():
    logger.log(steps=1, reward=i / 7)
""",
            path,
        ]
    )
    try:
        wait_until(lambda: path.exists() and path.stat().st_size > 1_000_000)
    finally:
        logging.kill()
        logging.wait()
    with Logger(csv_path=path, quiet=True, resume=True) as logger:
        rows = logger.total_steps
    rows = read(path)
    assert [int(row["total_steps"]) for row in rows] == list(range(1, len(rows) + 1))
    assert [float(row["reward"]) for row in rows] == [i / 7 for i in range(len(rows))]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.parametrize("end", ["sys.exit()", "pass", "os._exit(0)", "logger.close()"])
def test_a_forked_child_writes_nothing(path, tmp_path, end):
    done = run(
        f"""
import os, sys, warnings
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
from operant.utils import Logger
with Logger(csv_path=sys.argv[1], quiet=True, tensorboard_dir=sys.argv[2]) as logger:
    for i in range(700):
        logger.log(steps=1, reward=i)
    child = os.fork()
    if child == 0:
        try:
            logger.log(steps=1, reward=-1)
        except RuntimeError as error:
            assert str(error) == f"this Logger belongs to process {{os.getppid()}}; make another one in this process"
        else:
            os._exit(3)
        Logger(csv_path=sys.argv[1] + ".child", quiet=True).log(reward=1)
        {end}
    else:
        assert os.waitpid(child, 0)[1] == 0
        logger.log(steps=1, reward=700)
""",
        path,
        tmp_path / "events",
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert column(path, "reward") == [str(i) for i in range(701)]
    assert [value for _, value in scalars(tmp_path / "events")["reward"]] == list(range(701))
    if end != "os._exit(0)":
        assert column(f"{path}.child", "reward") == ["1"]


def test_after_close(path):
    logger = Logger(csv_path=path, quiet=True)
    logger.log(reward=1)
    logger.close()
    logger.close()
    with pytest.raises(ValueError, match="log: this Logger is closed"):
        logger.log(reward=2)
    assert column(path, "reward") == ["1"]


# Console


def test_plain_lines_when_it_is_no_terminal(capsys):
    with Logger(print_interval=0) as logger:
        logger.log(steps=1, reward=1 / 3, length=12)
        logger.log(steps=1, loss=1e-9)
    first, second = capsys.readouterr().out.splitlines()
    assert first.split(" steps/s")[1] == " | reward: 0.3333 | length: 12"
    assert second.split(" steps/s")[1] == " | loss: 1e-09"


def test_a_print_interval_leaves_calls_out_but_not_the_last(capsys):
    with Logger(print_interval=1e6) as logger:
        for i in range(100):
            logger.log(steps=1, reward=i)
        assert capsys.readouterr().out == ""
    assert capsys.readouterr().out.endswith(" steps/s | reward: 99\n")


def test_nothing_logged_nothing_shown(capsys):
    Logger().close()
    assert capsys.readouterr() == ("", "")


def test_quiet(capsys, path):
    with Logger(print_interval=0, csv_path=path, quiet=True) as logger:
        logger.log(steps=1, reward=1)
    assert capsys.readouterr() == ("", "")


def test_a_live_line_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "40")
    logger = Logger(print_interval=0, newline_interval=2)
    logger.log(reward=1.5, longer=2)
    logger.log(reward=1.5)
    logger.log(**{f"metric_{i}": i for i in range(20)})
    logger.close()
    assert sys.stdout.getvalue() == (
        "\r0.0 steps/s | reward: 1.5 | longer: 2"
        "\r0.0 steps/s | reward: 1.5            \n"
        "\r0.0 steps/s | metric_0: 0 | metric_1: 1"
        "\n"
    )
    assert all(len(line) < 40 for line in sys.stdout.getvalue().replace("\r", "\n").splitlines())


def test_a_console_that_does_not_know_a_letter(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    with Logger(print_interval=0) as logger:
        logger.log(θ=1)
    assert sys.stdout.buffer.getvalue().endswith(b"| \\u03b8: 1" + os.linesep.encode())


def test_no_console_at_all(monkeypatch, path):
    monkeypatch.setattr(sys, "stdout", None)
    with Logger(print_interval=0, csv_path=path) as logger:
        logger.log(reward=1)
    assert column(path, "reward") == ["1"]


# Steps per second


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_steps_per_second_count_every_call(monkeypatch, capsys):
    """A million steps a second for a second, half a million afterwards."""
    clock = Clock()
    monkeypatch.setattr("operant.utils.logger.perf_counter", clock)
    rates = []
    with Logger(print_interval=0.5, sinks=lambda record: rates.append(record["steps_per_second"])) as logger:
        for i in range(4000):
            clock.now += 0.001
            logger.log(steps=1000 if i < 1000 else 500)
    assert rates[:1000] == pytest.approx([1e6] * 1000)
    assert rates[-1000:] == pytest.approx([5e5] * 1000)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1.0M steps/s"
    assert lines[-1] == "500.0k steps/s"
    assert len(lines) in (8, 9)  # one each half a second, and the last call


def test_steps_per_second_of_rare_calls(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("operant.utils.logger.perf_counter", clock)
    rates = []
    with Logger(quiet=True, sinks=lambda record: rates.append(record["steps_per_second"])) as logger:
        for _ in range(5):
            clock.now += 20
            logger.log(steps=4096)
    assert rates == pytest.approx([4096 / 20] * 5)


def test_two_calls_at_the_same_moment(monkeypatch):
    monkeypatch.setattr("operant.utils.logger.perf_counter", Clock())
    with Logger(quiet=True) as logger:
        logger.log(steps=1)
        logger.log(steps=1)


# Sinks


def test_each_sink_gets_a_record_of_its_own(path):
    records = []
    with Logger(csv_path=path, quiet=True, sinks=[records.append, lambda record: record.clear()]) as logger:
        logger.log(steps=5, reward=np.float32(0.5))
    assert [list(record) for record in records] == [[*BASE, "reward"]]
    assert column(path, "reward") == ["0.5"]


def test_a_sink_alone(path):
    records = []
    with Logger(csv_path=path, quiet=True, sinks=records.append) as logger:
        logger.log(steps=5, reward=np.float32(0.5))
        logger.log(steps=5, length=2)
    assert [list(record) for record in records] == [[*BASE, "reward"], [*BASE, "length"]]
    assert [type(value) for value in records[0].values()] == [float, int, float, float]
    for record, row in zip(records, read(path), strict=True):
        assert {name: str(value) for name, value in record.items()} == {
            name: cell for name, cell in row.items() if cell
        }


def test_what_a_sink_raises_goes_on_and_the_row_stays(path):
    def fail(record):
        raise KeyError("sink")

    with Logger(csv_path=path, quiet=True, sinks=[fail]) as logger, pytest.raises(KeyError, match="sink"):
        logger.log(reward=1)
    assert column(path, "reward") == ["1"]


def scalars(directory):
    """Steps and values of each tag in TensorBoard's event files."""
    from tensorboardX.proto.event_pb2 import Event

    found = {}
    for file in sorted(directory.iterdir()):
        content = file.read_bytes()
        while content:  # records of length (8), its checksum (4), data, its checksum (4)
            length = int.from_bytes(content[:8], "little")
            event = Event.FromString(content[12 : 12 + length])
            content = content[12 + length + 4 :]
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


def test_tensorboard(tmp_path):
    with Logger(quiet=True, tensorboard_dir=tmp_path / "events") as logger:
        logger.log(steps=5, reward=0.5)
        logger.log(steps=5, reward=0.25, length=2)
    found = scalars(tmp_path / "events")
    assert found["reward"] == [(5, 0.5), (10, 0.25)]
    assert found["length"] == [(10, 2.0)]
    assert [step for step, _ in found["steps_per_second"]] == [5, 10]
    assert set(found) == {"reward", "length", "steps_per_second"}


def test_without_tensorboard(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"tensorboard_dir: tensorboardX is needed \(pip install \"operant\[tens"):
        Logger(tensorboard_dir=tmp_path, csv_path=tmp_path / "training.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_construction_leaves_nothing_open(tmp_path):
    threads = set(threading.enumerate())
    with pytest.raises(OSError, match=r"."):
        Logger(csv_path=tmp_path / "none" / "training.csv", tensorboard_dir=tmp_path / "events")
    wait_until(lambda: set(threading.enumerate()) <= threads)
