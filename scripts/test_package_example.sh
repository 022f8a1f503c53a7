#!/usr/bin/env bash
# Builds examples/python_package as its author would, and runs its tests: outside of this tree, in a virtual environment
# with a wheel of Operant. CMake finds xsimd only in that wheel, and does not find Taskflow.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
work=$root/build/package_example
largest=2750000 # bytes

rm -rf "$work"
mkdir -p "$work/empty"
"$root/.venv/bin/python" -m pip wheel --quiet --no-build-isolation --no-deps -C build-dir="$root/build/python" -w "$work/wheels" "$root"
size=$(wc -c <"$(echo "$work"/wheels/operant-*.whl)")
echo "test_package_example: the wheel of Operant has $size bytes"
[ "$size" -lt $largest ] || { echo "test_package_example: that is more than $largest" >&2; exit 1; }

"$root/.venv/bin/python" -m venv "$work/venv"
cp -r "$root/examples/python_package" "$work/source"
cd "$work/empty"
pip() { "$work/venv/bin/python" -m pip "$@"; }
pip install --quiet "$work"/wheels/operant-*.whl scikit-build-core pytest
pip install --quiet --no-build-isolation --no-deps -C cmake.define.CMAKE_DISABLE_FIND_PACKAGE_xsimd=ON \
    -C cmake.define.CMAKE_DISABLE_FIND_PACKAGE_Taskflow=ON "$work/source"
"$work/venv/bin/python" -m pytest -q -W error -p no:cacheprovider "$work/source/tests"
