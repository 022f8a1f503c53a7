#pragma once
// DoubleIntegrator: a bounded force has to bring a mass on a rail to rest at the origin.
//
// V. G. Rao and D. S. Bernstein, "Naive Control of the Double Integrator", IEEE Control Systems Magazine 21(5), 2001.
// With the force u held between two steps, the motion is known exactly:
//
//   position' = position + velocity dt + u dt^2 / 2        velocity' = velocity + u dt        (mass 1)
//
// In Python: DoubleIntegratorVecEnv = operant.load("double_integrator.hpp")
// In C++: operant::VectorEnv<DoubleIntegrator>, of <operant/vector_env.hpp>
//
// operant/environments/cartpole.hpp explains each part. operant/environment.hpp lists all members that an environment may
// have.

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

#include <operant/environment.hpp>

struct DoubleIntegrator : operant::Environment {
    static constexpr std::string_view name = "DoubleIntegrator";
    static constexpr std::int32_t max_episode_steps = 200;
    using ActionSpace = operant::Box<1>;  // the force [N]; clipped to +-max_force

    template <class Number>
    struct State {
        Number position;  // [m]
        Number velocity;  // [m/s]

        OPERANT_MEMBERS(position, velocity)
    };

    struct Parameters {
        double dt = 0.05;
        double max_force = 1.0;
        double rail_end = 5.0;

        OPERANT_PARAMETERS(
            (dt, operant::Sign::positive, "time between two steps, s"),
            (max_force, operant::Sign::positive, "N"),
            (rail_end, operant::Sign::positive, "beyond this distance from the origin the episode terminates, m"))
    };

    static constexpr ActionSpace action_space(const Parameters& p) {
        return {{static_cast<float>(-p.max_force)}, {static_cast<float>(p.max_force)}};
    }

    static constexpr operant::Box<2> observation_space(const Parameters& p) {
        constexpr float infinity = std::numeric_limits<float>::infinity();
        const auto end = static_cast<float>(2 * p.rail_end);
        return {{-end, -infinity}, {end, infinity}};
    }

    // An episode starts at rest, at a position uniform between two bounds.
    struct ResetBounds {
        double low = -2.0;
        double high = 2.0;

        OPERANT_MEMBERS(low, high)
    };

    template <class Random>
    static XSIMD_INLINE State<typename Random::Number> reset(const Parameters&, const ResetBounds& bounds, Random& random) {
        return {random.uniform(bounds.low, bounds.high), typename Random::Number(0)};
    }

    template <class Batch>
    class Dynamics {
    public:
        explicit Dynamics(const Parameters& p)
            : dt_(Scalar(p.dt)), max_force_(Scalar(p.max_force)), rail_end_(Scalar(p.rail_end)) {}

        // Moves `state` on by dt.
        XSIMD_INLINE operant::Outcome<Batch> step(State<Batch>& state,
                                                  const operant::Input<DoubleIntegrator, Batch>& input) const {
            auto& [position, velocity] = state;
            const Batch force = xsimd::min(xsimd::max(input.action, -max_force_), max_force_);
            // reward = -(position^2 + u^2), with the position before the step
            const Batch reward = -(position * position + force * force);

            // position = position + dt (velocity + u dt / 2), velocity = velocity + u dt
            const Batch mean_velocity = operant::multiply_add(Batch(Scalar(0.5)) * dt_, force, velocity);
            position = operant::multiply_add(dt_, mean_velocity, position);
            velocity = operant::multiply_add(dt_, force, velocity);
            return {reward, xsimd::abs(position) > rail_end_};
        }

        static XSIMD_INLINE std::array<Batch, 2> observation(const State<Batch>& state) {
            return {state.position, state.velocity};
        }

    private:
        using Scalar = typename Batch::value_type;

        Batch dt_, max_force_, rail_end_;
    };
};
