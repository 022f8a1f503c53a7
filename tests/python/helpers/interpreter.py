"""Another Python, and the command `operant` in this one."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest

from operant import cli


def run_here(*arguments, cwd=None):
    """Call the command in this process, which takes less time than an interpreter needs to start."""
    output, errors = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(output), redirect_stderr(errors):
        patch.chdir(cwd or ".")
        try:
            status = cli.main(list(arguments))
        except SystemExit as ended:
            status = ended.code
    return subprocess.CompletedProcess(arguments, status, output.getvalue(), errors.getvalue())


#: The command that starts another Python on the processor that runs this one, which may be emulated.
PYTHON = [*shlex.split(os.environ.get("OPERANT_TEST_EMULATOR", "")), sys.executable]


def run_python(*arguments, **options):
    """Run another Python; return its exit status and what it prints."""
    usual = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "timeout": 600}
    return subprocess.run([*PYTHON, *arguments], **usual | options)


def refusal(failed):
    """Return the message of a command that has explained a mistake."""
    assert failed.returncode == 2
    assert "Traceback" not in failed.stderr
    return failed.stderr
