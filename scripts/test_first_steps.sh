#!/usr/bin/env bash
# Runs the first commands and the first programs of README.md, in Python and in C++, on a fresh Debian, and prints their times.
# scripts/run_in_debian.sh calls it. It first installs the system packages, because without them CMake would fetch the
# libraries from GitHub.
set -euo pipefail

timed() { # <name> <command...>
    local name=$1
    shift
    SECONDS=0
    "$@"
    echo "test_first_steps: $name: $SECONDS s"
}
# Prints the first block of README.md in a language.
block() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" README.md | sed -n '2,/^```$/p' | sed '$d'; }

timed "system packages" scripts/install_system_packages.sh >/dev/null
block sh >/tmp/first_steps.sh
block python >/tmp/first_steps.py
cat /tmp/first_steps.sh
timed "commands of README.md" bash -euxo pipefail /tmp/first_steps.sh
timed "program of README.md" .venv/bin/python /tmp/first_steps.py
block cpp >main.cpp
timed "C++ program of README.md" $(grep '^g++ ' README.md)
./a.out
