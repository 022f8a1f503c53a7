// Resets of all copies: seeded, every copy's random stream starts anew; unseeded, it goes on.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "benchmarks.hpp"
#include "copies.hpp"
#include "measure.hpp"
#include "simd.hpp"

namespace operant::benchmarks {
namespace {

template <class E>
void reset_seeded(benchmark::State& state, const bindings::AllKernels& kernels) {
    const auto num_envs = static_cast<std::size_t>(state.range(0));
    Copies<E, float> copies(num_envs, 1, kernels);
    std::uint64_t seed = 0;
    measure(state, "reset", num_envs, [&] { benchmark::DoNotOptimize(copies.env.reset(seed++)); });
}

template <class E>
void reset_unseeded(benchmark::State& state, const bindings::AllKernels& kernels) {
    const auto num_envs = static_cast<std::size_t>(state.range(0));
    Copies<E, float> copies(num_envs, 1, kernels);
    measure(state, "reset", num_envs, [&] { benchmark::DoNotOptimize(copies.env.reset()); });
}

template <class E>
void add(const bindings::AllKernels& kernels) {
    const std::string name = "reset/" + std::string(E::name) + "/float32";
    for (auto* benchmark : {benchmark::RegisterBenchmark((name + "/seeded").c_str(), reset_seeded<E>, kernels),
                            benchmark::RegisterBenchmark((name + "/unseeded").c_str(), reset_unseeded<E>, kernels)})
        in_real_time(benchmark)->ArgName("num_envs")->Arg(1)->Arg(4096);
}

}  // namespace

void register_resets() {
    const auto kernels = bindings::choose_architecture("").kernels();
    [&]<class... E>(bindings::EnvironmentList<E...>) { (add<E>(kernels), ...); }(bindings::Environments{});
}

}  // namespace operant::benchmarks
