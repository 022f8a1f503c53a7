// A loop of steps in C++ and nothing else, which jax_steps.py compares with.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <operant/cartpole.hpp>

/// \return seconds that a step of so many CartPoles takes, on the mean of so many steps
extern "C" __attribute__((visibility("default"))) double seconds_per_step(std::size_t num_envs, std::size_t steps) {
    operant::CartPoleVecEnv env(num_envs);
    env.reset(0);
    std::vector<std::int32_t> actions(num_envs);
    for (std::size_t i = 0; i < num_envs; ++i) actions[i] = i % 2;
    const auto run = [&] {
        const auto start = std::chrono::steady_clock::now();
        for (std::size_t i = 0; i < steps; ++i) env.step(actions);
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    run();
    return run() / static_cast<double>(steps);
}
