"""The logger: rows of the CSV file, lines on the console, records for sinks."""

from __future__ import annotations

import csv
import enum
import errno
import gc
import io
import math
import os
import re
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from types import MappingProxyType

import numpy as np
import pytest
from interpreter import run_python

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


@pytest.fixture
def clock(monkeypatch):
    """Return a list whose only element is the time in seconds."""
    clock = [100.0]
    monkeypatch.setattr("operant.utils.logger.perf_counter", lambda: clock[0])
    return clock


def warnings_of(call):
    with pytest.warns(RuntimeWarning) as caught:
        call()
    return [str(warning.message) for warning in caught]


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
    assert cells == [repr(number) for number in numbers]  # 20.0 stays a float, and -0.0 keeps its sign


class Scalar:
    """Has the interface that tensors with one element share."""

    def __init__(self, value, shape=()):
        self._value = value
        self.shape = shape

    def item(self):
        return self._value


class Level(enum.IntEnum):
    TWO = 2


def test_scalars_are_numbers(path):
    expected = [
        *((dtype(0.1), repr(float(dtype(0.1)))) for dtype in (np.float16, np.float32, np.float64, np.longdouble)),
        *((dtype(7), "7") for dtype in (np.int8, np.uint16, np.int32, np.int64)),
        (np.uint64(2**64 - 1), str(2**64 - 1)),
        (np.array(1.5), "1.5"),
        (np.array(3), "3"),
        (True, "1"),
        (np.False_, "0"),
        (Level.TWO, "2"),
        (Scalar(2.5), "2.5"),
        (np.full((1, 1, 1), 7, np.int16), "7"),
        (np.full((1, 1), np.float32(0.1)), repr(float(np.float32(0.1)))),
        (np.full(1, np.longdouble(0.1)), "0.1"),
        (np.array([True]), "1"),
        (Scalar(4, (1, 1)), "4"),
    ]
    with Logger(csv_path=path, quiet=True) as logger:
        for scalar, _ in expected:
            logger.log(metric=scalar)
    assert column(path, "metric") == [cell for _, cell in expected]


def test_other_values_are_refused_by_name_and_not_logged(path):
    values = [None, "1", [1.0], {}, 1j, np.zeros(2), np.zeros((0, 1)), np.str_("1"), Decimal(1), Scalar("1")]
    values += [np.datetime64(0, "ns"), np.zeros(1, "M8[ns]"), np.array(["1"]), Scalar(1, (2,)), Scalar(1j, (1,))]
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


def test_metrics_can_have_any_name(path):
    """Python's str treats some of these characters as line breaks; a CSV file does not."""
    names = ["self", "loss/policy", 'a "quoted", name', "θ", " ", "0", "a\u2028b", "a\x85b", "a\x0bb", "a\x1cb"]
    for resume in (False, True):
        with Logger(csv_path=path, quiet=True, resume=resume) as logger:
            logger.log(**{name: number + 0.5 for number, name in enumerate(names)})
    for number, name in enumerate(names):
        assert column(path, name) == [str(number + 0.5)] * 2


def test_names_that_a_file_cannot_have_are_refused(path):
    with Logger(csv_path=path, quiet=True) as logger:
        for name in [*BASE, "a\nb", "a\rb", "a\0b", "\ud800"]:
            with pytest.raises(ValueError, match=r"expected (another|a metric's) name"):
                logger.log(3, reward=1.0, **{name: 1.5})
        logger.log(4, reward=2.0)
    assert [(row["total_steps"], row["reward"]) for row in read(path)] == [("4", "2.0")]


def test_threads_can_share_a_logger(path):
    def log(name):
        for i in range(1000):
            logger.log(steps=2, **{name: i})

    with Logger(csv_path=path, quiet=True) as logger, ThreadPoolExecutor(4) as threads:
        list(threads.map(log, "abcd"))
    rows = read(path)
    assert [int(row["total_steps"]) for row in rows] == list(range(2, 8002, 2))
    for name in "abcd":
        assert [row[name] for row in rows if row[name]] == [str(i) for i in range(1000)]


