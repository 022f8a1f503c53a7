// Steps of whole vector environments without Python, for every architecture that this processor has:
//
//   operant_benchmarks --benchmark_filter=CartPole --benchmark_repetitions=7

#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <operant/operant.hpp>

#include "simd.hpp"

namespace {

using operant::bindings::AllKernels;

template <class E, class Scalar>
void step(benchmark::State& state, const AllKernels& kernels) {
    const auto num_envs = static_cast<std::size_t>(state.range(0));
    const auto workers = static_cast<std::size_t>(state.range(1));
    operant::VectorEnv<E, Scalar> env(num_envs, {.workers = workers}, kernels.get<E, Scalar>());
    env.reset(0);
    std::mt19937 random(0);
    std::uniform_int_distribution<std::int32_t> action(0, E::ActionSpace::n - 1);
    std::vector<std::vector<std::int32_t>> actions(16, std::vector<std::int32_t>(num_envs));
    for (auto& row : actions)
        for (auto& one : row) one = action(random);
    std::size_t i = 0;
    for (auto _ : state) benchmark::DoNotOptimize(env.step(actions[i++ % actions.size()]));
    state.counters["steps/s"] =
        benchmark::Counter(static_cast<double>(num_envs), benchmark::Counter::kIsIterationInvariantRate);
}

template <class E, class Scalar>
void add(const std::string& name, const AllKernels& kernels) {
    benchmark::RegisterBenchmark(name.c_str(), step<E, Scalar>, kernels)
        ->ArgNames({"num_envs", "workers"})
        ->ArgsProduct({{1, 256, 4096, 65536}, {1}})
        ->ArgsProduct({{4096, 65536}, {2}})
        ->UseRealTime();
}

}  // namespace

int main(int argc, char** argv) {
    for (const auto& architecture : operant::bindings::compiled_architectures()) {
        if (!architecture.available) continue;
        const std::string suffix = "/" + std::string(architecture.name);
        add<operant::CartPole, float>("CartPole/float32" + suffix, architecture.kernels());
        add<operant::CartPole, double>("CartPole/float64" + suffix, architecture.kernels());
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
