#pragma once
/// \file
/// Acrobot: two links with a motor between them, which has to swing the tip up above a line.
///
/// R. S. Sutton, "Generalization in Reinforcement Learning: Successful Examples Using Sparse Coarse Coding", NIPS 8,
/// 1996; R. S. Sutton and A. G. Barto, "Reinforcement Learning: An Introduction", 1998, section 11.3; integrated by the
/// classical Runge-Kutta method. Every operation is in the order of Gymnasium's Acrobot-v1.

#include <array>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/math/arithmetic.hpp>
#include <operant/math/trigonometry.hpp>

namespace operant {

/// The description of Gymnasium's Acrobot-v1; `VectorEnv<Acrobot>` steps many envs of it.
///
/// Observation: cosine and sine of the first link's angle (0 hangs down), cosine and sine of the second link's angle
/// relative to the first, and both angular velocities [rad/s]. Reward: -1 per step, and 0 for the step that terminates. An
/// episode starts with angles and velocities uniform in +-0.1, and terminates when the tip is one link's length above the
/// first joint.
struct Acrobot : Environment {
    static constexpr std::string_view name = "Acrobot";     ///< Gymnasium's id without the version
    static constexpr std::int32_t max_episode_steps = 500;  ///< after so many steps an episode is truncated
    using ActionSpace = Discrete<3>;                        ///< the torque between the links: AVAIL_TORQUE[action] [N m]

    /// Angles and angular velocities of the links. theta1 = 0 hangs down; theta2 is relative to the first link.
    template <class Number>
    struct State {
        Number theta1;      ///< [rad]
        Number theta2;      ///< [rad]
        Number theta1_dot;  ///< [rad/s]
        Number theta2_dot;  ///< [rad/s]

        OPERANT_MEMBERS(theta1, theta2, theta1_dot, theta2_dot)
    };

    /// The equations of motion: the book's, or the NIPS paper's, which lack a term in theta1_dot squared.
    enum class Equations { book, nips };

    /// Gymnasium's attributes of the same names.
    struct Parameters {
        double dt = 0.2;
        double LINK_LENGTH_1 = 1.0;
        double LINK_LENGTH_2 = 1.0;
        double LINK_MASS_1 = 1.0;
        double LINK_MASS_2 = 1.0;
        double LINK_COM_POS_1 = 0.5;
        double LINK_COM_POS_2 = 0.5;
        double LINK_MOI = 1.0;
        double MAX_VEL_1 = 4 * std::numbers::pi;
        double MAX_VEL_2 = 9 * std::numbers::pi;
        std::array<double, 3> AVAIL_TORQUE = {-1.0, 0.0, 1.0};
        double torque_noise_max = 0.0;
        Equations book_or_nips = Equations::book;

        OPERANT_PARAMETERS(
            (dt, Sign::positive, "time between two steps [s]"),
            (LINK_LENGTH_1, Sign::positive, "length of the first link [m]"),
            (LINK_LENGTH_2, Sign::positive, "length of the second link [m]; no equation uses it, only pictures show it"),
            (LINK_MASS_1, Sign::positive, "mass of the first link [kg]"),
            (LINK_MASS_2, Sign::positive, "mass of the second link [kg]"),
            (LINK_COM_POS_1, Sign::not_negative, "from the first link's upper end to its centre of mass [m]"),
            (LINK_COM_POS_2, Sign::not_negative, "the same for the second link [m]"),
            (LINK_MOI, Sign::positive, "moment of inertia of each link [kg m^2]"),
            (MAX_VEL_1, Sign::positive, "the largest angular velocity of the first link [rad/s]"),
            (MAX_VEL_2, Sign::positive, "the largest angular velocity of the second link [rad/s]"),
            (AVAIL_TORQUE, Sign::any, "the torques of the three actions [N m]"),
            (torque_noise_max, Sign::not_negative, "limit of the uniform noise on the torque [N m]"),
            (book_or_nips, choices("book", "nips"),
             "the equations of the book, or of the paper, which lack a term in theta1_dot^2"))
    };

