#pragma once
// PointMass: push a mass in the plane to a goal. Every episode has another goal.
//
// Two double integrators: V. G. Rao and D. S. Bernstein, "Naive Control of the Double Integrator", IEEE Control Systems
// Magazine 21(5), 2001.
//
// This environment shows a goal in the state, normally distributed starts that need a loop, noise in a step, the info
// `distance`, and episodes that are truncated for another reason than their length.

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/math/arithmetic.hpp>

// Observation: position [m], velocity [m/s] and goal [m]. Reward: minus the distance to the goal. An episode terminates
// when the mass reaches the goal, and is truncated when it leaves a square around the origin.
struct PointMass : operant::Environment {
    static constexpr std::string_view name = "PointMass";
    static constexpr std::int32_t max_episode_steps = 200;
    using ActionSpace = operant::Box<2>;  // acceleration in both directions [m/s^2]; clipped

    template <class Number>
    struct State {
        Number x, y;            // [m]
        Number x_dot, y_dot;    // [m/s]
        Number goal_x, goal_y;  // constant during an episode [m]

        OPERANT_MEMBERS(x, y, x_dot, y_dot, goal_x, goal_y)
    };

    // The info of a step and of a reset.
    template <class Batch>
    struct Info {
        Batch distance;  // to the goal [m]

        OPERANT_MEMBERS(distance)
    };

    struct Parameters {
        double max_acceleration = 1.0;
        double noise = 0.0;
        double dt = 0.05;
        double goal_radius = 0.1;
        double arena = 5.0;

        OPERANT_PARAMETERS(
            (max_acceleration, operant::Sign::positive, "in each direction [m/s^2]"),
            (noise, operant::Sign::not_negative, "deviation of the random part of a second's acceleration [m/s]"),
            (dt, operant::Sign::positive, "time between two steps [s]"),
            (goal_radius, operant::Sign::positive, "distance within which the goal is reached [m]"),
            (arena, operant::Sign::positive, "half the side of the square that it must not leave [m]"))
    };

    static constexpr ActionSpace action_space(const Parameters& p) {
        const auto most = static_cast<float>(p.max_acceleration);
        return {{-most, -most}, {most, most}};
    }

    static constexpr operant::Box<6> observation_space(const Parameters&) { return operant::Box<6>::unbounded(); }

    // An episode starts at rest, with a normally distributed place and a normally distributed goal.
    struct ResetBounds {
        double deviation = 1.0;       // standard deviation of both coordinates of the place [m]
        double goal_deviation = 1.0;  // the same for the goal [m]

        OPERANT_MEMBERS(deviation, goal_deviation)
    };

    // A goal that would be reached at once is drawn again, up to a hundred times. A loop whose length is random cannot run
    // on batches, so this function takes one generator and is called once per env.
    static XSIMD_INLINE State<double> reset(const Parameters& p, const ResetBounds& bounds, operant::Pcg64& random) {
        State<double> state{};
        state.x = random.normal(0, bounds.deviation);
        state.y = random.normal(0, bounds.deviation);
        for (int draws = 0; draws < 100; ++draws) {
            state.goal_x = random.normal(0, bounds.goal_deviation);
            state.goal_y = random.normal(0, bounds.goal_deviation);
            const double dx = state.goal_x - state.x, dy = state.goal_y - state.y;
            if (dx * dx + dy * dy > p.goal_radius * p.goal_radius) break;
        }
        return state;
    }

    template <class Batch>
    static XSIMD_INLINE Info<Batch> reset_info(const State<Batch>& state) {
        return {distance(state)};
    }

    template <class Batch>
    struct Outcome {
        Batch reward;
        typename Batch::batch_bool_type terminated, truncated;
        Info<Batch> info;
    };

    template <class Batch>
    class Dynamics {
    public:
        explicit Dynamics(const Parameters& p)
            : max_acceleration_(Scalar(p.max_acceleration)),
              noise_(Scalar(p.noise * std::sqrt(p.dt))),
              dt_(Scalar(p.dt)),
              goal_radius_(Scalar(p.goal_radius)),
              arena_(Scalar(p.arena)) {}

        // One semi-implicit Euler step: first the velocities, then the positions with the new velocities.
        template <class Random>
        XSIMD_INLINE Outcome<Batch> step(State<Batch>& state, const operant::Input<PointMass, Batch>& input,
                                         Random& random) const {
            using operant::multiply_add;
            auto& [x, y, x_dot, y_dot, goal_x, goal_y] = state;

            // v = v + a dt + noise sqrt(dt) normal(0, 1), x = x + v dt
            // Envs without noise draw no random numbers.
            x_dot = multiply_add(dt_, clipped(input.action[0]), x_dot);
            y_dot = multiply_add(dt_, clipped(input.action[1]), y_dot);
            const auto noisy = noise_ > Batch(0);
            if (xsimd::any(noisy)) {
                x_dot = x_dot + random.normal(0, noise_, noisy);
                y_dot = y_dot + random.normal(0, noise_, noisy);
            }
            x = multiply_add(dt_, x_dot, x);
            y = multiply_add(dt_, y_dot, y);

            const Batch to_goal = distance(state);
            const auto outside = xsimd::abs(x) > arena_ || xsimd::abs(y) > arena_;
            return {-to_goal, to_goal < goal_radius_, outside, {to_goal}};
        }

        static XSIMD_INLINE std::array<Batch, 6> observation(const State<Batch>& state) {
            return {state.x, state.y, state.x_dot, state.y_dot, state.goal_x, state.goal_y};
        }

    private:
        using Scalar = typename Batch::value_type;

        XSIMD_INLINE Batch clipped(const Batch& acceleration) const {
            return xsimd::min(xsimd::max(acceleration, -max_acceleration_), max_acceleration_);
        }

        Batch max_acceleration_, noise_, dt_, goal_radius_, arena_;
    };

private:
    template <class Batch>
    static XSIMD_INLINE Batch distance(const State<Batch>& state) {
        const Batch dx = state.goal_x - state.x, dy = state.goal_y - state.y;
        return xsimd::sqrt(operant::multiply_add(dx, dx, dy * dy));
    }
};
