// numpy's random numbers, drawn one at a time outside of kernels and compiled for the baseline instruction set. The benchmarks
// of resets show the cost of draws in a kernel.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include <operant/random/random.hpp>

#include "benchmarks.hpp"
#include "measure.hpp"

namespace operant::benchmarks {
namespace {

constexpr std::size_t streams = 1024;

std::vector<Pcg64> make_streams() {
    std::vector<Pcg64> made;
    for (std::size_t i = 0; i < streams; ++i) made.emplace_back(SeedSequence(i));
    return made;
}

/// Each draw depends on the one before.
void next_of_one_stream(benchmark::State& state) {
    Pcg64 random(SeedSequence(0));
    measure(state, "draw", 1, [&] { benchmark::DoNotOptimize(random.next()); });
}

/// Each env has its own stream, as in resets, so draws overlap.
void uniform_of_many_streams(benchmark::State& state) {
    auto random = make_streams();
    std::vector<double> drawn(streams);
    measure(state, "draw", streams, [&] {
        for (std::size_t i = 0; i < streams; ++i) drawn[i] = random[i].uniform(-0.05, 0.05);
        benchmark::DoNotOptimize(drawn.data());
        benchmark::ClobberMemory();
    });
}

void seed(benchmark::State& state) {
    auto random = make_streams();
    std::uint64_t first = 0;
    measure(state, "seed", streams, [&] {
        for (std::size_t i = 0; i < streams; ++i) random[i] = Pcg64(SeedSequence(first + i));
        first += streams;
        benchmark::DoNotOptimize(random.data());
        benchmark::ClobberMemory();
    });
}

}  // namespace

void register_random() {
    in_real_time(benchmark::RegisterBenchmark("random/Pcg64::next/one_stream", next_of_one_stream));
    in_real_time(benchmark::RegisterBenchmark("random/Pcg64::uniform/1024_streams", uniform_of_many_streams));
    in_real_time(benchmark::RegisterBenchmark("random/Pcg64(SeedSequence)/1024_streams", seed));
}

}  // namespace operant::benchmarks
