// The recorded runs of LunarLander and BipedalWalker share these random numbers, the hash of a step, and the loops.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <operant/contract/block.hpp>
#include <operant/contract/calls.hpp>
#include <operant/random/seed_sequence.hpp>

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

/// Recorded runs of the environment E, as envs. The derived class `Runs` adds them, and chooses the actions in `act(env, t)`.
template <class E, class Run, class Runs>
struct RecordedEnvs {
    std::vector<Run> recorded;
    std::vector<typename E::State> states;
    std::vector<typename E::Random> randoms;
    std::vector<typename E::Parameters> parameters;
    std::vector<operant::PlainActionOf<E>> actions;
    std::vector<operant::Outcome<double>> outcomes;
    std::vector<Numbers> numbers;
    std::vector<std::uint64_t> hashes;

    void add(const Run& run, const typename E::Parameters& of_run) {
        recorded.push_back(run);
        states.emplace_back();
        randoms.emplace_back(operant::SeedSequence(run.seed));
        parameters.push_back(of_run);
        actions.emplace_back();
        outcomes.emplace_back();
        numbers.push_back({run.seed});
        hashes.push_back(no_steps);
    }

    void act(std::size_t env, int t) { static_cast<Runs&>(*this).act(env, t); }

    void note(std::size_t env) {
        add_step(hashes[env], states[env], E::observation(parameters[env], states[env]), outcomes[env]);
    }

    /// Makes all runs, each by itself.
    void run() {
        for (std::size_t env = 0; env < recorded.size(); ++env) {
            states[env] = E::reset(parameters[env], randoms[env]);
            for (int t = 0; t < recorded[env].steps; ++t) {
                act(env, t);
                outcomes[env] = operant::call_step<E>(parameters[env], states[env], actions[env], randoms[env]);
                note(env);
            }
        }
    }

    /// Makes all runs together, as a block.
    void run_block() {
        using Arch = xsimd::default_arch;
        std::vector<std::uint32_t> stepping(recorded.size());
        std::iota(stepping.begin(), stepping.end(), 0);
        const auto listed = [&] {
            return operant::ListedEnvs<E>{stepping.data(), stepping.size(), states.data(), randoms.data(), parameters.data(), true};
        };
        E::template reset_block<Arch>(listed(), {});
        for (int t = 0; !stepping.empty(); ++t) {
            std::erase_if(stepping, [&](std::uint32_t env) { return t >= recorded[env].steps; });
            for (const std::uint32_t env : stepping) act(env, t);
            if (!stepping.empty())
                E::template step_block<Arch>(operant::BlockOf<E>{listed(), 0, actions.data(), outcomes.data()});
            for (const std::uint32_t env : stepping) note(env);
        }
    }

    /// Returns the seeds of the runs that differ from the recorded ones.
    std::vector<std::uint64_t> differing() const {
        std::vector<std::uint64_t> seeds;
        for (std::size_t env = 0; env < recorded.size(); ++env)
            if (hashes[env] != recorded[env].hash) seeds.push_back(recorded[env].seed);
        return seeds;
    }
};

}  // namespace recorded_runs
