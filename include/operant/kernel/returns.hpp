#pragma once
/// \file
/// Adds up the rewards of many steps.

#include <cstddef>

#include <xsimd/xsimd.hpp>

#include <operant/math/arithmetic.hpp>

namespace operant {

/// The function for one instruction set.
template <class Arch>
struct Returns {
    /// Adds the rewards of some steps to returns, one step after the other. Returns are doubles, because a float stops growing
    /// when the rewards are smaller than its rounding error.
    /// \param rewards one row per step; rows begin `stride` numbers apart
    /// \param returns one per env
    static void add(const float* rewards, std::size_t stride, std::size_t steps, double* returns, std::size_t num_envs) {
        using Floats = xsimd::batch<float, Arch>;
        using Doubles = xsimd::batch<double, Arch>;
        std::size_t env = 0;
        for (; env + Floats::size <= num_envs; env += Floats::size) {
            Doubles low = Doubles::load_unaligned(returns + env);
            Doubles high = Doubles::load_unaligned(returns + env + Doubles::size);
            for (std::size_t step = 0; step < steps; ++step) {
                const auto halves = widened(Floats::load_unaligned(rewards + step * stride + env));
                low += halves[0];
                high += halves[1];
            }
            low.store_unaligned(returns + env);
            high.store_unaligned(returns + env + Doubles::size);
        }
        for (; env < num_envs; ++env)
            for (std::size_t step = 0; step < steps; ++step) returns[env] += static_cast<double>(rewards[step * stride + env]);
    }
};

}  // namespace operant
