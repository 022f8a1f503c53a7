#pragma once
/// \file
/// How the members of `E::State` are stored. Each is an array with one element per copy, which is read and written as a batch
/// of lanes, as one lane, or as the float64 that callers see.

#include <array>
#include <cstddef>
#include <cstring>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>

namespace operant {

/// How a member is stored that is a number or a batch of numbers.
template <class Member>
struct MemberTraits {
    using Stored = Member;  ///< an element of the array
    /// The number that callers see for an element.
    static XSIMD_INLINE double shown(Stored stored) { return static_cast<double>(stored); }
    /// The element for a number from a caller.
    static XSIMD_INLINE Stored stored(double shown) { return static_cast<Stored>(shown); }
};
/// \cond
template <class T, class Arch>
struct MemberTraits<xsimd::batch<T, Arch>> : MemberTraits<T> {};
/// \endcond

/// How a member is stored that has its own stored form, as Angle does. It has a batch `stored()`, a constructor from such a
/// batch, and static functions `shown` and `to_stored`.
template <class Member>
    requires requires { typename Member::StoredBatch; }
struct MemberTraits<Member> {
    using Stored = typename Member::StoredBatch::value_type;  ///< an element of the array
    /// The number that callers see for an element.
    static XSIMD_INLINE double shown(Stored stored) { return Member::shown(stored); }
    /// The element for a number from a caller.
    static XSIMD_INLINE Stored stored(double shown) { return Member::to_stored(shown); }
};

/// Reads one number.
template <class T>
    requires std::is_arithmetic_v<T>
XSIMD_INLINE void load_member(T& member, const T* lane) {
    member = *lane;
}
/// Writes one number.
template <class T>
    requires std::is_arithmetic_v<T>
XSIMD_INLINE void store_member(const T& member, T* lane) {
    *lane = member;
}
/// Reads a batch of lanes from 64-byte aligned memory.
template <class T, class Arch, class Stored>
XSIMD_INLINE void load_member(xsimd::batch<T, Arch>& member, const Stored* lanes) {
    member = xsimd::batch<T, Arch>::load_aligned(lanes);
}
/// The same for a member that has its own stored form.
template <class Member, class Stored>
    requires requires { typename Member::StoredBatch; }
XSIMD_INLINE void load_member(Member& member, const Stored* lanes) {
    member = Member(Member::StoredBatch::load_aligned(lanes));
}
/// Writes a batch of lanes.
template <class T, class Arch, class Stored>
XSIMD_INLINE void store_member(const xsimd::batch<T, Arch>& member, Stored* lanes) {
    member.store_aligned(lanes);
}
/// The same for a member that has its own stored form.
template <class Member, class Stored>
    requires requires { typename Member::StoredBatch; }
XSIMD_INLINE void store_member(const Member& member, Stored* lanes) {
    member.stored().store_aligned(lanes);
}

/// The arrays of a state. Each kernel has its own copy of the pointers. Stores to the arrays cannot change this copy, so the
/// pointers stay in registers.
template <class E, class State, std::size_t most>
class StateArrays {
public:
    /// \param arrays as in Lanes
    /// \param size how many there are
    XSIMD_INLINE explicit StateArrays(void* const* arrays, std::size_t size = most) {
        for (std::size_t i = 0; i < size; ++i) arrays_[i] = arrays[i];
    }

    /// Loads the batch of lanes that begins with `lane`, or, if the state consists of plain numbers, that lane.
    XSIMD_INLINE State load(std::size_t lane) const {
        State state = blank();
        for_each_member<E>(state, [&](std::size_t i, auto& member) { load_member(member, array(i, member) + lane); });
        return state;
    }
    /// Stores the batch of lanes that begins with `lane`, or that lane.
    XSIMD_INLINE void store(const State& state, std::size_t lane) const {
        for_each_member<E>(state,
                           [&](std::size_t i, const auto& member) { store_member(member, array(i, member) + lane); });
    }
    /// The array of one member.
    template <class Member>
    XSIMD_INLINE auto* array(std::size_t i, const Member&) const {
        return static_cast<typename MemberTraits<Member>::Stored*>(arrays_[i]);
    }

private:
    /// A state to load into. A scalar state is zero, because `visit_state` may leave out members. A state of batches is not
    /// initialised, because all of it is loaded, and to clear forty batches would take longer than that.
    static XSIMD_INLINE State blank() {
        if constexpr (BatchTier<E>) {
            State state;
            return state;
        } else {
            return {};
        }
    }

    void* arrays_[most];
};

/// The number in a member of a state that `reset` has returned: an Angle's radians, or the member itself.
template <class T>
XSIMD_INLINE const auto& plain_number(const T& number) {
    if constexpr (requires { number.radians; })
        return number.radians;
    else
        return number;
}

}  // namespace operant
