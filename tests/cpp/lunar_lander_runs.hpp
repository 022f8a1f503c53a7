// Runs of Gymnasium's LunarLander with Box2D that scripts/record_lunar_lander.py has recorded, and how to repeat them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <type_traits>
#include <vector>

#include <operant/contract/block.hpp>
#include <operant/environments/lunar_lander.hpp>
#include <operant/random/seed_sequence.hpp>

#include "recorded_steps.hpp"

namespace recorded_runs {

using operant::BufferedPcg64;
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

/// As in scripts/record_lunar_lander.py, and so are the next two functions.
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
struct Envs {
    std::vector<const Run*> recorded;
    std::vector<typename E::State> states;
    std::vector<BufferedPcg64> randoms;
    std::vector<typename E::Parameters> parameters;
    std::vector<operant::PlainActionOf<E>> actions;
    std::vector<operant::Outcome<double>> outcomes;
    std::vector<Numbers> numbers;
    std::vector<std::uint64_t> hashes;

    Envs() {
        for (const Run& run : runs) {
            if (run.continuous != std::is_same_v<E, LunarLanderContinuous>) continue;
            recorded.push_back(&run);
            randoms.emplace_back(operant::SeedSequence(run.seed));
            parameters.push_back({run.gravity, run.wind > 0, 15 * run.wind, 1.5 * run.wind});
            numbers.push_back({run.seed});
            hashes.push_back(no_steps);
        }
        states.resize(recorded.size());
        actions.resize(recorded.size());
        outcomes.resize(recorded.size());
    }

    operant::ListedEnvs<E> listed(const std::vector<std::uint32_t>& envs) {
        return {envs.data(), envs.size(), states.data(), randoms.data(), parameters.data(), true};
    }

    void act(std::size_t env, int t) {
        const auto policy = static_cast<Policy>(recorded[env]->policy);
        const Choice choice = choose(policy, t, E::observation(parameters[env], states[env]), numbers[env]);
        kick(policy, t, states[env], numbers[env]);
        if constexpr (std::is_same_v<E, LunarLanderContinuous>)
            actions[env] = {static_cast<float>(choice.main), static_cast<float>(choice.side)};
        else
            actions[env] = choice.action;
    }

    void note(std::size_t env) {
        add_step(hashes[env], states[env], E::observation(parameters[env], states[env]), outcomes[env]);
    }

    /// Makes all runs, each by itself.
    void run() {
        for (std::size_t env = 0; env < recorded.size(); ++env) {
            states[env] = E::reset(parameters[env], randoms[env]);
            for (int t = 0; t < recorded[env]->steps; ++t) {
                act(env, t);
                outcomes[env] = E::step(parameters[env], states[env], actions[env], randoms[env]);
                note(env);
            }
        }
    }

    /// Makes all runs together, as a block.
    void run_block() {
        std::vector<std::uint32_t> stepping(recorded.size());
        std::iota(stepping.begin(), stepping.end(), 0);
        E::template reset_block<Arch>(listed(stepping), {});
        for (int t = 0; !stepping.empty(); ++t) {
            std::erase_if(stepping, [&](std::uint32_t env) { return t >= recorded[env]->steps; });
            for (const std::uint32_t env : stepping) act(env, t);
            if (!stepping.empty())
                E::template step_block<Arch>(operant::BlockOf<E>{listed(stepping), 0, actions.data(), outcomes.data()});
            for (const std::uint32_t env : stepping) note(env);
        }
    }

    /// Returns the seeds of the runs that differ from the recorded ones.
    std::vector<std::uint64_t> differing() const {
        std::vector<std::uint64_t> seeds;
        for (std::size_t env = 0; env < recorded.size(); ++env)
            if (hashes[env] != recorded[env]->hash) seeds.push_back(recorded[env]->seed);
        return seeds;
    }
};

/// Returns true if a body that sleeps, and only it, wakes when its box meets another edge, as b2ContactManager::AddPair does.
/// Runs hardly ever show it: the box of a sleeping body does not move.
inline bool new_contact_wakes() {
    BufferedPcg64 random;
    LunarLander::State state = LunarLander::reset({}, random);
    auto& world = state.world;
    for (auto& body : world.bodies) body.is_awake = 0;
    world.bodies[1].box = {{9, 0}, {10, 8}};
    operant::rigid_body::Engine<operant::LunarScene, Arch>::find_contacts(world, 1u << 1);
    return world.contact_count > 0 && world.bodies[0].is_awake == 0 && world.bodies[1].is_awake != 0 && world.bodies[2].is_awake == 0;
}

}  // namespace recorded_runs
