#pragma once
/// \file
/// The named extra outputs of a step: how a member of an environment's Info is kept in its array.

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

/// A member that is a plain number of one copy.
template <class Member>
struct InfoTraits {
    using Element = Member;                 ///< of the array
    static constexpr std::size_t width = 0;  ///< numbers in a row; 0 for an array of shape (num_envs,)
    /// Writes it to the row of a lane.
    static XSIMD_INLINE void store(void* array, std::size_t lane, const Member& member) {
        std::memcpy(static_cast<std::byte*>(array) + lane * sizeof(Member), &member, sizeof(Member));
    }
};

/// Several numbers of one copy.
template <class T, std::size_t size>
struct InfoTraits<std::array<T, size>> {
    using Element = T;
    static constexpr std::size_t width = size;
    static XSIMD_INLINE void store(void* array, std::size_t lane, const std::array<T, size>& member) {
        std::memcpy(static_cast<std::byte*>(array) + lane * sizeof(member), member.data(), sizeof(member));
    }
};

/// A batch of numbers: float64 as Python's floats, int64 as its integers.
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

/// A batch of truth values.
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

/// Whether what a step returns has infos.
template <class StepOutcome>
concept HasInfo = requires(const StepOutcome& outcome) { outcome.info; };

/// Their type.
template <HasInfo StepOutcome>
using InfoOf = std::remove_cvref_t<decltype(std::declval<StepOutcome>().info)>;

/// Bytes of a lane's row.
template <class Member>
constexpr std::size_t info_row_size() {
    return sizeof(typename InfoTraits<Member>::Element) * (InfoTraits<Member>::width == 0 ? 1 : InfoTraits<Member>::width);
}

/// Writes what a step returned as infos for the lanes from `lane` on.
template <class E, class Info>
XSIMD_INLINE void store_infos(void* const* arrays, std::size_t lane, const Info& info) {
    std::size_t i = 0;
    E::visit_info(info, [&](const char*, const auto& member) {
        InfoTraits<std::remove_cvref_t<decltype(member)>>::store(arrays[i++], lane, member);
    });
}

/// Calls `copy(i, size)` for each info, `size` the bytes of a row.
template <class E, class Info, class Visitor>
XSIMD_INLINE void for_each_info_row(const Visitor& visit) {
    Info info{};
    std::size_t i = 0;
    E::visit_info(info, [&](const char*, const auto& member) {
        visit(i++, info_row_size<std::remove_cvref_t<decltype(member)>>());
    });
}

/// No episode of the lanes [begin, end) has ended; restarts put in what those that did end with.
template <class E, class Info>
XSIMD_INLINE void clear_final_infos(const Outputs& outputs, std::size_t begin, std::size_t end) {
    if (!outputs.final_infos) return;
    for_each_info_row<E, Info>([&](std::size_t i, std::size_t size) {
        std::memset(static_cast<std::byte*>(outputs.final_infos[i]) + begin * size, 0, (end - begin) * size);
    });
}

/// Of the lanes that restart: keeps the infos of the episode's last step, if that is wanted, and clears them.
/// \param has_reset_info whether a reset puts others there
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
