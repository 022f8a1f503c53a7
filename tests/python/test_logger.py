"""The logger: every call becomes a row of the file."""

from __future__ import annotations

import csv
import enum
import errno
import gc
import io
import math
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

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


@pytest.fixture
def clock(monkeypatch):
    """The only item is the time, in seconds."""
    clock = [100.0]
    monkeypatch.setattr("operant.utils.logger.perf_counter", lambda: clock[0])
    return clock


def wait_until(condition):
    """Poll a condition that a thread brings about; a minute is for machines that are busy otherwise."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def warnings_of(call):
    with pytest.warns(RuntimeWarning) as caught:
        call()
    return [str(warning.message) for warning in caught]


def log_until_warned(logger, **metrics):
    """Log the same again and again; how often."""
    calls = 0

    def log():
        nonlocal calls
        while not logger._has_warned:
            logger.log(steps=1, **metrics)
            calls += 1
            time.sleep(0.01)

    (message,) = warnings_of(log)
    assert message.endswith("; rows are kept in memory and tried again until the logger is closed")
    return calls


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
    """What tensors with one element have in common."""

    def __init__(self, value, shape=()):
        self._value = value
        self.shape = shape

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
        (np.array([2.5]), "2.5"),
        (np.full((1, 1, 1), 7, np.int16), "7"),
        (np.full((1, 1), np.float32(0.1)), repr(float(np.float32(0.1)))),
        (np.full(1, np.longdouble(0.1)), "0.1"),
        (np.array([True]), "1"),
        (Scalar(4, (1, 1)), "4"),
    ],
)
def test_scalars_are_numbers(path, scalar, expected):
    with Logger(csv_path=path, quiet=True) as logger:
        logger.log(metric=scalar)
    assert column(path, "metric") == [expected]


def test_anything_else_is_refused_by_name_and_not_logged(path):
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
        monkeypatch.chdir("/")  # the path was made absolute before
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
            log_until_warned(logger, reward=9)
            assert path.read_bytes() == before
    rows = read(path)
    assert [(row["reward"], row["loss"]) for row in rows[:2]] == [("1", ""), ("2", "3")]
    assert {row["reward"] for row in rows[2:]} == {"9"}
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_file_that_somebody_has_replaced_is_not_destroyed(path):
    logger = Logger(csv_path=path, quiet=True)
    logger.log(reward=1)
    wait_until(lambda: len(read(path)) == 1)
    path.rename(path.with_name("moved.csv"))
    path.write_text("somebody else's")
    logger.log(loss=1)
    message = r"rows missing in the log: 1 \(.*Cannot get the column loss: .* moved or replaced: '.*training\.csv'\)$"
    with pytest.warns(RuntimeWarning, match=message):
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
        with pytest.warns(RuntimeWarning, match=r"Cannot get the column loss: no regular file.*training\.csv"):
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


def test_parent_directories_are_made(tmp_path):
    path = tmp_path / "runs" / "1" / "training.csv"
    for resume in (False, True):
        with Logger(csv_path=path, quiet=True, resume=resume, tensorboard_dir=tmp_path / "events" / "1") as logger:
            logger.log(reward=1)
    assert column(path, "reward") == ["1", "1"]
    assert len(scalars(tmp_path / "events" / "1")["reward"]) == 2


@pytest.mark.parametrize("where", ["file/training.csv", "."])
def test_a_path_that_cannot_be_opened(tmp_path, where):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r".") as raised:
        Logger(csv_path=tmp_path / where, quiet=True)
    assert raised.value.filename in (str(tmp_path / where), str((tmp_path / where).parent))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk_warns_once_and_says_at_the_end_what_is_missing():
    logger = Logger(csv_path="/dev/full", quiet=True)
    calls = log_until_warned(logger, reward=1)
    for _ in range(100):
        logger.log(reward=1)
    assert warnings_of(logger.close) == [
        f"rows missing in the log: {calls + 100} ([Errno 28] No space left on device: '/dev/full')"
    ]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk_hides_no_other_exception():
    def fail():
        with Logger(csv_path="/dev/full", quiet=True) as logger:
            logger.log(reward=1)
            raise KeyError("mine")

    with pytest.warns(RuntimeWarning, match=r"missing in the log: 1 \(.*full"), pytest.raises(KeyError):
        fail()


@pytest.fixture
def disk_of_10_kb(monkeypatch):
    """Files may not grow beyond 10,000 bytes within this context, so that writes succeed in part, then fail."""
    resource = pytest.importorskip("resource")
    least, most = resource.getrlimit(resource.RLIMIT_FSIZE)

    @contextmanager
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, most))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (least, most))

    return limited


def test_rows_wait_until_there_is_space(path, disk_of_10_kb):
    with Logger(csv_path=path, quiet=True, tensorboard_dir=path.parent / "events") as logger:
        with disk_of_10_kb():
            log_until_warned(logger, reward=0.5)
            for i in range(1000):
                logger.log(steps=1, reward=i / 7)
            wait_until(lambda: path.stat().st_size == 10_000)
        wait_until(lambda: len(read(path)) == logger.total_steps)
        logger.log(steps=1, reward=0.25)
    rewards = [float(cell) for cell in column(path, "reward")]
    assert rewards[-1001:] == [*(i / 7 for i in range(1000)), 0.25]
    assert column(path, "total_steps") == [str(i) for i in range(1, len(rewards) + 1)]
    events = scalars(path.parent / "events")["reward"]
    assert events == [(i, np.float32(reward)) for i, reward in enumerate(rewards, 1)]


def test_what_is_missing_is_counted(path, disk_of_10_kb):
    """Rows that were written in part are missing, too; the header is no row."""
    logger = Logger(csv_path=path, quiet=True, tensorboard_dir=path.parent / "events")
    with disk_of_10_kb():
        calls = log_until_warned(logger, reward=0.5)
        for i in range(1000):
            logger.log(steps=1, reward=i / 7)
        messages = warnings_of(logger.close)
    found = [re.fullmatch(r"rows missing in the log: (\d+) \(\[Errno 27\] .*'(.*)'\)", one) for one in messages]
    missing = {Path(one[2]).parent.name: int(one[1]) for one in found}
    content = path.read_text()
    assert content[-1] != "\n"
    assert missing == {
        "events": calls + 1000 - len(scalars(path.parent / "events")["reward"]),
        path.parent.name: calls + 1000 - (content.count("\n") - 1),
    }


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_the_memory_for_what_cannot_be_written_has_an_end(monkeypatch):
    monkeypatch.setattr("operant.utils._csv_file.MOST_WAITING", 10)
    logger = Logger(csv_path="/dev/full", quiet=True)
    calls = log_until_warned(logger, reward=1)
    for _ in range(100):
        logger.log(reward=1)
    assert len(logger._files[0]._lines) <= max(10, calls)
    with pytest.warns(RuntimeWarning, match=f"rows missing in the log: {calls + 100} "):
        logger.close()


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
    thread = logger._files[0]._thread
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
        logger.log(steps=1233, loss=1e-9, episodes=1_234_567, **{f"metric {i}": i for i in range(20)})
    first, second = [re.sub(r"[\d.]+[kMG]?/s", "?/s", line) for line in capsys.readouterr().out.splitlines()]
    assert first == "1 steps | 0:00:00 | ?/s | reward: 0.3333 | length: 12"
    assert second.startswith("1.2k steps | 0:00:00 | ?/s | loss: 1e-09 | episodes: 1234567 | metric 0: 0 | ")
    assert second.endswith(" | metric 19: 19")


def test_a_print_interval_leaves_calls_out_but_not_the_last(capsys):
    with Logger(print_interval=1e6) as logger:
        for i in range(100):
            logger.log(steps=1, reward=i)
        assert capsys.readouterr().out == ""
    assert capsys.readouterr().out.startswith("100 steps | 0:00:00 | ")


def test_quiet_or_nothing_logged_shows_nothing(capsys):
    Logger().close()
    with Logger(print_interval=0, quiet=True) as logger:
        logger.log(steps=1, reward=1)
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def terminal(monkeypatch):
    """Standard output, as a terminal of 50 columns whose encoding can be chosen."""

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


def test_the_console_shows_means_since_the_line_before(clock, capsys):
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
    """A thousand steps per second. The first call takes a minute more, as for compiling, and is not counted."""
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


def test_a_training_that_never_ends(clock, capsys):
    with Logger(print_interval=0, total_steps=2**62) as logger:
        for _ in range(2):
            clock[0] += 1e6
            logger.log(steps=1)
    assert "4611.7P steps (0%) | 23 days, 3:33:20, 11574074 days, 1:46:40 left | " in capsys.readouterr().out


def test_a_console_that_does_not_know_a_letter(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    with Logger(print_interval=0) as logger:
        logger.log(θ=1)
    assert sys.stdout.buffer.getvalue().endswith(b"| \\u03b8: 1" + os.linesep.encode())


def test_no_console_at_all(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    with Logger(print_interval=0) as logger:
        logger.log(reward=1)


def test_steps_may_be_global(clock, path):
    with Logger(csv_path=path, quiet=True) as logger:
        clock[0] += 10
        logger.log(step=1_000_000, reward=1)  # goes on from a checkpoint: these steps have taken no time here
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


def test_metrics_may_be_in_a_dict(path):
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
    assert (lines[0], lines[-1]) == ("500.0k steps | 0:00:00 | 1.0M/s", "2.5M steps | 0:00:04 | 500.0k/s")
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
            if len(content) < length + 16:  # cut short by a full disk
                break
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
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        Logger(csv_path=tmp_path / "file" / "training.csv", tensorboard_dir=tmp_path)
    assert set(threading.enumerate()) <= threads
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"^tensorboardX is not installed: pip install \"operant\[tensorboard\]\"$"):
        Logger(tensorboard_dir=tmp_path / "events", csv_path=tmp_path / "training.csv")
    assert not {"events", "training.csv"} & set(os.listdir(tmp_path))
