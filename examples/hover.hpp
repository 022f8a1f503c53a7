#pragma once
// A rocket has to hover: gravity pulls, the engine is on or off, and the strength of each push is random. This is plain
// C++, called once per env. The tutorial in the documentation explains it part by part.
//
//   acceleration = thrust normal(1, noise) - gravity     with the engine on, otherwise -gravity
//   velocity = velocity + acceleration dt, height = height + velocity dt

#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

#include <operant/environment.hpp>

struct Hover : operant::Environment {
    static constexpr std::string_view name = "Hover";
    static constexpr std::int32_t max_episode_steps = 300;
    using ActionSpace = operant::Discrete<2>;  // engine off or on

    struct State {
        double height;    // [m]
        double velocity;  // [m/s], upwards

        OPERANT_MEMBERS(height, velocity)
    };

    struct Parameters {
        double gravity = 9.81;
        double thrust = 16.0;
        double noise = 0.1;
        double target = 10.0;

        OPERANT_PARAMETERS(
            (gravity, operant::Sign::positive, "m/s^2"),
            (thrust, operant::Sign::positive, "acceleration with the engine on, m/s^2"),
            (noise, operant::Sign::not_negative, "standard deviation of a push, relative to thrust"),
            (target, operant::Sign::positive, "the height to keep, m"))
    };

    static operant::Box<2> observation_space(const Parameters&) { return operant::Box<2>::unbounded(); }

    // An episode starts at rest, at 0.2 to 1.8 times the target height.
    template <class Random>
    static XSIMD_INLINE State reset(const Parameters& p, Random& random) {
        return {random.uniform(0.2 * p.target, 1.8 * p.target), 0.0};
    }

    // An episode terminates below the ground or above three times the target height.
    template <class Random>
    static XSIMD_INLINE operant::Outcome<double> step(const Parameters& p, State& s, std::int64_t action, Random& random) {
        constexpr double dt = 0.05;
        const double push = action == 1 ? p.thrust * random.normal(1.0, p.noise) : 0.0;
        s.velocity += (push - p.gravity) * dt;
        s.height += s.velocity * dt;
        const bool lost = s.height < 0 || s.height > 3 * p.target;
        return {lost ? -100.0 : 1.0 - std::abs(s.height - p.target) / p.target, lost};
    }

    static XSIMD_INLINE std::array<float, 2> observation(const Parameters& p, const State& s) {
        return {static_cast<float>(s.height - p.target), static_cast<float>(s.velocity)};
    }
};
