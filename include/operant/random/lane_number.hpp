#pragma once
/// \file
/// The numbers of a `reset` of many envs: a double per lane, with the arithmetic of a double.
///
/// All functions exist for plain doubles too, so the same `reset` works for one env.

#include <cmath>
#include <cstddef>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/math/arithmetic.hpp>

namespace operant {

/// The result of a comparison of LaneNumbers, lane by lane. It cannot be the condition of an `if`: use `select`.
template <class Arch>
struct LaneMask {
    using Bool = xsimd::batch_bool<double, Arch>;
    Bool first;   ///< the lower half of the lanes
    Bool second;  ///< the upper half

    /// Leaves the lanes uninitialised.
    LaneMask() = default;
    /// Sets every lane to the same value.
    XSIMD_INLINE LaneMask(bool x) : first(x), second(x) {}
    /// Joins both halves.
    XSIMD_INLINE LaneMask(const Bool& x, const Bool& y) : first(x), second(y) {}

    friend XSIMD_INLINE LaneMask operator!(const LaneMask& x) { return {!x.first, !x.second}; }
    friend XSIMD_INLINE LaneMask operator&(const LaneMask& x, const LaneMask& y) {
        return {x.first & y.first, x.second & y.second};
    }
    friend XSIMD_INLINE LaneMask operator|(const LaneMask& x, const LaneMask& y) {
        return {x.first | y.first, x.second | y.second};
    }
    friend XSIMD_INLINE LaneMask operator&&(const LaneMask& x, const LaneMask& y) { return x & y; }
    friend XSIMD_INLINE LaneMask operator||(const LaneMask& x, const LaneMask& y) { return x | y; }
};

/// A double per lane, in two batches. A plain double converts to a LaneNumber with the same number in every lane.
template <class Arch>
struct LaneNumber {
    using Double = xsimd::batch<double, Arch>;
    using Mask = LaneMask<Arch>;                           ///< the result of comparisons
    static constexpr std::size_t size = 2 * Double::size;  ///< the number of lanes

    Double first;   ///< the lower half of the lanes
    Double second;  ///< the upper half

    /// Leaves the lanes uninitialised.
    LaneNumber() = default;
    /// Sets every lane to the same value.
    XSIMD_INLINE LaneNumber(double x) : first(x), second(x) {}
    /// Joins both halves.
    XSIMD_INLINE LaneNumber(const Double& x, const Double& y) : first(x), second(y) {}

    /// \param numbers `size` of them, one per lane, aligned for a batch
    static XSIMD_INLINE LaneNumber load_aligned(const double* numbers) {
        return {Double::load_aligned(numbers), Double::load_aligned(numbers + Double::size)};
    }
    /// \param numbers `size` of them, one per lane, aligned for a batch
    XSIMD_INLINE void store_aligned(double* numbers) const {
        first.store_aligned(numbers);
        second.store_aligned(numbers + Double::size);
    }

    friend XSIMD_INLINE LaneNumber operator-(const LaneNumber& x) { return {negate(x.first), negate(x.second)}; }
    friend XSIMD_INLINE LaneNumber operator+(const LaneNumber& x, const LaneNumber& y) {
        return {x.first + y.first, x.second + y.second};
    }
    friend XSIMD_INLINE LaneNumber operator-(const LaneNumber& x, const LaneNumber& y) {
        return {x.first - y.first, x.second - y.second};
    }
    friend XSIMD_INLINE LaneNumber operator*(const LaneNumber& x, const LaneNumber& y) {
        return {x.first * y.first, x.second * y.second};
    }
    friend XSIMD_INLINE LaneNumber operator/(const LaneNumber& x, const LaneNumber& y) {
        return {x.first / y.first, x.second / y.second};
    }
    XSIMD_INLINE LaneNumber& operator+=(const LaneNumber& x) { return *this = *this + x; }
    XSIMD_INLINE LaneNumber& operator-=(const LaneNumber& x) { return *this = *this - x; }
    XSIMD_INLINE LaneNumber& operator*=(const LaneNumber& x) { return *this = *this * x; }
    XSIMD_INLINE LaneNumber& operator/=(const LaneNumber& x) { return *this = *this / x; }

