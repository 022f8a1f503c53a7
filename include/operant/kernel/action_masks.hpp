#pragma once
/// \file
/// Calls an environment's `action_mask`, and brings its result into one form: an array with an element for each action.

#include <array>
#include <bitset>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <xsimd/xsimd.hpp>

#include <operant/contract/calls.hpp>
#include <operant/environment.hpp>

namespace operant {

/// Returns an array as it is.
template <std::size_t actions, class Element, std::size_t size>
XSIMD_INLINE const std::array<Element, size>& unpacked_mask(const std::array<Element, size>& mask) {
    return mask;
}

/// Unpacks the bits of an integer: bit i belongs to action i.
template <std::size_t actions, std::unsigned_integral Bits>
XSIMD_INLINE std::array<bool, actions> unpacked_mask(Bits bits) {
    std::array<bool, actions> mask;
    for (std::size_t i = 0; i < actions; ++i) mask[i] = (bits >> i & 1) != 0;
    return mask;
}

/// As above.
template <std::size_t actions>
XSIMD_INLINE std::array<bool, actions> unpacked_mask(const std::bitset<actions>& bits) {
    std::array<bool, actions> mask;
    for (std::size_t i = 0; i < actions; ++i) mask[i] = bits[i];
    return mask;
}

/// Unpacks the bits of the integers of a batch.
template <std::size_t actions, std::integral Lane, class Arch>
XSIMD_INLINE auto unpacked_mask(const xsimd::batch<Lane, Arch>& bits) {
    using Bits = xsimd::batch<Lane, Arch>;
    std::array<typename Bits::batch_bool_type, actions> mask;
    for (std::size_t i = 0; i < actions; ++i)
        mask[i] = (bits & Bits(static_cast<Lane>(std::uint64_t{1} << i))) != Bits(0);
    return mask;
}

/// Returns the action mask of one env, or the masks of a batch.
/// \param self the parameters, or, in the batch tier, the Dynamics
template <class E, class Self, class State>
XSIMD_INLINE auto action_mask_of(const Self& self, const State& state) {
    return unpacked_mask<choice_count<ActionRowsOf<E>>()>(call_action_mask<E>(self, state));
}

}  // namespace operant
