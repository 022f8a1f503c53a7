#pragma once
/// \file
/// The processor's time-stamp counter, where it has one that counts cycles.

#include <cstdint>
#include <optional>

#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>
#elif defined(_M_X64) || defined(_M_IX86)
#include <intrin.h>
#endif

namespace operant::benchmarks {

/// Cycles since some moment in the past; none on processors whose counter that every program may read is a clock of its
/// own (64-bit Arm).
///
/// These are reference cycles: the counter runs at the processor's nominal frequency, whatever its present one is. A
/// processor that runs faster than nominal does more in one of them than in a cycle of its core. To count the latter,
/// let google-benchmark ask the kernel, with `--benchmark_perf_counters=CYCLES`, where it was built with libpfm.
inline std::optional<std::uint64_t> reference_cycles() {
#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64) || defined(_M_IX86)
    return __rdtsc();
#else
    return std::nullopt;
#endif
}

}  // namespace operant::benchmarks
