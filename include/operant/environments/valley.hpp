#pragma once
/// \file
/// The common part of MountainCar and MountainCarContinuous: a valley between two walls, and a car that starts at rest in it.

#include <array>
#include <cstddef>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>

namespace operant {

/// Base of MountainCar and MountainCarContinuous.
struct Valley : Environment {
    /// State of the car.
    template <class Number>
    struct State {
        Number position;  ///< in units of length of the valley
        Number velocity;  ///< length per step

        OPERANT_MEMBERS(position, velocity)
    };

    /// Positions lie between the walls, velocities within the limit.
    static constexpr Box<2> observation_space(const auto& p) {
        return {{static_cast<float>(p.min_position), static_cast<float>(-p.max_speed)},
                {static_cast<float>(p.max_position), static_cast<float>(p.max_speed)}};
    }

    /// The start of an episode: at rest, at a position uniform between two bounds.
    struct ResetBounds {
        double low = -0.6;   ///< leftmost position
        double high = -0.4;  ///< rightmost position

        OPERANT_MEMBERS(low, high)
    };

    /// Draws the state that an episode starts from.
    template <class Random>
    static XSIMD_INLINE State<typename Random::Number> reset(const auto&, const ResetBounds& bounds, Random& random) {
        return {random.uniform(bounds.low, bounds.high), typename Random::Number(0)};
    }

    /// The observation: the whole state.
    template <class Batch>
    static XSIMD_INLINE std::array<Batch, 2> observation(const State<Batch>& state) {
        return {state.position, state.velocity};
    }
};

}  // namespace operant
