#pragma once
/// \file
/// CartPole: a cart is pushed to the left or to the right at every step, so that the pole on it does not fall.
///
/// A. G. Barto, R. S. Sutton and C. W. Anderson, "Neuronlike Adaptive Elements That Can Solve Difficult Learning Control
/// Problems", IEEE Transactions on Systems, Man, and Cybernetics 13(5), 1983; equations of motion for a frictionless
/// cart: R. V. Florian, "Correct Equations for the Dynamics of the Cart-Pole System", 2007 (eq. 23 and 24, mu = 0). Every
/// operation is in the order of Gymnasium's CartPole-v1.

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/math/trigonometry.hpp>

namespace operant {

/// The description of Gymnasium's CartPole-v1; `VectorEnv<CartPole>` steps many envs of it.
///
/// Observation: position [m] and velocity [m/s] of the cart, angle [rad] and angular velocity [rad/s] of the pole.
/// Reward: 1 per step. An episode starts with all four uniform in +-0.05 and terminates beyond +-2.4 m or +-12 degrees.
struct CartPole : Environment {
    static constexpr std::string_view name = "CartPole";    ///< Gymnasium's id without the version
    static constexpr std::int32_t max_episode_steps = 500;  ///< after so many steps an episode is truncated
    using ActionSpace = Discrete<2>;                        ///< 0 pushes the cart to the left, 1 to the right

    /// State of the cart and of the pole. `Number` is a number, or a batch with one lane per env.
    template <class Number>
    struct State {
        Number x;          ///< [m]
        Number x_dot;      ///< [m/s]
        Number theta;      ///< [rad], 0 upright
        Number theta_dot;  ///< [rad/s]

        OPERANT_MEMBERS(x, x_dot, theta, theta_dot)
    };

    /// Positions move with the velocities before the step (euler) or after it.
    enum class Integrator { euler, semi_implicit_euler };

    /// Gymnasium's attributes of the same names.
    struct Parameters {
        double gravity = 9.8;
        double masscart = 1.0;
        double masspole = 0.1;
        double length = 0.5;
        double force_mag = 10.0;
        double tau = 0.02;
        Integrator kinematics_integrator = Integrator::euler;
        double theta_threshold_radians = 12 * 2 * std::numbers::pi / 360;
        double x_threshold = 2.4;
        bool sutton_barto_reward = false;

        OPERANT_PARAMETERS(
            (gravity, Sign::any, "acceleration of gravity [m/s^2]"),
            (masscart, Sign::positive, "mass of the cart [kg]"),
            (masspole, Sign::not_negative, "mass of the pole [kg]"),
            (length, Sign::positive, "half the pole's length [m]"),
            (force_mag, Sign::any, "force of a push [N]"),
            (tau, Sign::positive, "time between two steps [s]"),
            (kinematics_integrator, choices("euler", "semi-implicit euler"), "how a step integrates the accelerations"),
            (theta_threshold_radians, Sign::positive, "beyond this angle, the pole has fallen [rad]"),
            (x_threshold, Sign::positive, "the end of the track, from its middle [m]"),
            (sutton_barto_reward, "the rewards of Sutton and Barto's book: 0, and -1 for the step that terminates"))
    };

    /// The reward of a step, and the number that a termination adds to it.
    static constexpr FixedReward fixed_reward(const Parameters& parameters) {
        return parameters.sutton_barto_reward ? FixedReward{0, -1} : FixedReward{1, 0};
    }

    /// The bounds are twice the thresholds, so that the last observation of an episode lies within them.
    static constexpr Box<4> observation_space(const Parameters& parameters) {
        constexpr float infinity = std::numeric_limits<float>::infinity();
        const auto x = static_cast<float>(parameters.x_threshold * 2);
        const auto theta = static_cast<float>(parameters.theta_threshold_radians * 2);
        return {{-x, -infinity, -theta, -infinity}, {x, infinity, theta, infinity}};
    }

    /// The start of an episode: every state variable uniform between two bounds.
    struct ResetBounds {
        double low = -0.05;  ///< [m], [m/s], [rad], [rad/s]
        double high = 0.05;  ///< [m], [m/s], [rad], [rad/s]

        OPERANT_MEMBERS(low, high)
    };

