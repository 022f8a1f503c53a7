#pragma once
/// \file
/// The storage of states. In the batch tier, each member of `E::State` is an array with one element per env, and functions read
/// and write it as a batch, as one env, or as the float64 that callers see. In the scalar tier, an array holds whole states.

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/abi/library.hpp>
#include <operant/environment.hpp>

namespace operant {

/// The storage of a number, an enum or a batch of numbers.
template <class Member>
struct MemberTraits {
    /// The type of an element of the array.
    using Stored =
        typename std::conditional_t<std::is_enum_v<Member>, std::underlying_type<Member>, std::type_identity<Member>>::type;
    /// Returns the number that callers see for an element. Integers beyond 2^53 are rounded.
    static XSIMD_INLINE double shown(Stored stored) { return static_cast<double>(stored); }
    /// Returns the element for a number from a caller, or for a number that `shown` returned.
    static XSIMD_INLINE Stored stored(double shown) {
        // `shown` rounds the largest integers up to the next double, which is out of range.
        if constexpr (std::is_integral_v<Stored> && sizeof(Stored) == 8)
            if (shown >= static_cast<double>(std::numeric_limits<Stored>::max())) return std::numeric_limits<Stored>::max();
        return static_cast<Stored>(shown);
    }
};
/// \cond
template <class T, class Arch>
struct MemberTraits<xsimd::batch<T, Arch>> : MemberTraits<T> {};
/// \endcond

/// The storage of a member with its own stored form, such as Angle. It has a batch `stored()`, a constructor from such a batch,
/// and static functions `shown` and `to_stored`.
template <class Member>
    requires requires { typename Member::StoredBatch; }
struct MemberTraits<Member> {
    using Stored = typename Member::StoredBatch::value_type;  ///< the type of an element of the array
    /// Returns the number that callers see for an element.
    static XSIMD_INLINE double shown(Stored stored) { return Member::shown(stored); }
    /// Returns the element for a number from a caller.
    static XSIMD_INLINE Stored stored(double shown) { return Member::to_stored(shown); }
};

/// Reads a batch, or a member with its own stored form, from 64-byte aligned memory.
template <class Member, class Stored>
XSIMD_INLINE void load_member(Member& member, const Stored* lanes) {
    if constexpr (requires { typename Member::StoredBatch; })
        member = Member(Member::StoredBatch::load_aligned(lanes));
    else
        member = Member::load_aligned(lanes);
}
/// Writes it.
template <class Member, class Stored>
XSIMD_INLINE void store_member(const Member& member, Stored* lanes) {
    if constexpr (requires { typename Member::StoredBatch; })
        member.stored().store_aligned(lanes);
    else
        member.store_aligned(lanes);
}

/// The arrays of a state of batches. Each kernel has a local copy of the pointers. No store to the arrays can change this copy,
/// so the pointers stay in registers.
template <class E, class State, std::size_t size>
class StateArrays {
public:
    /// \param arrays as in EnvArrays
    XSIMD_INLINE explicit StateArrays(void* const* arrays) {
        for (std::size_t i = 0; i < size; ++i) arrays_[i] = arrays[i];
    }

    /// Loads the batch that begins with `env`.
    XSIMD_INLINE State load(std::size_t env) const {
        State state;  // not initialised: all of it is loaded, and clearing forty batches takes time
        for_each_member<E>(state, [&](std::size_t i, auto& member) { load_member(member, array(i, member) + env); });
        return state;
    }
    /// Stores the batch that begins with `env`.
    XSIMD_INLINE void store(const State& state, std::size_t env) const {
        for_each_member<E>(state,
                           [&](std::size_t i, const auto& member) { store_member(member, array(i, member) + env); });
    }
    /// Returns the array of one member.
    template <class Member>
    XSIMD_INLINE auto* array(std::size_t i, const Member&) const {
        return static_cast<typename MemberTraits<Member>::Stored*>(arrays_[i]);
    }

private:
    void* arrays_[size];
};

/// The places of the variables of a state.
template <class E, class State, class Tier>
struct StateLayout {
    StateVariable variables[Tier::most_variables];  ///< as Kernels::state_variables
    std::size_t strides[Tier::most_arrays];         ///< as Kernels::state_strides
    std::size_t array_count = 0;                    ///< as Kernels::state_array_count
    State default_state{};                          ///< as Kernels::default_state

    XSIMD_INLINE StateLayout() {
        for_each_member<E>(default_state, [&](std::size_t i, const auto& member) {
            using Member = std::remove_cvref_t<decltype(member)>;
            static_assert(BatchTier<E> || ((std::is_arithmetic_v<Member> || std::is_enum_v<Member>) && sizeof(Member) <= 8),
                          "an environment's State consists of floats, doubles, integers, bools, enums, std::arrays of them, and "
                          "structs of them that have OPERANT_MEMBERS");
            using Stored = typename MemberTraits<Member>::Stored;
            variables[i].type = element_type_of<Stored>();
            if constexpr (BatchTier<E>) {
                variables[i].array = static_cast<std::uint32_t>(i);
                variables[i].offset = 0;
                strides[i] = sizeof(Stored);
                array_count = i + 1;
            } else {
                variables[i].array = 0;
                variables[i].offset = static_cast<std::uint32_t>(reinterpret_cast<const std::byte*>(&member) -
                                                                 reinterpret_cast<const std::byte*>(&default_state));
            }
        });
        if constexpr (!BatchTier<E>) {
            strides[0] = sizeof(State);
            array_count = 1;
        }
    }
};

/// Returns the number in a member of a state that `reset` has returned: an Angle's radians, or the member itself.
template <class T>
XSIMD_INLINE const auto& plain_number(const T& number) {
    if constexpr (requires { number.radians; })
        return number.radians;
    else
        return number;
}

}  // namespace operant
