// Steps the environment of double_integrator.hpp with linear feedback, which is optimal for its reward if nothing is bounded.
#include "double_integrator.hpp"

#include <cmath>
#include <iostream>
#include <numbers>
#include <vector>

#include <operant/vector_env.hpp>
#include <operant/workers.hpp>

int main() {
    constexpr std::size_t num_envs = 1000;
    operant::VectorEnv<DoubleIntegrator> env(num_envs, {.workers = 2, .parameters = {.max_force = 2.0}});
    auto observations = env.reset(7);

    const auto mean_distance = [&] {
        double sum = 0;
        for (std::size_t i = 0; i < num_envs; ++i) sum += std::abs(observations[2 * i]);
        return sum / num_envs;
    };

    std::cout << "mean distance from the origin at the start:  " << mean_distance() << " m\n";
    std::vector<float> forces(num_envs);
    for (int step = 0; step < DoubleIntegrator::max_episode_steps; ++step) {
        for (std::size_t i = 0; i < num_envs; ++i) {
            const float position = observations[2 * i], velocity = observations[2 * i + 1];
            forces[i] = -position - std::numbers::sqrt2_v<float> * velocity;
        }
        observations = env.step(forces).observations;
    }
    const auto logs = env.logs();
    std::cout << "mean distance from the origin at the end:    " << mean_distance() << " m\n"
              << "mean return of " << logs.episode_count << " episodes:            "
              << logs.total_reward / static_cast<double>(logs.episode_count) << '\n';
}
