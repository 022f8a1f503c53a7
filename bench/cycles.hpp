#pragma once
/// \file
/// The processor's time-stamp counter, if it counts cycles.

#include <cstdint>
#include <optional>

#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>
#elif defined(_M_X64) || defined(_M_IX86)
#include <intrin.h>
#endif

namespace operant::benchmarks {

/// Returns the number of cycles since some moment in the past, or nothing on 64-bit Arm, where programs can only read a separate
/// clock.
///
/// These are reference cycles: the counter always runs at the processor's nominal frequency. If the processor runs faster, it
/// does more work in a reference cycle than in a cycle of its core. To count cycles of the core, run a google-benchmark that
/// was built with libpfm with `--benchmark_perf_counters=CYCLES`.
inline std::optional<std::uint64_t> reference_cycles() {
#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64) || defined(_M_IX86)
    return __rdtsc();
#else
    return std::nullopt;
#endif
}

}  // namespace operant::benchmarks
