"""The command line."""

from __future__ import annotations

import math
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

import operant
from operant.utils import Logger
from operant.utils._curves import read_curves, smooth

PACKAGE = Path(operant.__file__).parent


def run(*arguments, **options):
    return subprocess.run([sys.executable, "-m", "operant", *arguments], capture_output=True, text=True, **options)


def test_version():
    assert run("--version").stdout.strip() == f"operant {operant.__version__}"


@pytest.mark.parametrize("arguments", [["--help"], ["bench", "--help"]])
def test_help(arguments):
    shown = run(*arguments)
    assert shown.returncode == 0
    assert "bench" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: command"),
        (["swim"], "invalid choice: 'swim'"),
        (["info", "--include-dir", "--cmake-dir"], "not allowed with argument"),
        (["plot"], "required: csv"),
        (["plot", "no such file.csv"], "No such file or directory: 'no such file.csv'"),
        (["plot", __file__], "test_cli.py: expected columns that begin with timestamp, total_steps"),
        (["plot", "."], "Is a directory" if os.name == "posix" else "Permission denied"),
        (["plot", os.path.abspath(os.sep)], "operant plot: "),
        (["plot", ""], "operant plot: "),
    ],
)
def test_mistakes_are_explained(arguments, message):
    failed = run(*arguments)
    assert failed.returncode == 2
    assert message in failed.stderr
    assert "Traceback" not in failed.stderr


def test_info():
    shown = run("info")
    assert (shown.returncode, shown.stderr) == (0, "")
    facts = dict(re.split(r"  +", line, maxsplit=1) for line in shown.stdout.splitlines())
    assert facts["Operant"] == operant.__version__
    assert facts["SIMD"] == f"{operant.simd.active} (available: {', '.join(operant.simd.available)})"
    assert int(facts["cores"]) >= 1
    assert facts["Python"].startswith(platform.python_version())
    assert facts["numpy"] == np.__version__
    assert facts["Gymnasium"] == gym.__version__
    assert facts["installed in"] == str(PACKAGE)
    assert facts["C++ headers"] == operant.get_include()
    assert facts["CMake package"] == operant.get_cmake_dir()


@pytest.mark.parametrize(
    ("option", "path"),
    [("--include-dir", operant.get_include()), ("--cmake-dir", operant.get_cmake_dir())],
)
def test_info_prints_a_path_alone(option, path):
    assert run("info", option).stdout == path + "\n"
    assert PACKAGE in Path(path).parents


def test_envs_lists_every_environment(registration):
    shown = run("envs")
    assert (shown.returncode, shown.stderr) == (0, "")
    rows = {line.split()[0]: line for line in shown.stdout.splitlines() if not line.startswith(" ")}
    env = gym.make_vec(registration.id, num_envs=1)
    row = re.split(r"  +", rows[registration.id])
    assert row[1] == registration.vector_env
    assert row[3] == str(env.single_observation_space.shape[0])
    assert row[4] == str(registration.max_episode_steps)
    described = shown.stdout.split(registration.id)[1].split("\noperant/")[0]
    assert all(name in described for name in env.parameters)


@pytest.mark.parametrize("command", ["info", "envs", "bench", "bench --against none"])
def test_a_wrong_architecture_is_explained(command):
    failed = run(*command.split(), env=os.environ | {"OPERANT_ARCH": "mmx"})
    assert failed.returncode == 2
    (line,) = (line for line in failed.stderr.splitlines() if line.startswith("operant "))
    assert line.startswith(f"operant {command.split()[0]}: ")
    assert "OPERANT_ARCH: expected one of" in line
    assert "Traceback" not in failed.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("command", ["info", "envs"])
