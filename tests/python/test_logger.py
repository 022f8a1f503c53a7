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
from concurrent.futures import ThreadPoolExecutor
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
    while True:
        try:
            call()
        except OSError as error:
            return error
        time.sleep(0.01)


def run(code, *arguments):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_every_call_is_a_row(path):
    before = time.time()
    with Logger(0.5, 10, path, quiet=True) as logger:
        for i in range(1000):
            logger.log(steps=3, reward=i / 7, length=i)
    after = time.time()
    rows = read(path)
    assert list(rows[0]) == [*BASE, "reward", "length"]
    assert [int(row["total_steps"]) for row in rows] == list(range(3, 3003, 3))
    assert [float(row["reward"]) for row in rows] == [i / 7 for i in range(1000)]
    assert [row["length"] for row in rows] == [str(i) for i in range(1000)]
    timestamps = [before, *(float(row["timestamp"]) for row in rows), after]
    assert timestamps == sorted(timestamps)


def test_numbers_round_trip(path, rng):
    numbers = rng.integers(0, 2**64, 2000, dtype=np.uint64).view(np.float64)
    numbers = [*numbers[np.isfinite(numbers)].tolist(), 1e300, 5e-324, -0.0, 20.0, 1e16, 1e22, math.inf, -math.inf]
    numbers += [0, -7, 2**63, -(2**63), 2**80]
    with Logger(csv_path=path, quiet=True) as logger:
        for number in numbers:
            logger.log(metric=number)
    cells = column(path, "metric")
    assert [type(number)(cell) for number, cell in zip(numbers, cells, strict=True)] == numbers
    assert cells == [repr(number) for number in numbers]  # floats look like floats, -0.0 has its sign


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


def test_anything_else_is_refused_by_name_and_not_logged(path):
    values = [None, "1", [1.0], {}, 1j, np.zeros(1), np.str_("1"), Decimal(1), np.datetime64(0, "ns"), Scalar("1")]
    with Logger(csv_path=path, quiet=True) as logger:
        for value in values:
            with pytest.raises(TypeError, match="episode_return: expected a number, got "):
                logger.log(steps=5, reward=1.0, episode_return=value)
        for number in (10**400, -(10**5000)):
            with pytest.raises(ValueError, match="episode_return: expected a number that a float can hold, got "):
                logger.log(steps=5, reward=1.0, episode_return=number)
        logger.log(steps=1, reward=10**300)
    assert [list(row.values())[1:2] + list(row.values())[3:] for row in read(path)] == [["1", str(10**300)]]


def test_steps_must_be_an_integer_of_0_or_more(path):
    with Logger(csv_path=path, quiet=True) as logger:
        for steps in (1.0, "1", None, True, [1], np.float32(1), -1, 2**63):
            with pytest.raises((TypeError, ValueError), match="steps: expected an integer, 0 or more"):
                logger.log(steps=steps)
        logger.log(np.uint8(200))
    assert column(path, "total_steps") == ["200"]


@pytest.mark.parametrize(
    "name", ["self", "loss/policy", 'a "quoted", name', "θ", " ", "0", "a\u2028b", "a\x85b", "a\x0bb", "a\x1cb"]
)
def test_metrics_can_have_any_name(path, name):
    """Python's str takes some of these characters for line breaks, a CSV file does not."""
    for resume in (False, True):
        with Logger(csv_path=path, quiet=True, resume=resume) as logger:
            logger.log(**{name: 1.5})
    assert column(path, name) == ["1.5", "1.5"]


@pytest.mark.parametrize("name", [*BASE, "a\nb", "a\rb", "a\0b", "\ud800"])
def test_names_that_a_file_cannot_have_are_refused_at_once(path, name):
    with Logger(csv_path=path, quiet=True) as logger:
        with pytest.raises(ValueError, match=r"expected (another|a metric's) name"):
            logger.log(3, reward=1.0, **{name: 1.5})
        logger.log(4, reward=2.0)
    assert [(row["total_steps"], row["reward"]) for row in read(path)] == [("4", "2.0")]


