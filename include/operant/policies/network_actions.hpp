#pragma once
/// \file
/// Turns the outputs of a network into rows of actions.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <math.h>
#include <numbers>

#include <xsimd/xsimd.hpp>

#include <operant/abi/network.hpp>
#include <operant/math/exponential.hpp>
#include <operant/random/pcg64.hpp>

namespace operant {

/// The functions for one instruction set.
template <class Arch>
class NetworkActions {
    using Batch = xsimd::batch<float, Arch>;
    using Indices = xsimd::batch<std::int32_t, Arch>;
    using Mask = typename Batch::batch_bool_type;
    static constexpr std::size_t width = Batch::size;

public:
    static constexpr std::size_t group = 3 * width;       ///< the number of envs that go through the layers together
    static constexpr std::size_t stride = group + width;  ///< the distance of two outputs of the last layer

    /// Chooses the actions of `count` envs, from env `first` on.
    /// \param outputs of the last layer, in rows that are `stride` numbers apart
    /// \param masks one row per env, as PolicyFunction::act takes them; null if all actions are allowed
    /// \param log_probs as in Network, from env `first` on; null if they are not wanted
    static XSIMD_INLINE void choose(const Network& network, float* outputs, float* actions, std::size_t first, std::size_t count,
                                    const std::int8_t* masks, float* log_probs) {
        Pcg64* random = network.random ? network.random + first : nullptr;
        if (network.rule == ActionRule::value || network.rule == ActionRule::noisy) {
            if (network.rule == ActionRule::noisy) add_noise(network, outputs, random, count, log_probs);
            return clip(network, outputs, actions, count);
        }
        auto* chosen = reinterpret_cast<std::int32_t*>(actions);
        std::size_t choices = 0;  // the length of a row of the masks
        for (std::size_t k = 0; k < network.action_size; ++k) choices += static_cast<std::size_t>(network.choices[k]);
        for (std::size_t env = 0; env < count; env += width) {
            const float* output = outputs + env;
            const std::size_t available = count - env < width ? count - env : width;
            const AllowedActions allowed{masks ? masks + env * choices : nullptr, choices, available};
            Batch log_prob(0.0f);
            for (std::size_t k = 0, first_choice = 0; k < network.action_size; ++k) {
                const std::int32_t values = network.choices[k];
                const auto choose_among = [&](const auto& is_allowed) {
                    if (network.rule == ActionRule::largest) return largest_of(output, values, is_allowed);
                    const Indices drawn = drawn_of(output, values, is_allowed, random + env, available);
                    if (log_probs) log_prob += log_probability(output, values, is_allowed, drawn);
                    return drawn;
                };
                const Indices index = masks ? choose_among([&](std::int32_t i) { return allowed.at(first_choice + i); })
                                            : choose_among(EveryAction());
                store_column(index, chosen + env * network.action_size + k, network.action_size, available);
                output += static_cast<std::size_t>(values) * stride;
                first_choice += static_cast<std::size_t>(values);
            }
            if (log_probs) store_column(log_prob, log_probs + env, 1, available);
        }
    }

private:
    /// Stores the lanes at places that are `step` numbers apart.
    template <class Numbers, class Number>
    static XSIMD_INLINE void store_column(const Numbers& numbers, Number* to, std::size_t step, std::size_t available) {
        if (step == 1 && available == width) return numbers.store_unaligned(to);
        alignas(64) Number lanes[width];
        numbers.store_aligned(lanes);
        for (std::size_t i = 0; i < available; ++i) to[i * step] = lanes[i];
    }

    /// Stands for a mask that allows every action.
    struct EveryAction {
        XSIMD_INLINE Mask operator()(std::int32_t) const { return Mask(true); }
    };

    /// The action masks of a batch.
    struct AllowedActions {
        const std::int8_t* rows;
        std::size_t row_size;
        std::size_t available;  ///< the number of rows

        /// Returns the lanes that may take an action.
        XSIMD_INLINE Mask at(std::size_t action) const {
            std::uint64_t bits = 0;
            for (std::size_t lane = 0; lane < available; ++lane)
                bits |= std::uint64_t{rows[lane * row_size + action] != 0} << lane;
            return Mask::from_mask(bits);
        }
    };

    static XSIMD_INLINE Indices index_where(const Mask& mask, std::int32_t i, const Indices& otherwise) {
        return xsimd::select(xsimd::batch_bool_cast<std::int32_t>(mask), Indices(i), otherwise);
    }

    /// Returns the index of the largest output, the first one of equals.
    static XSIMD_INLINE Indices largest_of(const float* outputs, std::int32_t count, EveryAction) {
        Batch largest = Batch::load_unaligned(outputs);
        Indices index(0);
        for (std::int32_t i = 1; i < count; ++i) {
            outputs += stride;
            const Batch output = Batch::load_unaligned(outputs);
            const auto larger = output > largest;
            largest = xsimd::select(larger, output, largest);
            index = index_where(larger, i, index);
        }
        return index;
    }

    /// As above, among the allowed ones; 0 if there is none.
    template <class IsAllowed>
    static XSIMD_INLINE Indices largest_of(const float* outputs, std::int32_t count, const IsAllowed& is_allowed) {
        Batch largest(0.0f);
        Indices index(0);
        Mask found(false);
        for (std::int32_t i = 0; i < count; ++i, outputs += stride) {
            const Batch output = Batch::load_unaligned(outputs);
            const Mask allowed = is_allowed(i);
            const Mask larger = allowed & ((!found) | (output > largest));
            largest = xsimd::select(larger, output, largest);
            index = index_where(larger, i, index);
            found = found | allowed;
        }
        return index;
    }

