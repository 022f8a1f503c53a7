#pragma once
/// \file
/// The policy that chooses random actions.

#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include <operant/numerics/pcg64.hpp>

namespace operant {

/// Chooses uniformly among all actions. Plain data, as Network is.
struct RandomActions {
    std::size_t action_size;      ///< numbers in an action
    const std::int32_t* choices;  ///< discrete: how many values each number has; null for a Box
    const float *low, *high;      ///< continuous: the bounds of each number, which are finite
    Pcg64* random;                ///< one stream per copy
};

/// The function of RandomActions for one instruction set. Each number of an action takes one `random()`, in their order. A
/// discrete number is `random()` times the number of values, rounded down. A continuous number lies between its bounds,
/// rounded to float32.
template <class Arch>
struct RandomActionsKernels {
    /// As PolicyFunction::act. `policy` is a RandomActions.
    static void act(const void* policy, const void*, void* actions, std::size_t begin, std::size_t end) {
        const RandomActions space = *static_cast<const RandomActions*>(policy);
        auto* integers = static_cast<std::int32_t*>(actions);
        auto* numbers = static_cast<float*>(actions);
        for (std::size_t copy = begin; copy < end; ++copy)
            for (std::size_t k = 0; k < space.action_size; ++k) {
                const double drawn = space.random[copy].random();
                if (space.choices)
                    *integers++ = value_of(drawn, space.choices[k]);
                else
                    *numbers++ = static_cast<float>(space.low[k] + (double{space.high[k]} - space.low[k]) * drawn);
            }
    }

private:
    static XSIMD_INLINE std::int32_t value_of(double drawn, std::int32_t count) {
        const auto value = static_cast<std::int32_t>(drawn * count);
        return value < count ? value : count - 1;  // if the product was rounded up
    }
};

}  // namespace operant