def test_threads_can_share_a_logger(path):
    def log(name):
        for i in range(5000):
            logger.log(steps=2, **{name: i})

    with Logger(csv_path=path, quiet=True) as logger, ThreadPoolExecutor(4) as threads:
        list(threads.map(log, "abcd"))
    rows = read(path)
    assert [int(row["total_steps"]) for row in rows] == list(range(2, 40_002, 2))
    for name in "abcd":
        assert [row[name] for row in rows if row[name]] == [str(i) for i in range(5000)]


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


def test_late_metrics_lose_no_row_that_is_on_disk_already(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    with Logger(csv_path=path.name, quiet=True) as logger:
        monkeypatch.chdir("/")  # which does not matter
        for i in range(2000):
            logger.log(steps=1, reward=i)
        wait_until(lambda: len(read(path)) == 2000)
        for i in range(600):
            logger.log(steps=1, reward=i, **({"loss": i} if i % 2 else {}))
        wait_until(lambda: len(read(path)) == 2600)
        logger.log(steps=1, **{"a,b": 7})
    rows = read(path)
    assert list(rows[0]) == [*BASE, "reward", "loss", "a,b"]
    assert [int(row["total_steps"]) for row in rows] == list(range(1, 2602))
    assert [row["reward"] for row in rows] == [*map(str, range(2000)), *map(str, range(600)), ""]
    assert [row["loss"] for row in rows] == [*[""] * 2000, *(str(i) if i % 2 else "" for i in range(600)), ""]
    assert [row["a,b"] for row in rows] == [*[""] * 2600, "7"]
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_late_column_is_added_at_once_or_not_at_all(path, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, "broken")

    with Logger(csv_path=path, quiet=True) as logger:
        logger.log(reward=1)
        wait_until(lambda: len(read(path)) == 1)
        before = path.read_bytes()
        with monkeypatch.context() as context:
            context.setattr(os, "replace", fail)
            logger.log(reward=2, loss=3)
            error = first_error(lambda: logger.log(reward=9))
            assert (error.errno, error.filename) == (errno.EIO, str(path))
            assert path.read_bytes() == before
    rows = read(path)
    assert [(row["reward"], row["loss"]) for row in rows[:2]] == [("1", ""), ("2", "3")]
    assert {row["reward"] for row in rows[2:]} <= {"9"}
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_file_that_somebody_has_replaced_is_not_destroyed(path):
    logger = Logger(csv_path=path, quiet=True)
    logger.log(reward=1)
    wait_until(lambda: len(read(path)) == 1)
    path.rename(path.with_name("moved.csv"))
    path.write_text("somebody else's")
    logger.log(loss=1)
    with pytest.raises(OSError, match=r"Cannot get the column loss: .* moved or replaced: .*training\.csv"):
        logger.close()
    assert path.read_text() == "somebody else's"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_gets_rows_but_no_late_column(path):
    os.mkfifo(path)
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK)) as reader:
        logger = Logger(csv_path=path, quiet=True)
        logger.log(reward=1)
        lines = []
        wait_until(lambda: lines.extend(reader.readlines()) or len(lines) == 2)
        logger.log(loss=1)
        with pytest.raises(OSError, match=r"Cannot get the column loss: no regular file.*training\.csv"):
            logger.close()
        assert lines[0] == ",".join([*BASE, "reward"]) + "\n"


