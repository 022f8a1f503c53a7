#!/usr/bin/env bash
# Builds and runs the tests under sanitizers. A fault that a sanitizer finds ends the program with a report:
#
#   AddressSanitizer + UndefinedBehaviorSanitizer   C++ tests, and the Python tests of bad input, memory and threads
#   ThreadSanitizer                                 C++ tests
#
# The C++ tests run as compiled for one architecture, and with all kernels that this processor can run; the Python module
# with the best of these. `make sanitize` has installed what this needs. Nothing is suppressed, except
# leaks in Python's processes, because CPython itself does not free all memory at exit. (tests/python/test_leaks.py looks for
# ours.)
set -euo pipefail
cd "$(dirname "$0")/.."

python=$PWD/.venv/bin/python
case "$(uname -m)" in
    x86_64) cpp_tests=tests_avx2 ;;
    *) cpp_tests=tests_neon ;;
esac
quick=(-DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O1)

cpp() { # <directory> <sanitizers>
    echo "== C++ tests under -fsanitize=$2"
    cmake -S . -B "$1" -G Ninja "${quick[@]}" -DOPERANT_BENCHMARKS=OFF -DOPERANT_SANITIZE="$2"
    cmake --build "$1" --target $cpp_tests tests_kernels
    "$1/tests/cpp/$cpp_tests"
    "$1/tests/cpp/tests_kernels"
}

cpp build/asan address,undefined
cpp build/tsan thread

echo "== Python tests under -fsanitize=address,undefined"
sanitized=$PWD/build/sanitized
rm -rf "$sanitized"
"$python" -m pip install --quiet --no-build-isolation --no-deps --target "$sanitized" -C build-dir=build/sanitized-cmake \
    "${quick[@]/#-D/-Ccmake.define.}" -C cmake.build-type=Debug -C install.strip=false \
    -C cmake.define.OPERANT_SANITIZE=address,undefined .
# The interpreter is not built with the sanitizer, so the sanitizer's runtime has to be loaded first, and libstdc++, whose
# exceptions it intercepts. Python takes memory from malloc, where the sanitizer sees it. An allocation that is too large
# fails with a MemoryError instead of ending the process.
export LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libstdc++.so)"
export PYTHONMALLOC=malloc PYTHONPATH=$sanitized
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
"$python" -c "import operant; assert operant.__file__.startswith('$sanitized'), operant.__file__"
tests=(arguments arrays bad_input damaged_saves exit fuzz memory policies processes rollout threads)
tests=("${tests[@]/#/tests/python/test_}")
# CartPole-v0 is CartPole-v1 with another time limit.
"$python" -m pytest -q -n auto --dist worksteal -p no:cacheprovider --durations=15 "${tests[@]/%/.py}" -k "not CartPole-v0"
