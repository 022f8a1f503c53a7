#pragma once
/// \file
/// Copies of an environment in the middle of their episodes, and random actions for them.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include <operant/dispatch.hpp>
#include <operant/vector_env_core.hpp>

namespace operant::benchmarks {

/// Of any environment, on the kernels of one instruction set.
class Copies {
public:
    Copies(const EnvironmentDescription& environment, const Kernels& kernels, std::size_t num_envs, std::size_t workers)
        : core_(environment, kernels, num_envs, {workers, environment.max_episode_steps}), size_(environment.action.size) {
        const auto list = output_list(environment, AutoresetMode::next_step, false);
        std::vector<void*> data;
        for (const OutputDescription& output : list) {
            arrays_.push_back(make_aligned_array<std::byte>(core_.padded() * output.row_size()));
            data.push_back(arrays_.back().get());
        }
        outputs_ = OutputArrays(list, data);
        draw_actions();
        core_.seed_all(0);
        reset();
    }

    /// Starts an episode in every copy.
    void reset() { core_.reset({}, outputs_.outputs()); }
    /// The same from fresh random streams.
    void reset(std::uint64_t seed) {
        core_.seed_all(seed);
        reset();
    }

    /// Steps with other random actions each time: a window of one long array, so that a copy does not meet the same few
    /// again.
    void step() {
        window_ = (window_ + 97 * window_alignment) % windows;
        const std::size_t count = core_.num_envs() * size_;
        if (floats_.empty())
            core_.step(std::span<const std::int32_t>(integers_).subspan(window_ * size_, count), outputs_.outputs());
        else
            core_.step(std::span<const float>(floats_).subspan(window_ * size_, count), outputs_.outputs());
    }

    /// Steps until the episodes are out of phase, or for 50 ms.
    void warm_up() {
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < 500 && std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(50); ++i) step();
    }

private:
    static constexpr std::size_t window_alignment = 16;  // a cache line of 32-bit actions
    static constexpr std::size_t windows = std::size_t{1} << 16;

    /// Of a discrete space, or within +-1.
    void draw_actions() {
        std::mt19937 random(0);
        const std::size_t count = (core_.num_envs() + windows) * size_;
        const EnvironmentDescription& environment = core_.environment();
        if (environment.action.kind == SpaceDescription::Kind::box) {
            std::uniform_real_distribution<float> number(-1, 1);
            for (std::size_t i = 0; i < count; ++i) floats_.push_back(number(random));
            return;
        }
        std::vector<std::int64_t> limits(size_), observation_n(environment.observation.size);
        std::vector<float> unused(2 * environment.observation.size);
        environment.get_spaces(core_.parameters().data(), {nullptr, nullptr, limits.data(), unused.data(),
                                                           unused.data() + environment.observation.size, observation_n.data()});
        for (std::size_t i = 0; i < count; ++i)
            integers_.push_back(static_cast<std::int32_t>(random() % static_cast<std::uint64_t>(limits[i % size_])));
    }

    VectorEnvCore core_;
    std::size_t size_;  // numbers in an action
    std::vector<AlignedArray<std::byte>> arrays_;
    OutputArrays outputs_;
    std::vector<std::int32_t> integers_;
    std::vector<float> floats_;
    std::size_t window_ = 0;
};

}  // namespace operant::benchmarks