    friend XSIMD_INLINE Mask operator==(const LaneNumber& x, const LaneNumber& y) {
        return {x.first == y.first, x.second == y.second};
    }
    friend XSIMD_INLINE Mask operator!=(const LaneNumber& x, const LaneNumber& y) {
        return {x.first != y.first, x.second != y.second};
    }
    friend XSIMD_INLINE Mask operator<(const LaneNumber& x, const LaneNumber& y) {
        return {x.first < y.first, x.second < y.second};
    }
    friend XSIMD_INLINE Mask operator<=(const LaneNumber& x, const LaneNumber& y) {
        return {x.first <= y.first, x.second <= y.second};
    }
    friend XSIMD_INLINE Mask operator>(const LaneNumber& x, const LaneNumber& y) { return y < x; }
    friend XSIMD_INLINE Mask operator>=(const LaneNumber& x, const LaneNumber& y) { return y <= x; }
};

/// Returns x in the lanes where `where` is true, y in the others.
template <class Arch>
XSIMD_INLINE LaneNumber<Arch> select(const LaneMask<Arch>& where, const std::type_identity_t<LaneNumber<Arch>>& x,
                                     const std::type_identity_t<LaneNumber<Arch>>& y) {
    return {xsimd::select(where.first, x.first, y.first), xsimd::select(where.second, x.second, y.second)};
}
XSIMD_INLINE double select(bool where, double x, double y) { return where ? x : y; }

/// Returns the smaller number, or x if neither is smaller.
template <class Arch>
XSIMD_INLINE LaneNumber<Arch> min(const LaneNumber<Arch>& x, const std::type_identity_t<LaneNumber<Arch>>& y) {
    return select(y < x, y, x);
}
template <class Arch>
XSIMD_INLINE LaneNumber<Arch> min(double x, const LaneNumber<Arch>& y) {
    return min(LaneNumber<Arch>(x), y);
}
XSIMD_INLINE double min(double x, double y) { return y < x ? y : x; }

/// Returns the larger number, or x if neither is larger.
template <class Arch>
XSIMD_INLINE LaneNumber<Arch> max(const LaneNumber<Arch>& x, const std::type_identity_t<LaneNumber<Arch>>& y) {
    return select(x < y, y, x);
}
template <class Arch>
XSIMD_INLINE LaneNumber<Arch> max(double x, const LaneNumber<Arch>& y) {
    return max(LaneNumber<Arch>(x), y);
}
XSIMD_INLINE double max(double x, double y) { return x < y ? y : x; }

/// Returns the magnitude.
template <class Arch>
XSIMD_INLINE LaneNumber<Arch> abs(const LaneNumber<Arch>& x) {
    return {xsimd::abs(x.first), xsimd::abs(x.second)};
}
XSIMD_INLINE double abs(double x) { return ::fabs(x); }

/// Returns the square root, correctly rounded.
template <class Arch>
XSIMD_INLINE LaneNumber<Arch> sqrt(const LaneNumber<Arch>& x) {
    return {xsimd::sqrt(x.first), xsimd::sqrt(x.second)};
}
XSIMD_INLINE double sqrt(double x) { return ::sqrt(x); }

/// Rounds every lane to float32.
template <class Arch>
XSIMD_INLINE LaneNumber<Arch> to_float32(const LaneNumber<Arch>& x) {
    return {to_float32(x.first), to_float32(x.second)};
}

/// Calls a function of doubles, such as the C library's sine, for every lane.
template <class Arch, class Function>
XSIMD_INLINE LaneNumber<Arch> lane_by_lane(const LaneNumber<Arch>& x, Function function) {
    return {lane_by_lane(x.first, function), lane_by_lane(x.second, function)};
}
template <class Function>
XSIMD_INLINE double lane_by_lane(double x, Function function) {
    return function(x);
}

}  // namespace operant
