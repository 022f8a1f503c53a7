#pragma once
/// \file
/// The linear fast path, for policies of one layer that draw nothing. Such a policy takes less time than the observations take
/// to memory and back, so the step applies it to the state in registers. This file has the actions, block.hpp the policy's
/// numbers for a block.
///
/// Everything here carries the architecture in its type, or is always inlined, as in batch_tier.hpp.

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/abi/env_arrays.hpp>
#include <operant/environment.hpp>
#include <operant/kernel/actions.hpp>

namespace operant {

/// A Network of one layer for the envs of a block. Plain data, like EnvArrays.
struct LinearPolicy {
    /// The most numbers that a member may have. More would take far more room than the first-level cache has.
    static constexpr std::size_t most_numbers = 48;

    /// One row of `envs_per_block` elements per number of a member: the weights, input by input, with one per output; one bias
    /// per output; and, if the network normalises, one mean per input and one factor per input.
    const float* numbers;
    bool normalises;          ///< true if (x - mean) * factor replaces an observation x
    const float *low, *high;  ///< the bounds of continuous actions
    void* chosen;             ///< int32 or float: receives the actions of the block; null if the caller does not want them
};

/// A source of actions, like GivenActions: a LinearPolicy chooses them, with the same bits as NetworkKernels.
template <class E, class Arch>
class LinearActions {
    using Space = ActionRowsOf<E>;
    using Batch = xsimd::batch<float, Arch>;
    using Number = std::conditional_t<is_discrete<Space>, Integer<Batch>, Batch>;

    static constexpr std::size_t inputs = ObservationTraits<E>::numbers;
    static constexpr std::size_t outputs = is_discrete<Space> ? choice_count<Space>() : Space::size;
    static constexpr std::size_t biases = inputs * outputs, means = biases + outputs, factors = means + inputs;

public:
    /// True if a step of E can apply such a policy. With an action mask it cannot.
    static constexpr bool exists =
        !HasActionMask<E> && !detail::ActionParts<typename E::ActionSpace> && ObservationTraits<E>::is_vector && factors + inputs <= LinearPolicy::most_numbers;
    static constexpr bool single_precision = true;  ///< as in GivenActions

    /// \param policy a LinearPolicy
    explicit XSIMD_INLINE LinearActions(const void* policy) : policy_(*static_cast<const LinearPolicy*>(policy)) {}

    /// The actions of a batch whose observation `observe()` returns.
    template <class, class Observe>
    XSIMD_INLINE auto of_batch(std::size_t env, std::size_t available, const Observe& observe) const {
        const std::array<Batch, outputs> output = apply(env, observe());
        std::array<Number, Space::size> action;
        std::size_t first = 0;
        for (std::size_t k = 0; k < Space::size; ++k) {
            if constexpr (is_discrete<Space>) {
                action[k] = largest(output.data() + first, static_cast<std::size_t>(Space::limit(k)));
                first += static_cast<std::size_t>(Space::limit(k));
            } else {
                action[k] = clipped(output[k], k);
            }
        }
        if (policy_.chosen) keep(action, env, available);
        for (Number& one : action) one = Actions<E, Arch>::without_nan(one);
        if constexpr (Space::size == 1)
            return action[0];
        else
            return action;
    }

private:
    XSIMD_INLINE Batch number(std::size_t i, std::size_t env) const {
        return Batch::load_aligned(policy_.numbers + i * envs_per_block + env);
    }

    XSIMD_INLINE std::array<Batch, outputs> apply(std::size_t env, std::array<Batch, inputs> observation) const {
        if (policy_.normalises)
            for (std::size_t i = 0; i < inputs; ++i)
                observation[i] = (observation[i] - number(means + i, env)) * number(factors + i, env);
        std::array<Batch, outputs> sums;
        for (std::size_t k = 0; k < outputs; ++k) sums[k] = number(biases + k, env);
        for (std::size_t i = 0; i < inputs; ++i)
            for (std::size_t k = 0; k < outputs; ++k)
                sums[k] = xsimd::fma(number(i * outputs + k, env), observation[i], sums[k]);
        return sums;
    }

    /// Returns the index of the largest number, or of the first of several.
    static XSIMD_INLINE Integer<Batch> largest(const Batch* of, std::size_t count) {
        Batch best = of[0];
        Integer<Batch> index(0);
        for (std::size_t i = 1; i < count; ++i) {
            const auto larger = of[i] > best;
            best = xsimd::select(larger, of[i], best);
            index = xsimd::select(xsimd::batch_bool_cast<std::int32_t>(larger), Integer<Batch>(static_cast<std::int32_t>(i)), index);
        }
        return index;
    }

    XSIMD_INLINE Batch clipped(const Batch& output, std::size_t k) const {
        const Batch low(policy_.low[k]), high(policy_.high[k]);
        return xsimd::select(output < low, low, xsimd::select(output > high, high, output));
    }

    XSIMD_INLINE void keep(const std::array<Number, Space::size>& action, std::size_t env, std::size_t available) const {
        using Kept = typename Space::Narrow;
        Kept* to = static_cast<Kept*>(policy_.chosen) + env * Space::size;
        for (std::size_t k = 0; k < Space::size; ++k) {
            if (Space::size == 1 && available >= Batch::size) return action[k].store_unaligned(to);
            alignas(Arch::alignment()) Kept lanes[Batch::size];
            action[k].store_aligned(lanes);
            for (std::size_t i = 0; i < Batch::size && i < available; ++i) to[i * Space::size + k] = lanes[i];
        }
    }

    LinearPolicy policy_;
};

}  // namespace operant
