#!/usr/bin/env bash
# Runs the tests on processors that this machine is not, emulated by qemu-user, all at a time:
#
#   SandyBridge  neither AVX2 nor FMA: the sse4.2 kernels    C++ tests, and the quick part of the Python tests
#   Haswell      AVX2 and FMA, no AVX-512: the avx2 kernels  the same
#   aarch64      64-bit Arm: the neon kernels                C++ tests
#
# An instruction that the processor lacks ends a program there and then. `make test-cpus` has built what this runs;
# each processor's output is in build/cpus/.
set -uo pipefail
cd "$(dirname "$0")/.."

python=.venv/bin/python
logs=build/cpus
mkdir -p $logs

# The quick part of the Python tests: every environment against Gymnasium in float32 and float64, starts bit for bit,
# all autoreset modes, arguments, saving, workers and sizes, the choice of kernels. Left out of these files is what steps
# Gymnasium (in emulated Python) or Operant very often, and what repeats a test with ever more arguments.
quick_files=(conformance reset modes determinism arguments save simd)
too_long='float64_runs or float32_flags or hanging_at_rest or no_time_limit or time_limits
    or long_runs or both_ways_at_once or short_limits or no_limit_is_none or a_copy_goes_on
    or bounds_of_the_start or out_of_range_are_clipped or float64_agrees'
# Of the C++ tests, what tests_kernels does as well, with all environments; a million calls of the C library; and threads
# in a forked process, where qemu 7.2 fails an assertion of its own.
cpp=(--test-case-exclude='copy i does not depend on num_envs,nothing depends on workers,squares of doubles*,*of a fork*')

# Whether the emulator itself refuses what the processor lacks; otherwise nothing here would prove anything.
refuses() { # <instruction> <emulator...>
    local instruction=$1 program status
    shift
    program=$(mktemp "$logs/refused.XXXXXX")
    printf 'int main() { asm volatile("%s"); }\n' "$instruction" | g++ -x c++ -o "$program" - || return 1
    status=$(exec 2>/dev/null; ulimit -c 0; "$@" "$program" >/dev/null; echo $?)
    rm -f "$program"
    [ $status -eq $((128 + 4)) ] && return # SIGILL
    echo "the emulator runs '$instruction' (status $status), which this processor lacks"
    return 1
}

# Runs a program once more if the emulator breaks down: qemu 7.2 has ended with a segmentation fault in the middle of
# numpy while other threads were there, on one run out of many. A missing instruction (SIGILL) or a failing test is final,
# and a segmentation fault of ours would be one without an emulator, too, where all of this runs as well.
emulate() {
    local status=0
    "$@" || status=$?
    [ $status -eq $((128 + 11)) ] || return $status
    echo "== a segmentation fault under the emulator; the same once more"
    "$@"
}

x86() { # <kernels> <instruction that it lacks> <C++ tests> <emulator...>
    local kernels=$1 lacks=$2 cpp_tests=$3
    shift 3
    refuses "$lacks" "$@" || return
    emulate "$@" "build/cpp/tests/cpp/$cpp_tests" "${cpp[@]}" || return
    emulate "$@" build/cpp/tests/cpp/tests_kernels || return
    "$@" $python -c "from operant import simd; assert simd.active == '$kernels', simd" || return
    # The kernel would run another Python on the real processor: tests that start one put this in front.
    OPERANT_TEST_EMULATOR="$*" emulate "$@" $python -m pytest -q -p no:cacheprovider --durations=10 \
        "${quick_files[@]/#/tests/python/test_}" -k "not (${too_long//$'\n'/ })"
}

sandy_bridge() {
    x86 sse4.2 'vfmadd231ps %ymm2, %ymm1, %ymm0' tests_sse4_2 qemu-x86_64 -cpu SandyBridge,-x2apic,-tsc-deadline
}
haswell() {
    x86 avx2 'vpaddd %zmm2, %zmm1, %zmm0' tests_avx2 \
        qemu-x86_64 -cpu Haswell,-x2apic,-tsc-deadline,-pcid,-invpcid,-hle,-rtm
}
aarch64() {
    for tests in tests_neon tests_kernels; do
        emulate qemu-aarch64 -L /usr/aarch64-linux-gnu build/aarch64/tests/cpp/$tests "${cpp[@]}" || return
    done
}

unset OPERANT_ARCH
quick_files=("${quick_files[@]/%/.py}")
processors=(aarch64)
[ "$(uname -m)" != x86_64 ] || processors+=(sandy_bridge haswell)
declare -A pids
for processor in "${processors[@]}"; do
    $processor >"$logs/$processor.log" 2>&1 &
    pids[$processor]=$!
done
failed=0
for processor in "${processors[@]}"; do
    if wait "${pids[$processor]}"; then
        echo "== $processor: passed"
        grep -E '^(== |\[doctest\] test cases|[0-9]+ passed)' "$logs/$processor.log"
    else
        echo "== $processor: FAILED"
        cat "$logs/$processor.log"
        failed=1
    fi
done
exit $failed
