// A bare loop of steps in C++. jax_steps.py compares steps of JAX with it.
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <vector>

#include <operant/cartpole.hpp>

/// Returns the mean processor time of a step of `num_envs` CartPoles [s].
extern "C" __attribute__((visibility("default"))) double seconds_per_step(std::size_t num_envs, std::size_t steps) {
    operant::CartPoleVecEnv env(num_envs);
    env.reset(0);
    std::vector<std::int32_t> actions(num_envs);
    for (std::size_t i = 0; i < num_envs; ++i) actions[i] = i % 2;
    const auto run = [&] {
        const std::clock_t start = std::clock();
        for (std::size_t i = 0; i < steps; ++i) env.step(actions);
        return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    };
    run();
    return run() / static_cast<double>(steps);
}
