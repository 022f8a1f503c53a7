#pragma once
/// \file
/// Pendulum: swing a pendulum up with a torque that is too weak to lift it, and hold it there.
///
/// A rod with moment of inertia m l^2 / 3 is turned by gravity and by the torque u, and theta = 0 is upright:
/// theta_dot_dot = 3 g / (2 l) sin(theta) + 3 / (m l^2) u, integrated by semi-implicit Euler steps. Every operation is in
/// the order of Gymnasium's Pendulum-v1.

#include <array>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <string_view>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/math/angle.hpp>
#include <operant/math/arithmetic.hpp>

namespace operant {

/// The description of Gymnasium's Pendulum-v1; `VectorEnv<Pendulum>` steps many envs of it.
///
/// Observation: cosine and sine of the angle (0 is upright), and the angular velocity [rad/s]. Reward: -(angle^2 + 0.1
/// velocity^2 + 0.001 torque^2), with angle and velocity before the step. An episode starts with the angle uniform in
/// +-pi and the velocity uniform in +-1. It never terminates.
struct Pendulum : Environment {
    static constexpr std::string_view name = "Pendulum";    ///< Gymnasium's id without the version
    static constexpr std::int32_t max_episode_steps = 200;  ///< after so many steps an episode is truncated
    using ActionSpace = Interval;                           ///< the torque [N m]; clipped to +-max_torque

    /// Angle and angular velocity of the pendulum.
    template <class Number>
    struct State {
        Angle<Number> theta;  ///< [rad], 0 upright
        Number theta_dot;     ///< [rad/s]

        OPERANT_MEMBERS(theta, theta_dot)
    };

    /// Gymnasium's attributes of the same names.
    struct Parameters {
        double max_speed = 8.0;
        double max_torque = 2.0;
        double dt = 0.05;
        double g = 10.0;
        double m = 1.0;
        double l = 1.0;

        OPERANT_PARAMETERS(
            (max_speed, Sign::positive, "the largest angular velocity [rad/s]"),
            (max_torque, Sign::positive, "the largest torque [N m]"),
            (dt, Sign::positive, "time between two steps [s]"),
            (g, Sign::any, "acceleration of gravity [m/s^2]"),
            (m, Sign::positive, "mass [kg]"),
            (l, Sign::positive, "length [m]"))
    };

    /// The bounds of actions in float32. Actions beyond them are clipped.
    static constexpr ActionSpace action_space(const Parameters& p) {
        return {{static_cast<float>(-p.max_torque)}, {static_cast<float>(p.max_torque)}};
    }

    /// Cosine and sine lie within +-1, the velocity within its limit.
    static constexpr Box<3> observation_space(const Parameters& p) {
        const auto speed = static_cast<float>(p.max_speed);
        return {{-1, -1, -speed}, {1, 1, speed}};
    }

    /// The start of an episode: the angle uniform within +-x_init, the angular velocity within +-y_init.
    struct ResetBounds {
        double x_init = std::numbers::pi;  ///< [rad]
        double y_init = 1.0;               ///< [rad/s]

        OPERANT_MEMBERS(x_init, y_init)
    };

    /// Draws the state that an episode starts from.
    template <class Random>
    static XSIMD_INLINE State<typename Random::Number> reset(const Parameters&, const ResetBounds& bounds, Random& random) {
        const auto theta = random.uniform(-bounds.x_init, bounds.x_init);
        const auto theta_dot = random.uniform(-bounds.y_init, bounds.y_init);
        return {theta, theta_dot};
    }

    /// The equations of motion, with one env in each lane of `Batch`.
    template <class Batch>
    class Dynamics {
    public:
        /// Computes the constants of the equations from the parameters, rounded to the precision of `Batch`.
        explicit Dynamics(const Parameters& p)
            : max_speed_(Scalar(p.max_speed)),
              min_speed_(negate(max_speed_)),
              max_torque_(Scalar(p.max_torque)),
              min_torque_(negate(max_torque_)),
              dt_(Scalar(p.dt)),
              angle_dt_(dt_),
              gravity_factor_(Scalar(3 * p.g / (2 * p.l))),
              torque_factor_(Scalar(3.0 / (p.m * pow_2(p.l)))),
              max_angle_(Scalar(p.max_speed * p.dt)) {}

        /// Moves `state` on by one time step.
        XSIMD_INLINE Outcome<Batch> step(State<Batch>& state, const Input<Pendulum, Batch>& input) const {
            auto& [theta, theta_dot] = state;
            // numpy clips, squares and scales a float32 action in float32.
            // u = clip(u, -max_torque, max_torque)
            const Mask float32(input.single_precision_actions);
            const Batch u = xsimd::min(xsimd::max(input.action, to_float32_where(float32, min_torque_)),
                                       to_float32_where(float32, max_torque_));
            // costs = angle_normalize(theta)**2 + 0.1 * theta_dot**2 + 0.001 * u**2
            const Batch effort =
                to_float32_where(float32, to_float32_where(float32, Batch(Scalar(0.001))) * squared_torque(u, float32));
            const Batch costs =
                multiply_add(Batch(Scalar(0.1)), squared(theta_dot), squared(theta.normalized())) + effort;

            // theta_dot = clip(theta_dot + (3 * g / (2 * l) * sin(theta) + 3.0 / (m * l**2) * u) * dt, -max_speed, max_speed)
            const Batch torque = to_float32_where(float32, to_float32_where(float32, torque_factor_) * u);
            theta_dot = multiply_add(multiply_add(gravity_factor_, theta.sin(), torque), dt_, theta_dot);
            theta_dot = xsimd::min(xsimd::max(theta_dot, min_speed_), max_speed_);
            // theta = theta + theta_dot * dt
            theta.advance(theta_dot, angle_dt_, xsimd::all(max_angle_ < Batch(3)));
            return {negate(costs), Mask(false)};
        }

        /// The observation of a state.
        static XSIMD_INLINE std::array<Batch, 3> observation(const State<Batch>& state) {
            const auto [sin_theta, cos_theta] = state.theta.sin_and_cos();
            return {cos_theta, sin_theta, state.theta_dot};
        }

    private:
        using Scalar = typename Batch::value_type;
        using Mask = typename Batch::batch_bool_type;

        /// u**2. For a float32 action, numpy computes it with the C library's powf.
        static XSIMD_INLINE Batch squared_torque(const Batch& u, const Mask& float32) {
            if constexpr (std::is_same_v<Scalar, double>) {
                const Batch in_float32 =
                    lane_by_lane(u, [](double lane) { return double{pow_2(static_cast<float>(lane))}; });
                return xsimd::select(float32, in_float32, squared(u));
            } else {
                return squared(u);
            }
        }

        Batch max_speed_, min_speed_, max_torque_, min_torque_, dt_;
        typename Angle<Batch>::Time angle_dt_;
        Batch gravity_factor_, torque_factor_;
        Batch max_angle_;  // [rad], the most that a step can turn the pendulum
    };
};

}  // namespace operant
