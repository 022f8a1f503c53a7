#pragma once
// An environment of one's own: a mass on a rail, to be brought to rest at the origin by a bounded force.
//
// V. G. Rao and D. S. Bernstein, "Naive Control of the Double Integrator", IEEE Control Systems Magazine 21(5), 2001.
// With the force u held between two steps, the motion is known exactly:
//
//   position' = position + velocity dt + u dt^2 / 2        velocity' = velocity + u dt        (mass 1)
//
// operant/cartpole.hpp says more about each part; operant/environment.hpp lists what an environment may have besides.

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/numerics/arithmetic.hpp>
#include <operant/environment.hpp>
#include <operant/spaces.hpp>
#include <operant/vector_env.hpp>

struct DoubleIntegrator {
    static constexpr std::string_view name = "DoubleIntegrator";
    static constexpr std::size_t state_size = 2;  // position [m], velocity [m/s]
    static constexpr std::size_t observation_size = 2;
    static constexpr std::int32_t max_episode_steps = 200;
    using ActionSpace = operant::Interval;  // the force [N]; clipped to +-max_force

    struct Parameters {
        double dt = 0.05;        // time between two steps [s]
        double max_force = 1.0;  // [N]
        double rail_end = 5.0;   // beyond this distance from the origin the episode terminates [m]
    };

    template <class P, class Visitor>
    static void visit_parameters(P& p, const Visitor& visit) {
        visit("dt", p.dt, operant::Sign::positive);
        visit("max_force", p.max_force, operant::Sign::positive);
        visit("rail_end", p.rail_end, operant::Sign::positive);
    }

    static constexpr ActionSpace action_space(const Parameters& p) {
        return {static_cast<float>(-p.max_force), static_cast<float>(p.max_force)};
    }

    static constexpr operant::Box<observation_size> observation_space(const Parameters& p) {
        constexpr float infinity = std::numeric_limits<float>::infinity();
        const auto end = static_cast<float>(2 * p.rail_end);
        return {{-end, -infinity}, {end, infinity}};
    }

    // How an episode starts: at rest, at a position uniform between two bounds.
    struct ResetBounds {
        double low = -2.0;
        double high = 2.0;
    };

    template <class Random>
    static XSIMD_INLINE auto reset(const ResetBounds& bounds, Random& random) {
        return std::array{random.uniform(bounds.low, bounds.high), typename Random::Number(0)};
    }

    template <class Batch>
    class Dynamics {
    public:
        using State = std::array<Batch, state_size>;

        explicit Dynamics(const Parameters& p)
            : dt_(Scalar(p.dt)), max_force_(Scalar(p.max_force)), rail_end_(Scalar(p.rail_end)) {}

        // Moves `state` on by dt; the reward is minus the squares of position and force.
        XSIMD_INLINE operant::Outcome<Batch> step(State& state,
                                                  const operant::Input<DoubleIntegrator, Batch>& input) const {
            auto& [position, velocity] = state;
            const Batch force = xsimd::min(xsimd::max(input.action, -max_force_), max_force_);
            const Batch reward = -(position * position + force * force);

            const Batch mean_velocity = operant::multiply_add(Batch(Scalar(0.5)) * dt_, force, velocity);
            position = operant::multiply_add(dt_, mean_velocity, position);
            velocity = operant::multiply_add(dt_, force, velocity);
            return {reward, xsimd::abs(position) > rail_end_};
        }

        static XSIMD_INLINE std::array<Batch, observation_size> observation(const State& state) { return state; }

    private:
        using Scalar = typename Batch::value_type;

        Batch dt_, max_force_, rail_end_;
    };
};

using DoubleIntegratorVecEnv = operant::VectorEnv<DoubleIntegrator>;
