"""`operant bench`."""

from __future__ import annotations

import json

import gymnasium as gym
import pytest
from interpreter import refusal, run_here, run_python

import operant
from operant import cli
from operant.cli import measure
from operant.registration import ENVIRONMENTS, REGISTRATIONS

QUICK = ["--rounds", "3", "--seconds", "0.005"]


def run(*arguments, without=None):
    """Run `operant bench`; with `without`, in a new process that cannot import this package."""
    if without is None:
        return run_here("bench", *arguments)
    program = f"import sys; sys.modules[{without!r}] = None; from operant.cli import main; sys.exit(main(sys.argv[1:]))"
    return run_python("-c", program, "bench", *arguments)


def run_quickly(*arguments, **options):
    """Run a short measurement that succeeds; return its output without line breaks."""
    done = run(*QUICK, *arguments, **options)
    assert (done.returncode, done.stderr) == (0, "")
    return " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--num-envs", "16,many"], "--num-envs: expected a positive integer, got many"),
        (["--workers", "1,-2"], "--workers: expected a positive integer, got -2"),
        (["--env", "CartPole,Ant"], "--env: expected some of CartPole, MountainCar, "),
        (["--env", "operant/CartPole-v2"], "ids from `operant envs`, or all, got 'operant/CartPole-v2'"),
        (["--env", "Pendulun"], "or all, got 'Pendulun'; did you mean 'Pendulum'?"),
        (["--dtype", "float16"], "--dtype: invalid choice: 'float16'"),
        (["--rounds", "0"], "--rounds: expected a positive integer, got 0"),
        (["--seconds", "nan"], "--seconds: expected a positive number of seconds, up to 86400, got nan"),
        (["--seconds", "1e308"], "--seconds: expected a positive number of seconds, up to 86400, got 1e308"),
        (["--against", "mujoco"], "--against: expected some of gymnasium, gymnasium-sync, envpool, none, got 'mujoco'"),
        (["--json", "/no/such/directory/x.json"], "--json: expected a file in a directory that exists"),
        (["--plot", "/no/such/directory/x.png"], "--plot: expected a file in a directory that exists"),
        (["--plot", "curve.txt"], "--plot: expected a file name that ends in one of "),
        (["--workers", "1025"], "operant bench: workers: expected an integer from 1 to 1024, got 1025"),
        (["--num-envs", str(2**45), *QUICK], "operant bench: num_envs: expected as many as memory can hold, got 35184"),
    ],
)
def test_mistakes_are_explained(arguments, message):
    assert message in refusal(run(*arguments))


@pytest.mark.parametrize(
    ("module", "arguments", "message"),
    [
        ("envpool", ["--against", "envpool"], "envpool is not installed: pip install envpool"),
        (
            "matplotlib",
            ["--plot", "curve.png"],
            'matplotlib is not installed: pip install "matplotlib>=3.8" "rich>=13"',
        ),
    ],
)
def test_a_missing_package_is_named(module, arguments, message):
    assert message in refusal(run(*arguments, without=module))


@pytest.mark.parametrize("without", [None, "rich"])
def test_bench_measures_all_contenders(without):
    shown = run_quickly("--num-envs", "8", without=without)
    for name in ("Operant, 1 worker", "CartPoleVectorEnv", "Gymnasium SyncVectorEnv", operant.simd.active):
        assert name in shown
    assert "times gymnasium" in shown
    assert "1.00 (1.00 - 1.00)" in shown  # the ratio of Gymnasium's numpy environment to itself


def test_bench_writes_its_measurements(tmp_path):
    file = tmp_path / "bench.json"
    options = ["--env", "CartPole,Pendulum", "--env", "Pendulum", "--num-envs", "3,4097", "--workers", "1,2"]
    against = ["--dtype", "float64", "--against", "gymnasium-sync,gymnasium"]
    shown = run_quickly(*options, *against, "--json", str(file))
    written = json.loads(file.read_text())
    assert written["settings"] == {"rounds": 3, "seconds": 0.005, "dtype": "float64"}
    assert written["machine"]["operant"] == operant.__version__
    assert written["machine"]["simd"] == operant.simd.active
    operants, numpy, sync = [("operant", 1), ("operant", 2)], [("gymnasium", 1)], [("gymnasium-sync", 1)]
    expected = {
        ("CartPole", 3): operants + numpy + sync,
        ("CartPole", 4097): operants + numpy,
        ("Pendulum", 3): operants + sync,
        ("Pendulum", 4097): operants,
    }
    measured = {}
    for one in written["results"]:
        measured.setdefault((one["environment"], one["num_envs"]), []).append((one["library"], one["workers"]))
        rates = one["steps_per_second"]
        assert 0 < rates["median"] == sorted(rates["rounds"])[1]
    assert measured == expected
    assert len(written["missing"]) == 3
    for reason in written["missing"]:
        assert reason in shown
    assert "Pendulum without gymnasium: Gymnasium has no numpy version of the environment" in written["missing"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cartpole", ["CartPole"]),
        ("operant/CartPole-v1, CARTPOLE,acrobot-v1", ["CartPole-v1", "CartPole", "Acrobot-v1"]),
        ("all", list(ENVIRONMENTS)),
        ("Pendulum,all", ["Pendulum", *(name for name in ENVIRONMENTS if name != "Pendulum")]),
        (",".join(one.id for one in REGISTRATIONS), [one.id.removeprefix("operant/") for one in REGISTRATIONS]),
    ],
)
def test_environments_have_names_and_ids(text, names):
    assert cli._parser().parse_args(["bench", "--env", text]).env == names


