#pragma once
// Environments with one mistake each, for test_checking.py.

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <string_view>

#include <operant/environment.hpp>

namespace wrong {

// Without a mistake: a place, from which an action leads to the left or to the right.
struct Walk : operant::Environment {
    static constexpr std::string_view name = "Walk";
    static constexpr std::int32_t max_episode_steps = 30;
    using ActionSpace = operant::Discrete<2>;

    struct State {
        double place;
        std::int32_t steps;

        OPERANT_MEMBERS(place, steps)
    };

    struct Parameters {
        double stride = 1;
        bool long_steps = false;

        OPERANT_PARAMETERS(
            (stride, operant::Sign::not_negative),
            (long_steps))
    };

    static operant::Box<1> observation_space(const Parameters&) { return {{-20}, {20}}; }
    static State reset(const Parameters&, operant::Pcg64& random) { return {random.uniform(-1, 1), 0}; }
    static std::array<float, 1> observation(const Parameters&, const State& s) { return {static_cast<float>(s.place)}; }

    static operant::Outcome<double> step(const Parameters& p, State& s, std::int64_t action) {
        s.place += action == 1 ? p.stride : -p.stride;
        ++s.steps;
        return {s.place, std::abs(s.place) > 18};
    }
};

// In the seventh step of an episode, an action to the right has no reward that is a number.
struct NanReward : Walk {
    static constexpr std::string_view name = "NanReward";
    static operant::Outcome<double> step(const Parameters& p, State& s, std::int64_t action) {
        auto outcome = Walk::step(p, s, action);
        if (s.steps == 7 && action == 1) outcome.reward = std::numeric_limits<double>::quiet_NaN();
        return outcome;
    }
};

// An infinite observation far to the left.
struct InfiniteObservation : Walk {
    static constexpr std::string_view name = "InfiniteObservation";
    static std::array<float, 1> observation(const Parameters&, const State& s) {
        return {s.place < -5 ? -std::numeric_limits<float>::infinity() : static_cast<float>(s.place)};
    }
};

// The walk leads farther than its Box.
struct NarrowBox : Walk {
    static constexpr std::string_view name = "NarrowBox";
    static operant::Box<1> observation_space(const Parameters&) { return {{-20}, {3.5F}}; }
};

// 99 of 4 in the fifth step.
struct DiscreteOf99 : Walk {
    static constexpr std::string_view name = "DiscreteOf99";
    static operant::Discrete<4> observation_space(const Parameters&) { return {}; }
    static std::int64_t observation(const Parameters&, const State& s) { return s.steps == 5 ? 99 : s.place > 0 ? 1 : 0; }
};

// The wind that an action makes blows in the next step, whichever env makes it.
struct SharedWind : Walk {
    static constexpr std::string_view name = "SharedWind";
    static inline double wind = 0;
    static operant::Outcome<double> step(const Parameters& p, State& s, std::int64_t action) {
        s.place += 0.1 * wind;
        wind = static_cast<double>(action);
        return Walk::step(p, s, action);
    }
};

// A random generator for all envs that no seed sets.
struct OwnGenerator : Walk {
    static constexpr std::string_view name = "OwnGenerator";
    static operant::Outcome<double> step(const Parameters& p, State& s, std::int64_t action) {
        static std::mt19937 generator;
        s.place += 1e-3 * std::uniform_real_distribution<>()(generator);
        return Walk::step(p, s, action);
    }
};

// The observation shows the last action, which is not in the state.
struct HiddenAction : Walk {
    static constexpr std::string_view name = "HiddenAction";
    static inline thread_local float last = 0;
    static State reset(const Parameters& p, operant::Pcg64& random) {
        last = 0;
        return Walk::reset(p, random);
    }
    static operant::Outcome<double> step(const Parameters& p, State& s, std::int64_t action) {
        last = static_cast<float>(action);
        return Walk::step(p, s, action);
    }
    static std::array<float, 1> observation(const Parameters&, const State&) { return {last}; }
};

// It throws in the ninth step, if the action is to the right.
struct Thrower : Walk {
    static constexpr std::string_view name = "Thrower";
    static operant::Outcome<double> step(const Parameters& p, State& s, std::int64_t action) {
        const auto outcome = Walk::step(p, s, action);
        if (s.steps == 9 && action == 1) throw std::runtime_error("the ninth step");
        return outcome;
    }
};

// The reward is divided by a parameter that may be 0, and a flag leads out of the Box.
struct Limits : Walk {
    static constexpr std::string_view name = "Limits";
    static operant::Outcome<double> step(const Parameters& p, State& s, std::int64_t action) {
        auto outcome = Walk::step(p, s, action);
        if (p.long_steps) s.place = 50;
        outcome.reward /= p.stride;
        return outcome;
    }
};

// The start is always the same, so a seed changes nothing. The root of a negative place is NaN.
struct Root : Walk {
    static constexpr std::string_view name = "Root";
    static operant::Box<1> observation_space(const Parameters&) { return {{0}, {0}}; }
    static State reset(const Parameters&, operant::Pcg64&) { return {0, 0}; }
    static std::array<float, 1> observation(const Parameters&, const State&) { return {0}; }
    static operant::Outcome<double> step(const Parameters& p, State& s, std::int64_t action) {
        const bool terminated = Walk::step(p, s, action).terminated;
        s.place = std::sqrt(s.place);
        return {0, terminated};
    }
};

// On batches: if any env is far to the right, all envs of its batch turn back.
struct Herd : operant::Environment {
    static constexpr std::string_view name = "Herd";
    static constexpr std::int32_t max_episode_steps = 50;
    using ActionSpace = operant::Box<1>;

    template <class Number>
    struct State {
        Number place;

        OPERANT_MEMBERS(place)
    };

    static operant::Box<1> action_space(const operant::NoParameters&) { return {{-1}, {1}}; }
    static operant::Box<1> observation_space(const operant::NoParameters&) { return operant::Box<1>::unbounded(); }

    static State<double> reset(const operant::NoParameters&, operant::Pcg64& random) {
        return {random.uniform(-1, 1)};
    }

    template <class Batch>
    class Dynamics {
    public:
        explicit Dynamics(const operant::NoParameters&) {}

        XSIMD_INLINE operant::Outcome<Batch> step(State<Batch>& s, const operant::Input<Herd, Batch>& input) const {
            s.place = s.place + input.action;
            if (xsimd::any(s.place > Batch(3))) s.place = -s.place;
            return {s.place, s.place < Batch(-1000)};
        }

        static XSIMD_INLINE std::array<Batch, 1> observation(const State<Batch>& s) { return {s.place}; }
    };
};

// The default bound of its resets is one that no caller of reset may give.
struct EndlessBounds : Walk {
    static constexpr std::string_view name = "EndlessBounds";
    struct ResetBounds {
        double high = std::numeric_limits<double>::infinity();

        OPERANT_MEMBERS(high)
    };
    static State reset(const Parameters& p, const ResetBounds&, operant::Pcg64& random) { return Walk::reset(p, random); }
};

}  // namespace wrong
