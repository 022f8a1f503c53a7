// Resets of all copies: seeded, every copy's random stream starts anew; unseeded, it goes on.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "benchmarks.hpp"
#include "builtin_environments.hpp"
#include "copies.hpp"
#include "measure.hpp"

namespace operant::benchmarks {
namespace {

void reset_seeded(benchmark::State& state, const EnvironmentDescription* environment, const Kernels* kernels) {
    const auto num_envs = static_cast<std::size_t>(state.range(0));
    Copies copies(*environment, *kernels, num_envs, 1);
    std::uint64_t seed = 0;
    measure(state, "reset", num_envs, [&] { copies.reset(seed++); });
}

void reset_unseeded(benchmark::State& state, const EnvironmentDescription* environment, const Kernels* kernels) {
    const auto num_envs = static_cast<std::size_t>(state.range(0));
    Copies copies(*environment, *kernels, num_envs, 1);
    measure(state, "reset", num_envs, [&] { copies.reset(); });
}

}  // namespace

void register_resets() {
    const EnvironmentLibrary& library = operant_builtin_environments();
    for (std::size_t i = 0; i < library.environment_count; ++i) {
        const EnvironmentDescription* environment = library.environments[i];
        const Kernels* kernels = &choose_kernels(*environment, false, choose_architecture());
        const std::string name = "reset/" + std::string(environment->name) + "/float32";
        for (auto* benchmark : {benchmark::RegisterBenchmark((name + "/seeded").c_str(), reset_seeded, environment, kernels),
                                benchmark::RegisterBenchmark((name + "/unseeded").c_str(), reset_unseeded, environment, kernels)})
            in_real_time(benchmark)->ArgName("num_envs")->Arg(1)->Arg(4096);
    }
}

}  // namespace operant::benchmarks