@pytest.mark.parametrize("registration", REGISTRATIONS, ids=lambda one: one.id)
def test_an_id_is_that_environment(registration):
    name = registration.id.removeprefix("operant/")
    (contender,) = measure.contenders("operant", name, 3)
    made, expected = contender.make(), gym.make_vec(registration.id, num_envs=3)
    assert (made.max_episode_steps, made.parameters) == (expected.max_episode_steps, expected.parameters)
    if name in gym.registry:
        (contender,) = measure.contenders("gymnasium-sync", name, 3)
        assert contender.make().spec.id == name
    else:
        with pytest.raises(measure.NotMeasuredError, match="this version of Gymnasium does not have the environment"):
            measure.contenders("gymnasium-sync", name, 3)


@pytest.mark.parametrize(
    ("chosen", "environments", "sizes"),
    [
        (["--env", "CartPole,Pendulum"], ["CartPole", "Pendulum"], (1, 16, 256, 1024, 4096, 65536)),
        (["--num-envs", "5"], ENVIRONMENTS, (5,)),
    ],
)
def test_bench_all_adds_everything_that_is_not_chosen(tmp_path, chosen, environments, sizes):
    file = tmp_path / "bench.json"
    run_quickly("--all", *chosen, "--against", "none", "--workers", "1", "--rounds", "1", "--json", str(file))
    results = json.loads(file.read_text())["results"]
    assert [(one["environment"], one["num_envs"]) for one in results] == [
        (environment, num_envs) for environment in environments for num_envs in sizes
    ]


def test_bench_against_envpool(tmp_path):
    pytest.importorskip("envpool")
    file = tmp_path / "bench.json"
    run_quickly("--env", ",".join(ENVIRONMENTS), "--num-envs", "4", "--against", "envpool", "--json", str(file))
    measured = {one["environment"] for one in json.loads(file.read_text())["results"] if one["library"] == "envpool"}
    assert measured == set(ENVIRONMENTS)


def test_bench_plots(tmp_path):
    file = tmp_path / "bench.svg"
    options = ["--env", "CartPole,MountainCar,Pendulum,Acrobot", "--num-envs", "1,8", "--workers", "1"]
    run_quickly(*options, "--against", "gymnasium", "--plot", str(file))
    drawn = file.read_text()
    for text in ("CartPole", "Acrobot", "Operant, 1 worker", "Gymnasium CartPoleVectorEnv (numpy)", "num_envs"):
        assert f"<!-- {text} -->" in drawn


def interrupting(rate, before):
    """Return a measurement that Ctrl-C ends after so many results."""
    left = iter(range(before))

    def measure(self):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return rate(self)

    return measure


# Of two contenders. After three rates, one round is complete; after five, the first environment and a rate of the next.
@pytest.mark.parametrize(("before", "rounds"), [(1, None), (3, 1), (5, 2)])
def test_ctrl_c_keeps_what_was_measured(before, rounds, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(measure.Stepper, "rate", interrupting(measure.Stepper.rate, before))
    path = tmp_path / "bench.json"
    command = ["bench", "--env", "CartPole,Acrobot", "--num-envs", "4", "--workers", "1", "--against", "gymnasium-sync"]
    assert cli.main([*command, "--rounds", "2", "--seconds", "0.005", "--json", str(path)]) == 130
    shown = " ".join(capsys.readouterr().out.split())
    if rounds is None:
        assert shown == ""
        assert not path.exists()
        return
    assert f"CartPole, num_envs=4, float32: median of {rounds} rounds" in shown
    assert "Acrobot" not in shown
    written = json.loads(path.read_text())
    assert written["interrupted"] is True
    assert [len(one["steps_per_second"]["rounds"]) for one in written["results"]] == [rounds] * 2
