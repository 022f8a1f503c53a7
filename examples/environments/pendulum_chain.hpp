#pragma once
// PendulumChain: twenty pendulums on a common axis. Springs between neighbours resist a difference of their angles, and a
// motor at the first pendulum has to bring all of them to rest.
//
// A. C. Scott, "A Nonlinear Klein-Gordon Equation", American Journal of Physics 37(1), 1969, describes the apparatus. As
// the pendulums get closer, its equations become the sine-Gordon equation.
//
// This environment shows arrays in the state, and many observations.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/math/arithmetic.hpp>
#include <operant/math/trigonometry.hpp>

// Observation: 20 angles [rad], then 20 angular velocities [rad/s]. Reward: minus the mean over all pendulums of
// theta^2 + 0.1 theta'^2, minus 0.001 u^2, with the state before the step. An episode starts near rest: all
// angles and velocities are uniform around 0. It never terminates.
struct PendulumChain : operant::Environment {
    static constexpr std::string_view name = "PendulumChain";
    static constexpr std::int32_t max_episode_steps = 200;
    static constexpr std::size_t pendulums = 20;
    using ActionSpace = operant::Box<1>;  // the motor's part of the first angular acceleration [rad/s^2]; clipped

    template <class Number>
    struct State {
        std::array<Number, pendulums> theta;      // [rad], 0 hanging; not wrapped, as full turns twist the springs
        std::array<Number, pendulums> theta_dot;  // [rad/s]

        OPERANT_MEMBERS(theta, theta_dot)
    };

    struct Parameters {
        double stiffness = 25.0;
        double gravity = 9.8;
        double friction = 0.1;
        double max_acceleration = 10.0;
        double dt = 0.02;

        OPERANT_PARAMETERS(
            (stiffness, operant::Sign::not_negative, "of a spring over a pendulum's moment of inertia [1/s^2]"),
            (gravity, operant::Sign::not_negative, "over the length of a pendulum [1/s^2]"),
            (friction, operant::Sign::not_negative, "[1/s]"),
            (max_acceleration, operant::Sign::positive, "by the motor [rad/s^2]"),
            (dt, operant::Sign::positive, "time between two steps [s]"))
    };

    static constexpr ActionSpace action_space(const Parameters& p) {
        return {{static_cast<float>(-p.max_acceleration)}, {static_cast<float>(p.max_acceleration)}};
    }

    static constexpr operant::Box<2 * pendulums> observation_space(const Parameters&) {
        return operant::Box<2 * pendulums>::unbounded();
    }

    // An episode starts with every angle and every velocity uniform between two bounds.
    struct ResetBounds {
        double low = -0.5;  // [rad], [rad/s]
        double high = 0.5;  // [rad], [rad/s]

        OPERANT_MEMBERS(low, high)
    };

    template <class Random>
    static XSIMD_INLINE State<typename Random::Number> reset(const Parameters&, const ResetBounds& bounds, Random& random) {
        State<typename Random::Number> state;
        for (auto& theta : state.theta) theta = random.uniform(bounds.low, bounds.high);
        for (auto& theta_dot : state.theta_dot) theta_dot = random.uniform(bounds.low, bounds.high);
        return state;
    }

    template <class Batch>
    class Dynamics {
    public:
        explicit Dynamics(const Parameters& p)
            : stiffness_(Scalar(p.stiffness)),
              gravity_(Scalar(p.gravity)),
              friction_(Scalar(p.friction)),
              max_acceleration_(Scalar(p.max_acceleration)),
              dt_(Scalar(p.dt)) {}

        // One semi-implicit Euler step: first the velocities, then the angles with the new velocities.
        XSIMD_INLINE operant::Outcome<Batch> step(State<Batch>& state,
                                                  const operant::Input<PendulumChain, Batch>& input) const {
            using operant::multiply_add;
            auto& [theta, theta_dot] = state;
            const Batch u = xsimd::min(xsimd::max(input.action, -max_acceleration_), max_acceleration_);
            Batch angles(0), velocities(0);  // sums of squares
            Batch twist_before(0), motor = u;
            for (std::size_t i = 0; i < pendulums; ++i) {
                angles = multiply_add(theta[i], theta[i], angles);
                velocities = multiply_add(theta_dot[i], theta_dot[i], velocities);

                // theta_i'' = k ((theta_i+1 - theta_i) - (theta_i - theta_i-1)) - g sin theta_i - friction theta_i' [+ u]
                const Batch twist = i + 1 < pendulums ? theta[i + 1] - theta[i] : Batch(0);
                const Batch driven = operant::negated_multiply_add(friction_, theta_dot[i], motor);
                // sincos_of_small is fast for angles within an eighth turn, which most are, and right for all.
                const Batch falling = operant::negated_multiply_add(gravity_, operant::sincos_of_small(theta[i]).sin, driven);
                const Batch acceleration = multiply_add(stiffness_, twist - twist_before, falling);
                theta_dot[i] = multiply_add(dt_, acceleration, theta_dot[i]);
                theta[i] = multiply_add(dt_, theta_dot[i], theta[i]);  // the next pendulum uses twist_before, not this angle
                twist_before = twist;
                motor = Batch(0);
            }
            // cost = mean(theta^2 + 0.1 theta'^2) + 0.001 u^2
            const Batch sum = multiply_add(Batch(Scalar(0.1)), velocities, angles);
            const Batch cost = multiply_add(Batch(Scalar(0.001)), u * u, sum * Batch(Scalar(1.0 / pendulums)));
            return {-cost, Mask(false)};
        }

        static XSIMD_INLINE std::array<Batch, 2 * pendulums> observation(const State<Batch>& state) {
            std::array<Batch, 2 * pendulums> observation;
            for (std::size_t i = 0; i < pendulums; ++i) {
                observation[i] = state.theta[i];
                observation[pendulums + i] = state.theta_dot[i];
            }
            return observation;
        }

    private:
        using Scalar = typename Batch::value_type;
        using Mask = typename Batch::batch_bool_type;

        Batch stiffness_, gravity_, friction_, max_acceleration_, dt_;
    };
};
