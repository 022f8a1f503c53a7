#pragma once
/// \file
/// Sums of the rewards of many steps.

#include <cstddef>

#include <xsimd/xsimd.hpp>

#include <operant/numerics/arithmetic.hpp>

namespace operant {

/// For one instruction set.
template <class Arch>
struct Returns {
    /// Adds the rewards of some steps to returns, one step after the other. Returns are doubles, because a float stops growing
    /// when the rewards are smaller than its rounding.
    /// \param rewards one row per step; rows begin `stride` numbers apart
    /// \param returns one per lane
    static void add(const float* rewards, std::size_t stride, std::size_t steps, double* returns, std::size_t lanes) {
        using Floats = xsimd::batch<float, Arch>;
        using Doubles = xsimd::batch<double, Arch>;
        std::size_t lane = 0;
        for (; lane + Floats::size <= lanes; lane += Floats::size) {
            Doubles low = Doubles::load_unaligned(returns + lane);
            Doubles high = Doubles::load_unaligned(returns + lane + Doubles::size);
            for (std::size_t step = 0; step < steps; ++step) {
                const auto halves = widened(Floats::load_unaligned(rewards + step * stride + lane));
                low += halves[0];
                high += halves[1];
            }
            low.store_unaligned(returns + lane);
            high.store_unaligned(returns + lane + Doubles::size);
        }
        for (; lane < lanes; ++lane)
            for (std::size_t step = 0; step < steps; ++step) returns[lane] += static_cast<double>(rewards[step * stride + lane]);
    }
};

}  // namespace operant
