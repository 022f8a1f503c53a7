#pragma once
/// \file
/// MountainCar: a car between two hills that is too weak to climb the right one without a run-up.
///
/// A. W. Moore, "Efficient Memory-based Learning for Robot Control", PhD thesis, University of Cambridge, 1990.
/// Every operation is in the order of Gymnasium's MountainCar-v0.

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
/// Observation: position in units of length of the valley, and velocity in such units per step. Reward: -1 per step. An
/// episode starts at rest at a position uniform in [-0.6, -0.4], and terminates at the goal, 0.5, unless the car moves to
/// the left.
struct MountainCar : Valley {
    static constexpr std::string_view name = "MountainCar";  ///< Gymnasium's id without the version
    static constexpr std::int32_t max_episode_steps = 200;   ///< after so many steps an episode is truncated
    using ActionSpace = Discrete<3>;                         ///< 0 pushes to the left, 1 does nothing, 2 pushes to the right

    /// Gymnasium's attributes of the same names.
    struct Parameters {
        double min_position = -1.2;  ///< the wall on the left
        double max_position = 0.6;   ///< the wall on the right
        double max_speed = 0.07;     ///< the largest velocity [length/step]
        double goal_position = 0.5;  ///< an episode terminates when the car is here or to the right of it
        double goal_velocity = 0.0;  ///< and moves at least as fast as this
        double force = 0.001;        ///< how much an action changes the velocity in a step
        double gravity = 0.0025;     ///< how much the steepest slope changes the velocity in a step
    };

    /// Calls `visit(name, value, ...)` for every parameter, with the values that it may have.
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

    /// \throws std::invalid_argument if min_position is not below max_position
    static void check(const Parameters& p) {
        check_ordered("min_position", p.min_position, "max_position", p.max_position);
    }

    /// The reward of a step, and what a termination adds to it.
    static constexpr FixedReward fixed_reward(const Parameters&) { return {-1, 0}; }

    /// The equations of motion, for as many copies at once as `Batch` has lanes.
    template <class Batch>
    class Dynamics {
    public:
        /// Computes the constants of the equations from the parameters, rounded to the precision of `Batch`.
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
            // velocity = clip(velocity + (action - 1) * force - cos(3 * position) * gravity, -max_speed, max_speed)
            const Batch slope = cosine(Batch(3) * position);

            velocity = velocity + negated_multiply_add(slope, gravity_, push * force_);
            velocity = xsimd::min(xsimd::max(velocity, -max_speed_), max_speed_);
            // position = clip(position + velocity, min_position, max_position)
            position = position + velocity;
            position = xsimd::min(xsimd::max(position, min_position_), max_position_);
            // if position == min_position and velocity < 0: velocity = 0
            // (the wall on the left stops the car)
            velocity = xsimd::select(position == min_position_ && velocity < Batch(0), Batch(0), velocity);

            // terminated = position >= goal_position and velocity >= goal_velocity
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