    /// The reward of a step, and the number that a termination adds to it.
    static constexpr FixedReward fixed_reward(const Parameters&) { return {-1, 1}; }

    /// Cosines and sines lie within +-1, velocities within their limits.
    static constexpr Box<6> observation_space(const Parameters& p) {
        const auto v1 = static_cast<float>(p.MAX_VEL_1), v2 = static_cast<float>(p.MAX_VEL_2);
        return {{-1, -1, -1, -1, -v1, -v2}, {1, 1, 1, 1, v1, v2}};
    }

    /// The start of an episode: every state variable uniform between two bounds.
    struct ResetBounds {
        double low = -0.1;  ///< [rad], [rad/s]
        double high = 0.1;  ///< [rad], [rad/s]

        OPERANT_MEMBERS(low, high)
    };

    /// Draws the state that an episode starts from. Gymnasium rounds it to float32.
    template <class Random>
    static XSIMD_INLINE State<typename Random::Number> reset(const Parameters&, const ResetBounds& bounds, Random& random) {
        const auto theta1 = to_float32(random.uniform(bounds.low, bounds.high));
        const auto theta2 = to_float32(random.uniform(bounds.low, bounds.high));
        const auto theta1_dot = to_float32(random.uniform(bounds.low, bounds.high));
        const auto theta2_dot = to_float32(random.uniform(bounds.low, bounds.high));
        return {theta1, theta2, theta1_dot, theta2_dot};
    }

    /// The equations of motion, with one env in each lane of `Batch`.
    template <class Batch>
    class Dynamics {
    public:
        /// Computes the constants of the equations from the parameters, rounded to the precision of `Batch`.
        explicit Dynamics(const Parameters& p)
            : dt_(Scalar(p.dt)),
              half_dt_(Scalar(p.dt / 2.0)),
              sixth_dt_(Scalar(p.dt / 6.0)),
              m1_lc1_squared_(Scalar(p.LINK_MASS_1 * pow_2(p.LINK_COM_POS_1))),
              m2_(Scalar(p.LINK_MASS_2)),
              l1_squared_plus_lc2_squared_(Scalar(pow_2(p.LINK_LENGTH_1) + pow_2(p.LINK_COM_POS_2))),
              two_l1_lc2_(Scalar(2 * p.LINK_LENGTH_1 * p.LINK_COM_POS_2)),
              lc2_squared_(Scalar(pow_2(p.LINK_COM_POS_2))),
              l1_lc2_(Scalar(p.LINK_LENGTH_1 * p.LINK_COM_POS_2)),
              moi_(Scalar(p.LINK_MOI)),
              m2_lc2_g_(Scalar(p.LINK_MASS_2 * p.LINK_COM_POS_2 * gravity)),
              m2_l1_lc2_(Scalar(p.LINK_MASS_2 * p.LINK_LENGTH_1 * p.LINK_COM_POS_2)),
              two_m2_l1_lc2_(Scalar(2 * p.LINK_MASS_2 * p.LINK_LENGTH_1 * p.LINK_COM_POS_2)),
              m1_lc1_plus_m2_l1_g_(
                  Scalar((p.LINK_MASS_1 * p.LINK_COM_POS_1 + p.LINK_MASS_2 * p.LINK_LENGTH_1) * gravity)),
              m2_lc2_squared_plus_moi_(Scalar(p.LINK_MASS_2 * pow_2(p.LINK_COM_POS_2) + p.LINK_MOI)),
              max_velocity_1_(Scalar(p.MAX_VEL_1)),
              max_velocity_2_(Scalar(p.MAX_VEL_2)),
              torques_{Batch(Scalar(p.AVAIL_TORQUE[0])), Batch(Scalar(p.AVAIL_TORQUE[1])),
                       Batch(Scalar(p.AVAIL_TORQUE[2]))},
              torque_noise_max_(Scalar(p.torque_noise_max)),
              nips_(p.book_or_nips == Equations::nips) {}

