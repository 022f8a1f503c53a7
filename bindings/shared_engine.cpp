#include "shared_engine.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <operant/core/clock.hpp>

namespace operant::bindings {

SharedEngine::SharedEngine(const EnvironmentDescription& environment, const Kernels& kernels, std::size_t num_envs,
                           const EngineOptions& options, std::shared_ptr<const ParameterTable> parameters, bool records_episodes)
    : core(std::in_place, environment, kernels, num_envs, options, std::move(parameters)) {
    if (!records_episodes) return;
    began = make_aligned_array<double>(core->padded());
    std::fill_n(began.get(), num_envs, detail::seconds_now());
}

void SharedEngine::reset(std::span<const std::optional<SeedSequence>> seeds, std::span<const double> bounds, const bool* mask,
                         const Outputs& outputs) {
    const std::span<const bool> selected = mask ? std::span(mask, core->num_envs()) : std::span<const bool>();
    core->check_reset(selected, bounds);  // before any stream is seeded
    const auto is_seeded = [&](std::size_t env) { return seeds[env] && (!mask || mask[env]); };
    for (std::size_t env = 0; env < seeds.size(); ++env)
        if (is_seeded(env)) core->seed(env, *seeds[env]);
    if (!seeds.empty()) streams.restart_if(is_seeded);
    if (began) {
        const double now = detail::seconds_now();
        for (std::size_t env = 0; env < core->num_envs(); ++env)
            if (!mask || mask[env]) began[env] = now;
    }
    if (mask)
        core->reset(selected, bounds, outputs);
    else
        core->reset(bounds, outputs);
}

std::int64_t SharedEngine::step(const ActionArray& actions, Outputs outputs, EpisodeStatistics episodes) {
    if (began) {
        episodes.began = began.get();
        episodes.now = detail::seconds_now();
        outputs.episodes = &episodes;
    }
    return core->step(actions, outputs);
}

EngineLock::EngineLock(SharedEngine& shared, bool may_be_closed) : shared_(shared) {
    if (shared.busy.test_and_set(std::memory_order_acquire))
        throw std::runtime_error(
            "another thread is using this environment, or was when this process was forked; give each thread and process "
            "its own");
    try {
        if (!may_be_closed) {
            if (!shared.core) throw ClosedEnvironment("this environment has been closed");
            if (!shared.core->failure().empty()) throw ClosedEnvironment(shared.core->failure());
            shared.streams.check();
        }
    } catch (...) {
        shared.busy.clear(std::memory_order_release);
        throw;
    }
    if (shared.core) shared.streams.pull(*shared.core);
}

}  // namespace operant::bindings
