#pragma once
/// \file
/// MountainCarContinuous: the car between two hills, with a motor of continuous force, whose effort costs reward.
///
/// A. W. Moore, "Efficient Memory-based Learning for Robot Control", PhD thesis, University of Cambridge, 1990.
/// Every operation is in the order of Gymnasium's MountainCarContinuous-v0.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environments/valley.hpp>
#include <operant/math/arithmetic.hpp>
#include <operant/math/trigonometry.hpp>

namespace operant {

/// The description of Gymnasium's MountainCarContinuous-v0; `VectorEnv<MountainCarContinuous>` steps many envs of it.
///
/// Observation: position in units of length of the valley, and velocity in such units per step. Reward: 100 at the goal,
/// minus a tenth of the action squared at every step. An episode starts at rest at a position uniform in [-0.6, -0.4], and
/// terminates at the goal, 0.45, unless the car moves to the left.
struct MountainCarContinuous : Valley {
    static constexpr std::string_view name = "MountainCarContinuous";  ///< Gymnasium's id without the version
    static constexpr std::int32_t max_episode_steps = 999;             ///< after so many steps an episode is truncated
    using ActionSpace = Interval;                                      ///< the force; clipped to [min_action, max_action]

    /// Gymnasium's attributes of the same names.
    struct Parameters {
        double min_action = -1.0;
        double max_action = 1.0;
        double min_position = -1.2;
        double max_position = 0.6;
        double max_speed = 0.07;
        double goal_position = 0.45;
        double goal_velocity = 0.0;
        double power = 0.0015;

        OPERANT_PARAMETERS(
            (min_action, Sign::any, "smaller actions count as this"),
            (max_action, Sign::any, "larger actions count as this"),
            (min_position, Sign::any, "the wall on the left"),
            (max_position, Sign::any, "the wall on the right"),
            (max_speed, Sign::positive, "the largest velocity [length/step]"),
            (goal_position, Sign::any, "an episode terminates when the car is here or to the right of it"),
            (goal_velocity, Sign::any, "and moves at least as fast as this"),
            (power, Sign::any, "how much an action of 1 changes the velocity in a step"))
    };

    /// \throws std::invalid_argument if a lower bound is not below the upper one
    static void check(const Parameters& p) {
        check_ordered("min_action", p.min_action, "max_action", p.max_action);
        check_ordered("min_position", p.min_position, "max_position", p.max_position);
    }

    /// The bounds of actions in float32. Actions beyond them are clipped.
    static constexpr ActionSpace action_space(const Parameters& p) {
        return {{static_cast<float>(p.min_action)}, {static_cast<float>(p.max_action)}};
    }

    /// The equations of motion, with one env in each lane of `Batch`.
    ///
    /// Gymnasium keeps this state in numpy float32, except between a reset and the first step, when it is float64. numpy rounds
    /// the result of a float32 and a Python float to float32. A clipped value is the limit itself, a Python float instead of a
    /// float32. In double, the masks of `to_float32_where` follow these types for each value and each env. In float,
    /// `to_float32_where` does nothing.
    template <class Batch>
    class Dynamics {
    public:
        /// Computes the constants of the equations from the parameters, rounded to the precision of `Batch`.
        explicit Dynamics(const Parameters& p)
            : min_action_(Scalar(p.min_action)),
              max_action_(Scalar(p.max_action)),
              min_position_(Scalar(p.min_position)),
              max_position_(Scalar(p.max_position)),
              max_speed_(Scalar(p.max_speed)),
              goal_position_(Scalar(p.goal_position)),
              goal_velocity_(Scalar(p.goal_velocity)),
              power_(Scalar(p.power)) {}

        /// Moves `state` on by one time step.
        XSIMD_INLINE Outcome<Batch> step(State<Batch>& state, const Input<MountainCarContinuous, Batch>& input) const {
            auto& [position, velocity] = state;
            const Batch& action = input.action;
            const Mask single(input.single_precision_actions);
            const Mask below = action < to_float32_where(single, min_action_);
            const Mask above = action > to_float32_where(single, max_action_);
            const Mask clipped = below || above;
            const Mask float32_action = !clipped && single;
            const Mask float32_state = !input.episode_begins;

            // force = clip(action, min_action, max_action)
            const Batch force = clipped_to(action, below, min_action_, above, max_action_);
            // acceleration = force * power - 0.0025 * cos(3 * position)
            const Batch push = to_float32_where(float32_action, force * to_float32_where(float32_action, power_));
            const Batch slope =
                Batch(Scalar(0.0025)) * cosine(to_float32_where(float32_state, Batch(3) * position));
            const Batch acceleration =
                to_float32_where(float32_action, push - to_float32_where(float32_action, slope));

            // velocity = clip(velocity + acceleration, -max_speed, max_speed)
            // A float64 action that was not clipped makes the sum float64; otherwise a float32 velocity stays float32.
            Mask float32 = float32_state && (clipped || float32_action);
            velocity = to_float32_where(float32, velocity + to_float32_where(float32, acceleration));
            const Batch fastest = to_float32_where(float32, max_speed_);
            const Mask too_fast = velocity > fastest, too_fast_to_left = velocity < negate(fastest);
            const Mask limited = too_fast || too_fast_to_left;
            velocity = clipped_to(velocity, too_fast_to_left, negate(max_speed_), too_fast, max_speed_);

            // position = clip(position + velocity, min_position, max_position)
            // if position == min_position and velocity < 0: velocity = 0
            float32 = float32_state && (float32 || limited);
            position = to_float32_where(float32, position + to_float32_where(float32, velocity));
            const Batch leftmost = to_float32_where(float32, min_position_);
            const Mask at_right = position > to_float32_where(float32, max_position_);
            const Mask at_left = position < leftmost;
            const Mask stopped = position <= leftmost && velocity < Batch(0);
            position = clipped_to(position, at_left, min_position_, at_right, max_position_);
            velocity = xsimd::select(stopped, Batch(0), velocity);

            // terminated = position >= goal_position and velocity >= goal_velocity
            const Mask float32_position = float32 && !(at_right || at_left);
            const Mask float32_velocity = float32_state && (clipped || float32_action) && !limited;
            const Mask terminated = position >= to_float32_where(float32_position, goal_position_) &&
                                    velocity >= to_float32_where(float32_velocity, goal_velocity_);
            // reward = (100 if terminated else 0) - 0.1 * action**2
            const Batch reward =
                xsimd::select(terminated, Batch(100), Batch(0)) - squared(action) * Batch(Scalar(0.1));

            // Gymnasium keeps the new state in a float32 array.
            position = to_float32_where(Mask(true), position);
            velocity = to_float32_where(Mask(true), velocity);
            return {reward, terminated};
        }

        /// The observation: the whole state.
        static XSIMD_INLINE std::array<Batch, 2> observation(const State<Batch>& state) { return Valley::observation(state); }

    private:
        using Scalar = typename Batch::value_type;
        using Mask = typename Batch::batch_bool_type;

        /// Clips x. In double, the result is `low` in the lanes of `below` and `high` in those of `above`; in float, the masks
        /// are not used, because they follow from x.
        static XSIMD_INLINE Batch clipped_to(const Batch& x, const Mask& below, const Batch& low, const Mask& above,
                                             const Batch& high) {
            if constexpr (std::is_same_v<Scalar, float>)
                return xsimd::min(xsimd::max(x, low), high);
            else
                return xsimd::select(above, high, xsimd::select(below, low, x));
        }

        Batch min_action_, max_action_, min_position_, max_position_, max_speed_, goal_position_, goal_velocity_, power_;
    };
};

}  // namespace operant
