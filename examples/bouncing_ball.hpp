#pragma once
// BouncingBall: a player keeps a ball in the air. In the block tier: balls in flight step on SIMD lanes, others one by one.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <operant/contract/block.hpp>
#include <operant/environment.hpp>

struct BouncingBall : operant::Environment {
    static constexpr std::string_view name = "BouncingBall";
    static constexpr std::int32_t max_episode_steps = 200;
    using ActionSpace = operant::Discrete<2>;  // wait, or push the ball upwards

    static constexpr float dt = 0.02F;  // [s]

    struct State {
        float height, velocity;  // [m], [m/s], upwards
        std::int32_t bounces;
        OPERANT_MEMBERS(height, velocity, bounces)
    };
    struct Parameters {
        double gravity = 9.81;
        double push = 15;
        OPERANT_PARAMETERS((gravity, operant::Sign::positive, "[m/s^2]"), (push, operant::Sign::any, "[m/s^2]"))
    };

    static operant::Box<2> observation_space(const Parameters&) { return operant::Box<2>::unbounded(); }
    static XSIMD_INLINE std::array<float, 2> observation(const Parameters&, const State& s) { return {s.height, s.velocity}; }
    static XSIMD_INLINE State reset(const Parameters&, operant::Pcg64& random) {
        return {1 + static_cast<float>(random.random()), 0, 0};
    }

    static XSIMD_INLINE float acceleration(const Parameters& p, std::int64_t action) {
        return static_cast<float>(action * p.push - p.gravity);
    }
    // Moves balls through the air; Number is a float or a batch.
    template <class Number>
    static XSIMD_INLINE void fly(Number& height, Number& velocity, const Number& acceleration) {
        velocity = velocity + acceleration * dt;
        height = height + velocity * dt;
    }
    // Reflects a ball at the ground. The third bounce ends the episode.
    static XSIMD_INLINE operant::Outcome<double> bounce(State& s) {
        s.height = -s.height;
        s.velocity = -0.8F * s.velocity;
        ++s.bounces;
        return {-1.0, s.bounces == 3};
    }

    template <class Arch>
    static XSIMD_INLINE void step_block(const operant::BlockOf<BouncingBall>& block) {
        using Batch = xsimd::batch<float, Arch>;
        for (std::size_t k = 0; k < block.count; k += Batch::size) {
            alignas(Batch) float height[Batch::size] = {}, velocity[Batch::size] = {}, acceleration_of[Batch::size] = {};
            const std::size_t used = std::min(block.count - k, std::size_t{Batch::size});
            for (std::size_t lane = 0; lane < used; ++lane) {
                const std::uint32_t env = block.envs[k + lane];
                height[lane] = block.states[env].height;
                velocity[lane] = block.states[env].velocity;
                acceleration_of[lane] = acceleration(block.parameters(env), block.action(env));
            }
            auto heights = Batch::load_aligned(height), velocities = Batch::load_aligned(velocity);
            fly(heights, velocities, Batch::load_aligned(acceleration_of));
            heights.store_aligned(height);
            velocities.store_aligned(velocity);
            for (std::size_t lane = 0; lane < used; ++lane) {
                auto& state = block.states[block.envs[k + lane]];
                state.height = height[lane];
                state.velocity = velocity[lane];
            }
        }
        std::array<std::uint32_t, block.most> grounded;
        std::size_t grounded_count = 0;
        for (std::size_t k = 0; k < block.count; ++k) {
            const std::uint32_t env = block.envs[k];
            block.outcome(env) = {1.0, false};
            grounded[grounded_count] = env;
            grounded_count += block.states[env].height < 0;
        }
        for (std::size_t k = 0; k < grounded_count; ++k)
            block.outcome(grounded[k]) = bounce(block.states[grounded[k]]);
    }
};
