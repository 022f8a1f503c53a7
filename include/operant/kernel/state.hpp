#pragma once
/// \file
/// A state variable is one array with an element for each copy. This says how a member of `E::State` is kept in its
/// array, and how it is read and written: a batch of lanes at a time, one lane, or as the float64 that callers see.

#include <array>
#include <cstddef>
#include <cstring>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>

namespace operant {

/// Of a member that is a plain number, or a batch of them.
template <class Member>
struct MemberTraits {
    using Stored = Member;  ///< an element of the array
    /// The element as callers see it.
    static XSIMD_INLINE double shown(Stored stored) { return static_cast<double>(stored); }
    /// What the array holds for such a number.
    static XSIMD_INLINE Stored stored(double shown) { return static_cast<Stored>(shown); }
};
/// \cond
template <class T, class Arch>
struct MemberTraits<xsimd::batch<T, Arch>> : MemberTraits<T> {};
/// \endcond

/// Of a member that says itself how it is kept, as Angle does: it has a batch `stored()`, can be made of one, and has
/// static functions `shown` and `stored`.
template <class Member>
    requires requires { typename Member::StoredBatch; }
struct MemberTraits<Member> {
    using Stored = typename Member::StoredBatch::value_type;  ///< an element of the array
    /// The element as callers see it.
    static XSIMD_INLINE double shown(Stored stored) { return Member::shown(stored); }
    /// What the array holds for such a number.
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
/// The same for a member that says itself how it is kept.
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
/// The same for a member that says itself how it is kept.
template <class Member, class Stored>
    requires requires { typename Member::StoredBatch; }
XSIMD_INLINE void store_member(const Member& member, Stored* lanes) {
    member.stored().store_aligned(lanes);
}

/// The arrays of a state. A kernel has a copy of the pointers, which no store to the arrays can change: they stay in
/// registers.
template <class E, class State, std::size_t most>
class StateArrays {
public:
    /// \param arrays as in Lanes
    /// \param size how many there are
    XSIMD_INLINE explicit StateArrays(void* const* arrays, std::size_t size = most) {
        for (std::size_t i = 0; i < size; ++i) arrays_[i] = arrays[i];
    }

    /// The batch of lanes from `lane` on; for a state of plain numbers, that lane.
    XSIMD_INLINE State load(std::size_t lane) const {
        State state = blank();
        for_each_member<E>(state, [&](std::size_t i, auto& member) { load_member(member, array(i, member) + lane); });
        return state;
    }
    /// Writes them.
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
    /// Zeros, in members of a scalar state that `visit_state` leaves out. All batches are about to be loaded, and to clear
    /// forty of them first would take longer than that.
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

/// A number that `reset` has drawn, whatever it is wrapped in, as callers see it.
template <class T>
XSIMD_INLINE const auto& plain_number(const T& number) {
    if constexpr (requires { number.radians; })
        return number.radians;
    else
        return number;
}

}  // namespace operant
