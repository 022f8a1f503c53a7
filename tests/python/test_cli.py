"""The command line."""

from __future__ import annotations

import subprocess
import sys

import pytest

import operant


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "operant", *arguments], capture_output=True, text=True)


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
        (["bench", "--num-envs", "0"], "expected a positive integer, got 0"),
    ],
)
def test_mistakes_are_explained(arguments, message):
    failed = run(*arguments)
    assert failed.returncode == 2
    assert message in failed.stderr


def test_bench_measures_everyone():
    shown = run("bench", "--num-envs", "8", "--rounds", "3", "--seconds", "0.01")
    assert shown.returncode == 0, shown.stderr
    for name in ("Operant, 1 worker", "CartPoleVectorEnv (numpy)", "SyncVectorEnv", operant.simd.active):
        assert name in shown.stdout
    assert "1.0 (1.0 - 1.0)" in shown.stdout.replace("1.00", "1.0")  # Gymnasium's numpy is once itself
