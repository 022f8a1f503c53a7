#pragma once
/// \file
/// The kernel that steps with a LinearPolicy.

#include <cstddef>
#include <type_traits>

#include <operant/abi/library.hpp>
#include <operant/kernel/batch_tier.hpp>
#include <operant/kernel/linear/actions.hpp>

namespace operant {

/// The kernel of environment E for one instruction set.
template <class E, class Scalar, class Arch>
struct LinearStep {
    /// Returns the kernel, or null if there is none. Policies have float32 numbers, so it exists only in float32.
    static constexpr ActionKernels::Step kernel() {
        if constexpr (BatchTier<E> && std::is_same_v<Scalar, float>)
            if constexpr (LinearActions<E, Arch>::exists) return &step;
        return nullptr;
    }

private:
    static StepTotals step(const EnvArrays& envs, const void* policy, const Outputs& outputs, std::size_t begin, std::size_t end,
                           EnvList& restarting) {
        return BatchTierKernels<E, Scalar, Arch>::step_with(LinearActions<E, Arch>(policy), envs, outputs, begin, end, restarting);
    }
};

}  // namespace operant
