#!/usr/bin/env bash
# Checks that the wheel that `make dist` built from the sdist is small, installs without a compiler, and passes the Python
# tests in a new virtual environment, from a directory in which Python cannot import the source tree instead.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
work=$root/build/check_dist
largest=2750000 # bytes

say() { printf 'check_dist: %s\n' "$*"; }

wheels=("$root"/dist/operant-*.whl)
sdists=("$root"/dist/operant-*.tar.gz)
if [ ${#wheels[@]} -ne 1 ] || [ ! -f "${wheels[0]}" ] || [ ${#sdists[@]} -ne 1 ] || [ ! -f "${sdists[0]}" ]; then
    say "expected one sdist and one wheel in $root/dist (make dist builds them)" >&2
    exit 1
fi
size=$(wc -c <"${wheels[0]}")
say "$(basename "${wheels[0]}"): $size bytes, $(basename "${sdists[0]}"): $(wc -c <"${sdists[0]}") bytes"
[ "$size" -lt $largest ] || { say "the wheel is larger than $largest bytes" >&2; exit 1; }

rm -rf "$work"
"$root/.venv/bin/python" -m venv "$work/venv"
mkdir "$work/empty"
cd "$work/empty"
export PATH="$work/venv/bin" # without a compiler
pip install --quiet --upgrade pip
pip install --quiet --only-binary :all: --group "$root/pyproject.toml:test" "${wheels[0]}"
say "installed $(operant --version) in $work/venv"
python -m pytest -n auto --dist worksteal -c "$root/pyproject.toml" --rootdir "$root" -p no:cacheprovider "$root/tests/python"
say "done."
