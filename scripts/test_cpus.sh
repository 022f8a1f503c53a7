#!/usr/bin/env bash
# Runs the tests on other processors, which qemu-user emulates, all at the same time:
#
#   SandyBridge  neither AVX2 nor FMA: the sse4.2 kernels    C++ tests, and part of the Python tests
#   Haswell      AVX2 and FMA, no AVX-512: the avx2 kernels  C++ tests, and part of the Python tests
#   aarch64      64-bit Arm: the neon kernels                C++ tests
#
# An instruction that the processor lacks ends the program at once. `make test-cpus` builds the programs before it runs
# this script. The output for each processor is in build/cpus/.
#
# Where a package of a newer QEMU is available, as in Debian 12 with trixie as a further source, it is unpacked into
# build/cpus/ and used for x86.
set -uo pipefail
cd "$(dirname "$0")/.."

python=.venv/bin/python
logs=build/cpus
mkdir -p $logs

# The Python tests marked `emulated` compare every environment with Gymnasium in float32 and float64, in all autoreset
# modes, and test arguments, copied environments and the choice of kernels. Those also marked `slow` make too many steps
# for emulated Python.
# The C++ tests in the suite `not emulated` call the C library millions of times, or start threads in a forked process,
# where an assertion in qemu 7.2 fails. Those in `all kernels` repeat other tests.
cpp=(--test-suite-exclude='not emulated')
one_set_of_kernels=(--test-suite-exclude='not emulated,all kernels')

# Succeeds if the emulator refuses an instruction that the processor lacks; else the tests would prove nothing.
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

# Succeeds if gathers read from the right addresses. QEMU before 9.0.3 takes register 4 as an index for none, as it is with
# general registers (issue 2474 of QEMU).
gathers() { # <emulator...>
    local program status
    program=$(mktemp "$logs/gathers.XXXXXX")
    gcc -x c -o "$program" - <<'PROGRAM' || return
int main(void) {
    static const int numbers[8] = {10, 11, 12, 13, 14, 15, 16, 17};
    const int index[4] = {7, 5, 3, 1};
    int gathered[4];
    __asm__ volatile(
        "vmovdqu %1, %%xmm4\n\t"
        "vpcmpeqd %%xmm2, %%xmm2, %%xmm2\n\t"
        "vpgatherdd %%xmm2, (%2, %%xmm4, 4), %%xmm1\n\t"
        "vmovdqu %%xmm1, %0"
        : "=m"(gathered) : "m"(index), "r"(numbers), "m"(numbers) : "xmm1", "xmm2", "xmm4");
    for (int i = 0; i < 4; ++i)
        if (gathered[i] != numbers[index[i]]) return 1;
    return 0;
}
PROGRAM
    "$@" "$program"
    status=$?
    rm -f "$program"
    return $status
}

x86() { # <kernels> <instruction that it lacks> <C++ tests> <emulator...>
    local kernels=$1 lacks=$2 cpp_tests=$3
    shift 3
    refuses "$lacks" "$@" || return
    "$@" "build/python/tests/cpp/$cpp_tests" "${cpp[@]}" || return
    "$@" build/python/tests/cpp/tests_kernels "${one_set_of_kernels[@]}" || return
    # numpy must not use instructions beyond its baseline: qemu 7.2 reads the lanes that a masked load skips, and ends the
    # process if an array ends at the end of a page.
    NPY_DISABLE_CPU_FEATURES=$("$@" $python -c "if True:
        from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
        print(*(name for name in __cpu_dispatch__ if __cpu_features__[name]))") || return
    export NPY_DISABLE_CPU_FEATURES
    "$@" $python -c "from operant import simd; assert simd.active == '$kernels', simd" || return
    # A new process would run on the real processor, so tests that start another Python start it in the emulator.
    OPERANT_TEST_EMULATOR="$*" "$@" $python -m pytest -q -p no:cacheprovider --durations=10 \
        -m 'emulated and not slow and not scalar_tier'
}

sandy_bridge() {
    x86 sse4.2 'vfmadd231ps %ymm2, %ymm1, %ymm0' tests_sse4_2 $qemu_x86_64 -cpu SandyBridge,-x2apic,-tsc-deadline
}
haswell() {
    if ! gathers $qemu_x86_64 -cpu Haswell; then
        echo "[doctest] test cases: skipped, because this emulator gathers from wrong addresses (QEMU before 9.0.3, issue 2474)"
        return
    fi
    x86 avx2 'vpaddd %zmm2, %zmm1, %zmm0' tests_avx2 \
        $qemu_x86_64 -cpu Haswell,-x2apic,-tsc-deadline,-pcid,-invpcid,-hle,-rtm
}
aarch64() {
    local qemu=(qemu-aarch64 -L /usr/aarch64-linux-gnu)
    "${qemu[@]}" build/aarch64/tests/cpp/tests_neon "${cpp[@]}" || return
    "${qemu[@]}" build/aarch64/tests/cpp/tests_kernels "${cpp[@]}" || return
}

# QEMU for x86 processors: the installed one, or a newer one that is unpacked here.
qemu_x86_64=qemu-x86_64
if ! gathers qemu-x86_64 -cpu Haswell 2>/dev/null; then
    (cd $logs && [ -x qemu/usr/bin/qemu-x86_64 ] || { apt-get download -q qemu-user/trixie && dpkg -x qemu-user_*.deb qemu; }) \
        >$logs/qemu.log 2>&1 && qemu_x86_64=$logs/qemu/usr/bin/qemu-x86_64
fi

unset OPERANT_ARCH
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
        grep -E '^(\[doctest\] test cases|[0-9]+ passed)' "$logs/$processor.log"
    else
        echo "== $processor: FAILED"
        cat "$logs/$processor.log"
        failed=1
    fi
done
exit $failed
