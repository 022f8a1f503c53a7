// Resets of all envs. With a seed, all random streams restart; without a seed, they continue.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "benchmarks.hpp"
#include "stepped_envs.hpp"
#include "measure.hpp"

namespace operant::benchmarks {
namespace {

template <class E>
void reset_seeded(benchmark::State& state, std::string_view architecture) {
    const auto num_envs = static_cast<std::size_t>(state.range(0));
    SteppedEnvs<E, float> envs(num_envs, 1, architecture);
    std::uint64_t seed = 0;
    measure(state, "reset", num_envs, [&] { benchmark::DoNotOptimize(envs.env.reset(seed++)); });
}

template <class E>
void reset_unseeded(benchmark::State& state, std::string_view architecture) {
    const auto num_envs = static_cast<std::size_t>(state.range(0));
    SteppedEnvs<E, float> envs(num_envs, 1, architecture);
    measure(state, "reset", num_envs, [&] { benchmark::DoNotOptimize(envs.env.reset()); });
}

template <class E>
void add(std::string_view architecture) {
    const std::string name = "reset/" + std::string(E::name) + "/float32";
    for (auto* benchmark : {benchmark::RegisterBenchmark((name + "/seeded").c_str(), reset_seeded<E>, architecture),
                            benchmark::RegisterBenchmark((name + "/unseeded").c_str(), reset_unseeded<E>, architecture)})
        in_real_time(benchmark)->ArgName("num_envs")->Arg(1)->Arg(4096);
}

}  // namespace

void register_resets() {
    const auto architecture = choose_architecture();
    [&]<class... E>(EnvironmentList<E...>) { (add<E>(architecture), ...); }(Environments{});
}

}  // namespace operant::benchmarks
