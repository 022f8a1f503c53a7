"""How to start another Python on the processor that runs this one, which may be emulated."""

from __future__ import annotations

import os
import shlex
import sys

PYTHON = [*shlex.split(os.environ.get("OPERANT_TEST_EMULATOR", "")), sys.executable]
