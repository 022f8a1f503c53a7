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
    /// Adds rewards to returns, in double: a sum of floats would stand still where a reward is less than its rounding.
    static void add(const float* rewards, double* returns, std::size_t begin, std::size_t end) {
        using Floats = xsimd::batch<float, Arch>;
        using Doubles = xsimd::batch<double, Arch>;
        std::size_t lane = begin;
        for (; lane + Floats::size <= end; lane += Floats::size) {
            const auto [low, high] = widened(Floats::load_unaligned(rewards + lane));
            double* sums = returns + lane;
            (Doubles::load_unaligned(sums) + low).store_unaligned(sums);
            (Doubles::load_unaligned(sums + Doubles::size) + high).store_unaligned(sums + Doubles::size);
        }
        for (; lane < end; ++lane) returns[lane] += static_cast<double>(rewards[lane]);
    }
};

}  // namespace operant
