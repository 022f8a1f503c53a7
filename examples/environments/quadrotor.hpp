#pragma once
// Quadrotor: a quadrotor in a vertical plane has to hover at the origin with the thrust of its two rotors.
//
// R. Tedrake, "Underactuated Robotics: Algorithms for Walking, Running, Swimming, Flying, and Manipulation", chapter
// "Acrobots, Cart-Poles, and Quadrotors", section "The Planar Quadrotor". Mass, arm and inertia are those of its example.
//
// This environment shows several continuous actions, and an angle that may turn without limit.

#include <array>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/math/angle.hpp>
#include <operant/math/arithmetic.hpp>

// Observation: position [m], cosine and sine of the angle, velocity [m/s], angular velocity [rad/s]. Reward: minus
// distance^2 + 0.1 (1 - cos theta) + 0.001 (thrust_1^2 + thrust_2^2), with the state before the step. An episode starts
// near hovering, with everything uniform, and terminates when the quadrotor leaves a disc around the origin.
struct Quadrotor : operant::Environment {
    static constexpr std::string_view name = "Quadrotor";
    static constexpr std::int32_t max_episode_steps = 500;
    using ActionSpace = operant::Box<2>;  // thrusts of the right and of the left rotor [N]; clipped

    template <class Number>
    struct State {
        Number x, z;                   // centre of mass, to the right and up [m]
        operant::Angle<Number> theta;  // counterclockwise, 0 level [rad]
        Number x_dot, z_dot;           // [m/s]
        Number theta_dot;              // [rad/s]

        OPERANT_MEMBERS(x, z, theta, x_dot, z_dot, theta_dot)
    };

    struct Parameters {
        double mass = 0.486;
        double arm = 0.25;
        double inertia = 0.00383;
        double gravity = 9.81;
        double max_thrust = 5.0;
        double dt = 0.02;
        double radius = 4.0;

        OPERANT_PARAMETERS(
            (mass, operant::Sign::positive, "[kg]"),
            (arm, operant::Sign::positive, "from the centre of mass to a rotor [m]"),
            (inertia, operant::Sign::positive, "moment of inertia [kg m^2]"),
            (gravity, operant::Sign::any, "[m/s^2]"),
            (max_thrust, operant::Sign::positive, "of each rotor [N]"),
            (dt, operant::Sign::positive, "time between two steps [s]"),
            (radius, operant::Sign::positive, "of the disc that it must not leave [m]"))
    };

    static constexpr ActionSpace action_space(const Parameters& p) {
        const auto most = static_cast<float>(p.max_thrust);
        return {{0, 0}, {most, most}};
    }

    static constexpr operant::Box<7> observation_space(const Parameters&) {
        constexpr float infinity = std::numeric_limits<float>::infinity();
        return {{-infinity, -infinity, -1, -1, -infinity, -infinity, -infinity},
                {infinity, infinity, 1, 1, infinity, infinity, infinity}};
    }

    // An episode starts with position, angle and all velocities uniform within plus or minus these.
    struct ResetBounds {
        double position = 1.0;                  // [m]
        double angle = std::numbers::pi / 4;    // [rad]
        double velocity = 0.5;                  // [m/s], [rad/s]

        OPERANT_MEMBERS(position, angle, velocity)
    };

    template <class Random>
    static XSIMD_INLINE State<typename Random::Number> reset(const Parameters&, const ResetBounds& bounds, Random& random) {
        const auto within = [&](double bound) { return random.uniform(-bound, bound); };
        const auto x = within(bounds.position), z = within(bounds.position);
        const auto theta = within(bounds.angle);
        const auto x_dot = within(bounds.velocity), z_dot = within(bounds.velocity);
        const auto theta_dot = within(bounds.velocity);
        return {x, z, theta, x_dot, z_dot, theta_dot};
    }

    template <class Batch>
    class Dynamics {
    public:
        explicit Dynamics(const Parameters& p)
            : per_mass_(Scalar(1 / p.mass)),
              arm_per_inertia_(Scalar(p.arm / p.inertia)),
              gravity_(Scalar(p.gravity)),
              max_thrust_(Scalar(p.max_thrust)),
              dt_(Scalar(p.dt)),
              radius_squared_(Scalar(p.radius * p.radius)) {}

        // One semi-implicit Euler step: first the velocities, then the positions with the new velocities.
        XSIMD_INLINE operant::Outcome<Batch> step(State<Batch>& state, const operant::Input<Quadrotor, Batch>& input) const {
            using operant::multiply_add;
            auto& [x, z, theta, x_dot, z_dot, theta_dot] = state;
            const Batch right = clipped(input.action[0]), left = clipped(input.action[1]);
            const auto [sin_theta, cos_theta] = theta.sin_and_cos();

            // cost = x^2 + z^2 + 0.1 (1 - cos theta) + 0.001 (thrust_1^2 + thrust_2^2)
            const Batch effort = multiply_add(right, right, left * left);
            const Batch cost = multiply_add(Batch(Scalar(0.001)), effort,
                                            multiply_add(Batch(Scalar(0.1)), Batch(1) - cos_theta, distance_squared(x, z)));

            // x'' = -(thrust_1 + thrust_2) / m sin theta
            // z'' = (thrust_1 + thrust_2) / m cos theta - g
            // theta'' = (thrust_1 - thrust_2) arm / I
            // x' = x' + dt x'', x = x + dt x', and the same for z and theta
            const Batch lift = (right + left) * per_mass_;
            x_dot = operant::negated_multiply_add(dt_ * lift, sin_theta, x_dot);
            z_dot = multiply_add(dt_, multiply_add(lift, cos_theta, -gravity_), z_dot);
            theta_dot = multiply_add(dt_ * arm_per_inertia_, right - left, theta_dot);
            x = multiply_add(dt_, x_dot, x);
            z = multiply_add(dt_, z_dot, z);
            theta.advance(theta_dot, dt_);
            return {-cost, distance_squared(x, z) > radius_squared_};
        }

        static XSIMD_INLINE std::array<Batch, 7> observation(const State<Batch>& state) {
            const auto [sin_theta, cos_theta] = state.theta.sin_and_cos();
            return {state.x, state.z, cos_theta, sin_theta, state.x_dot, state.z_dot, state.theta_dot};
        }

    private:
        using Scalar = typename Batch::value_type;

        XSIMD_INLINE Batch clipped(const Batch& thrust) const { return xsimd::min(xsimd::max(thrust, Batch(0)), max_thrust_); }

        static XSIMD_INLINE Batch distance_squared(const Batch& x, const Batch& z) {
            return operant::multiply_add(x, x, z * z);
        }

        Batch per_mass_, arm_per_inertia_, gravity_, max_thrust_, dt_, radius_squared_;
    };
};