        /// Moves `state` on by one time step.
        template <class Random>
        XSIMD_INLINE Outcome<Batch> step(State<Batch>& state, const Input<Acrobot, Batch>& input, Random& random) const {
            Batch torque = xsimd::select(xsimd::batch_bool_cast<Scalar>(input.action == 0), torques_[0],
                                         xsimd::select(xsimd::batch_bool_cast<Scalar>(input.action == 1), torques_[1],
                                                       torques_[2]));
            const auto noisy = torque_noise_max_ > Batch(0);
            if (xsimd::any(noisy)) torque = torque + random.uniform(negate(torque_noise_max_), torque_noise_max_, noisy);

            // One Runge-Kutta step, in which the torque is constant:
            // k1 = f(y), k2 = f(y + dt/2 * k1), k3 = f(y + dt/2 * k2), k4 = f(y + dt * k3)
            // y = y + dt/6 * (k1 + 2 * k2 + 2 * k3 + k4)
            Vector y = {state.theta1, state.theta2, state.theta1_dot, state.theta2_dot};
            const Vector k1 = derivatives(y, torque);
            const Vector k2 = derivatives(advanced(y, half_dt_, k1), torque);
            const Vector k3 = derivatives(advanced(y, half_dt_, k2), torque);
            const Vector k4 = derivatives(advanced(y, dt_, k3), torque);
            for (std::size_t i = 0; i < y.size(); ++i) {
                const Batch sum = multiply_add(Batch(2), k3[i], multiply_add(Batch(2), k2[i], k1[i])) + k4[i];
                y[i] = multiply_add(sixth_dt_, sum, y[i]);
            }
            // theta = wrap(theta, -pi, pi), theta_dot = clip(theta_dot, -MAX_VEL, MAX_VEL)
            auto& [theta1, theta2, theta1_dot, theta2_dot] = state;
            theta1 = wrapped(y[0]);
            theta2 = wrapped(y[1]);
            theta1_dot = xsimd::min(xsimd::max(y[2], negate(max_velocity_1_)), max_velocity_1_);
            theta2_dot = xsimd::min(xsimd::max(y[3], negate(max_velocity_2_)), max_velocity_2_);

            // terminated = -cos(theta1) - cos(theta2 + theta1) > 1, the first as for the observation, so that it is computed once
            const auto terminated = negate(sincos(theta1).cos) - cosine(theta2 + theta1) > Batch(1);
            return {xsimd::select(terminated, Batch(0), Batch(-1)), terminated};
        }

        /// The observation of a state.
        static XSIMD_INLINE std::array<Batch, 6> observation(const State<Batch>& state) {
            const auto [sin1, cos1] = sincos(state.theta1);
            const auto [sin2, cos2] = sincos(state.theta2);
            return {cos1, sin1, cos2, sin2, state.theta1_dot, state.theta2_dot};
        }

    private:
        using Scalar = typename Batch::value_type;
        using Vector = std::array<Batch, 4>;  // a state (theta1, theta2, theta1_dot, theta2_dot), or its time derivative
        static constexpr double gravity = 9.8;