def test_an_existing_file_gets_a_number(path):
    for content in ("first", "", "third"):
        path.write_text(content)
        with Logger(csv_path=str(path), quiet=True) as logger:
            logger.log(reward=1)
        assert column(path, "reward") == ["1"]
    kept = {file.name: file.read_text() for file in path.parent.iterdir() if file != path}
    assert kept == {"training.1.csv": "first", "training.2.csv": "", "training.3.csv": "third"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not rename open files")
def test_two_loggers_of_one_path_do_not_mix(path):
    with Logger(csv_path=path, quiet=True) as first, Logger(csv_path=path, quiet=True) as second:
        first.log(reward=1)
        second.log(reward=2)
    assert column(path.with_name("training.1.csv"), "reward") == ["1"]
    assert column(path, "reward") == ["2"]


def test_resume_carries_on(path):
    with Logger(csv_path=path, quiet=True, resume=True) as logger:  # nothing there yet
        logger.log(steps=10, reward=1, **{"a,b": 2})
        logger.log(steps=5, reward=2)
    before = read(path)
    with Logger(csv_path=path, quiet=True, resume=True) as logger:
        assert logger.total_steps == 15
        logger.log(steps=1, reward=3)
        logger.log(steps=1, loss=4, reward=5, **{"a,b": 6})
    rows = read(path)
    assert list(rows[0]) == [*BASE, "reward", "a,b", "loss"]
    assert rows[:2] == [{**row, "loss": ""} for row in before]
    cells = [(row["total_steps"], row["reward"], row["a,b"], row["loss"]) for row in rows[2:]]
    assert cells == [("16", "3", "", ""), ("17", "5", "6", "4")]
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("rest", ["3.0,45", "3.0,45,6.0,7.12", "3"])
def test_resume_removes_a_line_that_was_cut_short_and_measures_the_rate_anew(path, rest):
    path.write_text(",".join([*BASE, "reward"]) + "\n1.0,20000000000000,3.0,4.0\n" + rest)
    with Logger(csv_path=path, quiet=True, resume=True) as logger:
        logger.log(steps=0, reward=5.0)
    assert column(path, "reward") == ["4.0", "5.0"]
    assert column(path, "steps_per_second") == ["3.0", "0.0"]


@pytest.mark.parametrize("content", ["", "timestamp,total_st", ",".join([*BASE, "loss"]) + "\n"])
def test_resume_of_a_file_without_rows(path, content):
    path.write_text(content)
    with Logger(csv_path=path, quiet=True, resume=True) as logger:
        logger.log(steps=2, reward=1)
    assert column(path, "total_steps") == ["2"]
    assert column(path, "reward") == ["1"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n", "its columns do not begin with timestamp, total_steps, steps_per_second"),
        (b"timestamp,total_steps,steps_per_second,a,a\n", "one is there twice"),
        (b"\xff\xfe\n", "codec can't decode"),
        (b"timestamp,total_steps,steps_per_second\n1.0,many,2\n", "invalid literal for int.*many"),
        (b"timestamp,total_steps,steps_per_second\n1.0,9223372036854775808,2\n", "expected an integer from 0 to"),
    ],
)
def test_resume_refuses_other_files_and_leaves_them_alone(path, content, message):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"csv_path: .*training\.csv cannot be resumed: .*{message}"):
        Logger(csv_path=path, quiet=True, resume=True)
    assert path.read_bytes() == content


@pytest.mark.parametrize("where", ["no such directory/training.csv", "."])
def test_a_path_that_cannot_be_opened(tmp_path, where):
    path = tmp_path / where
    with pytest.raises(OSError, match=r".") as raised:
        Logger(csv_path=path, quiet=True)
    assert raised.value.filename == str(path)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk_is_told_by_close_but_hides_no_other_exception():
    def fail():
        with Logger(csv_path="/dev/full", quiet=True) as logger:
            logger.log(reward=1)
            raise KeyError("mine")

    logger = Logger(csv_path="/dev/full", quiet=True)
    logger.log(reward=1)
    with pytest.raises(OSError, match=r"No space left.*/dev/full"):
        logger.close()
    with pytest.warns(RuntimeWarning, match="rows of the log are missing: .*full"), pytest.raises(KeyError):
        fail()


