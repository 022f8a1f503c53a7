"""The README, the pages in docs/ and the docstrings: their code runs, and their statements are true."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import json
import math
import pkgutil
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from conftest import UNOPTIMISED, needs_compiler
from gymnasium.error import DependencyNotInstalled
from matplotlib.image import imread
from modules import module_at

import operant
from operant import cli, envs
from operant.registration import ENVIRONMENTS, REGISTRATIONS

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in PAGES}
INCLUDE = re.compile(r'^--8<-- "(.*)"$', re.MULTILINE)
DOCTEST = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
# Libraries that snippets may need and these tests do not install; `make test-integrations` runs the snippets with them.
LIBRARIES = ("jax", "ray", "skrl", "stable_baselines3", "tianshou", "torch", "torchrl", "wandb")


def blocks(text, *languages):
    """List the fenced blocks of a text with their language and line number; a block may be part of a list."""
    fenced = re.compile(rf"^( *)```({'|'.join(languages)})\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
    return [(found[2], dedent(found[3]), text.count("\n", 0, found.start()) + 1) for found in fenced.finditer(text)]


class ShownOutputChecker(doctest.OutputChecker):
    """Compare the output of an example only if the docstring shows one."""

    def check_output(self, want, got, optionflags):
        return want == "" or super().check_output(want, got, optionflags)


def run_doctest(code, namespace, name, line, checker=None):
    test = doctest.DocTestParser().get_doctest(code, namespace, name, name, line)
    shown = []
    doctest.DocTestRunner(checker, optionflags=DOCTEST).run(test, out=shown.append, clear_globs=False)
    namespace.update(test.globs)
    assert not shown, "".join(shown)


@pytest.mark.parametrize("page", [page for page, text in TEXTS.items() if blocks(text, "python", "pycon")])
def test_python_snippets_run(page, shared_cache, quick_flags, tmp_path, monkeypatch, capsys):
    """The snippets of a page run in order, beside `examples` and its headers, and print the `output`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPERANT_CACHE_DIR", str(shared_cache))
    monkeypatch.setenv("CXXFLAGS", quick_flags)
    for folder in ("examples", "examples/environments"):
        for header in (ROOT / folder).glob("*.hpp"):
            shutil.copy(header, tmp_path)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    namespace = {"__name__": "snippets"}
    missing = set()
    for language, code, line in blocks(TEXTS[page], "python", "pycon", "output"):
        try:
            if language == "pycon":
                run_doctest(code, namespace, page, line)
            elif language == "output":
                assert capsys.readouterr().out == code
            else:
                capsys.readouterr()
                exec(compile("\n" * line + code, page, "exec"), namespace)
        except DependencyNotInstalled as error:  # pygame, where it has no wheels
            missing.add(f"line {line}: {error}")
        except operant.CompileError:
            if not needs_compiler.args[0]:
                raise
            pytest.skip(f"from line {line}: {needs_compiler.kwargs['reason']}")
        except ImportError as error:
            if error.name == "jax":
                pytest.skip("no jax: tests/integrations runs this page")
            if error.name.partition(".")[0] not in LIBRARIES and "RecordVideo" not in error.msg:  # new in Gymnasium 1.2
                raise
            missing.add(f"line {line}: no {error.name}")
    if missing:
        pytest.skip(f"all but {', '.join(missing)}")