def test_missing_metrics_leave_empty_cells_and_late_ones_get_columns(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    with Logger(csv_path=path.name, quiet=True) as logger:
        monkeypatch.chdir("/")  # the path is still that of the file
        logger.log(reward=1)
        logger.log(length=2)
        logger.log()
        logger.log(length=3, reward=5, **{"a,b": 4})
    rows = read(path)
    assert list(rows[0]) == [*BASE, "reward", "length", "a,b"]
    cells = [[row[name] for name in ("reward", "length", "a,b")] for row in rows]
    assert cells == [["1", "", ""], ["", "2", ""], ["", "", ""], ["5", "3", "4"]]
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not rename open files")
@pytest.mark.parametrize("obstacle", ["the disk fails", "the file has been replaced"])
def test_a_file_that_cannot_get_a_late_column_does_without(path, monkeypatch, obstacle):
    def fail(*_):
        raise OSError(errno.EIO, "broken")

    def train():
        with Logger(csv_path=path, quiet=True) as logger:
            logger.log(reward=1)
            if obstacle == "the disk fails":
                monkeypatch.setattr(os, "replace", fail)
                reason.extend(["broken", path])
            else:
                moved = path.with_name("moved.csv")
                path.rename(moved)
                path.write_text("another file")
                reason.extend(["moved or replaced", moved])
            for reward in range(2, 5):
                logger.log(reward=reward, loss=3)

    reason = []
    (message,) = warnings_of(train)
    assert re.search(rf"training\.csv has no column for loss: .*{reason[0]}", message)
    assert [list(row.values())[3:] for row in read(reason[1])] == [["1"], ["2"], ["3"], ["4"]]
    assert path == reason[1] or path.read_text() == "another file"
    assert {file for file in path.parent.iterdir()} == {path, reason[1]}


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="open files have no names")
def test_a_pipe_gets_rows_but_no_late_column():
    def train():
        with Logger(csv_path=f"/dev/fd/{writer}", quiet=True) as logger:
            logger.log(steps=1, reward=1)
            logger.log(steps=1, reward=2, loss=1)

    reader, writer = os.pipe()
    (message,) = warnings_of(train)
    os.close(writer)
    assert re.search(r"has no column for loss: .*not a regular file", message)
    with open(reader, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["total_steps"], row["reward"]) for row in rows] == [("1", "1"), ("2", "2")]
    assert list(rows[0]) == [*BASE, "reward"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not share files that are being written")
def test_a_file_that_is_emptied_or_removed_begins_again_and_loses_no_later_row(path):
    with Logger(csv_path=path, quiet=True) as logger:
        logger.log(steps=1, reward=0)
        os.truncate(path, 0)
        logger.log(steps=1, reward=1)
        logger.log(steps=1, reward=2)
        assert column(path, "reward") == ["1", "2"]
        path.unlink()
        logger.log(steps=1, reward=3)
        assert column(path, "reward") == ["3"]
        with pytest.warns(RuntimeWarning, match=r"training\.csv has been removed; it begins again"):
            logger.log(steps=1, reward=4, loss=0.5)
    assert [list(row.items())[1::2] for row in read(path)] == [
        [("total_steps", "4"), ("reward", "3")],
        [("total_steps", "5"), ("reward", "4")],
    ]
    assert column(path, "loss") == ["", "0.5"]
    with Logger(csv_path=path, quiet=True, resume=True) as logger:
        assert logger.total_steps == 5


def test_an_existing_file_gets_a_number(path):
    for content in ("first", "", "third"):
        path.write_text(content)
        with Logger(csv_path=str(path), quiet=True) as logger:
            logger.log(reward=1)
        assert column(path, "reward") == ["1"]
    kept = {file.name: file.read_text() for file in path.parent.iterdir() if file != path}
    assert kept == {"training.1.csv": "first", "training.2.csv": "", "training.3.csv": "third"}


def test_resume_carries_on(tmp_path):
    path = tmp_path / "runs" / "1" / "training.csv"  # in directories that do not exist yet
    with Logger(csv_path=path, quiet=True, resume=True) as logger:
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
def test_resume_removes_an_incomplete_line_and_measures_the_rate_anew(path, rest):
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


@pytest.mark.parametrize("where", ["file/training.csv", "."])
def test_a_path_that_cannot_be_opened(tmp_path, where):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r".") as raised:
        Logger(csv_path=tmp_path / where, quiet=True)
    assert raised.value.filename in (str(tmp_path / where), str((tmp_path / where).parent))