def test_a_full_disk_is_told_by_log_and_rows_wait_until_there_is_space(path):
    """A file may not grow beyond 10,000 bytes for a while, so that writes succeed in part, then fail."""
    resource = pytest.importorskip("resource")
    least, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Logger(csv_path=path, quiet=True) as logger:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, most))
        try:
            for i in range(1000):
                logger.log(steps=1, reward=i / 7)
            errors = [first_error(lambda: logger.log(steps=1, reward=0.5)) for _ in range(2)]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (least, most))
        assert [(error.errno, error.filename) for error in errors] == [(errno.EFBIG, str(path))] * 2
        wait_until(lambda: len(read(path)) == logger.total_steps)
    rows = read(path)
    assert [int(row["total_steps"]) for row in rows] == list(range(1, len(rows) + 1))
    assert [float(row["reward"]) for row in rows[:1000]] == [i / 7 for i in range(1000)]


@pytest.mark.parametrize(
    ("arguments", "exception", "message"),
    [
        ({"print_interval": -1}, ValueError, "print_interval: expected a number of seconds, 0 or more, got -1"),
        ({"print_interval": math.nan}, ValueError, "print_interval: expected .* got nan"),
        ({"print_interval": "1"}, TypeError, "print_interval: expected a number, got str '1'"),
        ({"newline_interval": 0}, ValueError, "newline_interval: expected a positive integer, got 0"),
        ({"newline_interval": 2.5}, TypeError, "newline_interval: expected a positive integer, got 2.5"),
        ({"sinks": 3}, TypeError, "sinks: expected a callable or several, got 3"),
        ({"csv_path": 3}, TypeError, "csv_path: expected a path, got 3"),
        ({"csv_path": "a\0b"}, ValueError, "csv_path: expected a path without null characters"),
        ({"quiet": "no"}, TypeError, "quiet: expected True or False, got 'no'"),
        ({"resume": 1}, TypeError, "resume: expected True or False, got 1"),
        ({"resume": True}, ValueError, "resume: expected a csv_path to be resumed, got None"),
    ],
)
def test_wrong_arguments(arguments, exception, message):
    with pytest.raises(exception, match=message):
        Logger(**arguments)


