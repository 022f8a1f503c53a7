#pragma once
/// \file
/// The loop of a measurement, and the figures that every benchmark reports.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "cycles.hpp"

namespace operant::benchmarks {

/// Calls `work` as often as google-benchmark requests. Reports `<unit>s/s` and `cycles/<unit>`.
/// \param units the number of units of work of one call
template <class Work>
void measure(benchmark::State& state, const std::string& unit, std::size_t units, const Work& work) {
    const auto begin = reference_cycles();
    for (auto _ : state) work();
    const auto end = reference_cycles();
    const double count = static_cast<double>(units) * static_cast<double>(state.iterations());
    state.counters[unit + "s/s"] = benchmark::Counter(count, benchmark::Counter::kIsRate);
    if (begin) state.counters["cycles/" + unit] = static_cast<double>(*end - *begin) / count;
}

/// Applies the settings of all benchmarks: wall-clock time, and the extremes of repetitions in addition to google-benchmark's
/// mean and median.
template <class Benchmark>
Benchmark* in_real_time(Benchmark* benchmark) {
    const auto lowest = [](const std::vector<double>& values) { return *std::ranges::min_element(values); };
    const auto highest = [](const std::vector<double>& values) { return *std::ranges::max_element(values); };
    return benchmark->UseRealTime()->ComputeStatistics("lowest", lowest)->ComputeStatistics("highest", highest);
}

}  // namespace operant::benchmarks
