// What the recorded runs of LunarLander and BipedalWalker have in common: random numbers, and the hash of a step.
#pragma once

#include <bit>
#include <cstdint>

namespace recorded_runs {

/// As in scripts/record_lunar_lander.py.
struct Numbers {
    std::uint64_t state;

    std::int64_t below(std::uint64_t count) {
        state = state * 6364136223846793005 + 1442695040888963407;
        return static_cast<std::int64_t>((state >> 33) % count);
    }
};

constexpr std::uint64_t no_steps = 14695981039346656037u;

/// Adds what a step has computed to a hash.
template <class State, class Observation, class Outcome>
void add_step(std::uint64_t& hash, const State& state, const Observation& observation, const Outcome& outcome) {
    const auto add = [&](std::uint32_t word) { hash = (hash ^ word) * 1099511628211u; };
    const auto add_float = [&](float number) { add(std::bit_cast<std::uint32_t>(number)); };
    for (const auto& body : state.world.bodies) {
        for (const float number : {body.place.origin.x, body.place.origin.y, body.position.angle, body.velocity.center.x,
                                   body.velocity.center.y, body.velocity.angle})
            add_float(number);
        add(body.is_awake);
    }
    for (const float number : observation) add_float(number);
    const auto reward = std::bit_cast<std::uint64_t>(outcome.reward);
    add(static_cast<std::uint32_t>(reward));
    add(static_cast<std::uint32_t>(reward >> 32));
    add(outcome.terminated);
}

}  // namespace recorded_runs
