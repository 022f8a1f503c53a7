#pragma once
// The van der Pol oscillator oscillates by itself. A force has to bring it to rest.
//
// B. van der Pol, "On relaxation-oscillations", The London, Edinburgh and Dublin Philosophical Magazine 2(11), 1926, with a
// force u added, in semi-implicit Euler steps:
//
//   x'' = mu (1 - x^2) x' - x + u

#include <array>
#include <cstdint>
#include <string_view>

#include <operant/environment.hpp>

struct VanDerPol : operant::Environment {
    static constexpr std::string_view name = "VanDerPol";
    static constexpr std::int32_t max_episode_steps = 400;
    using ActionSpace = operant::Box<1>;  // the force; clipped to +-max_force

    template <class Number>
    struct State {
        Number x;
        Number x_dot;

        OPERANT_MEMBERS(x, x_dot)
    };

    struct Parameters {
        double mu = 1.0;
        double max_force = 1.0;
        double dt = 0.05;

        OPERANT_PARAMETERS(
            (mu, operant::Sign::not_negative, "strength of the nonlinear damping"),
            (max_force, operant::Sign::positive, "largest force in either direction"),
            (dt, operant::Sign::positive, "time between two steps"))
    };

    static constexpr ActionSpace action_space(const Parameters& p) {
        return {{static_cast<float>(-p.max_force)}, {static_cast<float>(p.max_force)}};
    }

    static constexpr operant::Box<2> observation_space(const Parameters&) { return operant::Box<2>::unbounded(); }

    template <class Random>
    static XSIMD_INLINE State<typename Random::Number> reset(const Parameters&, const operant::NoResetBounds&, Random& random) {
        const auto x = random.uniform(-2.0, 2.0);
        const auto x_dot = random.uniform(-2.0, 2.0);
        return {x, x_dot};
    }

    template <class Batch>
    class Dynamics {
    public:
        explicit Dynamics(const Parameters& p) : mu_(Scalar(p.mu)), max_force_(Scalar(p.max_force)), dt_(Scalar(p.dt)) {}

        XSIMD_INLINE operant::Outcome<Batch> step(State<Batch>& state, const operant::Input<VanDerPol, Batch>& input) const {
            auto& [x, x_dot] = state;
            const Batch u = xsimd::min(xsimd::max(input.action, -max_force_), max_force_);
            // reward = -(x^2 + x'^2 + 0.1 u^2), with the state before the step
            const Batch reward = -(x * x + x_dot * x_dot + Batch(Scalar(0.1)) * u * u);

            // x'' = mu (1 - x^2) x' - x + u, x' = x' + dt x'', x = x + dt x'
            const Batch x_dot_dot = mu_ * (Batch(1) - x * x) * x_dot - x + u;
            x_dot = x_dot + dt_ * x_dot_dot;
            x = x + dt_ * x_dot;
            return {reward, typename Batch::batch_bool_type(false)};
        }

        static XSIMD_INLINE std::array<Batch, 2> observation(const State<Batch>& state) { return {state.x, state.x_dot}; }

    private:
        using Scalar = typename Batch::value_type;

        Batch mu_, max_force_, dt_;
    };
};
