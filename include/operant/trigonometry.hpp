#pragma once
/// \file
/// Sine and cosine on batches.
///
/// float: polynomials good to float32 rounding over every argument; fast where the environments' angles live. The result
/// in one lane never depends on its neighbours, nor on the batch's width.
/// double: the C library, lane by lane, because numpy's (and so Gymnasium's) float64 sine and cosine are the C library's.

#include <cmath>
#include <cstdint>
#include <numbers>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/arithmetic.hpp>

namespace operant {

template <class Batch>
struct SinCos {
    Batch sin, cos;
};

namespace detail {

/// Minimax polynomials for |x| <= pi/4, from S. L. Moshier's Cephes library (sinf.c, 1989).
template <class Arch>
XSIMD_INLINE SinCos<xsimd::batch<float, Arch>> sincos_eighth_turn(const xsimd::batch<float, Arch>& x) {
    using Batch = xsimd::batch<float, Arch>;
    const Batch square = x * x;
    const Batch odd = xsimd::fma(xsimd::fma(Batch(-1.9515295891e-4f), square, Batch(8.3321608736e-3f)), square,
                                 Batch(-1.6666654611e-1f));
    const Batch even = xsimd::fma(xsimd::fma(Batch(2.443315711809948e-5f), square, Batch(-1.388731625493765e-3f)),
                                  square, Batch(4.166664568298827e-2f));
    return {xsimd::fma(odd * square, x, x),
            xsimd::fma(xsimd::fma(even, square, Batch(-0.5f)), square, Batch(1.0f))};
}

/// Sine and cosine of an angle plus so many quarter turns.
template <class Arch>
XSIMD_INLINE SinCos<xsimd::batch<float, Arch>> in_quadrant(const SinCos<xsimd::batch<float, Arch>>& angle,
                                                           const xsimd::batch<std::int32_t, Arch>& quadrant) {
    const auto odd = xsimd::batch_bool_cast<float>((quadrant & 1) != 0);
    const auto negate_sin = xsimd::batch_bool_cast<float>((quadrant & 2) != 0);
    const auto negate_cos = xsimd::batch_bool_cast<float>(((quadrant + 1) & 2) != 0);
    const auto sin = xsimd::select(odd, angle.cos, angle.sin);
    const auto cos = xsimd::select(odd, angle.sin, angle.cos);
    return {xsimd::select(negate_sin, -sin, sin), xsimd::select(negate_cos, -cos, cos)};
}

/// |x| up to `largest_reduced`: subtract the nearest multiple of pi/2 in three parts whose products are exact (Cody and
/// Waite), then take the polynomials in the right order and sign. Beyond it: the C library in double.
template <class Arch>
SinCos<xsimd::batch<float, Arch>> sincos_any_angle(const xsimd::batch<float, Arch>& x) {
    using Batch = xsimd::batch<float, Arch>;
    constexpr float largest_reduced = 8192.0f;

    const Batch turns = xsimd::nearbyint(x * Batch(2 * std::numbers::inv_pi_v<float>));
    Batch rest = x - turns * Batch(1.5703125f);
    rest = rest - turns * Batch(4.837512969970703125e-4f);
    rest = rest - turns * Batch(7.54978995489188e-8f);
    SinCos<Batch> result = in_quadrant(sincos_eighth_turn(rest), xsimd::to_int(turns));

    const auto reduced = xsimd::abs(x) <= Batch(largest_reduced);
    if (!xsimd::all(reduced)) {
        const Batch far_sin = lane_by_lane(x, [](float angle) { return static_cast<float>(::sin(double{angle})); });
        const Batch far_cos = lane_by_lane(x, [](float angle) { return static_cast<float>(::cos(double{angle})); });
        result.sin = xsimd::select(reduced, result.sin, far_sin);
        result.cos = xsimd::select(reduced, result.cos, far_cos);
    }
    return result;
}

}  // namespace detail

/// The angle less the nearest whole number of turns: between -pi and pi, give or take a rounding.
template <class Arch>
XSIMD_INLINE xsimd::batch<float, Arch> within_half_turn(const xsimd::batch<float, Arch>& x) {
    using Batch = xsimd::batch<float, Arch>;
    // A turn in two parts, the first of which has so few bits that thousands of it are exact.
    constexpr double turn = 2 * std::numbers::pi;
    constexpr float coarse = 6.28125f;
    constexpr auto fine = static_cast<float>(turn - double{coarse});
    const Batch turns = xsimd::nearbyint(x * Batch(static_cast<float>(1 / turn)));
    return xsimd::fnma(turns, Batch(fine), xsimd::fnma(turns, Batch(coarse), x));
}

/// Sine and cosine of angles in radians; fastest while all of them are within an eighth turn of zero. Its bound is a
/// little below pi/4, so that an angle within it is reduced by no turn in the other branch: both give the same bits.
template <class Arch>
XSIMD_INLINE SinCos<xsimd::batch<float, Arch>> sincos(const xsimd::batch<float, Arch>& x) {
    if (xsimd::all(xsimd::abs(x) <= xsimd::batch<float, Arch>(0.78f))) return detail::sincos_eighth_turn(x);
    return detail::sincos_any_angle(x);
}

template <class Arch>
XSIMD_INLINE SinCos<xsimd::batch<double, Arch>> sincos(const xsimd::batch<double, Arch>& x) {
    return {lane_by_lane(x, [](double angle) { return ::sin(angle); }),
            lane_by_lane(x, [](double angle) { return ::cos(angle); })};
}

/// Named apart from xsimd's sin and cos, which an unqualified call would find too.
template <class Scalar, class Arch>
XSIMD_INLINE xsimd::batch<Scalar, Arch> sine(const xsimd::batch<Scalar, Arch>& x) {
    if constexpr (std::is_same_v<Scalar, float>)
        return sincos(x).sin;
    else
        return lane_by_lane(x, [](double angle) { return ::sin(angle); });
}

template <class Scalar, class Arch>
XSIMD_INLINE xsimd::batch<Scalar, Arch> cosine(const xsimd::batch<Scalar, Arch>& x) {
    if constexpr (std::is_same_v<Scalar, float>)
        return sincos(x).cos;
    else
        return lane_by_lane(x, [](double angle) { return ::cos(angle); });
}

}  // namespace operant
