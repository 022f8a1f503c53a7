// Steps of whole vector environments without Python, for every architecture that this processor has:
//
//   operant_benchmarks --benchmark_filter=CartPole --benchmark_repetitions=7

#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include <operant/operant.hpp>

#include "simd.hpp"

namespace {

using operant::bindings::AllKernels;

/// A random action, of a Discrete space or within +-1.
template <class Action, class E>
Action draw(std::mt19937& random) {
    if constexpr (std::is_integral_v<Action>)
        return std::uniform_int_distribution<Action>(0, E::ActionSpace::n - 1)(random);
    else
        return std::uniform_real_distribution<Action>(-1, 1)(random);
}

template <class E, class Scalar>
void step(benchmark::State& state, const AllKernels& kernels) {
    const auto num_envs = static_cast<std::size_t>(state.range(0));
    const auto workers = static_cast<std::size_t>(state.range(1));
    operant::VectorEnv<E, Scalar> env(num_envs, {.workers = workers}, kernels.get<E, Scalar>());
    env.reset(0);
    using Action = typename E::ActionSpace::Narrow;
    std::mt19937 random(0);
    std::vector<std::vector<Action>> actions(16, std::vector<Action>(num_envs));
    for (auto& row : actions)
        for (auto& one : row) one = draw<Action, E>(random);
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
        [&]<class... E>(operant::bindings::EnvironmentList<E...>) {
            (add<E, float>(std::string(E::name) + "/float32" + suffix, architecture.kernels()), ...);
            (add<E, double>(std::string(E::name) + "/float64" + suffix, architecture.kernels()), ...);
        }(operant::bindings::Environments{});
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