    /// Draws the state that an episode starts from.
    template <class Random>
    static XSIMD_INLINE State<typename Random::Number> reset(const Parameters&, const ResetBounds& bounds, Random& random) {
        const auto x = random.uniform(bounds.low, bounds.high);
        const auto x_dot = random.uniform(bounds.low, bounds.high);
        const auto theta = random.uniform(bounds.low, bounds.high);
        const auto theta_dot = random.uniform(bounds.low, bounds.high);
        return {x, x_dot, theta, theta_dot};
    }

    /// The equations of motion, with one env in each lane of `Batch`.
    template <class Batch>
    class Dynamics {
    public:
        /// Computes the constants of the equations from the parameters, rounded to the precision of `Batch`.
        explicit Dynamics(const Parameters& parameters)
            : gravity_(Scalar(parameters.gravity)),
              masspole_(Scalar(parameters.masspole)),
              total_mass_(parameters.masspole + parameters.masscart),
              length_(Scalar(parameters.length)),
              polemass_length_(Scalar(parameters.masspole * parameters.length)),
              force_mag_(Scalar(parameters.force_mag)),
              tau_(Scalar(parameters.tau)),
              theta_threshold_(Scalar(parameters.theta_threshold_radians)),
              x_threshold_(Scalar(parameters.x_threshold)),
              semi_implicit_(parameters.kinematics_integrator == Integrator::semi_implicit_euler),
              sutton_barto_reward_(parameters.sutton_barto_reward) {}

        /// Moves `state` on by one time step.
        XSIMD_INLINE Outcome<Batch> step(State<Batch>& state, const Input<CartPole, Batch>& input) const {
            auto& [x, x_dot, theta, theta_dot] = state;
            const auto [sin_theta, cos_theta] = sincos_of_small(theta);
            const auto to_right = xsimd::batch_bool_cast<Scalar>(input.action == 1);
            const Batch force = xsimd::select(to_right, force_mag_, negate(force_mag_));

            // temp = (force + polemass_length * theta_dot**2 * sintheta) / total_mass
            const Batch temp =
                multiply_add(polemass_length_ * (theta_dot * theta_dot), sin_theta, force) / total_mass_;
            // thetaacc = (gravity * sintheta - costheta * temp)
            //            / (length * (4.0 / 3.0 - masspole * costheta**2 / total_mass))
            const Batch thetaacc =
                negated_multiply_add(cos_theta, temp, gravity_ * sin_theta) /
                (length_ * minus_quotient(Batch(Scalar(4.0 / 3.0)), masspole_ * (cos_theta * cos_theta), total_mass_));
            // xacc = temp - polemass_length * thetaacc * costheta / total_mass
            const Batch xacc = minus_quotient(temp, polemass_length_ * thetaacc * cos_theta, total_mass_);

            // x = x + tau * x_dot, x_dot = x_dot + tau * xacc, and the same for theta; semi-implicit Euler moves the
            // velocities first
            if (semi_implicit_) {
                x_dot = multiply_add(tau_, xacc, x_dot);
                x = multiply_add(tau_, x_dot, x);
                theta_dot = multiply_add(tau_, thetaacc, theta_dot);
                theta = multiply_add(tau_, theta_dot, theta);
            } else {
                x = multiply_add(tau_, x_dot, x);
                x_dot = multiply_add(tau_, xacc, x_dot);
                theta = multiply_add(tau_, theta_dot, theta);
                theta_dot = multiply_add(tau_, thetaacc, theta_dot);
            }

            const auto terminated = xsimd::abs(x) > x_threshold_ || xsimd::abs(theta) > theta_threshold_;
            const Batch reward = sutton_barto_reward_ ? xsimd::select(terminated, Batch(-1), Batch(0)) : Batch(1);
            return {reward, terminated};
        }

        /// The observation: the whole state.
        static XSIMD_INLINE std::array<Batch, 4> observation(const State<Batch>& state) {
            return {state.x, state.x_dot, state.theta, state.theta_dot};
        }

    private:
        using Scalar = typename Batch::value_type;

        Batch gravity_, masspole_;
        Divisor<Batch> total_mass_;
        Batch length_, polemass_length_, force_mag_, tau_, theta_threshold_, x_threshold_;
        bool semi_implicit_, sutton_barto_reward_;
    };
};

}  // namespace operant