def test_a_full_disk_loses_whole_rows_and_warns_of_the_first_and_at_the_end(path):
    """Files cannot exceed 10,000 bytes for a while, so that a write succeeds in part and then fails."""
    resource = pytest.importorskip("resource")
    least, most = resource.getrlimit(resource.RLIMIT_FSIZE)

    def train():
        with Logger(csv_path=path, quiet=True) as logger:
            resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, most))
            try:
                for i in range(1000):
                    logger.log(steps=1, reward=i / 7)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (least, most))
            logger.log(steps=1, reward=0.25)
            raise KeyError("mine")  # the warnings do not hide it

    with pytest.warns(RuntimeWarning) as caught, pytest.raises(KeyError, match="mine"):
        train()
    *written, last = (float(cell) for cell in column(path, "reward"))
    assert 100 < len(written) < 1000
    # A short row may still fit after a longer one did not.
    assert written == sorted(set(written) & {i / 7 for i in range(1000)})
    assert last == 0.25
    error = f"[Errno 27] File too large: '{path}'"
    assert [str(warning.message) for warning in caught] == [
        f"{error}; the file lacks rows",
        f"rows missing in the log: {1000 - len(written)} ({error})",
    ]


@pytest.mark.parametrize(
    ("arguments", "exception", "message"),
    [
        ({"print_interval": -1}, ValueError, "print_interval: expected a number of seconds, 0 or more, got -1"),
        ({"print_interval": math.nan}, ValueError, "print_interval: expected .* got nan"),
        ({"print_interval": "1"}, TypeError, "print_interval: expected a number, got str '1'"),
        ({"newline_interval": 0}, ValueError, "newline_interval: expected a positive integer, got 0"),
        ({"newline_interval": 2.5}, TypeError, "newline_interval: expected a positive integer, got 2.5"),
        ({"total_steps": 0}, ValueError, "total_steps: expected a positive integer, got 0"),
        ({"total_steps": 1e6}, TypeError, "total_steps: expected a positive integer, got 1000000.0"),
        ({"tensorboard_dir": "runs"}, TypeError, r"(?s)tensorboard_dir: removed; pass a sink .*Logger\(sinks=add\)"),
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


def test_a_logger_that_nobody_closes_leaves_no_open_file(path):
    logger = Logger(csv_path=path, quiet=True)
    logger.log(reward=1)
    file = logger._csv._file
    assert column(path, "reward") == ["1"]
    del logger
    gc.collect(1)  # without the objects of other tests
    assert file.closed


def test_a_kill_loses_no_row(path):
    code = """
import itertools, sys
from operant.utils import Logger
logger = Logger(csv_path=sys.argv[1], quiet=True)
for i in itertools.count(1):
    logger.log(steps=1, reward=i / 7)
    print(i, flush=True)
"""
    training = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True)
    for _ in range(1000):
        logged = int(training.stdout.readline())
    training.kill()
    training.stdout.close()
    training.wait()
    with Logger(csv_path=path, quiet=True, resume=True) as logger:
        assert logger.total_steps >= logged == 1000
        rows = range(1, logger.total_steps + 1)
    assert [int(cell) for cell in column(path, "total_steps")] == list(rows)
    assert [float(cell) for cell in column(path, "reward")] == [i / 7 for i in rows]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_writes_nothing(path):
    code = """
import os, sys
from operant.utils import Logger

def child(end):
    try:
        logger.log(steps=1, reward=-1)
    except RuntimeError as error:
        assert str(error) == f"this Logger belongs to process {os.getppid()}; make another one in this process"
    else:
        os._exit(3)
    with Logger(csv_path=sys.argv[1] + ".child", quiet=True) as another:
        another.log(reward=1)
    end()

with Logger(csv_path=sys.argv[1], quiet=True) as logger:
    for i, end in enumerate([sys.exit, lambda: None, lambda: os._exit(0), logger.close]):
        logger.log(steps=1, reward=i)
        process = os.fork()
        if process == 0:
            child(end)
            break
        assert os.waitpid(process, 0)[1] == 0
    else:
        logger.log(steps=1, reward=4)
"""
    done = run_python("-W", "error", "-c", code, path, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert column(path, "reward") == ["0", "1", "2", "3", "4"]
    assert column(f"{path}.child", "reward") == ["1"]


def test_a_closed_logger_refuses_calls(path):
    logger = Logger(csv_path=path, quiet=True)
    logger.log(reward=1)
    logger.close()
    logger.close()
    with pytest.raises(ValueError, match="log: this Logger is closed"):
        logger.log(reward=2)
    assert column(path, "reward") == ["1"]


def test_without_a_terminal_the_console_has_plain_lines(capsys):
    with Logger(print_interval=0) as logger:
        logger.log(steps=1, reward=1 / 3, length=12)
        logger.log(steps=1233, loss=1e-9, episodes=1_234_567, **{f"metric {i}": i for i in range(20)})
    first, second = [re.sub(r"[\d.]+[kMG]?/s", "?/s", line) for line in capsys.readouterr().out.splitlines()]
    assert first == "1 steps | 0:00:00 | ?/s | reward: 0.3333 | length: 12"
    assert second.startswith("1.2k steps | 0:00:00 | ?/s | loss: 1e-09 | episodes: 1234567 | metric 0: 0 | ")
    assert second.endswith(" | metric 19: 19")


def test_the_console_can_be_quiet_or_missing(capsys, monkeypatch):
    Logger().close()
    with Logger(print_interval=0, quiet=True) as logger:
        logger.log(steps=1, reward=1)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys, "stdout", None)
    with Logger(print_interval=0) as logger:
        logger.log(reward=1)


@pytest.fixture
def terminal(monkeypatch):
    """Return a function that replaces standard output by a terminal of 50 columns with an encoding."""

    class Terminal(io.TextIOWrapper):
        def isatty(self):
            return True

        @property
        def shown(self):
            return self.buffer.getvalue().decode(self.encoding)

    def make(encoding="utf-8"):
        monkeypatch.setattr(sys, "stdout", Terminal(io.BytesIO(), encoding=encoding, newline=""))
        return sys.stdout

    monkeypatch.setenv("COLUMNS", "50")
    return make


def test_a_live_line_on_a_terminal(terminal, clock):
    terminal = terminal()
    logger = Logger(print_interval=0, newline_interval=2)
    logger.log(reward=1.5, longer=2)
    logger.log(reward=1.5)
    logger.log(**{f"metric_{i}": i for i in range(20)})
    logger.close()
    assert terminal.shown == (
        "\r0 steps | 0:00:00 | 0/s | reward: 1.5 | longer: 2"
        "\r0 steps | 0:00:00 | 0/s | reward: 1.5            \n"
        "\r0 steps | 0:00:00 | 0/s | metric_0: 0 | …"
        "\n"
    )


@pytest.mark.parametrize(
    ("columns", "encoding", "shown"),
    [
        (55, "utf-8", "0 steps | 0:00:00 | 0/s | reward: 1 | length: 2 | \u03b8: 3"),
        (54, "utf-8", "0 steps | 0:00:00 | 0/s | reward: 1 | length: 2 | …"),
        (60, "ascii", "0 steps | 0:00:00 | 0/s | reward: 1 | length: 2 | \\u03b8: 3"),
        (59, "ascii", "0 steps | 0:00:00 | 0/s | reward: 1 | length: 2 | ..."),
        (53, "ascii", "0 steps | 0:00:00 | 0/s | reward: 1 | ..."),
        (20, "utf-8", "0 steps | …"),
        (10, "utf-8", "0 steps |"),
    ],
)
def test_metrics_that_do_not_fit_are_left_out(terminal, clock, monkeypatch, columns, encoding, shown):
    monkeypatch.setenv("COLUMNS", str(columns))
    terminal = terminal(encoding)
    with Logger(print_interval=0) as logger:
        logger.log(reward=1, length=2, θ=3)
    assert terminal.shown == f"\r{shown}\n"


def test_the_console_shows_means_since_the_previous_line_and_the_last_call(clock, capsys):
    with Logger(print_interval=1) as logger:
        for i in range(25):
            clock[0] += 0.125
            logger.log(steps=4, reward=i, **({"loss": i} if i % 5 == 0 else {}))
        assert capsys.readouterr().out.splitlines() == [
            "32 steps | 0:00:01 | 32/s | reward: 3.5 | loss: 2.5",  # of calls 0 to 7
            "64 steps | 0:00:02 | 32/s | reward: 11.5 | loss: 12.5",  # 8 to 15
            "96 steps | 0:00:03 | 32/s | reward: 19.5 | loss: 20",
        ]
    assert capsys.readouterr().out == "100 steps | 0:00:03 | 32/s | reward: 24\n"


def test_progress_and_time_left(clock, capsys):
    """The training makes a thousand steps per second. The first call takes a minute longer, which does not count."""
    with Logger(print_interval=0, total_steps=10_000_000) as logger:
        clock[0] += 60
        for _ in range(2):
            clock[0] += 1000
            logger.log(steps=1_000_000)
        clock[0] += 7000
        logger.log(steps=7_000_000, reward=1)
        clock[0] += 2000
        logger.log(steps=2_000_000)
    assert capsys.readouterr().out.splitlines() == [
        "1.0M/10.0M steps (10%) | 0:17:40 | 943.4/s",
        "2.0M/10.0M steps (20%) | 0:34:20, 2:13:20 left | 970.9/s",
        "9.0M/10.0M steps (90%) | 2:31:00, 0:16:40 left | 1.0k/s | reward: 1",
        "11.0M/10.0M steps (110%) | 3:04:20, 0:00:00 left | 1.0k/s",
    ]


class Console:
    """A standard output that has only the named methods, which raise an exception if there is one."""

    def __init__(self, *names, exception=None):
        self.shown = ""
        for name in names:
            setattr(self, name, getattr(self, f"_{name}"))
        self._exception = exception

    def _write(self, text):
        if self._exception is not None:
            raise self._exception
        self.shown += text

    def _flush(self):
        pass

    def _isatty(self):
        raise self._exception


@pytest.mark.parametrize("print_interval", [0, 1e6])  # the console fails in the first call, or at the end
@pytest.mark.parametrize(
    ("console", "exception"),
    [
        (Console("write", exception=BrokenPipeError(errno.EPIPE, "closed")), "BrokenPipeError"),
        (Console("write", "isatty", exception=OSError(errno.EIO, "gone")), "OSError"),  # a terminal that was closed
        (Console("write", exception=KeyError("a notebook's own")), "KeyError"),
        (Console(), "AttributeError"),
        (io.TextIOWrapper(io.BytesIO()), "ValueError"),
    ],
)
def test_a_console_that_fails_does_not_end_the_training(path, monkeypatch, console, exception, print_interval):
    if isinstance(console, io.TextIOWrapper):
        console.close()
    monkeypatch.setattr(sys, "stdout", console)
    records = []

    def train():
        with Logger(print_interval, csv_path=path, sinks=records.append) as logger:
            for i in range(5):
                logger.log(steps=1, reward=i)

    (message,) = warnings_of(train)
    assert message.startswith(f"the console loses lines: {exception}(")
    assert column(path, "reward") == list("01234")
    assert [record["reward"] for record in records] == [0, 1, 2, 3, 4]


def test_a_console_that_recovers_shows_the_next_line(clock, monkeypatch):
    monkeypatch.setattr(sys, "stdout", Console("write", exception=BlockingIOError(errno.EAGAIN, "busy")))
    with Logger(print_interval=0) as logger:
        logger.log(steps=1, reward=1)
        sys.stdout._exception = None
        with pytest.warns(RuntimeWarning, match="the console loses lines: BlockingIOError"):
            logger.log(steps=1, reward=2)
    assert sys.stdout.shown == "2 steps | 0:00:00 | 0/s | reward: 2\n"


TRAINING = """
import sys
from operant.utils import Logger
with Logger(print_interval=0, csv_path=sys.argv[1]) as logger:
    for i in range(5):
        logger.log(steps=1, reward=i)
"""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize(("console", "unbuffered"), [("a full device", ""), ("a closed pipe", "1")])
def test_a_training_whose_output_is_lost_succeeds(path, console, unbuffered):
    """Python would end with exit code 120 if it could not write the rest of its buffer."""
    if console == "a closed pipe":
        reader, writer = os.pipe()
        os.close(reader)
    else:
        writer = os.open("/dev/full", os.O_WRONLY)
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    done = run_python("-c", TRAINING, path, stdout=writer, env=environment, timeout=120)
    os.close(writer)
    warned, *more = done.stderr.splitlines()
    assert "RuntimeWarning: the console loses lines: " in warned
    assert column(path, "reward") == list("01234")
    assert (done.returncode, more) == (0, [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "ascii"])
def test_lines_in_a_file_are_in_the_order_of_the_calls(clock, monkeypatch, tmp_path, encoding):
    file = tmp_path / "console.txt"
    with open(file, "w", encoding=encoding) as stdout, monkeypatch.context() as context:
        context.setattr(sys, "stdout", stdout)
        with Logger(print_interval=0) as logger:
            print("before")
            logger.log(ä=1)
            print("after")
            logger.log(ä=2)
    letter = "\\xe4" if encoding == "ascii" else "ä"
    lines = [f"0 steps | 0:00:00 | 0/s | {letter}: {i}" for i in (1, 2)]
    assert file.read_text(encoding) == f"before\n{lines[0]}\nafter\n{lines[1]}\n"


@pytest.mark.parametrize("numbers", [[1e308, 1e308, 1e308, -1e308], [10**308] * 3, [math.inf, 1], [-math.inf, 2, 3]])
def test_the_mean_of_large_values_is_not_larger(clock, capsys, numbers):
    with Logger(print_interval=1) as logger:
        for number in numbers:
            logger.log(loss=number)
    expected = float(statistics.mean(numbers))
    assert capsys.readouterr().out == f"0 steps | 0:00:00 | 0/s | loss: {expected:.4g}\n"


def test_steps_can_be_global(clock, path):
    with Logger(csv_path=path, quiet=True) as logger:
        clock[0] += 10
        logger.log(step=1_000_000, reward=1)  # from a checkpoint: these steps took no time here
        for step in (1_000_500, 1_000_500, np.int64(1_001_000)):
            clock[0] += 1
            logger.log({"reward": 1}, step=step)
        clock[0] += 1
        logger.log(steps=500)
        for steps, message in (
            ({"step": 1_001_499}, "step: expected at least 1001500, .* got 1001499"),
            ({"step": -1}, "step: expected an integer, 0 or more"),
            ({"step": 2**63}, "step: expected an integer, 0 or more and below 2\\*\\*63"),
        ):
            with pytest.raises(ValueError, match=message):
                logger.log(reward=1, **steps)
        for step in (1e6, True, "1"):
            with pytest.raises(TypeError, match="step: expected an integer, 0 or more, got"):
                logger.log(step=step)
        with pytest.raises(TypeError, match="steps, step: expected one of them, got 1 and 2000000"):
            logger.log(steps=1, step=2_000_000)
        assert logger.total_steps == 1_001_500
    assert [int(cell) for cell in column(path, "total_steps")] == [1_000_000, *[1_000_500] * 2, 1_001_000, 1_001_500]
    assert [float(cell) for cell in column(path, "steps_per_second")] == [0, 500, 250, 250, 500]


def test_metrics_can_be_in_a_dict(path):
    metrics = MappingProxyType({"loss/policy": 1.5, "step": 2, "steps": 3, "self": np.ones((1, 1))})
    with Logger(csv_path=path, quiet=True) as logger:
        logger.log(metrics, 7, reward=4)
        logger.log(metrics, steps=7)
        logger.log(metrics, step=100)
        for first, more, message in (
            ({"loss": 1}, {"loss": 2}, "loss: expected one value of a metric, got two"),
            ({1: 1}, {}, "metrics: expected names that are strings, got 1"),
            ({"loss": "high"}, {}, "loss: expected a number, got str 'high'"),
            ([("loss", 1)], {}, r"steps: expected an integer, 0 or more, got \[\('loss', 1\)\]"),
            (3, {"steps": 4}, "steps: expected one number of steps, got 3 and 4"),
        ):
            with pytest.raises(TypeError, match=message):
                logger.log(first, **more)
    rows = read(path)
    assert list(rows[0]) == [*BASE, *metrics, "reward"]
    assert [row["total_steps"] for row in rows] == ["7", "14", "100"]
    assert [list(row.values())[3:] for row in rows] == [["1.5", "2", "3", "1.0", cell] for cell in ("4", "", "")]


def test_steps_per_second_count_every_call(clock, capsys):
    """The training makes a million steps per second for a second, and half a million afterwards."""
    records = []
    with Logger(print_interval=0.5, sinks=records.append) as logger:
        for i in range(4000):
            clock[0] += 0.001
            logger.log(steps=1000 if i < 1000 else 500)
    rates = [record["steps_per_second"] for record in records]
    assert rates[:1000] == pytest.approx([1e6] * 1000)
    assert rates[-1000:] == pytest.approx([5e5] * 1000)
    lines = capsys.readouterr().out.splitlines()
    assert (lines[0], lines[-1]) == ("500.0k steps | 0:00:00 | 1.0M/s", "2.5M steps | 0:00:04 | 500.0k/s")
    assert len(lines) in (8, 9)  # one for each half second, and the last call


@pytest.mark.parametrize(("seconds", "rate"), [(20, 4096 / 20), (0, 0)])
def test_steps_per_second_of_rare_calls_and_of_calls_at_the_same_time(clock, seconds, rate):
    records = []
    with Logger(quiet=True, sinks=records.append) as logger:
        for _ in range(5):
            clock[0] += seconds
            logger.log(steps=4096)
    assert [record["steps_per_second"] for record in records] == pytest.approx([rate] * 5)


def test_each_sink_gets_its_own_record(path):
    records = []
    with Logger(csv_path=path, quiet=True, sinks=[lambda record: records.append(dict(record)), dict.clear]) as logger:
        logger.log(steps=5, reward=np.float32(0.5))
        logger.log(steps=5, length=2)
    assert [list(record) for record in records] == [[*BASE, "reward"], [*BASE, "length"]]
    assert [type(value) for value in records[0].values()] == [float, int, float, float]
    cells = [{name: cell for name, cell in row.items() if cell} for row in read(path)]
    assert cells == [{name: str(value) for name, value in record.items()} for record in records]


def test_log_raises_the_exception_of_a_sink_and_keeps_the_row(path):
    def fail(record):
        raise KeyError("sink")

    with Logger(csv_path=path, quiet=True, sinks=[fail]) as logger, pytest.raises(KeyError, match="sink"):
        logger.log(reward=1)
    assert column(path, "reward") == ["1"]
