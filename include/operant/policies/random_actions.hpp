#pragma once
/// \file
/// The policy that chooses random actions.

#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include <operant/random/pcg64.hpp>

namespace operant {

/// The data of a policy that chooses uniformly among all actions, or among those that an action mask allows.
struct RandomActions {
    std::size_t action_size;      ///< the number of numbers in an action
    const std::int32_t* choices;  ///< the number of values of each discrete number, 0 for continuous ones; null for a Box
    bool are_integers;            ///< true if actions are int32; otherwise they are floats
    const float *low, *high;      ///< continuous: the bounds of each number, which are finite
    Pcg64* random;                ///< one stream per env
};

/// The function of RandomActions for one instruction set. Each number of an action takes one `random()`, in their order. A
/// discrete number is `random()` times the number of allowed values, rounded down: the position of the value among the allowed
/// ones. If none is allowed, the number is 0, but `random()` is called. A continuous number lies between its bounds, rounded to
/// float32.
template <class Arch>
struct RandomActionsKernels {
    /// Chooses actions, as PolicyFunction::act. `policy` is a RandomActions.
    static void act(const void* policy, const void*, void* actions, std::size_t begin, std::size_t end, const void* masks) {
        const RandomActions space = *static_cast<const RandomActions*>(policy);
        auto* integers = static_cast<std::int32_t*>(actions);
        auto* numbers = static_cast<float*>(actions);
        const auto* allowed = static_cast<const std::int8_t*>(masks);
        for (std::size_t env = begin; env < end; ++env)
            for (std::size_t k = 0; k < space.action_size; ++k) {
                const double drawn = space.random[env].random();
                const std::int32_t count = space.choices ? space.choices[k] : 0;
                if (count == 0) {
                    *numbers++ = static_cast<float>(space.low[k] + (double{space.high[k]} - space.low[k]) * drawn);
                    continue;
                }
                const std::int32_t value = allowed ? allowed_value_of(drawn, count, allowed) : value_of(drawn, count);
                if (allowed) allowed += count;
                if (space.are_integers)
                    *integers++ = value;
                else
                    *numbers++ = static_cast<float>(value);
            }
    }

private:
    static XSIMD_INLINE std::int32_t value_of(double drawn, std::int32_t count) {
        const auto value = static_cast<std::int32_t>(drawn * count);
        return value < count ? value : count - 1;  // the product may have been rounded up
    }

    static XSIMD_INLINE std::int32_t allowed_value_of(double drawn, std::int32_t count, const std::int8_t* allowed) {
        std::int32_t allowed_count = 0;
        for (std::int32_t i = 0; i < count; ++i) allowed_count += allowed[i] != 0;
        if (allowed_count == 0) return 0;
        std::int32_t left = value_of(drawn, allowed_count);
        for (std::int32_t i = 0;; ++i)
            if (allowed[i] != 0 && left-- == 0) return i;
    }
};

}  // namespace operant
