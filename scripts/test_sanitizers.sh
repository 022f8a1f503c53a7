#!/usr/bin/env bash
# Builds and runs the tests under sanitizers, which end the program with a report at the first fault:
#
#   AddressSanitizer + UndefinedBehaviorSanitizer   C++ tests, and the Python tests of bad input, memory and threads
#   ThreadSanitizer                                 C++ tests
#
# The C++ tests are compiled for one instruction set, and run with all kernels that this processor supports; the Python
# module uses the best of these. Nothing is suppressed except leaks in Python's processes, because CPython does not free
# all memory at exit; tests/python/robustness/test_leaks.py looks for leaks of Operant.
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
    cmake --build "$1" --target $cpp_tests tests_kernels
    "$1/tests/cpp/$cpp_tests"
    "$1/tests/cpp/tests_kernels"
}

cmake -S . -B build/tsan -G Ninja "${quick[@]}" -DOPERANT_BENCHMARKS=OFF -DOPERANT_SANITIZE=thread
cpp build/tsan thread

# The C++ tests use the kernels of the Python module.
sanitized=$PWD/build/sanitized
rm -rf "$sanitized"
"$python" -m pip install --quiet --no-build-isolation --no-deps --target "$sanitized" -C build-dir=build/sanitized-cmake \
    "${quick[@]/#-D/-Ccmake.define.}" -C cmake.build-type=Debug -C install.strip=false \
    -C cmake.define.OPERANT_SANITIZE=address,undefined -C cmake.define.OPERANT_TESTS=ON .
cpp build/sanitized-cmake address,undefined
# With fewer optimisations, a compiler inlines less: functions that the instruction sets share would show here.
ctest --test-dir build/sanitized-cmake --output-on-failure -R '^symbols$'

echo "== Python tests under -fsanitize=address,undefined"
# The interpreter is not built with the sanitizer, so the sanitizer's runtime is loaded first, and then libstdc++, whose
# exceptions it intercepts. Python takes its memory from malloc, which the sanitizer observes. An allocation that is too
# large raises MemoryError instead of ending the process.
export LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libstdc++.so)"
export PYTHONMALLOC=malloc PYTHONPATH=$sanitized
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
"$python" -c "import operant; assert operant.__file__.startswith('$sanitized'), operant.__file__"
tests=(bad_input/ policies/ robustness/test_{arrays,exit,memory,processes,threads}.py)
# CartPole-v0 is CartPole-v1 with another time limit.
"$python" -m pytest -q -n auto --dist worksteal -p no:cacheprovider --durations=15 "${tests[@]/#/tests/python/}" -k "not CartPole-v0"