@pytest.mark.parametrize("exception", [KeyError, KeyboardInterrupt, SystemExit])
def test_exceptions_go_on_and_all_rows_are_on_disk(path, exception):
    def fail():
        with Logger(csv_path=path, quiet=True) as logger:
            for i in range(700):
                logger.log(reward=i)
            raise exception("mine")

    with pytest.raises(exception, match="mine"):
        fail()
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
    code = """
import itertools, sys
from operant.utils import Logger
logger = Logger(csv_path=sys.argv[1], quiet=True)
for i in itertools.count():
    logger.log(steps=1, reward=i / 7)
"""
    logging = subprocess.Popen([sys.executable, "-c", code, path])
    try:
        wait_until(lambda: path.exists() and path.stat().st_size > 1_000_000)
    finally:
        logging.kill()
        logging.wait()
    with Logger(csv_path=path, quiet=True, resume=True) as logger:
        total_steps = logger.total_steps
    assert [int(cell) for cell in column(path, "total_steps")] == list(range(1, total_steps + 1))
    assert [float(cell) for cell in column(path, "reward")] == [i / 7 for i in range(total_steps)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.parametrize("end", ["sys.exit()", "pass", "os._exit(0)", "logger.close()"])
def test_a_forked_child_writes_nothing(path, tmp_path, end):
    code = f"""
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
        with Logger(csv_path=sys.argv[1] + ".child", quiet=True) as another:
            another.log(reward=1)
        {end}
    else:
        assert os.waitpid(child, 0)[1] == 0
        logger.log(steps=1, reward=700)
"""
    run(code, path, tmp_path / "events")
    assert column(path, "reward") == [str(i) for i in range(701)]
    assert [value for _, value in scalars(tmp_path / "events")["reward"]] == list(range(701))
    assert column(f"{path}.child", "reward") == ["1"]


def test_after_close(path):
    logger = Logger(csv_path=path, quiet=True)
    logger.log(reward=1)
    logger.close()
    logger.close()
    with pytest.raises(ValueError, match="log: this Logger is closed"):
        logger.log(reward=2)
    assert column(path, "reward") == ["1"]


def test_plain_lines_when_it_is_no_terminal(capsys):
    with Logger(print_interval=0) as logger:
        logger.log(steps=1, reward=1 / 3, length=12)
        logger.log(steps=1, loss=1e-9)
    lines = [line.split(" steps/s")[1] for line in capsys.readouterr().out.splitlines()]
    assert lines == [" | reward: 0.3333 | length: 12", " | loss: 1e-09"]


def test_a_print_interval_leaves_calls_out_but_not_the_last(capsys):
    with Logger(print_interval=1e6) as logger:
        for i in range(100):
            logger.log(steps=1, reward=i)
        assert capsys.readouterr().out == ""
    assert capsys.readouterr().out.endswith(" steps/s | reward: 99\n")


def test_quiet_or_nothing_logged_shows_nothing(capsys):
    Logger().close()
    with Logger(print_interval=0, quiet=True) as logger:
        logger.log(steps=1, reward=1)
    assert capsys.readouterr() == ("", "")


def test_a_live_line_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    sys.stdout.isatty = lambda: True
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


def test_no_console_at_all(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    with Logger(print_interval=0) as logger:
        logger.log(reward=1)


@pytest.fixture
def clock(monkeypatch):
    """The only item is the time, in seconds."""
    clock = [100.0]
    monkeypatch.setattr("operant.utils.logger.perf_counter", lambda: clock[0])
    return clock


def test_steps_per_second_count_every_call(clock, capsys):
    """A million steps a second for a second, half a million afterwards."""
    records = []
    with Logger(print_interval=0.5, sinks=records.append) as logger:
        for i in range(4000):
            clock[0] += 0.001
            logger.log(steps=1000 if i < 1000 else 500)
    rates = [record["steps_per_second"] for record in records]
    assert rates[:1000] == pytest.approx([1e6] * 1000)
    assert rates[-1000:] == pytest.approx([5e5] * 1000)
    lines = capsys.readouterr().out.splitlines()
    assert (lines[0], lines[-1]) == ("1.0M steps/s", "500.0k steps/s")
    assert len(lines) in (8, 9)  # one each half a second, and the last call


@pytest.mark.parametrize(("seconds", "rate"), [(20, 4096 / 20), (0, 0)])
def test_steps_per_second_of_rare_calls_and_of_calls_at_the_same_moment(clock, seconds, rate):
    records = []
    with Logger(quiet=True, sinks=records.append) as logger:
        for _ in range(5):
            clock[0] += seconds
            logger.log(steps=4096)
    assert [record["steps_per_second"] for record in records] == pytest.approx([rate] * 5)


def test_each_sink_gets_a_record_of_its_own(path):
    records = []
    with Logger(csv_path=path, quiet=True, sinks=[lambda record: records.append(dict(record)), dict.clear]) as logger:
        logger.log(steps=5, reward=np.float32(0.5))
        logger.log(steps=5, length=2)
    assert [list(record) for record in records] == [[*BASE, "reward"], [*BASE, "length"]]
    assert [type(value) for value in records[0].values()] == [float, int, float, float]
    cells = [{name: cell for name, cell in row.items() if cell} for row in read(path)]
    assert cells == [{name: str(value) for name, value in record.items()} for record in records]


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
    assert [step for step, _ in found.pop("steps_per_second")] == [5, 10]
    assert found == {"reward": [(5, 0.5), (10, 0.25)], "length": [(10, 2.0)]}


def test_a_failed_construction_leaves_nothing_behind(tmp_path, monkeypatch):
    threads = set(threading.enumerate())
    with pytest.raises(OSError, match=r"training\.csv"):
        Logger(csv_path=tmp_path / "none" / "training.csv", tensorboard_dir=tmp_path)
    assert set(threading.enumerate()) <= threads
    monkeypatch.setitem(sys.modules, "tensorboardX.summary", None)
    with pytest.raises(ImportError, match=r"tensorboard_dir: tensorboardX is needed \(pip install \"operant\[tens"):
        Logger(tensorboard_dir=tmp_path / "events", csv_path=tmp_path / "training.csv")
    assert not {"events", "training.csv"} & set(os.listdir(tmp_path))
