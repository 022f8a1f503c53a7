// Lands on the moon with Gymnasium's landing heuristic in many envs, and counts the successes.
//
//   lunar_lander [envs [steps]]      (default 1024 and 1000)
#include <operant/lunar_lander.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <vector>

/// Chooses an engine. The lander keeps the angle that leads to the pad, and sinks more slowly near the ground.
static std::int64_t heuristic(const float* s) {
    const float angle_target = std::clamp(s[0] * 0.5f + s[2], -0.4f, 0.4f);
    float angle = (angle_target - s[4]) * 0.5f - s[5];
    float hover = (0.55f * std::fabs(s[0]) - s[1]) * 0.5f - s[3] * 0.5f;
    if (s[6] != 0 || s[7] != 0) {
        angle = 0;
        hover = -s[3] * 0.5f;
    }
    if (hover > std::fabs(angle) && hover > 0.05f) return operant::LunarLander::main_engine;
    if (angle < -0.05f) return operant::LunarLander::right_engine;
    if (angle > 0.05f) return operant::LunarLander::left_engine;
    return operant::LunarLander::nothing;
}

int main(int argc, char** argv) {
    const std::size_t num_envs = argc > 1 ? static_cast<std::size_t>(std::atol(argv[1])) : 1024;
    const int steps = argc > 2 ? std::atoi(argv[2]) : 1000;
    operant::LunarLanderVecEnv env(num_envs);
    const auto first = env.reset(42);
    std::vector<float> seen(first.begin(), first.end());
    std::vector<std::int32_t> actions(num_envs);
    std::size_t landed = 0, ended = 0;
    for (int t = 0; t < steps; ++t) {
        for (std::size_t i = 0; i < num_envs; ++i) actions[i] = static_cast<std::int32_t>(heuristic(&seen[8 * i]));
        const auto [observations, rewards, terminations, truncations] = env.step(actions);
        for (std::size_t i = 0; i < num_envs; ++i) {
            ended += terminations[i] || truncations[i];
            landed += terminations[i] && rewards[i] == 100;
        }
        seen.assign(observations.begin(), observations.end());
    }
    std::cout << landed << " of " << ended << " episodes ended with a landing\n";
}
