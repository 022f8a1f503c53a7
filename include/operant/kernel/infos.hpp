#pragma once
/// \file
/// Infos, the named extra outputs of a step: how the members of an environment's Info are stored in arrays.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

#include <operant/kernel/outputs.hpp>
#include <operant/numerics/arithmetic.hpp>

namespace operant {

/// How a member is stored that is a plain number of one copy.
template <class Member>
struct InfoTraits {
    using Element = Member;                 ///< type of an element of the array
    static constexpr std::size_t width = 0;  ///< numbers in a row; 0 for an array of shape (num_envs,)
    /// Writes a member to the row of a lane.
    static XSIMD_INLINE void store(void* array, std::size_t lane, const Member& member) {
        std::memcpy(static_cast<std::byte*>(array) + lane * sizeof(Member), &member, sizeof(Member));
    }
};

/// How a member is stored that is an array of numbers of one copy.
template <class T, std::size_t size>
struct InfoTraits<std::array<T, size>> {
    using Element = T;
    static constexpr std::size_t width = size;
    static XSIMD_INLINE void store(void* array, std::size_t lane, const std::array<T, size>& member) {
        std::memcpy(static_cast<std::byte*>(array) + lane * sizeof(member), member.data(), sizeof(member));
    }
};

/// How a batch of numbers is stored: as float64 or int64, the types of Python's numbers.
template <class T, class Arch>
struct InfoTraits<xsimd::batch<T, Arch>> {
    using Element = std::conditional_t<std::is_integral_v<T>, std::int64_t, double>;
    static constexpr std::size_t width = 0;
    static XSIMD_INLINE void store(void* array, std::size_t lane, const xsimd::batch<T, Arch>& member) {
        Element* row = static_cast<Element*>(array) + lane;
        if constexpr (std::is_same_v<T, Element>) {
            member.store_unaligned(row);
        } else if constexpr (std::is_same_v<T, float>) {
            const auto [low, high] = widened(member);
            low.store_unaligned(row);
            high.store_unaligned(row + low.size);
        } else {
            alignas(Arch::alignment()) T lanes[xsimd::batch<T, Arch>::size];
            member.store_aligned(lanes);
            for (std::size_t i = 0; i < xsimd::batch<T, Arch>::size; ++i) row[i] = static_cast<Element>(lanes[i]);
        }
    }
};

/// How a batch of truth values is stored.
template <class T, class Arch>
struct InfoTraits<xsimd::batch_bool<T, Arch>> {
    using Element = bool;
    static constexpr std::size_t width = 0;
    static XSIMD_INLINE void store(void* array, std::size_t lane, const xsimd::batch_bool<T, Arch>& member) {
        const std::uint64_t bits = member.mask();
        bool* row = static_cast<bool*>(array) + lane;
        for (std::size_t i = 0; i < xsimd::batch_bool<T, Arch>::size; ++i) row[i] = (bits >> i & 1) != 0;
    }
};

/// Whether the result of a step has infos.
template <class StepOutcome>
concept HasInfo = requires(const StepOutcome& outcome) { outcome.info; };

/// The type of the infos.
template <HasInfo StepOutcome>
using InfoOf = std::remove_cvref_t<decltype(std::declval<StepOutcome>().info)>;

/// Bytes of a lane's row of such a member.
template <class Member>
constexpr std::size_t info_row_size() {
    return sizeof(typename InfoTraits<Member>::Element) * (InfoTraits<Member>::width == 0 ? 1 : InfoTraits<Member>::width);
}

/// Writes the infos of a batch of lanes, beginning with `lane`, or those of one lane.
template <class E, class Info>
XSIMD_INLINE void store_infos(void* const* arrays, std::size_t lane, const Info& info) {
    std::size_t i = 0;
    E::visit_info(info, [&](const char*, const auto& member) {
        InfoTraits<std::remove_cvref_t<decltype(member)>>::store(arrays[i++], lane, member);
    });
}

/// Calls `visit(i, size)` for each info; `size` is the number of bytes of a row.
template <class E, class Info, class Visitor>
XSIMD_INLINE void for_each_info_row(const Visitor& visit) {
    Info info{};
    std::size_t i = 0;
    E::visit_info(info, [&](const char*, const auto& member) {
        visit(i++, info_row_size<std::remove_cvref_t<decltype(member)>>());
    });
}

/// Clears the final infos of the lanes [begin, end). Restarts then write those of the episodes that ended.
template <class E, class Info>
XSIMD_INLINE void clear_final_infos(const Outputs& outputs, std::size_t begin, std::size_t end) {
    if (!outputs.final_infos) return;
    for_each_info_row<E, Info>([&](std::size_t i, std::size_t size) {
        std::memset(static_cast<std::byte*>(outputs.final_infos[i]) + begin * size, 0, (end - begin) * size);
    });
}

/// Copies the infos of lanes that restart to the final infos, if these are wanted, and clears them.
/// \param has_reset_info whether the reset writes infos in their place
template <class E, class Info>
XSIMD_INLINE void take_infos(const Outputs& outputs, const std::uint32_t* lanes, std::size_t count, bool has_reset_info) {
    for_each_info_row<E, Info>([&](std::size_t i, std::size_t size) {
        for (std::size_t k = 0; k < count; ++k) {
            std::byte* row = static_cast<std::byte*>(outputs.infos[i]) + lanes[k] * size;
            if (outputs.final_infos) std::memcpy(static_cast<std::byte*>(outputs.final_infos[i]) + lanes[k] * size, row, size);
            std::memset(row, 0, size);
        }
    });
    for (std::size_t k = 0; k < count; ++k) outputs.has_infos[lanes[k]] = has_reset_info;
}

}  // namespace operant
