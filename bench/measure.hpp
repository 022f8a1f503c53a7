#pragma once
/// \file
/// The loop around what is measured, and what every benchmark reports.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "cycles.hpp"

namespace operant::benchmarks {

/// Calls `work` as often as google-benchmark wants. Reports `<unit>/s` and `cycles/<unit>`.
/// \param units how many of them one call makes
template <class Work>
void measure(benchmark::State& state, const std::string& unit, std::size_t units, const Work& work) {
    const auto begin = reference_cycles();
    for (auto _ : state) work();
    const auto end = reference_cycles();
    const double count = static_cast<double>(units) * static_cast<double>(state.iterations());
    state.counters[unit + "s/s"] = benchmark::Counter(count, benchmark::Counter::kIsRate);
    if (begin) state.counters["cycles/" + unit] = static_cast<double>(*end - *begin) / count;
}

/// What all benchmarks have in common: wall-clock time, and the extremes beside google-benchmark's mean and median when
/// there are repetitions.
template <class Benchmark>
Benchmark* in_real_time(Benchmark* benchmark) {
    const auto lowest = [](const std::vector<double>& values) { return *std::ranges::min_element(values); };
    const auto highest = [](const std::vector<double>& values) { return *std::ranges::max_element(values); };
    return benchmark->UseRealTime()->ComputeStatistics("lowest", lowest)->ComputeStatistics("highest", highest);
}

}  // namespace operant::benchmarks
