#include "shared_core.hpp"

#include <algorithm>
#include <utility>

#include <operant/block_run.hpp>

namespace operant::bindings {

SharedCore::SharedCore(const EnvironmentDescription& environment, const Kernels& kernels, std::size_t num_envs,
               const CoreOptions& options, std::vector<double> parameters, bool records_episodes)
    : core(std::in_place, environment, kernels, num_envs, options, std::move(parameters)) {
    if (!records_episodes) return;
    began = make_aligned_array<double>(core->padded());
    std::fill_n(began.get(), num_envs, BlockRun::now());
}

void SharedCore::reset(std::span<const std::optional<SeedSequence>> seeds, std::span<const double> bounds, const bool* mask,
                   const Outputs& outputs) {
    if (mask && !core->started() && std::find(mask, mask + core->num_envs(), false) != mask + core->num_envs())
        throw ResetNeeded("reset: the first reset must be without a reset_mask");
    for (std::size_t copy = 0; copy < seeds.size(); ++copy)
        if (seeds[copy] && (!mask || mask[copy])) core->seed(copy, *seeds[copy]);
    if (began) {
        const double now = BlockRun::now();
        for (std::size_t copy = 0; copy < core->num_envs(); ++copy)
            if (!mask || mask[copy]) began[copy] = now;
    }
    if (mask)
        core->reset({mask, core->num_envs()}, bounds, outputs);
    else
        core->reset(bounds, outputs);
}

std::int64_t SharedCore::step(const ActionView& actions, Outputs outputs, EpisodeStatistics episodes) {
    if (began) {
        episodes.began = began.get();
        episodes.now = BlockRun::now();
        outputs.episodes = &episodes;
    }
    const auto step = [&]<class Action>(const Action*) {
        const std::size_t size = core->num_envs() * core->environment().action.size;
        return core->step(std::span(static_cast<const Action*>(actions.data), size), outputs);
    };
    switch (actions.type) {
        case ActionType::int32: return step(static_cast<const std::int32_t*>(nullptr));
        case ActionType::int64: return step(static_cast<const std::int64_t*>(nullptr));
        case ActionType::float32: return step(static_cast<const float*>(nullptr));
        default: return step(static_cast<const double*>(nullptr));
    }
}

Exclusive::Exclusive(SharedCore& shared, bool may_be_closed) : shared_(shared) {
    if (shared.busy.test_and_set(std::memory_order_acquire))
        throw std::runtime_error(
            "another thread is inside of this environment, or was when this process was forked; give each thread and process "
            "its own");
    if (!shared.core && !may_be_closed) {
        shared.busy.clear(std::memory_order_release);
        throw ClosedEnvironment("this environment has been closed");
    }
}

}  // namespace operant::bindings
