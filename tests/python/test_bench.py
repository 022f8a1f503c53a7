"""`operant bench`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import operant
from operant.registration import ENVIRONMENTS

ROOT = Path(__file__).parents[2]
QUICK = ["--rounds", "3", "--seconds", "0.005"]


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "operant", *arguments], capture_output=True, text=True)


def run_without(module, *arguments):
    """As if a package were not installed."""
    program = f"import sys; sys.modules[{module!r}] = None; from operant.cli import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True)


def run_quickly(*arguments):
    """A short `operant bench` that succeeds."""
    done = run("bench", *QUICK, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--num-envs", "0"], "--num-envs: expected a positive integer, got 0"),
        (["--num-envs", "16,many"], "--num-envs: expected a positive integer, got many"),
        (["--workers", "1,-2"], "--workers: expected a positive integer, got -2"),
        (["--env", "CartPole,Ant"], "--env: expected some of CartPole, MountainCar, "),
        (["--env", "Ant"], "got 'Ant'"),
        (["--dtype", "float16"], "--dtype: invalid choice: 'float16'"),
        (["--rounds", "0"], "--rounds: expected a positive integer, got 0"),
        (["--seconds", "nan"], "--seconds: expected a positive number of seconds, got nan"),
        (["--against", "mujoco"], "--against: expected some of gymnasium, gymnasium-sync, envpool, or none;"),
        (["--json", "/no/such/directory/x.json"], "--json: expected a file in a directory that exists"),
        (["--json", "."], "--json: expected a file in a directory that exists, got ."),
        (["--plot", "/no/such/directory/x.png"], "--plot: expected a file in a directory that exists"),
        (["--plot", "curve.txt"], "--plot: expected a file name that ends in one of "),
        (["--workers", "5000"], "operant bench: workers: expected an integer from 1 to 1024, got 5000"),
        (["--num-envs", str(2**45), *QUICK], "operant bench: num_envs: expected as many as memory can hold, got 35184"),
    ],
)
def test_mistakes_are_explained(arguments, message):
    failed = run("bench", *arguments)
    assert failed.returncode == 2
    assert message in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize(
    ("module", "arguments", "message"),
    [
        ("envpool", ["--against", "envpool"], "envpool is not installed: pip install envpool"),
        ("matplotlib", ["--plot", "curve.png"], 'matplotlib package: pip install "operant[bench]"'),
        ("rich", [], 'rich package: pip install "operant[bench]"'),
    ],
)
def test_a_missing_package_is_named(module, arguments, message):
    failed = run_without(module, "bench", *arguments)
    assert failed.returncode == 2
    assert message in failed.stderr
    assert "Traceback" not in failed.stderr


def test_bench_measures_everyone():
    shown = run_quickly("--num-envs", "8")
    for name in ("Operant, 1 worker", "CartPoleVectorEnv (numpy)", "SyncVectorEnv", operant.simd.active):
        assert name in shown
    assert "1.00 (1.00 - 1.00)" in shown  # Gymnasium's numpy is once itself


def test_bench_writes_what_it_measured(tmp_path):
    file = tmp_path / "bench.json"
    options = ["--env", "CartPole,Pendulum", "--env", "Pendulum", "--num-envs", "3,70", "--workers", "1,2"]
    shown = run_quickly(*options, "--dtype", "float64", "--against", "gymnasium", "--json", str(file))
    assert "CartPole, 70 copies, float64" in shown
    assert "Pendulum without gymnasium: Gymnasium has no numpy vector environment of it" in " ".join(shown.split())

    written = json.loads(file.read_text())
    assert written["settings"] == {"rounds": 3, "seconds": 0.005, "dtype": "float64"}
    assert written["machine"]["operant"] == operant.__version__
    assert written["machine"]["simd"] == operant.simd.active
    operants = {("operant", 1), ("operant", 2)}
    measured = {
        ("CartPole", 3): operants | {("gymnasium", 1)},
        ("CartPole", 70): operants | {("gymnasium", 1)},
        ("Pendulum", 3): operants,
        ("Pendulum", 70): operants,
    }
    found = [
        (one["environment"], one["num_envs"], one["library"], one["workers"], one["contender"])
        for one in written["results"]
    ]
    assert len(found) == len(set(found)) == sum(map(len, measured.values()))
    for environment, num_envs, library, workers, _ in found:
        assert (library, workers) in measured[environment, num_envs]
    for one in written["results"]:
        rates = one["steps_per_second"]
        assert len(rates["rounds"]) == 3
        assert 0 < rates["lowest"] == min(rates["rounds"]) <= rates["median"] <= rates["highest"]
        assert rates["median"] == sorted(rates["rounds"])[1]
        assert rates["highest"] == max(rates["rounds"])
    assert [(one["environment"], one["num_envs"], one["library"]) for one in written["missing"]] == [
        ("Pendulum", 3, "gymnasium"),
        ("Pendulum", 70, "gymnasium"),
    ]
    assert written["profiles"] == []


def test_bench_all_is_all_environments_and_sizes(tmp_path):
    file = tmp_path / "bench.json"
    run_quickly("--all", "--against", "none", "--workers", "1", "--rounds", "1", "--json", str(file))
    results = json.loads(file.read_text())["results"]
    assert [(one["environment"], one["num_envs"]) for one in results] == [
        (environment, num_envs) for environment in ENVIRONMENTS for num_envs in (1, 16, 256, 1024, 4096, 65536)
    ]


def test_bench_all_leaves_alone_what_is_chosen(tmp_path):
    file = tmp_path / "bench.json"
    run_quickly("--all", "--num-envs", "5", "--against", "none", "--workers", "1", "--json", str(file))
    results = json.loads(file.read_text())["results"]
    assert [(one["environment"], one["num_envs"]) for one in results] == [(name, 5) for name in ENVIRONMENTS]


def test_bench_leaves_out_what_would_take_for_ever():
    shown = run_quickly("--num-envs", "4097", "--workers", "1", "--against", "gymnasium-sync")
    assert "CartPole without gymnasium-sync: SyncVectorEnv is measured up to 4096 copies" in " ".join(shown.split())


def test_bench_against_envpool(tmp_path):
    pytest.importorskip("envpool")
    file = tmp_path / "bench.json"
    run_quickly("--env", ",".join(ENVIRONMENTS), "--num-envs", "4", "--against", "envpool", "--json", str(file))
    measured = {one["environment"] for one in json.loads(file.read_text())["results"] if one["library"] == "envpool"}
    assert measured == set(ENVIRONMENTS)


@pytest.mark.parametrize(("ending", "begins"), [("png", b"\x89PNG\r\n\x1a\n"), ("svg", b"<?xml")])
def test_bench_plots(tmp_path, ending, begins):
    file = tmp_path / f"bench.{ending}"
    options = ["--env", "CartPole,MountainCar,Pendulum,Acrobot", "--num-envs", "1,8", "--workers", "1"]
    run_quickly(*options, "--against", "gymnasium", "--plot", str(file))
    assert file.read_bytes().startswith(begins)
    if ending == "svg":
        drawn = file.read_text()
        for text in ("CartPole", "Acrobot", "Operant, 1 worker", "Gymnasium CartPoleVectorEnv (numpy)", "copies"):
            assert f"<!-- {text} -->" in drawn


def test_bench_profiles(tmp_path):
    file = tmp_path / "bench.json"
    options = ["--env", "CartPole,Acrobot", "--num-envs", "2000", "--workers", "1", "--against", "none"]
    shown = run_quickly(*options, "--profile", "--json", str(file))
    assert "microseconds a step" in shown
    profiles = json.loads(file.read_text())["profiles"]
    assert [(one["environment"], one["num_envs"]) for one in profiles] == [("CartPole", 2000), ("Acrobot", 2000)]
    for one in profiles:
        assert list(one["seconds"]) == ["call", "check", "kernel", "reset", "step"]
        for call, check, kernel, reset, step in zip(*(part["rounds"] for part in one["seconds"].values()), strict=True):
            assert call + check + kernel + reset == pytest.approx(step)
            assert min(check, kernel, reset) >= 0


def test_the_script_in_bench_is_the_same_command():
    script = [sys.executable, ROOT / "bench" / "cartpole_benchmark.py"]
    shown = subprocess.run([*script, *QUICK, "--num-envs", "8"], capture_output=True, text=True, check=True).stdout
    assert "CartPole, 8 copies" in shown
    assert "SyncVectorEnv" in shown
