// Steps of whole vector environments, including checks of actions and resets: with one worker on every instruction set, and
// with more workers on the best one.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "benchmarks.hpp"
#include "stepped_envs.hpp"
#include "measure.hpp"

namespace operant::benchmarks {
namespace {

template <class E, class Scalar>
void step(benchmark::State& state, std::string_view architecture) {
    const auto num_envs = static_cast<std::size_t>(state.range(0));
    const auto workers = static_cast<std::size_t>(state.range(1));
    SteppedEnvs<E, Scalar> envs(num_envs, workers, architecture);
    envs.warm_up();
    measure(state, "step", num_envs, [&] { benchmark::DoNotOptimize(envs.env.step(envs.next_actions())); });
}

template <class E, class Scalar>
auto* add(const std::string& name, std::string_view architecture) {
    return in_real_time(benchmark::RegisterBenchmark(name.c_str(), step<E, Scalar>, architecture))
        ->ArgNames({"num_envs", "workers"});
}

/// Calls `visit.operator()<E>()` for every environment.
template <class Visitor>
void for_each_environment(const Visitor& visit) {
    [&]<class... E>(EnvironmentList<E...>) { (visit.template operator()<E>(), ...); }(
        Environments{});
}

}  // namespace

void register_steps() {
    for (const auto& architecture : architectures()) {
        if (!architecture.available) continue;
        for_each_environment([&]<class E>() {
            const std::string name = "step/" + std::string(E::name), suffix = "/" + std::string(architecture.name);
            add<E, float>(name + "/float32" + suffix, architecture.name)->ArgsProduct({{1, 256, 4096, 65536}, {1}});
            add<E, double>(name + "/float64" + suffix, architecture.name)->ArgsProduct({{1, 4096}, {1}});
        });
    }
}

void register_workers() {
    std::vector<std::int64_t> workers{1};
    const auto cores = static_cast<std::int64_t>(std::max(1u, std::thread::hardware_concurrency()));
    while (workers.back() < cores) workers.push_back(std::min(2 * workers.back(), cores));
    const auto architecture = choose_architecture();
    for_each_environment([&]<class E>() {
        add<E, float>("workers/" + std::string(E::name) + "/float32", architecture)
            ->ArgsProduct({{1024, 4096, 16384, 65536, 1 << 20}, workers});
    });
}

}  // namespace operant::benchmarks