    /// Returns an index that is drawn with the probabilities of ActionRule::drawn.
    static XSIMD_INLINE Indices drawn_of(const float* outputs, std::int32_t count, EveryAction, Pcg64* random,
                                         std::size_t available) {
        Batch largest = Batch::load_unaligned(outputs);
        for (std::int32_t i = 1; i < count; ++i)
            largest = xsimd::max(largest, Batch::load_unaligned(outputs + static_cast<std::size_t>(i) * stride));
        const auto weight = [&](std::int32_t i) {
            return exponential_of_negative(Batch::load_unaligned(outputs + static_cast<std::size_t>(i) * stride) - largest);
        };
        Batch sum(0.0f);
        for (std::int32_t i = 0; i < count; ++i) sum += weight(i);
        const Batch threshold = draw(random, available) * sum;
        Batch cumulative(0.0f);
        Indices index(0);
        for (std::int32_t i = 0; i < count - 1; ++i) {
            cumulative += weight(i);
            // The second condition keeps the index valid if the threshold has been rounded up to the sum.
            const auto beyond = (cumulative <= threshold) & (cumulative < sum);
            index = index_where(beyond, i + 1, index);
        }
        return index;
    }

    /// As above, with probability 0 for actions that are not allowed; 0 if none is allowed. It always draws one number.
    template <class IsAllowed>
    static XSIMD_INLINE Indices drawn_of(const float* outputs, std::int32_t count, const IsAllowed& is_allowed, Pcg64* random,
                                         std::size_t available) {
        const auto output = [&](std::int32_t i) { return Batch::load_unaligned(outputs + static_cast<std::size_t>(i) * stride); };
        Batch largest(-std::numeric_limits<float>::infinity());
        for (std::int32_t i = 0; i < count; ++i) largest = xsimd::select(is_allowed(i), xsimd::max(largest, output(i)), largest);
        const auto weight = [&](std::int32_t i) {
            return xsimd::select(is_allowed(i), exponential_of_negative(output(i) - largest), Batch(0.0f));
        };
        Batch sum(0.0f);
        for (std::int32_t i = 0; i < count; ++i) sum += weight(i);
        const Batch threshold = draw(random, available) * sum;
        Batch cumulative(0.0f);
        Indices index(0);
        Mask decided(false);
        for (std::int32_t i = 0; i < count; ++i) {
            const Mask candidate = is_allowed(i) & (!decided);
            index = index_where(candidate, i, index);
            cumulative += weight(i);
            decided = decided | (candidate & (!((cumulative <= threshold) & (cumulative < sum))));
        }
        return index;
    }

    /// Returns the logarithm of the probability with which drawn_of draws this index; 0 if nothing is allowed.
    template <class IsAllowed>
    static XSIMD_INLINE Batch log_probability(const float* outputs, std::int32_t count, const IsAllowed& is_allowed,
                                              const Indices& index) {
        const auto output = [&](std::int32_t i) { return Batch::load_unaligned(outputs + static_cast<std::size_t>(i) * stride); };
        const Batch none(-std::numeric_limits<float>::infinity());
        Batch largest = none, chosen(0.0f), sum(0.0f);
        for (std::int32_t i = 0; i < count; ++i) {
            largest = xsimd::select(is_allowed(i), xsimd::max(largest, output(i)), largest);
            chosen = xsimd::select(xsimd::batch_bool_cast<float>(index == Indices(i)), output(i), chosen);
        }
        for (std::int32_t i = 0; i < count; ++i)
            sum += xsimd::select(is_allowed(i), exponential_of_negative(output(i) - largest), Batch(0.0f));
        alignas(64) float lanes[width];
        sum.store_aligned(lanes);
        for (float& lane : lanes) lane = static_cast<float>(::log(double{lane}));
        return xsimd::select(largest == none, Batch(0.0f), chosen - largest - Batch::load_aligned(lanes));
    }

    /// Draws one `random()` for each of the first lanes.
    static XSIMD_INLINE Batch draw(Pcg64* random, std::size_t available) {
        alignas(64) float draws[width] = {};
        for (std::size_t i = 0; i < available; ++i) draws[i] = static_cast<float>(random[i].random());
        return Batch::load_aligned(draws);
    }

    static XSIMD_INLINE void add_noise(const Network& network, float* outputs, Pcg64* random, std::size_t count,
                                       float* log_probs) {
        double constant = 0;  // the part of the log density that is the same for all actions
        if (log_probs)
            for (std::size_t k = 0; k < network.action_size; ++k)
                constant -= ::log(network.noise[k]) + ::log(2 * std::numbers::pi) / 2;
        for (std::size_t i = 0; i < count; ++i) {
            double log_density = constant;
            for (std::size_t k = 0; k < network.action_size; ++k) {
                float& output = outputs[k * stride + i];
                const double mean{output};
                output = static_cast<float>(random[i].normal(mean, network.noise[k]));
                if (!log_probs) continue;
                const double distance = (double{output} - mean) / network.noise[k];
                log_density -= distance * distance / 2;
            }
            if (log_probs) log_probs[i] = static_cast<float>(log_density);
        }
    }

    static XSIMD_INLINE void clip(const Network& network, const float* outputs, float* actions, std::size_t count) {
        for (std::size_t env = 0; env < count; env += width)
            for (std::size_t k = 0; k < network.action_size; ++k) {
                const Batch low(network.low[k]), high(network.high[k]);
                const Batch output = Batch::load_unaligned(outputs + k * stride + env);
                const Batch clipped = xsimd::select(output < low, low, xsimd::select(output > high, high, output));
                store_column(clipped, actions + env * network.action_size + k, network.action_size,
                             count - env < width ? count - env : width);
            }
    }
};

}  // namespace operant
