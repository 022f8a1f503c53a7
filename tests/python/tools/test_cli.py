"""The command line."""

from __future__ import annotations

import json
import math
import os
import platform
import re
import shutil
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from interpreter import refusal, run_here, run_python

import operant
from operant import cli
from operant.registration import REGISTRATIONS
from operant.utils import Logger
from operant.utils._curves import choose, draw, read_curves, smooth

PACKAGE = Path(operant.__file__).parent


def run(*arguments, **options):
    """Run the command; in a new process if it needs other environment variables."""
    if "env" not in options:
        return run_here(*arguments, **options)
    return run_python("-m", "operant", *arguments, **options)


def test_version():
    for shown in (run("-V"), run("--version", env=os.environ)):
        assert shown.stdout.strip() == f"operant {operant.__version__}"


needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="argcomplete lists files with bash")


@pytest.mark.skipif(os.name == "nt", reason="argcomplete completes in POSIX shells")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("operant wa", {"watch"}),
        ("operant watch LunarLanderC", {"LunarLanderContinuous-v3"}),
        ("operant watch operant/Acro", {"operant/Acrobot-v1"}),
        ("operant bench --env MountainCarC", {"MountainCarContinuous-v0"}),
        pytest.param("operant watch Acrobot-v1 --policy bes", {"best.npz"}, marks=needs_bash),
        pytest.param("operant check ho", {"hover.hpp"}, marks=needs_bash),
    ],
)
def test_completions(tmp_path, line, expected):
    pytest.importorskip("argcomplete")
    for name in ("best.npz", "hover.hpp"):
        (tmp_path / name).touch()
    asked = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line))}
    run(cwd=tmp_path, env=os.environ | asked | {"_ARGCOMPLETE_STDOUT_FILENAME": "answer"})
    assert {word.strip() for word in (tmp_path / "answer").read_text().split("\v")} == expected


@pytest.mark.parametrize("arguments", [[], ["--help"], ["bench", "--help"]])
def test_help(arguments):
    shown = run(*arguments)
    assert shown.returncode == 0
    assert "bench" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["swim"], "invalid choice: 'swim'"),
        (["info", "--include-dir", "--cmake-dir"], "not allowed with argument"),
        (["info", "--include-dir", "--json"], "not allowed with argument"),
        (["plot"], "required: csv"),
        (["plot", "no such file.csv"], "No such file or directory: 'no such file.csv'"),
        (["plot", __file__], "test_cli.py: expected columns that begin with timestamp, total_steps"),
        (["plot", "."], "Is a directory" if os.name == "posix" else "Permission denied"),
        (["plot", os.path.abspath(os.sep)], "operant plot: "),
        (["plot", ""], "operant plot: "),
        (["plot", "a.csv", "--smooth", "0"], "argument --smooth: expected a positive integer, got 0"),
        (["plot", "a.csv", "-x", "weeks"], "argument -x: invalid choice: 'weeks'"),
    ],
)
def test_mistakes_are_explained(arguments, message):
    assert message in refusal(run(*arguments))


def test_info():
    shown = run("info")
    assert (shown.returncode, shown.stderr) == (0, "")
    facts = dict(re.split(r"  +", line, maxsplit=1) for line in shown.stdout.splitlines())
    assert facts["Operant"] == operant.__version__
    assert facts["SIMD"] == f"{operant.simd.active} (available: {', '.join(operant.simd.available)})"
    assert int(facts["cores"]) >= 1
    assert facts["Python"] == platform.python_version()
    assert facts["system"] == platform.platform()
    assert facts["numpy"] == np.__version__
    assert facts["Gymnasium"] == gym.__version__
    assert facts["installed in"] == str(PACKAGE)
    assert facts["C++ headers"] == operant.get_include()
    assert facts["CMake package"] == operant.get_cmake_dir()

    written = json.loads(run("info", "--json").stdout)
    assert written.pop("simd") == {"active": operant.simd.active, "available": list(operant.simd.available)}
    assert written.pop("operant") == operant.__version__
    assert sorted(map(str, written.values())) == sorted(facts[name] for name in facts.keys() - {"Operant", "SIMD"})


