#pragma once
// QuadrotorLidar: the planar quadrotor of quadrotor.hpp flies in a round room, and measures the distance to the wall in eight
// directions.
//
// This environment takes its dynamics from another one, and has a longer observation.

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/math/arithmetic.hpp>

#include "quadrotor.hpp"

// Observation: Quadrotor's, followed by the lengths of eight rays [m], the first to the right along the arm, the others every
// 45 degrees counterclockwise. The wall is the edge of the disc that the quadrotor must not leave. The rest is as in Quadrotor.
struct QuadrotorLidar : Quadrotor {
    static constexpr std::string_view name = "QuadrotorLidar";
    static constexpr std::size_t rays = 8;

    static constexpr operant::Box<7 + rays> observation_space(const Parameters& p) {
        const operant::Box<7> flight = Quadrotor::observation_space(p);
        auto space = operant::Box<7 + rays>::bounded(0, std::numeric_limits<float>::infinity());
        for (std::size_t i = 0; i < 7; ++i) {
            space.low[i] = flight.low[i];
            space.high[i] = flight.high[i];
        }
        return space;
    }

    template <class Batch>
    class Dynamics {
    public:
        explicit Dynamics(const Parameters& p) : quadrotor_(p), radius_squared_(static_cast<Scalar>(p.radius * p.radius)) {}

        XSIMD_INLINE operant::Outcome<Batch> step(State<Batch>& state,
                                                  const operant::Input<QuadrotorLidar, Batch>& input) const {
            return quadrotor_.step(state, {input.action, input.single_precision_actions, input.episode_begins});
        }

        XSIMD_INLINE std::array<Batch, 7 + rays> observation(const State<Batch>& state) const {
            const auto [x, z, cos_theta, sin_theta, x_dot, z_dot, theta_dot] = quadrotor_.observation(state);
            const Batch half(static_cast<Scalar>(std::numbers::sqrt2 / 2));
            // The directions of the first four rays: those of the arm, turned by 0, 45, 90 and 135 degrees.
            const Batch difference = half * (cos_theta - sin_theta), sum = half * (cos_theta + sin_theta);
            const auto [right, left] = both_ways(x, z, cos_theta, sin_theta);
            const auto [right_up, left_down] = both_ways(x, z, difference, sum);
            const auto [up, down] = both_ways(x, z, operant::negate(sin_theta), cos_theta);
            const auto [left_up, right_down] = both_ways(x, z, operant::negate(sum), difference);
            return {x,        z,  cos_theta, sin_theta, x_dot,     z_dot, theta_dot,  // as Quadrotor
                    right, right_up, up, left_up, left, left_down, down, right_down};
        }

    private:
        using Scalar = typename Batch::value_type;

        // The lengths of the ray in the direction d, a unit vector, and of the opposite one. The ray from p meets the circle at
        // t with |p + t d|^2 = radius^2, so t = -p.d + sqrt((p.d)^2 + radius^2 - |p|^2). The last state of an episode may be
        // outside the room; for a ray that misses the wall, the root is then 0.
        XSIMD_INLINE std::array<Batch, 2> both_ways(const Batch& x, const Batch& z, const Batch& d_x, const Batch& d_z) const {
            const Batch along = x * d_x + z * d_z;
            const Batch half_chord = xsimd::sqrt(xsimd::max(along * along + (radius_squared_ - (x * x + z * z)), Batch(0)));
            return {xsimd::max(half_chord - along, Batch(0)), xsimd::max(half_chord + along, Batch(0))};
        }

        Quadrotor::Dynamics<Batch> quadrotor_;
        Batch radius_squared_;
    };
};