@pytest.mark.parametrize(
    "module",
    [
        name
        for _, name, _ in pkgutil.walk_packages(operant.__path__, "operant.")
        if not name.endswith(("_core", "__main__"))
    ]
    + ["operant"],
)
def test_examples_in_docstrings_run(module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        module = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if not module.startswith(
            ("operant.adapters.", "operant.python.", "operant.training.")
        ):  # which need other libraries
            raise
        pytest.skip(str(error))
    for test in doctest.DocTestFinder().find(module):
        if test.examples:
            run_doctest(test.docstring, test.globs, test.name, 0, ShownOutputChecker())


@pytest.mark.parametrize(
    ("page", "code"), [(page, code) for page in TEXTS for _, code, _ in blocks(TEXTS[page], "cpp")]
)
def test_cpp_snippets_compile_and_run(page, code, tmp_path):
    included = INCLUDE.findall(code)
    if included:  # test_cpp_package.py compiles them
        assert INCLUDE.sub("", code).strip() == ""
        targets = re.search(r"foreach\(example (.*)\)", (ROOT / "examples" / "CMakeLists.txt").read_text())[1].split()
        for path in map(Path, included):
            assert path.parent == Path("examples")
            assert path.stem in targets or f'operant.load("{path.name}")' in TEXTS[page]
            assert (ROOT / path).exists()
        return
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("no g++")
    source = tmp_path / "main.cpp"
    source.write_text(code)
    command = [compiler, "-std=c++20", *UNOPTIMISED, f"-I{ROOT / 'include'}", source, "-o", tmp_path / "main"]
    subprocess.run(command, check=True)
    subprocess.run([tmp_path / "main"], check=True)


COMMANDS = [
    (page, found[1])
    for page, text in TEXTS.items()
    for _, code, _ in blocks(text, "sh")
    for found in re.finditer(
        r"^.*?\boperant ((?:-|bench|check|info|envs|plot|watch)[^)\n]*)", code.replace("\\\n", ""), re.MULTILINE
    )
]


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_commands_are_understood(page, command, monkeypatch):
    if "envpool" in command:
        pytest.importorskip("envpool")
    monkeypatch.chdir(ROOT)
    arguments = shlex.split(command, comments=True)
    assert cli._parser().parse_args(arguments).command == arguments[0]


STATES = {
    "CartPole": ("x", "x_dot", "theta", "theta_dot"),
    "MountainCar": ("position", "velocity"),
    "MountainCarContinuous": ("position", "velocity"),
    "Pendulum": ("theta", "theta_dot"),
    "Acrobot": ("theta1", "theta2", "theta1_dot", "theta2_dot"),
}
VARIANTS = [
    *((name, {}) for name in STATES),
    ("CartPole", {"kinematics_integrator": "semi-implicit euler", "sutton_barto_reward": True, "masspole": 0.3}),
    ("MountainCar", {"goal_velocity": 0.02, "force": 0.002, "gravity": 0.003}),
    ("MountainCarContinuous", {"min_action": -0.5, "power": 0.002, "goal_position": 0.3}),
    ("Pendulum", {"m": 2.0, "l": 0.5, "g": 9.81, "max_torque": 3.0}),
    ("Acrobot", {"book_or_nips": "nips", "LINK_LENGTH_1": 0.8, "LINK_MASS_2": 1.5, "AVAIL_TORQUE": [-2.0, 0.5, 1.0]}),
]


def section(environment, title):
    docstring = dedent("    " + getattr(envs, f"{environment}VecEnv").__doc__)
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", docstring, re.MULTILINE | re.DOTALL)[1]


def table(environment, title):
    rows = [line.strip("|").split("|") for line in section(environment, title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def evaluated(text):
    return eval(text, {"pi": math.pi, "inf": math.inf})


@pytest.mark.parametrize(("environment", "parameters"), VARIANTS)
def test_equations_in_docstrings_are_those_of_the_environment(environment, parameters, rng):
    num_envs = 2000
    env = getattr(envs, f"{environment}VecEnv")(num_envs, dtype=np.float64, **parameters)
    env.reset(seed=0)
    low, high = env.single_observation_space.low, env.single_observation_space.high
    if environment in ("Pendulum", "Acrobot"):  # the observation has angles as cosines and sines
        turns = [np.pi] * (2 if environment == "Acrobot" else 1)
        low, high = np.r_[np.negative(turns), low[-len(turns) :]], np.r_[turns, high[-len(turns) :]]
    states = rng.uniform(np.maximum(low, -3), np.minimum(high, 3), (num_envs, len(low)))
    states = states.astype(np.float32).astype(np.float64)  # MountainCarContinuous keeps float32
    env.set_state(states)
    actions = env.action_space.sample() * (1.5 if environment in ("Pendulum", "MountainCarContinuous") else 1)
    _, rewards, terminations, _, _ = env.step(actions)

    ((_, code, _),) = blocks(section(environment, "Dynamics"), "python")
    code = compile(code, f"{environment}'s docstring", "exec")
    functions = {name: getattr(np, name) for name in ("sin", "cos", "clip", "array")}
    constants = {**functions, "pi": np.pi, "remainder": math.remainder, "uniform": rng.uniform, **env.parameters}
    for state, action, new_state, reward, terminated in zip(
        states, actions.reshape(num_envs), env.state, rewards, terminations, strict=True
    ):
        names = constants | dict(zip(STATES[environment], state, strict=True)) | {"action": action}
        exec(code, names)
        assert [names[name] for name in STATES[environment]] == pytest.approx(new_state, rel=1e-6, abs=1e-7)
        assert names["reward"] == pytest.approx(reward, rel=1e-6)
        assert names["terminated"] == terminated
    assert terminations.any() == (environment != "Pendulum")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_docstrings_and_type_checkers_know_all_parameters(environment):
    env_class = getattr(envs, f"{environment}VecEnv")
    rows = table(environment, "Parameters")
    assert {name.strip("`"): evaluated(default) for name, default, _ in rows} == env_class(3).parameters
    assert all(meaning for _, _, meaning in rows)
    keywords = next(
        node
        for node in ast.walk(ast.parse(Path(inspect.getfile(env_class)).read_text()))
        if isinstance(node, ast.ClassDef) and node.name.endswith("Keywords")
    )
    typed = {node.target.id for node in keywords.body if isinstance(node, ast.AnnAssign)}
    arguments = inspect.signature(env_class).parameters.keys()
    assert typed <= env_class(3).parameters.keys() <= typed | arguments


def test_docstrings_show_the_limits_of_parameters():
    meanings = {name.strip("`"): meaning for name, _, meaning in table("CartPole", "Parameters")}
    assert meanings["masscart"] == "mass of the cart [kg]; more than 0"
    assert meanings["masspole"] == "mass of the pole [kg]; not negative"
    assert meanings["gravity"] == "acceleration of gravity [m/s^2]"
    assert meanings["kinematics_integrator"].endswith("; one of 'euler', 'semi-implicit euler'")


def test_a_subclass_may_show_the_parameters_in_its_docstring():
    class Slope(envs.MountainCarVecEnv):
        """A slope.

        {parameters}
        """

    assert "| `gravity` | 0.0025 |" in Slope.__doc__
    assert type("Plain", (Slope,), {"__doc__": "A {slope}."}).__doc__ == "A {slope}."


@pytest.mark.parametrize("environment", STATES)
def test_tables_in_docstrings_are_those_of_the_environment(environment):
    env = getattr(envs, f"{environment}VecEnv")(3)
    space = env.single_observation_space
    bounds = np.array([[evaluated(row[2]), evaluated(row[3])] for row in table(environment, "Observations")])
    assert bounds[:, 0] == pytest.approx(space.low, rel=1e-5)
    assert bounds[:, 1] == pytest.approx(space.high, rel=1e-5)
    assert f"`(num_envs, {env.observation_size})`" in section(environment, "Observations")

    action = env.single_action_space
    if hasattr(action, "n"):
        assert f"`Discrete({action.n})`" in section(environment, "Actions")
        assert [int(row[0]) for row in table(environment, "Actions")] == list(range(action.n))
    else:
        assert f"`Box({action.low[0]:g}, {action.high[0]:g}, shape=(1,), dtype=float32)`" in section(
            environment, "Actions"
        )

    episodes = section(environment, "Episodes")
    assert f"after {env.max_episode_steps} steps" in episodes
    for bound in env._environment.reset_bounds.values():
        shown = "pi" if bound == math.pi else f"{bound:g}"
        assert re.search(rf"[\[ ]{re.escape(shown)}[,\]]", episodes), bound


def shown_by_hooks(page):
    return module_at(ROOT / "docs" / "hooks.py").on_page_markdown(TEXTS[page])


@pytest.mark.parametrize("page", ["README.md", "docs/environments/index.md"])
def test_tables_of_environments(page):
    rows = [row for row in shown_by_hooks(page).splitlines() if row.startswith(("| `operant/", "| [`operant/"))]
    for registration in REGISTRATIONS:
        found = [row for row in rows if f"`{registration.id.rpartition('-')[0]}-" in row]
        assert len(found) == 1 or (page == "README.md" and not found)
        for row in found:
            env = getattr(envs, registration.vector_env)(1)
            actions = env.single_action_space
            cells = [cell.strip() for cell in row.split("|")]
            assert (str(actions.n) if hasattr(actions, "n") else f"±{actions.high[0]:g}") in cells
            assert str(env.observation_size) in cells
            assert re.search(rf"\b{registration.max_episode_steps or 'none'}\b", row)


@pytest.mark.parametrize(("page", "file"), [("performance", "benchmark"), ("rollouts", "rollouts")])
def test_the_table_of_measurements(page, file):
    shown = shown_by_hooks(f"docs/{page}.md")
    measured = json.loads((ROOT / "docs" / f"{file}.json").read_text())
    assert measured["machine"]["processor"] in shown
    for one in measured["results"]:
        millions = [
            float(cell)
            for row in shown.split(f"| {one['environment']}, envs:")[1].split("\n\n")[0].splitlines()
            if row.startswith(f"| {one['contender']} |")
            for cell in row.split("|")[2:-1]
            if cell.strip()
        ]
        median = one["steps_per_second"]["median"] / 1e6
        assert any(cell == pytest.approx(median, rel=0.06, abs=5e-4) for cell in millions), one


def test_the_table_of_bodies():
    shown = shown_by_hooks("docs/performance.md")
    for one in json.loads((ROOT / "docs" / "bodies.json").read_text())["rows"]:
        (row,) = (row for row in shown.splitlines() if row.startswith(f"| {one['name']} |"))
        if "rounds" not in one:
            assert row.split("|")[2].strip() == one["verdict"] == "not measured"
            continue
        rounds = one["rounds"]
        expected = [np.median(rounds), min(rounds), max(rounds)]
        assert list(map(float, re.findall(r"[\d.]+", row.split("|")[2]))) == pytest.approx(expected, rel=0.06)


def test_the_table_of_the_comparison():
    shown = shown_by_hooks("docs/comparison.md")
    measured = json.loads((ROOT / "docs" / "comparison.json").read_text())
    first = np.array(measured["results"][0]["steps_per_second"])
    for one in measured["results"]:
        rates = np.array(one["steps_per_second"])
        (row,) = (row for row in shown.splitlines() if row.startswith(f"| {one['contender']} |"))
        millions, times = (re.findall(r"[\d.]+", cell) for cell in row.split("|")[2:4])
        expected = [np.median(rates / 1e6), rates.min() / 1e6, rates.max() / 1e6]
        assert list(map(float, millions)) == pytest.approx(expected, rel=0.06, abs=5e-4)
        expected = [np.median(first / rates), (first / rates).min(), (first / rates).max()]
        assert list(map(float, times)) == pytest.approx(expected, rel=0.06)
    assert all(reason in shown for reason in measured["missing"])


def test_the_page_of_changes():
    shown = shown_by_hooks("docs/changelog.md")
    assert shown.startswith("# Changelog\n")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", shown)
    assert links
    assert all((ROOT / "docs" / link).exists() for link in links)


def test_animated_pictures_are_small():
    sizes = {path.name: path.stat().st_size for path in (ROOT / "docs" / "images").glob("*.gif")}
    assert sizes.keys() == {"cartpole.gif", "lunar_lander.gif", "bipedal_walker.gif"}
    assert max(sizes.values()) < 500_000


def test_the_table_of_learning():
    shown = shown_by_hooks("docs/search.md")
    runs = json.loads((ROOT / "docs" / "learning.json").read_text())["results"]
    for environment in ("CartPole-v1", "Pendulum-v1", "Acrobot-v1", "MountainCar-v0", "MountainCarContinuous-v0"):
        returns = [run["gymnasium"] for run in runs if run["environment"] == environment]
        (row,) = (row for row in shown.splitlines() if row.startswith(f"| {environment} |"))
        mean, lowest, highest = (
            float(number) for number in re.findall(r"-?[\d.]+", row.split("|")[4].replace(" - ", " "))
        )
        assert mean == pytest.approx(np.mean(returns), abs=0.06)
        assert (lowest, highest) == pytest.approx((min(returns), max(returns)), abs=0.06)


def assert_shows_times(cell, runs, key):
    """Compare the median and the range. Runs that have not solved the environment took longer than any."""
    times = sorted(one[key] for one in runs if one["solved"]) + sorted(one[key] for one in runs if not one["solved"])
    expected = [times[len(times) // 2], times[0], times[-1]] if len(times) > 1 else times
    assert [float(number) for number in re.findall(r"[\d.]+", cell)] == pytest.approx(expected, rel=0.05, abs=0.06)
    assert (">" in cell) == any(not one["solved"] for one in runs)


def test_the_table_of_stable_baselines3():
    shown = shown_by_hooks("docs/training.md")
    measured = json.loads((ROOT / "docs" / "sb3_settings.json").read_text())
    for environment, contender in {(one["env_id"], one["contender"]) for one in measured["results"]}:
        runs = [one for one in measured["results"] if (one["env_id"], one["contender"]) == (environment, contender)]
        (row,) = (row for row in shown.splitlines() if row.startswith(f"| `{environment}` | ") and contender in row)
        assert f"| {sum(one['solved'] for one in runs)} of {len(runs)} |" in row
        for cell, key in zip(row.split("|")[4:6], ("wall", "cpu"), strict=True):
            assert_shows_times(cell, runs, key)
    assert measured["best"].keys() == {one["env_id"] for one in measured["results"]}


def test_the_table_of_the_time_to_solve():
    shown = shown_by_hooks("docs/training-measurements.md")
    results = json.loads((ROOT / "docs" / "time_to_solve.json").read_text())["results"]
    for environment, contender in {(one["env_id"], one["contender"]) for one in results}:
        runs = [one for one in results if (one["env_id"], one["contender"]) == (environment, contender)]
        (row,) = (row for row in shown.splitlines() if row.startswith(f"| `{environment}` | ") and contender in row)
        solved, times, steps, each = row.split("|")[3:7]
        assert solved.strip() == f"{sum(one['solved'] for one in runs)} of {len(runs)}"
        assert_shows_times(times, runs, "cpu")
        assert int(steps.replace(",", "")) == pytest.approx(np.median([one["steps"] for one in runs]), abs=1)
        assert int(each) == pytest.approx(np.median([1e6 * one["cpu"] / one["steps"] for one in runs]), abs=0.6)


def test_the_table_of_rllib():
    shown = shown_by_hooks("docs/training-measurements.md")
    results = json.loads((ROOT / "docs" / "rllib.json").read_text())["results"]
    for runners in {one["runners"] for one in results}:
        (row,) = (row for row in shown.splitlines() if row.startswith(f"| {runners} | "))
        columns = [(key, ours) for key in ("sampling", "wall") for ours in (True, False)]
        for cell, (key, ours) in zip(row.split("|")[2:6], columns, strict=True):
            times = [one[key] for one in results if (one["runners"], one["ours"]) == (runners, ours)]
            found = [float(number) for number in re.findall(r"[\d.]+", cell)]
            assert found == pytest.approx([np.median(times), min(times), max(times)], rel=0.06)


def test_every_environment_has_a_page():
    pages = {page: text for page, text in TEXTS.items() if re.fullmatch(r"docs/environments/(?!index).*\.md", page)}
    classes = {re.search(r"::: operant\.envs\.(\w+)VecEnv", text)[1] for text in pages.values()}
    assert classes == set(ENVIRONMENTS)
    for page, text in pages.items():
        for picture in re.findall(r"!\[.*\]\((.*\.png)\)", text):
            height, width, _ = imread(ROOT / Path(page).parent / picture).shape
            assert min(height, width) >= 256
            assert f"{Path(page).stem}.png" == Path(picture).name
            assert f"({picture})" in shown_by_hooks("docs/environments/index.md")
            assert f"({picture.removeprefix('../')})" in shown_by_hooks("docs/index.md")