        /// The time derivative of the state y under the motor's torque.
        XSIMD_INLINE Vector derivatives(const Vector& y, const Batch& torque) const {
            const auto& [theta1, theta2, theta1_dot, theta2_dot] = y;
            const auto [sin2, cos2] = sincos(theta2);

            // d1 = m1 * lc1**2 + m2 * (l1**2 + lc2**2 + 2 * l1 * lc2 * cos(theta2)) + I1 + I2
            const Batch d1 = m1_lc1_squared_ +
                             m2_ * multiply_add(two_l1_lc2_, cos2, l1_squared_plus_lc2_squared_) + moi_ + moi_;
            // d2 = m2 * (lc2**2 + l1 * lc2 * cos(theta2)) + I2
            const Batch d2 = multiply_add(m2_, multiply_add(l1_lc2_, cos2, lc2_squared_), moi_);
            // phi2 = m2 * lc2 * g * cos(theta1 + theta2 - pi / 2)
            const Batch phi2 = m2_lc2_g_ * cos_a_quarter_turn_before(theta1 + theta2);
            // phi1 = -m2 * l1 * lc2 * theta2_dot**2 * sin(theta2) - 2 * m2 * l1 * lc2 * theta2_dot * theta1_dot * sin(theta2)
            //        + (m1 * lc1 + m2 * l1) * g * cos(theta1 - pi / 2) + phi2
            const Batch phi1 = negate(m2_l1_lc2_) * squared(theta2_dot) * sin2 -
                               two_m2_l1_lc2_ * theta2_dot * theta1_dot * sin2 +
                               m1_lc1_plus_m2_l1_g_ * cos_a_quarter_turn_before(theta1) + phi2;
            // theta2_dot_dot = (torque + d2 / d1 * phi1 - m2 * l1 * lc2 * theta1_dot**2 * sin(theta2) - phi2)
            //                  / (m2 * lc2**2 + I2 - d2**2 / d1)        (the NIPS paper has no theta1_dot**2)
            const Divisor<Batch> by_d1(d1);
            Batch numerator = multiply_add(d2 / by_d1, phi1, torque);
            if (!nips_) numerator = numerator - m2_l1_lc2_ * squared(theta1_dot) * sin2;
            const Batch theta2_dot_dot = (numerator - phi2) / minus_quotient(m2_lc2_squared_plus_moi_, squared(d2), by_d1);
            // theta1_dot_dot = -(d2 * theta2_dot_dot + phi1) / d1
            const Batch theta1_dot_dot = negate(multiply_add(d2, theta2_dot_dot, phi1)) / by_d1;
            return {theta1_dot, theta2_dot, theta1_dot_dot, theta2_dot_dot};
        }

        /// y + time * slope
        static XSIMD_INLINE Vector advanced(const Vector& y, const Batch& time, const Vector& slope) {
            Vector result;
            for (std::size_t i = 0; i < y.size(); ++i) result[i] = multiply_add(time, slope[i], y[i]);
            return result;
        }

        /// cos(x - pi / 2): in double as Gymnasium writes it; in float as sin(x), which is the same and costs less.
        static XSIMD_INLINE Batch cos_a_quarter_turn_before(const Batch& x) {
            if constexpr (std::is_same_v<Scalar, float>)
                return sine(x);
            else
                return cosine(x - Batch(std::numbers::pi / 2));
        }

        /// Returns the same angle between -pi and pi. In double, turns are subtracted one by one, as in Gymnasium. Beyond a
        /// million radians, which only absurd parameters lead to, that would take too long, so one division replaces the
        /// subtractions.
        static XSIMD_INLINE Batch wrapped(const Batch& angle) {
            if constexpr (std::is_same_v<Scalar, float>) {
                return within_half_turn(angle);
            } else {
                return lane_by_lane(angle, [](double x) {
                    constexpr double pi = std::numbers::pi, turn = 2 * pi;
                    if (!(x < 1e6 && x > -1e6)) return ::remainder(x, turn);
                    while (x > pi) x -= turn;
                    while (x < -pi) x += turn;
                    return x;
                });
            }
        }

        Batch dt_, half_dt_, sixth_dt_;
        Batch m1_lc1_squared_, m2_, l1_squared_plus_lc2_squared_, two_l1_lc2_, lc2_squared_, l1_lc2_, moi_;
        Batch m2_lc2_g_, m2_l1_lc2_, two_m2_l1_lc2_, m1_lc1_plus_m2_l1_g_, m2_lc2_squared_plus_moi_;
        Batch max_velocity_1_, max_velocity_2_;
        std::array<Batch, 3> torques_;
        Batch torque_noise_max_;
        bool nips_;
    };
};

}  // namespace operant
