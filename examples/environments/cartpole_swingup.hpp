#pragma once
// CartPoleSwingUp: a pole hangs from a cart. Pushes on the cart have to swing the pole up and balance it.
//
// Equations of motion for a frictionless cart: R. V. Florian, "Correct Equations for the Dynamics of the Cart-Pole System",
// 2007 (eq. 23 and 24, mu = 0). The reward is the height of the pole's tip, as for the pendulum of K. Doya, "Reinforcement
// Learning in Continuous Time and Space", Neural Computation 12(1), 2000.
//
// This environment shows one continuous action, and the sine of an angle of any size.

#include <array>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/math/angle.hpp>
#include <operant/math/arithmetic.hpp>

// Observation: position [m] and velocity [m/s] of the cart, cosine and sine of the pole's angle, its angular velocity
// [rad/s]. Reward: cos theta, of the state before the step. An episode starts with the pole nearly hanging, and
// terminates when the cart leaves the track.
struct CartPoleSwingUp : operant::Environment {
    static constexpr std::string_view name = "CartPoleSwingUp";
    static constexpr std::int32_t max_episode_steps = 500;
    using ActionSpace = operant::Box<1>;  // force to the right [N]; clipped

    template <class Number>
    struct State {
        Number x;                      // of the cart [m]
        Number x_dot;                  // [m/s]
        operant::Angle<Number> theta;  // of the pole, 0 upright [rad]
        Number theta_dot;              // [rad/s]

        OPERANT_MEMBERS(x, x_dot, theta, theta_dot)
    };

    struct Parameters {
        double gravity = 9.8;
        double masscart = 1.0;
        double masspole = 0.1;
        double length = 0.5;
        double max_force = 10.0;
        double tau = 0.02;
        double x_threshold = 2.4;

        OPERANT_PARAMETERS(
            (gravity, operant::Sign::any, "[m/s^2]"),
            (masscart, operant::Sign::positive, "[kg]"),
            (masspole, operant::Sign::not_negative, "[kg]"),
            (length, operant::Sign::positive, "half the pole's length [m]"),
            (max_force, operant::Sign::positive, "[N]"),
            (tau, operant::Sign::positive, "time between two steps [s]"),
            (x_threshold, operant::Sign::positive, "the track's end [m]"))
    };

    static constexpr ActionSpace action_space(const Parameters& p) {
        return {{static_cast<float>(-p.max_force)}, {static_cast<float>(p.max_force)}};
    }

    static constexpr operant::Box<5> observation_space(const Parameters& p) {
        constexpr float infinity = std::numeric_limits<float>::infinity();
        const auto x = static_cast<float>(2 * p.x_threshold);
        return {{-x, -infinity, -1, -1, -infinity}, {x, infinity, 1, 1, infinity}};
    }

    // An episode starts with every state variable uniform between two bounds, the angle around hanging.
    struct ResetBounds {
        double low = -0.05;  // [m], [m/s], [rad], [rad/s]
        double high = 0.05;  // [m], [m/s], [rad], [rad/s]

        OPERANT_MEMBERS(low, high)
    };

    template <class Random>
    static XSIMD_INLINE State<typename Random::Number> reset(const Parameters&, const ResetBounds& bounds, Random& random) {
        const auto x = random.uniform(bounds.low, bounds.high);
        const auto x_dot = random.uniform(bounds.low, bounds.high);
        const auto theta = std::numbers::pi + random.uniform(bounds.low, bounds.high);
        const auto theta_dot = random.uniform(bounds.low, bounds.high);
        return {x, x_dot, theta, theta_dot};
    }

    template <class Batch>
    class Dynamics {
    public:
        explicit Dynamics(const Parameters& p)
            : gravity_(Scalar(p.gravity)),
              masspole_(Scalar(p.masspole)),
              total_mass_(p.masspole + p.masscart),
              length_(Scalar(p.length)),
              polemass_length_(Scalar(p.masspole * p.length)),
              max_force_(Scalar(p.max_force)),
              tau_(Scalar(p.tau)),
              x_threshold_(Scalar(p.x_threshold)) {}

        // One semi-implicit Euler step: first the velocities, then the positions with the new velocities.
        XSIMD_INLINE operant::Outcome<Batch> step(State<Batch>& state,
                                                  const operant::Input<CartPoleSwingUp, Batch>& input) const {
            using operant::multiply_add;
            auto& [x, x_dot, theta, theta_dot] = state;
            const Batch force = xsimd::min(xsimd::max(input.action, -max_force_), max_force_);
            const auto [sin_theta, cos_theta] = theta.sin_and_cos();

            // temp = (force + m_p l theta'^2 sin theta) / m
            const Batch temp = multiply_add(polemass_length_ * (theta_dot * theta_dot), sin_theta, force) / total_mass_;
            // theta'' = (g sin theta - cos theta temp) / (l (4/3 - m_p cos^2 theta / m))
            const Batch theta_dot_dot =
                operant::negated_multiply_add(cos_theta, temp, gravity_ * sin_theta) /
                (length_ * minus_quotient(Batch(Scalar(4.0 / 3.0)), masspole_ * (cos_theta * cos_theta), total_mass_));
            // x'' = temp - m_p l theta'' cos theta / m
            const Batch x_dot_dot = minus_quotient(temp, polemass_length_ * theta_dot_dot * cos_theta, total_mass_);

            // x' = x' + tau x'', x = x + tau x', and the same for theta
            x_dot = multiply_add(tau_, x_dot_dot, x_dot);
            x = multiply_add(tau_, x_dot, x);
            theta_dot = multiply_add(tau_, theta_dot_dot, theta_dot);
            theta.advance(theta_dot, tau_);
            return {cos_theta, xsimd::abs(x) > x_threshold_};
        }

        static XSIMD_INLINE std::array<Batch, 5> observation(const State<Batch>& state) {
            const auto [sin_theta, cos_theta] = state.theta.sin_and_cos();
            return {state.x, state.x_dot, cos_theta, sin_theta, state.theta_dot};
        }

    private:
        using Scalar = typename Batch::value_type;

        Batch gravity_, masspole_;
        operant::Divisor<Batch> total_mass_;
        Batch length_, polemass_length_, max_force_, tau_, x_threshold_;
    };
};
