#pragma once
/// \file
/// Envs in the middle of their episodes, and random actions for them.

#include <chrono>
#include <cstddef>
#include <random>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include <operant/operant.hpp>

#include "builtin_environments.hpp"

namespace operant::benchmarks {

template <class... E>
struct EnvironmentList {};

/// The environments that are measured.
using Environments = EnvironmentList<CartPole, MountainCar, MountainCarContinuous, Pendulum, Acrobot>;

template <class E, class Scalar>
class SteppedEnvs {
public:
    using Action = typename E::ActionSpace::Narrow;

    SteppedEnvs(std::size_t num_envs, std::size_t workers, std::string_view architecture)
        : env(num_envs, {.workers = workers}, operant_builtin_environments(), architecture), actions_(num_envs + extra_actions) {
        std::mt19937 random(0);
        for (Action& action : actions_) action = draw(random);
        env.reset(0);
    }

    /// Steps until the episodes are out of phase, or for 50 ms.
    void warm_up() {
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < 500 && std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(50); ++i)
            env.step(next_actions());
    }

    /// Returns another part of one long array at each call, so that an env does not repeat the same few actions.
    std::span<const Action> next_actions() {
        window_ = (window_ + 97 * window_alignment) % extra_actions;
        return {actions_.data() + window_, env.num_envs()};
    }

    VectorEnv<E, Scalar> env;

private:
    static constexpr std::size_t window_alignment = 16;  // a cache line of 32-bit actions
    static constexpr std::size_t extra_actions = std::size_t{1} << 16;

    /// Draws an action of a Discrete space, or a number within +-1.
    static Action draw(std::mt19937& random) {
        if constexpr (std::is_integral_v<Action>)
            return std::uniform_int_distribution<Action>(0, E::ActionSpace::n - 1)(random);
        else
            return std::uniform_real_distribution<Action>(-1, 1)(random);
    }

    std::vector<Action> actions_;
    std::size_t window_ = 0;
};

}  // namespace operant::benchmarks
