// Steps of whole vector environments: check of the actions, kernel, resets. With one worker on every instruction set,
// then with more on the best.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "benchmarks.hpp"
#include "builtin_environments.hpp"
#include "copies.hpp"
#include "measure.hpp"

namespace operant::benchmarks {
namespace {

void step(benchmark::State& state, const EnvironmentDescription* environment, const Kernels* kernels) {
    const auto num_envs = static_cast<std::size_t>(state.range(0));
    const auto workers = static_cast<std::size_t>(state.range(1));
    Copies copies(*environment, *kernels, num_envs, workers);
    copies.warm_up();
    measure(state, "step", num_envs, [&] { copies.step(); });
}

auto* add(const std::string& name, const EnvironmentDescription& environment, const Kernels& kernels) {
    return in_real_time(benchmark::RegisterBenchmark(name.c_str(), step, &environment, &kernels))
        ->ArgNames({"num_envs", "workers"});
}

/// Calls `visit` for the description of every environment.
template <class Visitor>
void for_each_environment(const Visitor& visit) {
    const EnvironmentLibrary& library = operant_builtin_environments();
    for (std::size_t i = 0; i < library.environment_count; ++i) visit(*library.environments[i]);
}

}  // namespace

void register_steps() {
    for (const Architecture& architecture : architectures()) {
        if (!architecture.available) continue;
        for_each_environment([&](const EnvironmentDescription& environment) {
            const std::string name = "step/" + std::string(environment.name), suffix = "/" + std::string(architecture.name);
            add(name + "/float32" + suffix, environment, choose_kernels(environment, false, architecture.name))
                ->ArgsProduct({{1, 256, 4096, 65536}, {1}});
            add(name + "/float64" + suffix, environment, choose_kernels(environment, true, architecture.name))
                ->ArgsProduct({{1, 4096}, {1}});
        });
    }
}

void register_workers() {
    std::vector<std::int64_t> workers{1};
    const auto cores = static_cast<std::int64_t>(std::max(1u, std::thread::hardware_concurrency()));
    while (workers.back() < cores) workers.push_back(std::min(2 * workers.back(), cores));
    for_each_environment([&](const EnvironmentDescription& environment) {
        add("workers/" + std::string(environment.name) + "/float32", environment,
            choose_kernels(environment, false, choose_architecture()))
            ->ArgsProduct({{1024, 4096, 16384, 65536, 1 << 20}, workers});
    });
}

}  // namespace operant::benchmarks
