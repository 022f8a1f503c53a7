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
#include <operant/math/trigonometry.hpp>

namespace operant {

/// The description of Gymnasium's MountainCar-v0; `VectorEnv<MountainCar>` steps many envs of it.
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
        double min_position = -1.2;
        double max_position = 0.6;
        double max_speed = 0.07;
        double goal_position = 0.5;
        double goal_velocity = 0.0;
        double force = 0.001;
        double gravity = 0.0025;

        OPERANT_PARAMETERS(
            (min_position, Sign::any, "the wall on the left"),
            (max_position, Sign::any, "the wall on the right"),
            (max_speed, Sign::positive, "the largest velocity [length/step]"),
            (goal_position, Sign::any, "an episode terminates when the car is here or to the right of it"),
            (goal_velocity, Sign::any, "and moves at least as fast as this"),
            (force, Sign::any, "how much an action changes the velocity in a step"),
            (gravity, Sign::any, "how much the steepest slope changes the velocity in a step"))
    };

    /// \throws std::invalid_argument if min_position is not below max_position
    static void check(const Parameters& p) {
        check_ordered("min_position", p.min_position, "max_position", p.max_position);
    }

    /// The reward of a step, and the number that a termination adds to it.
    static constexpr FixedReward fixed_reward(const Parameters&) { return {-1, 0}; }

    /// The equations of motion, with one env in each lane of `Batch`.
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
            velocity = xsimd::min(xsimd::max(velocity, negate(max_speed_)), max_speed_);
            // position = clip(position + velocity, min_position, max_position)
            position = position + velocity;
            position = xsimd::min(xsimd::max(position, min_position_), max_position_);
            // if position == min_position and velocity < 0: velocity = 0
            // (the wall on the left stops the car)
            velocity = xsimd::select(position == min_position_ && velocity < Batch(0), Batch(0), velocity);

            // terminated = position >= goal_position and velocity >= goal_velocity
            return {Batch(-1), position >= goal_position_ && velocity >= goal_velocity_};
        }

        /// The observation: the whole state.
        static XSIMD_INLINE std::array<Batch, 2> observation(const State<Batch>& state) { return Valley::observation(state); }

    private:
        using Scalar = typename Batch::value_type;

        Batch min_position_, max_position_, max_speed_, goal_position_, goal_velocity_, force_, gravity_;
    };
};

}  // namespace operant
