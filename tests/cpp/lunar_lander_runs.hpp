// Runs of Gymnasium's LunarLander with Box2D that scripts/record_lunar_lander.py has recorded, and how to repeat them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include <operant/environments/lunar_lander.hpp>

#include "recorded_steps.hpp"

namespace recorded_runs {

using operant::LunarLander;
using operant::LunarLanderContinuous;
using Arch = xsimd::default_arch;

enum class Policy { random, heuristic, nothing, main, mixed, shove, kicks, dive, wake, tumble };

struct Run {
    std::uint64_t seed;
    bool continuous;
    double gravity, wind;
    int policy, steps;
    std::uint64_t hash;
};

constexpr Run runs[] = {
#include "lunar_lander_runs.inc"
};

/// The policies are those of scripts/record_lunar_lander.py, which takes the heuristic from Gymnasium.
struct Choice {
    double main, side;
    std::int64_t action;
};

inline Choice heuristic(const std::array<float, 8>& observation) {
    std::array<double, 8> s;
    std::ranges::copy(observation, s.begin());
    const double angle_target = std::clamp(s[0] * 0.5 + s[2], -0.4, 0.4);
    double angle = (angle_target - s[4]) * 0.5 - s[5];
    double hover = (0.55 * std::fabs(s[0]) - s[1]) * 0.5 - s[3] * 0.5;
    if (s[6] != 0 || s[7] != 0) {
        angle = 0;
        hover = -s[3] * 0.5;
    }
    const int action = hover > std::fabs(angle) && hover > 0.05 ? 2 : angle < -0.05 ? 3 : angle > 0.05 ? 1 : 0;
    return {hover * 20 - 1, -angle * 20, action};
}

inline Choice choose(Policy policy, int t, const std::array<float, 8>& observation, Numbers& numbers) {
    const auto throttle = [&] { return static_cast<double>(numbers.below(1025) - 512) / 512; };
    const double main = throttle(), side = throttle();
    const Choice random{main, side, numbers.below(4)};
    const std::int64_t chance = numbers.below(10);
    switch (policy) {
    case Policy::random: return random;
    case Policy::heuristic:
    case Policy::kicks: return heuristic(observation);
    case Policy::mixed: return chance < 3 ? random : heuristic(observation);
    case Policy::shove: return t % 100 >= 60 ? random : heuristic(observation);
    case Policy::main: return {1, 0, 2};
    case Policy::dive: return chance < 3 ? random : Choice{};
    case Policy::wake: return t % 250 < 230 ? heuristic(observation) : t % 250 < 240 ? Choice{1, 0, 2} : Choice{0, 1, 3};
    default: return {};
    }
}

template <class State>
void kick(Policy policy, int t, State& state, Numbers& numbers) {
    const auto body = static_cast<std::size_t>(numbers.below(3));
    const auto number = [&] { return static_cast<float>(numbers.below(129) - 64); };
    const float x = number(), y = number(), w = number();
    const auto set = [&](float vx, float vy, float turn) {
        auto& kicked = state.world.bodies[body];
        kicked.velocity = {{vx, vy}, turn};
        // Box2D wakes a body for each of the two velocities that is not zero.
        if (vx != 0 || vy != 0 || turn != 0) operant::rigid_body::Engine<operant::LunarScene, Arch>::wake(kicked);
    };
    if (policy == Policy::kicks && t % 60 == 59) set(x / 4, y / 4, w / 4);
    if (policy == Policy::dive && t % 30 == 29) set(x / 2, -std::fabs(y) * 2, w / 8);
    if (policy == Policy::tumble && t % 40 == 39) set(x * 2, y * 2, w * 2);
}

/// All recorded runs of an environment, as envs.
template <class E>
struct Envs : RecordedEnvs<E, Run, Envs<E>> {
    Envs() {
        for (const Run& run : runs)
            if (run.continuous == std::is_same_v<E, LunarLanderContinuous>)
                this->add(run, {run.gravity, run.wind > 0, 15 * run.wind, 1.5 * run.wind});
    }

    void act(std::size_t env, int t) {
        const auto policy = static_cast<Policy>(this->recorded[env].policy);
        const auto observation = E::observation(this->parameters[env], this->states[env]);
        const Choice choice = choose(policy, t, observation, this->numbers[env]);
        kick(policy, t, this->states[env], this->numbers[env]);
        if constexpr (std::is_same_v<E, LunarLanderContinuous>)
            this->actions[env] = {static_cast<float>(choice.main), static_cast<float>(choice.side)};
        else
            this->actions[env] = choice.action;
    }
};

/// Returns true if a body that sleeps, and only it, wakes when its box meets another edge, as b2ContactManager::AddPair does.
/// Runs hardly ever show it: the box of a sleeping body does not move.
inline bool new_contact_wakes() {
    operant::BufferedPcg64 random;
    LunarLander::State state = LunarLander::reset({}, random);
    auto& world = state.world;
    for (auto& body : world.bodies) body.is_awake = 0;
    world.bodies[1].box = {{9, 0}, {10, 8}};
    operant::rigid_body::Engine<operant::LunarScene, Arch>::find_contacts(world, 1u << 1);
    return world.contact_count > 0 && world.bodies[0].is_awake == 0 && world.bodies[1].is_awake != 0 && world.bodies[2].is_awake == 0;
}

}  // namespace recorded_runs
