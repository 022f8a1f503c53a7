#pragma once
/// \file
/// Stores infos, the named extra outputs of a step: each member of an environment's Info has an array.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

#include <operant/abi/outputs.hpp>
#include <operant/contract/calls.hpp>
#include <operant/environment.hpp>
#include <operant/kernel/action_masks.hpp>
#include <operant/math/arithmetic.hpp>

namespace operant {

/// The storage of a plain number of one env.
template <class Member>
struct InfoTraits {
    static_assert(std::is_arithmetic_v<Member>,
                  "a member of an environment's `info` must be a number or a bool; in Dynamics<Batch>, a Batch, an Integer<Batch> or "
                  "a mask; or a std::array of those, of up to three dimensions");

    using Element = Member;                  ///< the type of an element of the array
    static constexpr std::size_t envs = 1;   ///< the number of envs whose numbers a member holds
    static constexpr Shape shape{};          ///< the shape of an env's row
    /// Writes a member to the row of an env, or to the rows of a batch that begins with it.
    static XSIMD_INLINE void store(void* array, std::size_t env, const Member& member) {
        std::memcpy(static_cast<std::byte*>(array) + env * sizeof(Member), &member, sizeof(Member));
    }
};

/// The storage of a batch of numbers: float64 or int64, the types of Python's numbers.
template <class T, class Arch>
struct InfoTraits<xsimd::batch<T, Arch>> {
    using Element = std::conditional_t<std::is_integral_v<T>, std::int64_t, double>;
    static constexpr std::size_t envs = xsimd::batch<T, Arch>::size;
    static constexpr Shape shape{};
    static XSIMD_INLINE void store(void* array, std::size_t env, const xsimd::batch<T, Arch>& member) {
        Element* row = static_cast<Element*>(array) + env;
        if constexpr (std::is_same_v<T, Element>) {
            member.store_unaligned(row);
        } else if constexpr (std::is_same_v<T, float>) {
            const auto [low, high] = widened(member);
            low.store_unaligned(row);
            high.store_unaligned(row + low.size);
        } else {
            alignas(Arch::alignment()) T lanes[envs];
            member.store_aligned(lanes);
            for (std::size_t i = 0; i < envs; ++i) row[i] = static_cast<Element>(lanes[i]);
        }
    }
};

/// The storage of a batch of truth values.
template <class T, class Arch>
struct InfoTraits<xsimd::batch_bool<T, Arch>> {
    using Element = bool;
    static constexpr std::size_t envs = xsimd::batch_bool<T, Arch>::size;
    static constexpr Shape shape{};
    static XSIMD_INLINE void store(void* array, std::size_t env, const xsimd::batch_bool<T, Arch>& member) {
        const std::uint64_t bits = member.mask();
        bool* row = static_cast<bool*>(array) + env;
        for (std::size_t i = 0; i < envs; ++i) row[i] = (bits >> i & 1) != 0;
    }
};

/// The storage of an array, or of an array of arrays.
template <class T, std::size_t size>
struct InfoTraits<std::array<T, size>> {
    using Element = typename InfoTraits<T>::Element;
    static constexpr std::size_t envs = InfoTraits<T>::envs;
    static constexpr std::size_t numbers_of_each = InfoTraits<T>::shape.size(), width = size * numbers_of_each;
    static_assert(InfoTraits<T>::shape.dimensions < Shape::most_dimensions,
                  "a member of an environment's `info` must have at most three dimensions");
    static constexpr Shape shape = within(size, InfoTraits<T>::shape);
    static XSIMD_INLINE void store(void* array, std::size_t env, const std::array<T, size>& member) {
        Element* rows = static_cast<Element*>(array) + env * width;
        if constexpr (envs == 1) {
            std::memcpy(rows, member.data(), sizeof(member));
        } else {
            Element columns[envs * numbers_of_each];
            for (std::size_t i = 0; i < size; ++i) {
                InfoTraits<T>::store(columns, 0, member[i]);
                for (std::size_t lane = 0; lane < envs; ++lane)
                    std::memcpy(rows + lane * width + i * numbers_of_each, columns + lane * numbers_of_each,
                                numbers_of_each * sizeof(Element));
            }
        }
    }
};

/// Returns the bytes of an env's row of such a member.
template <class Member>
constexpr std::size_t info_row_size() {
    return sizeof(typename InfoTraits<Member>::Element) * InfoTraits<Member>::shape.size();
}

/// The infos of an environment that reports none.
struct NoInfo {};

/// The infos of an environment with an action mask, which follows its own infos.
template <class Info, class Mask>
struct MaskedInfo {
    Info info;
    Mask action_mask;
};

namespace detail {

template <class Info>
inline constexpr bool is_masked_info = false;
template <class Info, class Mask>
inline constexpr bool is_masked_info<MaskedInfo<Info, Mask>> = true;

}  // namespace detail

/// Returns the environment's own infos of a step.
template <class StepOutcome>
XSIMD_INLINE decltype(auto) info_of([[maybe_unused]] const StepOutcome& outcome) {
    if constexpr (requires { outcome.info; })
        return (outcome.info);
    else
        return NoInfo{};
}

/// The infos of the steps and the resets of E, with the action mask if it has one.
/// \tparam Self as in contract/calls.hpp
template <class E, class Self, class State, class StepOutcome>
struct InfosOf {
    /// The infos of a step that has led to a state.
    static XSIMD_INLINE decltype(auto) of_step(const StepOutcome& outcome, [[maybe_unused]] const Self& self,
                                               [[maybe_unused]] const State& state) {
        if constexpr (HasActionMask<E>)
            return MaskedInfo{info_of(outcome), action_mask_of<E>(self, state)};
        else
            return info_of(outcome);
    }

