#pragma once
// Environments with actions of several parts, and of bits, for test_action_kinds.py.

#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>

#include <operant/environment.hpp>

namespace kinds {

// A car with gears, in plain C++: the gear is discrete, steering and brake are continuous.
struct Car : operant::Environment {
    static constexpr std::string_view name = "Car";
    static constexpr std::int32_t max_episode_steps = 20;
    using ActionSpace = std::tuple<operant::Discrete<3>, operant::Box<2>>;

    struct State {
        double x, y;

        OPERANT_MEMBERS(x, y)
    };
    struct Parameters {
        double limit = 1;

        OPERANT_PARAMETERS((limit, operant::Sign::positive, "of steering and brake"))
    };
    static ActionSpace action_space(const Parameters& p) {
        const auto limit = static_cast<float>(p.limit);
        return {{}, {{-limit, 0}, {limit, limit}}};
    }
    static operant::Box<2> observation_space(const Parameters&) { return operant::Box<2>::unbounded(); }
    static State reset(const Parameters&, operant::Pcg64& random) { return {random.uniform(-1, 1), random.uniform(-1, 1)}; }
    static std::array<float, 2> observation(const Parameters&, const State& s) { return {float(s.x), float(s.y)}; }
    static operant::Outcome<double> step(const Parameters&, State& s, const std::tuple<std::int64_t, std::array<float, 2>>& action) {
        const auto& [gear, pedals] = action;
        s.x += 0.25 * static_cast<double>(gear) - pedals[1];
        s.y += pedals[0];
        return {s.x - s.y, s.x > 4};
    }
};

// The same as a Dict, in the batch tier. The names are not in the order of the alphabet.
struct Wagon : operant::Environment {
    static constexpr std::string_view name = "Wagon";
    static constexpr std::int32_t max_episode_steps = 20;
    struct ActionSpace {
        operant::Box<2> pedals;
        operant::MultiDiscrete<3, 2> gears;
        operant::MultiBinary<3> lights;
        operant::Discrete<4> bell;

        OPERANT_MEMBERS(pedals, gears, lights, bell)
    };

    template <class Number>
    struct State {
        Number x, y;

        OPERANT_MEMBERS(x, y)
    };
    struct Parameters {
        double limit = 1;

        OPERANT_PARAMETERS((limit, operant::Sign::positive, "of the pedals"))
    };
    static ActionSpace action_space(const Parameters& p) {
        const auto limit = static_cast<float>(p.limit);
        return {{{-limit, 0}, {limit, limit}}, {}, {}, {}};
    }
    static operant::Box<2> observation_space(const Parameters&) { return operant::Box<2>::unbounded(); }
    static State<double> reset(const Parameters&, operant::Pcg64& random) { return {random.uniform(-1, 1), random.uniform(-1, 1)}; }

    template <class Batch>
    class Dynamics {
        using Real = typename Batch::value_type;

    public:
        operant::Outcome<Batch> step(State<Batch>& s, const operant::Input<Wagon, Batch>& input) const {
            const auto& [pedals, gears, lights, bell] = input.action;
            const auto real = [](const operant::Integer<Batch>& number) { return xsimd::batch_cast<Real>(number); };
            s.x += Batch(0.25) * real(gears[0]) - pedals[1] + real(gears[1]) * Batch(0.5);
            s.y += pedals[0] + Batch(0.125) * real(lights[0] + lights[1] * 2 + lights[2] * 4) + real(bell);
            return {s.x - s.y, s.x > Batch(4)};
        }
        static std::array<Batch, 2> observation(const State<Batch>& s) { return {s.x, s.y}; }
    };
};

// Lamps, each of which an action switches or leaves.
struct Lamps : operant::Environment {
    static constexpr std::string_view name = "Lamps";
    static constexpr std::int32_t max_episode_steps = 15;
    using ActionSpace = operant::MultiBinary<4>;

    struct State {
        std::array<std::int8_t, 4> on;

        OPERANT_MEMBERS(on)
    };
    static operant::MultiBinary<4> observation_space(const Parameters&) { return {}; }
    static State reset(const Parameters&, operant::Pcg64& random) {
        State s;
        for (auto& one : s.on) one = random.random() < 0.5;
        return s;
    }
    static std::array<std::int8_t, 4> observation(const Parameters&, const State& s) { return s.on; }
    static operant::Outcome<double> step(const Parameters&, State& s, const std::array<std::int64_t, 4>& action) {
        int count = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            s.on[i] = static_cast<std::int8_t>(s.on[i] ^ action[i]);
            count += s.on[i];
        }
        return {static_cast<double>(count), count == 4};
    }
};

}  // namespace kinds
