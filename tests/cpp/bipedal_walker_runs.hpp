// Runs of Gymnasium's BipedalWalker with Box2D that scripts/record_bipedal_walker.py has recorded, and how to repeat them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

#include <operant/environments/bipedal_walker.hpp>

#include "recorded_steps.hpp"

namespace recorded_runs::walker {

using operant::BipedalWalker;
using Action = std::array<double, 4>;

enum class Policy { random, held, extreme, rest, stand, gait, stumble, thrown, hurled, flung };

struct Run {
    std::uint64_t seed;
    bool hardcore;
    int policy, steps;
    std::uint64_t hash;
};

constexpr Run runs[] = {
#include "bipedal_walker_runs.inc"
};

/// The policies are those of scripts/record_bipedal_walker.py, which takes the gait from Gymnasium.
struct Gait {
    int phase = 1;
    std::size_t moving = 0;
    double knee = 0.1;

    Action operator()(const std::array<float, 24>& observation) {
        std::array<double, 24> s;
        std::ranges::copy(observation, s.begin());
        const std::size_t leg = moving, other = 1 - moving;
        std::array<double, 2> hips{}, knees{};
        if (phase == 1) {
            hips[leg] = 1.1, knees[leg] = -0.6;
            knee += 0.03;
            if (s[2] > 0.29) knee += 0.03;
            knee = std::min(knee, 0.1);
            knees[other] = knee;
            if (s[4 + 5 * other] < 0.1) phase = 2;
        }
        if (phase == 2) {
            hips[leg] = 0.1, knees[leg] = 0.1, knees[other] = knee;
            if (s[8 + 5 * leg] != 0) {
                phase = 3;
                knee = std::min(s[6 + 5 * leg], 0.1);
            }
        }
        if (phase == 3) {
            knees[leg] = knee, knees[other] = 1;
            if (s[6 + 5 * other] > 0.88 || s[2] > 1.2 * 0.29) phase = 1, moving = other;
        }
        Action action;
        for (std::size_t i = 0; i < 2; ++i) {
            const double hip = hips[i] != 0 ? 0.9 * (hips[i] - s[4 + 5 * i]) - 0.25 * s[5 + 5 * i] : 0;
            const double turn = knees[i] != 0 ? 4.0 * (knees[i] - s[6 + 5 * i]) - 0.25 * s[7 + 5 * i] : 0;
            action[2 * i] = std::clamp(0.5 * (hip - (-0.9 * s[0] - 1.5 * s[1])), -1.0, 1.0);
            action[2 * i + 1] = std::clamp(0.5 * (turn - 15.0 * s[3]), -1.0, 1.0);
        }
        return action;
    }
};

/// \param held the action of the step before, and of this one
inline void choose(Policy policy, int t, const std::array<float, 24>& observation, Gait& gait, Action& held, Numbers& numbers) {
    Action drawn, signs;
    for (double& number : drawn) number = static_cast<double>(numbers.below(1331) - 665) / 512;
    for (double& sign : signs) sign = static_cast<double>(numbers.below(3)) - 1;
    const std::int64_t chance = numbers.below(10);
    const bool is_drawn = policy == Policy::held || policy >= Policy::thrown;
    if (policy == Policy::random || (is_drawn && t % 8 == 0)) held = drawn;
    if (policy == Policy::extreme && t % 25 == 0) held = signs;
    if (policy == Policy::stand) held = {0, 0.25, 0, 0.25};
    if (policy == Policy::gait || policy == Policy::stumble) {
        held = t > 0 ? gait(observation) : Action{};
        if (policy == Policy::stumble && chance == 0) held = drawn;
    }
}

inline void throw_body(Policy policy, int t, BipedalWalker::State& state, Numbers& numbers) {
    const auto body = static_cast<std::size_t>(numbers.below(5));
    const auto number = [&] { return static_cast<float>(numbers.below(129) - 64); };
    const float x = number(), y = number(), w = number();
    auto& velocity = state.world.bodies[body].velocity;
    if (policy == Policy::thrown && t % 30 == 29) velocity = {{x / 4, y / 8}, w / 8};
    if (policy == Policy::hurled && t % 40 == 39) velocity = {{std::fabs(x), y}, w / 4};
    if (policy == Policy::flung && t % 20 == 19) velocity = {{2 * x, 2 * y}, w};
}

/// All recorded runs, as envs.
struct Envs : RecordedEnvs<BipedalWalker, Run, Envs> {
    std::vector<Gait> gaits{std::size(runs)};
    std::vector<Action> held{std::size(runs)};

    Envs() {
        for (const Run& run : runs) add(run, {run.hardcore});
    }

    void act(std::size_t env, int t) {
        const auto policy = static_cast<Policy>(runs[env].policy);
        const auto observation = BipedalWalker::observation(parameters[env], states[env]);
        choose(policy, t, observation, gaits[env], held[env], numbers[env]);
        throw_body(policy, t, states[env], numbers[env]);
        std::ranges::transform(held[env], actions[env].begin(), [](double number) { return static_cast<float>(number); });
    }
};

}  // namespace recorded_runs::walker
