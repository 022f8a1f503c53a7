#pragma once
/// \file
/// MountainCar: a car between two hills, too weak to climb the right one without running up first.
///
/// A. W. Moore, "Efficient Memory-based Learning for Robot Control", PhD thesis, University of Cambridge, 1990; as in
/// Gymnasium's MountainCar-v0 with every operation in its order.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environments/valley.hpp>
#include <operant/numerics/trigonometry.hpp>

namespace operant {

/// The description of Gymnasium's MountainCar-v0; `VectorEnv<MountainCar>` runs copies of it.
///
/// Observation: position and velocity, in units of length of the valley, a step. Reward: -1 a step. An episode starts at
/// rest, uniform in [-0.6, -0.4], and terminates at the goal, 0.5, unless the car moves to the left.
struct MountainCar : Valley {
    static constexpr std::string_view name = "MountainCar";  ///< of Gymnasium's id, without the version
    static constexpr std::int32_t max_episode_steps = 200;   ///< then an episode is truncated
    using ActionSpace = Discrete<3>;                         ///< 0 accelerates to the left, 1 not at all, 2 to the right

    /// Gymnasium's attributes of the same names.
    struct Parameters {
        double min_position = -1.2;  ///< the wall on the left
        double max_position = 0.6;   ///< the wall on the right
        double max_speed = 0.07;     ///< a step
        double goal_position = 0.5;  ///< from here on to the right an episode may terminate
        double goal_velocity = 0.0;  ///< and if the car is at least as fast as this
        double force = 0.001;        ///< how much an action changes the velocity in a step
        double gravity = 0.0025;     ///< how much the steepest slope does
    };

    /// Calls `visit(name, value, ...)` for every parameter, with what its values may be.
    template <class P, class Visitor>
    static void visit_parameters(P& p, const Visitor& visit) {
        visit("min_position", p.min_position, Sign::any);
        visit("max_position", p.max_position, Sign::any);
        visit("max_speed", p.max_speed, Sign::positive);
        visit("goal_position", p.goal_position, Sign::any);
        visit("goal_velocity", p.goal_velocity, Sign::any);
        visit("force", p.force, Sign::any);
        visit("gravity", p.gravity, Sign::any);
    }

    /// \throws std::invalid_argument where a lower bound is not below the upper one
    static void check(const Parameters& p) {
        check_ordered("min_position", p.min_position, "max_position", p.max_position);
    }

    /// What every step is worth.
    static constexpr FixedReward fixed_reward(const Parameters&) { return {-1, 0}; }

    /// The equations of motion, for as many copies at once as `Batch` has lanes.
    template <class Batch>
    class Dynamics {
    public:
        /// Rounds to the precision of `Batch` what the equations need of the parameters.
        explicit Dynamics(const Parameters& p)
            : min_position_(Scalar(p.min_position)),
              max_position_(Scalar(p.max_position)),
              max_speed_(Scalar(p.max_speed)),
              goal_position_(Scalar(p.goal_position)),
              goal_velocity_(Scalar(p.goal_velocity)),
              force_(Scalar(p.force)),
              gravity_(Scalar(p.gravity)) {}

        /// Moves `state` on by one time step.
        XSIMD_INLINE Outcome<Batch> step(State<Batch>& state, const Input<MountainCar, Batch>& input) const {
            auto& [position, velocity] = state;
            const Batch push = xsimd::to_float(input.action - 1);
            const Batch slope = cosine(Batch(3) * position);

            velocity = velocity + negated_multiply_add(slope, gravity_, push * force_);
            velocity = xsimd::min(xsimd::max(velocity, -max_speed_), max_speed_);
            position = position + velocity;
            position = xsimd::min(xsimd::max(position, min_position_), max_position_);
            // The wall on the left stops the car.
            velocity = xsimd::select(position == min_position_ && velocity < Batch(0), Batch(0), velocity);

            return {Batch(-1), position >= goal_position_ && velocity >= goal_velocity_};
        }

        /// What the agent sees of a state: all of it.
        static XSIMD_INLINE std::array<Batch, 2> observation(const State<Batch>& state) { return Valley::observation(state); }

    private:
        using Scalar = typename Batch::value_type;

        Batch min_position_, max_position_, max_speed_, goal_position_, goal_velocity_, force_, gravity_;
    };
};

}  // namespace operant
