#pragma once
/// \file
/// Where the actions of a step come from: from the caller, or from a policy of one layer, which is applied while the state
/// is in registers.
///
/// Everything here carries the architecture in its type, or is always inlined, as in batch_tier.hpp.

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/kernel/actions.hpp>
#include <operant/kernel/lanes.hpp>

namespace operant {

/// A Network of one layer for the copies of a block. Plain data, as Lanes are.
struct LinearPolicy {
    /// One row of `lanes_per_block` elements per number of a member: first the weights, input by input, with one per output;
    /// then one bias per output; then, if the network normalises, one mean per input, and one factor per input.
    const float* numbers;
    bool normalises;          ///< whether (x - mean) * factor replaces an observation x
    const float *low, *high;  ///< the bounds of continuous actions
    void* chosen;             ///< int32 or float: where to write the actions of the block; null if nobody wants them
};

/// Actions that the caller passes, one row per lane.
template <class E, class Arch, class Action>
class GivenActions {
public:
    /// Whether actions have 32 bits: Gymnasium computes with float32 actions in float32.
    static constexpr bool single_precision = sizeof(Action) == sizeof(float);

    /// \param actions rows of `Action`
    explicit XSIMD_INLINE GivenActions(const void* actions) : actions_(static_cast<const Action*>(actions)) {}

    /// The actions of a batch of lanes. Lanes beyond `available` are 0.
    template <class Batch, class Observe>
    XSIMD_INLINE auto of_lanes(std::size_t lane, std::size_t available, const Observe&) const {
        return Actions<E, Arch>::template load<Batch>(actions_ + lane * E::ActionSpace::size, available);
    }

private:
    const Action* actions_;
};

/// Actions that a LinearPolicy chooses, with the same bits as those of NetworkKernels.
template <class E, class Arch>
class LinearActions {
    using Space = typename E::ActionSpace;
    using Batch = xsimd::batch<float, Arch>;
    using Number = std::conditional_t<is_discrete<Space>, Integer<Batch>, Batch>;

    static constexpr std::size_t count_outputs() {
        if constexpr (is_discrete<Space>) {
            std::size_t count = 0;
            for (std::size_t k = 0; k < Space::size; ++k) count += static_cast<std::size_t>(Space::limit(k));
            return count;
        } else {
            return Space::size;
        }
    }

    static constexpr std::size_t inputs = ObservationTraits<E>::numbers;
    static constexpr std::size_t outputs = count_outputs();
    static constexpr std::size_t biases = inputs * outputs, means = biases + outputs, factors = means + inputs;

public:
    /// Whether there is such a step: not if a block's weights would take far more room than the first-level cache has.
    static constexpr bool exists = ObservationTraits<E>::is_box && ObservationTraits<E>::parts == 1 && factors + inputs <= 48;
    static constexpr bool single_precision = true;  ///< as in GivenActions

    /// \param policy a LinearPolicy
    explicit XSIMD_INLINE LinearActions(const void* policy) : policy_(*static_cast<const LinearPolicy*>(policy)) {}

    /// The actions of a batch of lanes whose observation `observe()` returns.
    template <class, class Observe>
    XSIMD_INLINE auto of_lanes(std::size_t lane, std::size_t available, const Observe& observe) const {
        const std::array<Batch, outputs> output = apply(lane, observe());
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
        if (policy_.chosen) keep(action, lane, available);
        for (Number& one : action) one = Actions<E, Arch>::without_nan(one);
        if constexpr (Space::size == 1)
            return action[0];
        else
            return action;
    }

private:
    XSIMD_INLINE Batch number(std::size_t i, std::size_t lane) const {
        return Batch::load_aligned(policy_.numbers + i * lanes_per_block + lane);
    }

    XSIMD_INLINE std::array<Batch, outputs> apply(std::size_t lane, std::array<Batch, inputs> observation) const {
        if (policy_.normalises)
            for (std::size_t i = 0; i < inputs; ++i)
                observation[i] = (observation[i] - number(means + i, lane)) * number(factors + i, lane);
        std::array<Batch, outputs> sums;
        for (std::size_t k = 0; k < outputs; ++k) sums[k] = number(biases + k, lane);
        for (std::size_t i = 0; i < inputs; ++i)
            for (std::size_t k = 0; k < outputs; ++k)
                sums[k] = xsimd::fma(number(i * outputs + k, lane), observation[i], sums[k]);
        return sums;
    }

    /// The index of the largest number, or of the first of several.
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

    XSIMD_INLINE void keep(const std::array<Number, Space::size>& action, std::size_t lane, std::size_t available) const {
        using Kept = typename Space::Narrow;
        Kept* to = static_cast<Kept*>(policy_.chosen) + lane * Space::size;
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