    using Infos = std::remove_cvref_t<decltype(of_step(std::declval<const StepOutcome&>(), std::declval<const Self&>(),
                                                       std::declval<const State&>()))>;  ///< of a step, with the action mask
    static constexpr bool has_infos = !std::is_same_v<Infos, NoInfo>;                    ///< true if steps have infos

private:
    static constexpr bool has_own_reset_info =
        !std::is_void_v<decltype(call_reset_info<E>(std::declval<const Self&>(), std::declval<const State&>()))>;

public:
    static constexpr bool has_reset_info = has_own_reset_info || HasActionMask<E>;  ///< true if resets have infos, too

    /// The infos of a reset that has led to a state.
    static XSIMD_INLINE Infos of_reset(const Self& self, const State& state) {
        if constexpr (!HasActionMask<E>)
            return call_reset_info<E>(self, state);
        else if constexpr (has_own_reset_info)
            return {call_reset_info<E>(self, state), action_mask_of<E>(self, state)};
        else
            return {NoInfo{}, action_mask_of<E>(self, state)};
    }
};

/// Calls `visit(name, member)` for each info.
template <class E, class Info, class Visitor>
XSIMD_INLINE void visit_infos(Info& info, const Visitor& visit) {
    if constexpr (detail::is_masked_info<std::remove_cv_t<Info>>) {
        visit_infos<E>(info.info, visit);
        visit("action_mask", info.action_mask);
    } else if constexpr (!std::is_same_v<std::remove_cv_t<Info>, NoInfo>) {
        E::visit_info(info, visit);
    }
}

/// Writes the infos of a batch that begins with `env`, or of one env.
template <class E, class Info>
XSIMD_INLINE void store_infos(void* const* arrays, std::size_t env, const Info& info) {
    std::size_t i = 0;
    visit_infos<E>(info, [&](const char*, const auto& member) {
        InfoTraits<std::remove_cvref_t<decltype(member)>>::store(arrays[i++], env, member);
    });
}

/// A list of infos. A call with `visit` calls `visit(i, size)` for each info; `size` is the number of bytes of a row.
template <class E, class Info>
struct InfoRows {
    template <class Visitor>
    XSIMD_INLINE void operator()(const Visitor& visit) const {
        Info info{};
        std::size_t i = 0;
        visit_infos<E>(info, [&](const char*, const auto& member) {
            visit(i++, info_row_size<std::remove_cvref_t<decltype(member)>>());
        });
    }
};

/// Writes only the action mask, which is the last of the infos.
template <class E, class Info>
XSIMD_INLINE void store_action_mask(void* const* arrays, std::size_t env, const decltype(Info::action_mask)& mask) {
    std::size_t count = 0;
    InfoRows<E, Info>()([&](std::size_t, std::size_t) { ++count; });
    InfoTraits<decltype(Info::action_mask)>::store(arrays[count - 1], env, mask);
}

/// Clears the final infos of the envs [begin, end). Restarts then write the infos of the episodes that ended.
/// \param rows an InfoRows, or a function like it
template <class Rows>
XSIMD_INLINE void clear_final_infos(const Rows& rows, const Outputs& outputs, std::size_t begin, std::size_t end) {
    if (!outputs.final_infos) return;
    rows([&](std::size_t i, std::size_t size) {
        std::memset(static_cast<std::byte*>(outputs.final_infos[i]) + begin * size, 0, (end - begin) * size);
    });
}

/// Copies the infos of envs that restart to the final infos, if the caller wants them, and clears the infos.
/// \param rows as above
/// \param has_reset_info true if the reset writes infos in their place
template <class Rows>
XSIMD_INLINE void take_infos(const Rows& rows, const Outputs& outputs, const std::uint32_t* envs, std::size_t count,
                             bool has_reset_info) {
    rows([&](std::size_t i, std::size_t size) {
        for (std::size_t k = 0; k < count; ++k) {
            std::byte* row = static_cast<std::byte*>(outputs.infos[i]) + envs[k] * size;
            if (outputs.final_infos) std::memcpy(static_cast<std::byte*>(outputs.final_infos[i]) + envs[k] * size, row, size);
            std::memset(row, 0, size);
        }
    });
    for (std::size_t k = 0; k < count; ++k) outputs.has_infos[envs[k]] = has_reset_info;
}

}  // namespace operant