@pytest.mark.parametrize(
    ("option", "path"),
    [("--include-dir", operant.get_include()), ("--cmake-dir", operant.get_cmake_dir())],
)
def test_info_prints_a_path_alone(option, path):
    assert run("info", option).stdout == path + "\n"
    assert PACKAGE in Path(path).parents


@pytest.mark.parametrize("columns", [80, 100])
def test_envs_lists_every_environment(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = run("envs")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert max(map(len, shown.stdout.splitlines())) <= columns
    head, *parts = re.split(r"^(?=operant/)", shown.stdout, flags=re.MULTILINE)
    assert head.split() == ["environment", "actions", "observation", "limit"]
    for registration, part in zip(REGISTRATIONS, parts, strict=True):
        env = gym.make_vec(registration.id, num_envs=1)
        row, parameters = part.split("\n", 1)
        actions = str(env.single_action_space.n) if hasattr(env.single_action_space, "n") else r"-\d to \d"
        limit = str(registration.max_episode_steps or "none")
        pattern = f"{registration.id}  +{actions}  +{env.observation_size}  +{limit}"
        assert re.fullmatch(pattern, row)
        name, names = " ".join(parameters.split()).split(": ")
        assert name == type(env).__name__
        assert names.split(", ") == list(env.parameters)


def test_envs_as_json():
    described = json.loads(run("envs", "--json").stdout)
    assert [one["id"] for one in described] == [registration.id for registration in REGISTRATIONS]
    for one in described:
        env = gym.make_vec(one["id"], num_envs=1)
        space = env.single_action_space
        assert one == {
            "id": one["id"],
            "class": type(env).__name__,
            "actions": space.n if hasattr(space, "n") else [space.low[0], space.high[0]],
            "observation_size": env.observation_size,
            "max_episode_steps": gym.spec(one["id"]).max_episode_steps,
            "parameters": {
                name: list(value) if isinstance(value, tuple) else value for name, value in env.parameters.items()
            },
        }


@pytest.mark.parametrize("command", ["info", "envs", "bench", "check header.hpp"])
def test_a_wrong_architecture_is_explained(command):
    message = refusal(run(*command.split(), env=os.environ | {"OPERANT_ARCH": "mmx"}))
    (line,) = (line for line in message.splitlines() if line.startswith("operant "))
    assert line.startswith(f"operant {command.split()[0]}: ")
    assert "OPERANT_ARCH: expected one of" in line


#: All commands, with arguments that make them quick. Each prints something.
COMMANDS = [
    *("--help", "info", "envs --json"),
    "bench --num-envs 16,32 --rounds 1 --seconds 0.001 --against none",
    "plot training.csv -o -",
]


def run_to(stdout, command, training, buffering):
    """Run the command in a new process, with this standard output; return the exit code and the standard error."""
    environment = os.environ | {"PYTHONUNBUFFERED": buffering}
    done = run_python("-m", "operant", *command.split(), stdout=stdout, env=environment, cwd=training.parent)
    return done.returncode, done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize(("command", "buffering"), [*((command, "") for command in COMMANDS[:-1]), ("info", "1")])
def test_output_that_cannot_be_written_is_explained(training, command, buffering):
    name = "operant" if command == "--help" else f"operant {command.split()[0]}"
    with open("/dev/full", "w") as full:
        assert run_to(full, command, training, buffering) == (2, f"{name}: [Errno 28] No space left on device\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_an_error_that_cannot_be_written_is_an_exit_code():
    with open("/dev/full", "w") as full:
        failed = run_python("-m", "operant", "plot", "no such file.csv", stderr=full)
    assert (failed.returncode, failed.stdout) == (2, "")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break in another way there")
@pytest.mark.parametrize(("command", "buffering"), [("info", "1"), ("envs --json", ""), (COMMANDS[-1], "")])
def test_a_closed_pipe_is_not_an_error(training, command, buffering):
    """As in `operant envs | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    assert run_to(writer, command, training, buffering) == (141, "")
    os.close(writer)


class Notebook:
    """A standard output that is not a file."""

    def __init__(self):
        self.shown = ""

    def write(self, text):
        self.shown += text

    def flush(self):
        pass


@pytest.mark.parametrize("command", [one for one in COMMANDS if one != "plot training.csv -o -"])
def test_the_standard_output_need_not_be_a_file(training, monkeypatch, command):
    monkeypatch.chdir(training.parent)
    for stdout in (Notebook(), None):
        monkeypatch.setattr(sys, "stdout", stdout)
        assert cli.main(command.split()) == 0
        assert stdout is None or stdout.shown.endswith("\n")


@pytest.mark.parametrize("stdout", [Notebook(), None])
def test_a_picture_needs_a_standard_output_that_takes_bytes(training, monkeypatch, capsys, stdout):
    monkeypatch.setattr(sys, "stdout", stdout)
    assert cli.main(["plot", str(training), "-o", "-"]) == 2
    expected = "operant plot: --output: the standard output does not take a picture; expected a file's name\n"
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize("stdin", [Notebook(), None])
def test_plot_without_a_standard_input(monkeypatch, capsys, stdin):
    monkeypatch.setattr(sys, "stdin", stdin)
    assert cli.main(["plot", "-"]) == 2
    assert capsys.readouterr().err == "operant plot: -: expected a file's name: there is no standard input\n"


@pytest.mark.parametrize(
    ("raised", "status", "shown"), [(MemoryError, 2, "operant info: out of memory\n"), (KeyboardInterrupt, 130, "")]
)
def test_exceptions_without_words_show_no_traceback(monkeypatch, capsys, raised, status, shown):
    def fail(options):
        raise raised

    monkeypatch.setattr("operant.cli.info.run", fail)
    assert cli.main(["info"]) == status
    assert capsys.readouterr() == ("", shown)


def test_help_needs_no_core():
    assert run("--help", env=os.environ | {"OPERANT_ARCH": "mmx"}).returncode == 0


@pytest.mark.parametrize("module", ["operant", "operant.cli"])
def test_an_import_takes_no_more_than_gymnasium(module):
    heavy = ["operant._core", "operant.envs.vector_env", "operant.utils", "matplotlib", "rich"]
    code = f"import sys, {module}; print(*(name for name in {heavy} if name in sys.modules))"
    assert run_python("-c", code).stdout == "\n"


def test_extras_are_not_needed():
    """Commands work without rich and matplotlib."""
    code = "import sys; sys.modules.update(rich=None, matplotlib=None); from operant.cli import main; sys.exit(main())"
    for command in ("info", "envs"):
        shown = run_python("-c", code, command)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert "\x1b" not in shown.stdout


@pytest.fixture
def training(tmp_path):
    """A log with a late metric, empty cells, infinity and NaN."""
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
    assert list(curves) == ["steps_per_second", "reward", "loss"]
    assert choose([curves], []) == ["reward", "loss"]
    assert len(curves["steps_per_second"][0]) == 301
    steps, rewards = curves["reward"]
    assert steps.tolist() == list(range(10, 3011, 10))
    assert rewards[:-1].tolist() == [i % 7 for i in range(300)]
    assert np.isnan(rewards[-1])
    steps, losses = curves["loss"]
    assert steps.tolist() == [*range(30, 3001, 30), 3010]
    assert losses[:-1].tolist() == [1 / i for i in range(2, 300, 3)]


def test_the_horizontal_axis_can_be_chosen(tmp_path):
    path = tmp_path / "training.csv"
    rows = ["timestamp,total_steps,steps_per_second,a,b", "100.5,10,1.0,1,", "103.0,20,2.0,,2", "108.5,30,3.0,3,3"]
    path.write_text("\n".join(rows) + "\n")
    expected = {"steps": ([10, 30], [20, 30]), "time": ([0, 8], [2.5, 8]), "calls": ([0, 2], [1, 2])}
    for x, (a, b) in expected.items():
        curves = read_curves(path, x)
        assert [curves["a"][0].tolist(), curves["b"][0].tolist()] == [a, b]
        assert [curves["a"][1].tolist(), curves["b"][1].tolist()] == [[1, 3], [2, 3]]


@pytest.mark.parametrize(("seconds", "unit"), [(100, "seconds"), (120, "minutes"), (7000, "minutes"), (7200, "hours")])
def test_time_has_a_fitting_unit(seconds, unit):
    figure = pytest.importorskip("matplotlib.figure").Figure()
    draw(figure, {"run": {"a": (np.array([0.0, seconds]), np.array([1.0, 2.0]))}}, ["a"], "time", None)
    (axis,) = figure.axes
    assert axis.get_xlabel() == unit
    drawn = axis.lines[0].get_xdata()
    assert drawn.tolist() == [0, seconds / {"seconds": 1, "minutes": 60, "hours": 3600}[unit]]


def test_large_numbers_have_another_unit():
    figure = pytest.importorskip("matplotlib.figure").Figure()
    steps, small, large = np.arange(3.0), np.array([1e300, -1e300, 0]), np.array([1e308, -2.5e307, 3e300])
    draw(figure, {"run": {"small": (steps, small), "large": (steps, large)}}, ["small", "large"], "steps", 3)
    small_axis, large_axis = figure.axes
    assert (small_axis.get_ylabel(), large_axis.get_ylabel()) == ("small", "large / 1e300")
    assert small_axis.lines[0].get_ydata().tolist() == small.tolist()
    assert large_axis.lines[0].get_ydata() == pytest.approx([1e8, -2.5e7, 3])
    assert large_axis.lines[1].get_ydata() == pytest.approx([3.75e7, 25_000_001, -12_499_998.5])  # means of neighbours
    low, high = large_axis.get_ylim()
    assert low < -2.5e7 < 1e8 < high


@pytest.mark.parametrize("name", ["large.png", "large.svg", "large.pdf"])
def test_plot_of_the_largest_numbers(tmp_path, name):
    path = tmp_path / "training.csv"
    with Logger(csv_path=path, quiet=True) as logger:
        for number in (1e308, -1e308, math.inf, 5.0, sys.float_info.max):
            logger.log(1, loss=number)
    assert run("plot", str(path), "-o", name, cwd=tmp_path).stdout == f"{name}\n"


@pytest.fixture
def runs(tmp_path):
    """Two runs with files of the same name. Only the second has the metric `loss`."""
    paths = [tmp_path / name / "training.csv" for name in "ab"]
    for number, path in enumerate(paths):
        with Logger(csv_path=path, quiet=True) as logger:
            for i in range(50):
                logger.log(steps=10, reward=number + i, **({"loss": i} if number else {}))
    return paths


def test_runs_are_drawn_over_one_another(runs):
    figure = pytest.importorskip("matplotlib.figure").Figure(layout="constrained")
    curves = [read_curves(path) for path in runs]
    names = choose(curves, [])
    assert names == ["reward", "loss"]
    draw(figure, dict(zip(["one", "$two{"], curves, strict=True)), names, "steps", 5)
    rewards, losses = figure.axes
    raw, smoothed, raw_of_two, _ = rewards.lines
    assert raw.get_ydata().tolist() == list(range(50))
    assert raw_of_two.get_ydata().tolist() == list(range(1, 51))
    assert smoothed.get_ydata()[:3].tolist() == [1, 1.5, 2]  # of 0 to 2, 0 to 3, 0 to 4
    assert len({line.get_color() for line in rewards.lines}) == 2
    assert [line.get_color() for line in losses.lines] == [raw_of_two.get_color()] * 2
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["one", "$two{"]
    figure.savefig(os.devnull, format="png")  # the second label is not a formula


def test_plot_of_several_runs(runs, tmp_path):
    shown = run("plot", *map(str, runs), cwd=tmp_path)
    assert (shown.returncode, shown.stderr, shown.stdout) == (0, "", "plot.png\n")
    output = tmp_path / "x.svg"
    options = ["-m", "loss", "-m", "steps_per_second", "-m", "loss", "-x", "time", "--smooth", "1", "-o", str(output)]
    shown = run("plot", *map(str, runs), *options)
    assert (shown.returncode, shown.stderr, shown.stdout) == (0, "", f"{output}\n")
    texts = re.findall("<!-- (.*) -->", output.read_text())
    assert [text for text in texts if text in ("loss", "steps_per_second", "reward")] == ["loss", "steps_per_second"]
    assert {"seconds", *map(str, runs)} <= set(texts)


def test_a_metric_that_no_run_has(runs):
    message = refusal(run("plot", str(runs[0]), "-m", "loss"))
    assert message == "operant plot: metric: expected one of steps_per_second, reward, got 'loss'\n"
    assert "got 'rewards'; did you mean 'reward'?" in run("plot", str(runs[0]), "-m", "rewards").stderr


def test_speed_is_drawn_where_there_is_no_metric(tmp_path):
    path = tmp_path / "training.csv"
    with Logger(csv_path=path, quiet=True) as logger:
        logger.log(steps=1)
    assert choose([read_curves(path)], []) == ["steps_per_second"]
    assert run("plot", str(path)).returncode == 0


def test_plot_reads_and_writes_pipes(training, tmp_path, monkeypatch):
    piped = run_python("-m", "operant", "plot", "-", "-o", "-", input=training.read_bytes(), text=False)
    assert (piped.returncode, piped.stderr) == (0, b"")
    assert piped.stdout.startswith(b"\x89PNG")
    assert piped.stdout.endswith(b"IEND\xaeB`\x82")
    with open(training) as log:
        monkeypatch.setattr(sys, "stdin", log)
        shown = run("plot", "-", cwd=tmp_path)
    assert (shown.returncode, shown.stderr, shown.stdout) == (0, "", "plot.png\n")


def test_a_picture_is_not_written_to_a_terminal(training, monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert cli.main(["plot", str(training), "-o", "-"]) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == (
        "",
        "operant plot: --output: a terminal does not show pictures; expected a file's name, or a pipe\n",
    )


def test_show(training, tmp_path):
    """The backend of this test writes windows into files."""
    (tmp_path / "windows.py").write_text("""
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas
from matplotlib._pylab_helpers import Gcf

def show(**_):
    for manager in Gcf.get_all_fig_managers():
        manager.canvas.figure.savefig("window.png")
""")
    environment = os.environ | {"MPLBACKEND": "module://windows", "PYTHONPATH": str(tmp_path)}
    before = set(tmp_path.iterdir())
    code = f"""
import os
from operant.cli import main
show = ["plot", {str(training)!r}, "--show"]
main(show)
print(*os.listdir())
main([*show, "-o", "also.png"])
"""
    shown = run_python("-c", code, env=environment, cwd=tmp_path)
    first, second = shown.stdout.splitlines()
    assert (shown.returncode, shown.stderr, second) == (0, "", "also.png")
    assert set(first.split()) - {path.name for path in before} - {"__pycache__"} == {"window.png"}
    assert (tmp_path / "also.png").exists()


def test_show_without_a_display_is_explained(training):
    (line,) = refusal(run("plot", str(training), "--show", env=os.environ | {"MPLBACKEND": "agg"})).splitlines()
    assert line.startswith("operant plot: --show: matplotlib finds no display, or no toolkit for windows")


def test_smoothing_is_the_mean_of_the_neighbours(rng):
    values = rng.normal(size=900)
    steps = np.arange(900.0) * 7
    smoothed_steps, smoothed = smooth(steps, values)
    assert smoothed_steps.tolist() == steps.tolist()
    for i in (0, 3, 10, 400, 500, 505, 895, 899):
        assert smoothed[i] == pytest.approx(values[max(0, i - 9) : i + 10].mean())


def test_few_values_are_not_smoothed():
    assert [list(part) for part in smooth(np.array([1.0, 2.0]), np.array([3.0, 4.0]))] == [[1, 2], [3, 4]]


def test_smoothing_leaves_out_nan_and_infinity():
    steps, values = smooth(np.arange(4.0), np.array([1.0, math.nan, math.inf, 4.0]))
    assert [steps.tolist(), values.tolist()] == [[0, 3], [1, 4]]
    assert [len(part) for part in smooth(np.array([1.0]), np.array([math.nan]))] == [0, 0]


def test_a_million_values_are_smoothed_at_a_thousand_places(rng):
    values = rng.normal(size=1_000_000)
    steps, smoothed = smooth(np.arange(1e6), values)
    assert len(steps) == 1000
    assert (steps[0], steps[-1]) == (0, 999_999)
    assert smoothed[500] == pytest.approx(values[int(steps[500]) - 10_000 : int(steps[500]) + 10_001].mean())


HEAD = "timestamp,total_steps,steps_per_second,reward\n"
OUT_OF_RANGE = "line 2: total_steps: expected a number from -2**63 to 2**63, got"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "expected columns that begin with"),
        (HEAD, "there are no rows to draw"),
        (HEAD + "1,2,3,4\n1,2,3,x\n", "line 3: reward: expected a number, got 'x'"),
        (HEAD + "1\n", "line 2: total_steps: expected a number, got ''"),
        *((HEAD + f"1,{steps},3,4\n", f"{OUT_OF_RANGE} '{steps}'") for steps in ("1e308", "nan", "-inf")),
    ],
)
def test_plot_explains_mistakes_in_a_file(tmp_path, content, message):
    path = tmp_path / "training.csv"
    path.write_text(content)
    failed = run("plot", str(path))
    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr.startswith(f"operant plot: {path}: {message}")
    assert [file.name for file in tmp_path.iterdir()] == ["training.csv"]


def test_plot_explains_mistakes_in_the_output(training, tmp_path):
    for output, message in (
        ("curve.doc", "Format 'doc' is not supported"),
        ("none/curve.png", "No such file or directory"),
    ):
        assert message in refusal(run("plot", str(training), "-o", str(tmp_path / output)))


def test_plot_does_not_replace_its_input(training):
    """The default output for a CSV file named training.png would be that file."""
    log = training.rename(training.with_suffix(".png"))
    content = log.read_bytes()
    for arguments in ([str(log)], [str(log), "-o", str(log.parent / "." / log.name)]):
        message = refusal(run("plot", *arguments))
        assert "expected a name for the picture that is not the name of the CSV file" in message
        assert log.read_bytes() == content


def test_names_of_metrics_and_files_are_not_formulas(tmp_path):
    path = tmp_path / "$\\alpha$ and $\\nonsense{$.csv"
    with Logger(csv_path=path, quiet=True) as logger:
        for i in range(3):
            logger.log(1, **{"$\\nonsense{$": i})
    shown = run("plot", str(path))
    assert (shown.returncode, shown.stderr) == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, names of files are text")
def test_a_file_whose_name_is_not_valid_text(training):
    strange = os.fsencode(training.parent) + b"/\xff.csv"
    os.rename(training, strange)
    shown = run_python("-m", "operant", "plot", strange, text=False)
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert os.path.exists(strange.replace(b".csv", b".png"))


@pytest.mark.parametrize(
    ("adapter", "library", "requirement"),
    [("sb3", "stable_baselines3", "stable-baselines3>=2.6"), ("jax", "jax", "jax>=0.8.2")],
)
def test_an_adapter_without_its_library_names_the_package_to_install(adapter, library, requirement):
    code = f"import sys; sys.modules[{library!r}] = None; import operant.adapters.{adapter}"
    failed = run_python("-c", code)
    assert failed.stderr.splitlines()[-1].endswith(f': {library} is not installed: pip install "{requirement}"')


def test_plot_without_matplotlib(training):
    code = "import sys; sys.modules['matplotlib'] = None; from operant.cli import main; raise SystemExit(main())"
    message = refusal(run_python("-c", code, "plot", training))
    assert message == 'operant plot: matplotlib is not installed: pip install "matplotlib>=3.8"\n'
