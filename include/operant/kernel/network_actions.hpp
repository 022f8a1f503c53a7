#pragma once
/// \file
/// From the outputs of a network to rows of actions.

#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include <operant/kernel/network_data.hpp>
#include <operant/numerics/exponential.hpp>
#include <operant/numerics/pcg64.hpp>

namespace operant {

/// For one instruction set.
template <class Arch>
class NetworkActions {
    using Batch = xsimd::batch<float, Arch>;
    using Indices = xsimd::batch<std::int32_t, Arch>;
    static constexpr std::size_t width = Batch::size;

public:
    static constexpr std::size_t group = 3 * width;       ///< how many copies go through the layers together
    static constexpr std::size_t stride = group + width;  ///< distance of two outputs of the last layer

    /// Chooses the actions of `count` copies, beginning with copy `first`.
    /// \param outputs of the last layer, in rows that are `stride` numbers apart
    static XSIMD_INLINE void choose(const Network& network, float* outputs, float* actions, std::size_t first, std::size_t count) {
        Pcg64* random = network.random ? network.random + first : nullptr;
        if (network.rule == ActionRule::value || network.rule == ActionRule::noisy) {
            if (network.rule == ActionRule::noisy) add_noise(network, outputs, random, count);
            return clip(network, outputs, actions, count);
        }
        auto* chosen = reinterpret_cast<std::int32_t*>(actions);
        for (std::size_t lane = 0; lane < count; lane += width) {
            const float* output = outputs + lane;
            const std::size_t available = count - lane < width ? count - lane : width;
            for (std::size_t k = 0; k < network.action_size; output += static_cast<std::size_t>(network.choices[k++]) * stride) {
                const Indices index = network.rule == ActionRule::largest
                                          ? largest_of(output, network.choices[k])
                                          : drawn_of(output, network.choices[k], random + lane, available);
                store_column(index, chosen + lane * network.action_size + k, network.action_size, available);
            }
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

    static XSIMD_INLINE Indices largest_of(const float* outputs, std::int32_t count) {
        Batch largest = Batch::load_unaligned(outputs);
        Indices index(0);
        for (std::int32_t i = 1; i < count; ++i) {
            outputs += stride;
            const Batch output = Batch::load_unaligned(outputs);
            const auto larger = output > largest;
            largest = xsimd::select(larger, output, largest);
            index = xsimd::select(xsimd::batch_bool_cast<std::int32_t>(larger), Indices(i), index);
        }
        return index;
    }

    static XSIMD_INLINE Indices drawn_of(const float* outputs, std::int32_t count, Pcg64* random, std::size_t available) {
        Batch largest = Batch::load_unaligned(outputs);
        for (std::int32_t i = 1; i < count; ++i)
            largest = xsimd::max(largest, Batch::load_unaligned(outputs + static_cast<std::size_t>(i) * stride));
        const auto weight = [&](std::int32_t i) {
            return exponential_of_negative(Batch::load_unaligned(outputs + static_cast<std::size_t>(i) * stride) - largest);
        };
        Batch sum(0.0f);
        for (std::int32_t i = 0; i < count; ++i) sum += weight(i);
        alignas(64) float draws[width] = {};
        for (std::size_t i = 0; i < available; ++i) draws[i] = static_cast<float>(random[i].random());
        const Batch threshold = Batch::load_aligned(draws) * sum;
        Batch cumulative(0.0f);
        Indices index(0);
        for (std::int32_t i = 0; i < count - 1; ++i) {
            cumulative += weight(i);
            // The second condition keeps the index valid if the threshold has been rounded up to the sum.
            const auto beyond = (cumulative <= threshold) & (cumulative < sum);
            index = xsimd::select(xsimd::batch_bool_cast<std::int32_t>(beyond), Indices(i + 1), index);
        }
        return index;
    }

    static XSIMD_INLINE void add_noise(const Network& network, float* outputs, Pcg64* random, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            for (std::size_t k = 0; k < network.action_size; ++k)
                outputs[k * stride + i] = static_cast<float>(random[i].normal(double{outputs[k * stride + i]}, network.noise[k]));
    }

    static XSIMD_INLINE void clip(const Network& network, const float* outputs, float* actions, std::size_t count) {
        for (std::size_t lane = 0; lane < count; lane += width)
            for (std::size_t k = 0; k < network.action_size; ++k) {
                const Batch low(network.low[k]), high(network.high[k]);
                const Batch output = Batch::load_unaligned(outputs + k * stride + lane);
                const Batch clipped = xsimd::select(output < low, low, xsimd::select(output > high, high, output));
                store_column(clipped, actions + lane * network.action_size + k, network.action_size,
                             count - lane < width ? count - lane : width);
            }
    }
};

}  // namespace operant