def test_output_that_cannot_be_written_is_explained(command):
    with open("/dev/full", "w") as full:
        failed = subprocess.run(
            [sys.executable, "-m", "operant", command], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (failed.returncode, failed.stderr) == (2, f"operant {command}: [Errno 28] No space left on device\n")


def test_ctrl_c_is_no_traceback():
    code = """
import operant.commands.info
def interrupted(options):
    raise KeyboardInterrupt
operant.commands.info.run = interrupted
from operant.cli import main
raise SystemExit(main(["info"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_help_needs_no_core():
    assert run("--help", env=os.environ | {"OPERANT_ARCH": "mmx"}).returncode == 0


@pytest.mark.parametrize("module", ["operant", "operant.cli"])
def test_an_import_takes_no_more_than_gymnasium(module):
    heavy = ["operant._core", "operant.envs", "operant.utils", "matplotlib", "rich"]
    code = f"import sys, {module}; print(*(name for name in {heavy} if name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "\n"


def test_extras_are_not_needed():
    """Neither colours nor tables need a package that is not installed."""
    code = "import sys; sys.modules.update(rich=None, matplotlib=None); from operant.cli import main; sys.exit(main())"
    for command in ("info", "envs"):
        shown = subprocess.run([sys.executable, "-c", code, command], capture_output=True, text=True)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert "\x1b" not in shown.stdout


@pytest.fixture
def training(tmp_path):
    """A log with a late metric, empty cells, and numbers that are none."""
    path = tmp_path / "training.csv"
    with Logger(csv_path=path, quiet=True) as logger:
        for i in range(300):
            logger.log(steps=10, reward=i % 7, **({"loss": 1 / i} if i % 3 == 2 else {}))
        logger.log(steps=10, reward=math.nan, loss=math.inf)
    return path


@pytest.mark.parametrize("name", [None, "curve.png", "curve.svg", "curve.pdf"])
def test_plot(training, tmp_path, name):
    output = tmp_path / name if name else training.with_suffix(".png")
    shown = run("plot", str(training), *(["-o", str(output)] if name else []))
    assert (shown.returncode, shown.stderr, shown.stdout) == (0, "", f"{output}\n")
    starts = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}
    assert output.read_bytes().startswith(starts[output.suffix])


def test_plot_shows_each_metric_over_the_steps(training):
    with open(training, "a") as file:
        file.write("1.0,99999,3.0,4")  # cut short by a kill
    curves = read_curves(training)
    assert list(curves) == ["reward", "loss"]
    steps, rewards = curves["reward"]
    assert steps.tolist() == list(range(10, 3011, 10))
    assert rewards[:-1].tolist() == [i % 7 for i in range(300)]
    assert np.isnan(rewards[-1])
    steps, losses = curves["loss"]
    assert steps.tolist() == [*range(30, 3001, 30), 3010]
    assert losses[:-1].tolist() == [1 / i for i in range(2, 300, 3)]


def test_smoothing_is_the_mean_of_the_neighbours(rng):
    values = rng.normal(size=900)
    steps = np.arange(900.0) * 7
    smoothed_steps, smoothed = smooth(steps, values)
    assert smoothed_steps.tolist() == steps.tolist()
    for i in (0, 3, 10, 400, 500, 505, 895, 899):
        assert smoothed[i] == pytest.approx(values[max(0, i - 9) : i + 10].mean())


def test_few_values_are_not_smoothed():
    assert [list(part) for part in smooth(np.array([1.0, 2.0]), np.array([3.0, 4.0]))] == [[1, 2], [3, 4]]


def test_smoothing_leaves_out_what_is_no_number():
    steps, values = smooth(np.arange(4.0), np.array([1.0, math.nan, math.inf, 4.0]))
    assert [steps.tolist(), values.tolist()] == [[0, 3], [1, 4]]
    assert [len(part) for part in smooth(np.array([1.0]), np.array([math.nan]))] == [0, 0]


def test_a_million_values_are_smoothed_at_a_thousand_places(rng):
    values = rng.normal(size=1_000_000)
    steps, smoothed = smooth(np.arange(1e6), values)
    assert len(steps) == 1000
    assert (steps[0], steps[-1]) == (0, 999_999)
    assert smoothed[500] == pytest.approx(values[int(steps[500]) - 10_000 : int(steps[500]) + 10_001].mean())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "expected columns that begin with"),
        ("timestamp,total_steps,steps_per_second\n1,2,3\n", "there are no metrics to draw"),
        ("timestamp,total_steps,steps_per_second,reward\n", "there are no metrics to draw"),
        (
            "timestamp,total_steps,steps_per_second,reward\n1,2,3,4\n1,2,3,x\n",
            "line 3: reward: expected a number, got 'x'",
        ),
        ("timestamp,total_steps,steps_per_second,reward\n1\n", "line 2: total_steps: expected a number, got ''"),
    ],
)
def test_plot_explains_what_is_wrong_with_a_file(tmp_path, content, message):
    path = tmp_path / "training.csv"
    path.write_text(content)
    failed = run("plot", str(path))
    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr.startswith(f"operant plot: {path}: {message}")
    assert [file.name for file in tmp_path.iterdir()] == ["training.csv"]


def test_plot_explains_what_is_wrong_with_the_output(training, tmp_path):
    failed = run("plot", str(training), "-o", str(tmp_path / "curve.doc"))
    assert failed.returncode == 2
    assert "Format 'doc' is not supported" in failed.stderr
    failed = run("plot", str(training), "-o", str(tmp_path / "none" / "curve.png"))
    assert failed.returncode == 2
    assert "No such file or directory" in failed.stderr


def test_plot_does_not_replace_what_it_draws(training):
    """The default output of a CSV file that is called .png is that file."""
    log = training.rename(training.with_suffix(".png"))
    content = log.read_bytes()
    for arguments in ([str(log)], [str(log), "-o", str(log.parent / "." / log.name)]):
        failed = run("plot", *arguments)
        assert failed.returncode == 2
        assert "expected a picture's name that is not that of the CSV file" in failed.stderr
        assert log.read_bytes() == content


def test_names_of_metrics_and_files_are_no_formulas(tmp_path):
    path = tmp_path / "$\\alpha$ and $\\nonsense{$.csv"
    with Logger(csv_path=path, quiet=True) as logger:
        for i in range(3):
            logger.log(1, **{"$\\nonsense{$": i})
    shown = run("plot", str(path))
    assert (shown.returncode, shown.stderr) == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, names of files are text")
def test_a_file_whose_name_is_no_text(training):
    strange = os.fsencode(training.parent) + b"/\xff.csv"
    os.rename(training, strange)
    shown = subprocess.run([sys.executable, "-m", "operant", "plot", strange], capture_output=True)
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert os.path.exists(strange.replace(b".csv", b".png"))


def test_plot_without_matplotlib(training):
    code = "import sys; sys.modules['matplotlib'] = None; from operant.cli import main; raise SystemExit(main())"
    failed = subprocess.run([sys.executable, "-c", code, "plot", training], capture_output=True, text=True)
    assert failed.returncode == 2
    assert failed.stderr == 'operant plot: matplotlib is needed (pip install "operant[plot]")\n'
