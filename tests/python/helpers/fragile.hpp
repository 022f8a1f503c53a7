#pragma once
// An environment and a policy whose functions throw, for test_failures.cpp, test_failures.py, test_jax.py and test_compiler.py.

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <operant/environment.hpp>

// Counts its steps. Action 1 makes it throw a std::range_error, action 2 something else. A reset with `broken` throws, too.
struct Fragile : operant::Environment {
    static constexpr std::string_view name = "Fragile";
    static constexpr std::int32_t max_episode_steps = operant::unlimited;
    using ActionSpace = operant::Discrete<3>;

    struct State {
        std::int64_t number, steps;

        OPERANT_MEMBERS(number, steps)
    };
    struct Parameters {
        double strength = 1;

        OPERANT_PARAMETERS((strength, operant::Sign::positive))
    };
    struct ResetBounds {
        double broken = 0;

        OPERANT_MEMBERS(broken)
    };

    static void check(const Parameters& p) {
        if (p.strength > 20) throw std::invalid_argument("strength: too much");
    }
    static operant::Box<1> observation_space(const Parameters&) { return operant::Box<1>::unbounded(); }
    static std::array<float, 1> observation(const Parameters&, const State& s) { return {static_cast<float>(s.steps)}; }
    static State reset(const Parameters&, const ResetBounds& bounds, operant::Pcg64&) {
        if (bounds.broken != 0) throw std::range_error("no start");
        return {};
    }
    static operant::Outcome<double> step(const Parameters&, State& s, std::int64_t action) {
        ++s.steps;
        if (action == 1)
            throw std::range_error("env " + std::to_string(s.number) + " failed in step " + std::to_string(s.steps));
        if (action == 2) throw 7;
        return {1.0, false};
    }
};

// Fails in the third step.
struct Puzzled {
    static constexpr std::string_view policy_name = "Puzzled";
    static constexpr std::size_t observation_size = 1;
    using ActionSpace = operant::Discrete<3>;

    template <class Batch>
    XSIMD_INLINE operant::Integer<Batch> action(const std::array<Batch, 1>& observation) const {
        if (xsimd::any(observation[0] >= Batch(2))) throw std::runtime_error("no idea");
        return operant::Integer<Batch>(0);
    }
};
