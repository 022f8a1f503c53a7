#pragma once
/// \file
/// Sine and cosine on batches.
///
/// In float they are polynomials, right to float32 rounding for every angle, and fast for the angles of environments. The
/// result in a lane does not depend on the other lanes or on the batch's width. In double they are the C library's, as in numpy
/// and Gymnasium: one call per lane, except for small angles, where library_sine.hpp computes the same results on batches.

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/math/arithmetic.hpp>
#include <operant/math/library_sine.hpp>

namespace operant {

/// \def OPERANT_NOINLINE
/// Keeps rarely used code out of its callers.
#if defined(_MSC_VER)
#define OPERANT_NOINLINE __declspec(noinline)
#else
#define OPERANT_NOINLINE __attribute__((noinline))
#endif

/// Sine and cosine of the same angles.
template <class Batch>
struct SinCos {
    Batch sin;  ///< between -1 and 1
    Batch cos;  ///< between -1 and 1
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

/// Minimax polynomial for |x| <= pi/2, by Remez' algorithm. Its relative error is 6e-9; with the roundings of float, it is at
/// most 1.2e-7.
template <class Arch>
XSIMD_INLINE xsimd::batch<float, Arch> sine_quarter_turn(const xsimd::batch<float, Arch>& x) {
    using Batch = xsimd::batch<float, Arch>;
    const Batch square = x * x;
    Batch odd = xsimd::fma(Batch(2.605631153e-6f), square, Batch(-1.980953966e-4f));
    odd = xsimd::fma(xsimd::fma(odd, square, Batch(8.333065547e-3f)), square, Batch(-1.666665971e-1f));
    return xsimd::fma(odd * square, x, x);
}

/// Changes the sign of x in the lanes where the highest bit of `bits` is 1.
template <class Arch>
XSIMD_INLINE xsimd::batch<float, Arch> negated_by(const xsimd::batch<std::int32_t, Arch>& bits,
                                                  const xsimd::batch<float, Arch>& x) {
    return x ^ xsimd::bitwise_cast<float>(bits & xsimd::batch<std::int32_t, Arch>(std::numeric_limits<std::int32_t>::min()));
}

/// Returns sine and cosine of an angle plus a number of quarter turns. Only the highest bit of the integers counts.
/// \param odd the bit is 1 if the number of quarter turns is odd
/// \param sin_negated,cos_negated the bit is 1 to change the sign of the sine or the cosine
template <class Arch>
XSIMD_INLINE SinCos<xsimd::batch<float, Arch>> turned(const SinCos<xsimd::batch<float, Arch>>& angle,
                                                      const xsimd::batch<std::int32_t, Arch>& odd,
                                                      const xsimd::batch<std::int32_t, Arch>& sin_negated,
                                                      const xsimd::batch<std::int32_t, Arch>& cos_negated) {
    const auto swapped = xsimd::batch_bool_cast<float>(odd < 0);
    return {negated_by(sin_negated, xsimd::select(swapped, angle.cos, angle.sin)),
            negated_by(cos_negated, xsimd::select(swapped, angle.sin, angle.cos))};
}

/// Returns the nearest integers to x * factor, as floats, and integers with the same lowest bits, for results up to 2^22. The
/// function adds a number so large that floats of its size are integers: fewer instructions than rounding and converting.
template <class Arch>
struct Rounded {
    using Batch = xsimd::batch<float, Arch>;

    XSIMD_INLINE Rounded(const Batch& x, float factor) {
        const Batch shift(0x1.8p23f), shifted = xsimd::fma(x, Batch(factor), shift);
        number = shifted - shift;
        bits = xsimd::bitwise_cast<std::int32_t>(shifted);
    }

    Batch number;
    xsimd::batch<std::int32_t, Arch> bits;
};

/// The largest angle for which minus_half_turns is exact.
inline constexpr float largest_reduced = 8192.0f;

/// Returns x - multiple * pi. Pi is the sum of three parts. Their products with half-integers are exact up to largest_reduced
/// (Cody and Waite).
template <class Arch>
XSIMD_INLINE xsimd::batch<float, Arch> minus_half_turns(const xsimd::batch<float, Arch>& x,
                                                        const xsimd::batch<float, Arch>& multiple) {
    using Batch = xsimd::batch<float, Arch>;
    return xsimd::fnma(multiple, Batch(1.509957990978376e-7f),
                       xsimd::fnma(multiple, Batch(9.67502593994140625e-4f), xsimd::fnma(multiple, Batch(3.140625f), x)));
}

/// Replaces `result` in the lanes beyond largest_reduced by the C library's result for x in double. The caller rarely calls this
/// function, and arguments by value let it keep its values in registers.
template <class Arch>
OPERANT_NOINLINE xsimd::batch<float, Arch> with_far_lanes(xsimd::batch<float, Arch> x, xsimd::batch<float, Arch> result,
                                         double (*function)(double)) {
    const auto far = lane_by_lane(x, [=](float angle) { return static_cast<float>(function(double{angle})); });
    return xsimd::select(xsimd::abs(x) <= xsimd::batch<float, Arch>(largest_reduced), result, far);
}

template <class Arch>
XSIMD_INLINE bool all_near(const xsimd::batch<float, Arch>& x) {
    return xsimd::all(xsimd::abs(x) <= xsimd::batch<float, Arch>(largest_reduced));
}

/// Returns sine and cosine within 1.2e-7, and never above 1.
template <class Arch>
XSIMD_INLINE SinCos<xsimd::batch<float, Arch>> sincos_any_angle(const xsimd::batch<float, Arch>& x) {
    using Batch = xsimd::batch<float, Arch>;
    const Rounded<Arch> quarters(x, 2 * std::numbers::inv_pi_v<float>);
    const auto lowest = quarters.bits << 31, second = quarters.bits << 30;
    auto result =
        turned(sincos_eighth_turn(minus_half_turns(x, Batch(0.5f) * quarters.number)), lowest, second, second ^ lowest);
    if (!all_near(x)) {
        result.sin = with_far_lanes(x, result.sin, &::sin);
        result.cos = with_far_lanes(x, result.cos, &::cos);
    }
    return result;
}

/// The same, not inlined, for callers that rarely use it.
template <class Arch>
OPERANT_NOINLINE SinCos<xsimd::batch<float, Arch>> sincos_any_angle_called(xsimd::batch<float, Arch> x) {
    return sincos_any_angle(x);
}

}  // namespace detail

/// Returns the angle minus the nearest number of whole turns. It is between -pi and pi, except for rounding.
template <class Arch>
XSIMD_INLINE xsimd::batch<float, Arch> within_half_turn(const xsimd::batch<float, Arch>& x) {
    using Batch = xsimd::batch<float, Arch>;
    // A turn is the sum of two parts. The first has few bits, so its multiples are exact up to thousands.
    constexpr double turn = 2 * std::numbers::pi;
    constexpr float coarse = 6.28125f;
    constexpr auto fine = static_cast<float>(turn - double{coarse});
    const Batch turns = xsimd::nearbyint(x * Batch(static_cast<float>(1 / turn)));
    return xsimd::fnma(turns, Batch(fine), xsimd::fnma(turns, Batch(coarse), x));
}

/// Returns sine and cosine of angles in radians. It is fast if all are within about an eighth turn. The bound is a little below
/// pi/4. For angles within it, the general function subtracts no quarter turn, so both branches give the same bits.
template <class Arch>
XSIMD_INLINE SinCos<xsimd::batch<float, Arch>> sincos_of_small(const xsimd::batch<float, Arch>& x) {
    if (xsimd::all(xsimd::abs(x) <= xsimd::batch<float, Arch>(0.78f))) return detail::sincos_eighth_turn(x);
    return detail::sincos_any_angle_called(x);
}

/// Returns sine and cosine of angles of any size in radians.
template <class Arch>
XSIMD_INLINE SinCos<xsimd::batch<float, Arch>> sincos(const xsimd::batch<float, Arch>& x) {
    return detail::sincos_any_angle(x);
}

/// In double, calls the C library.
template <class Arch>
XSIMD_INLINE SinCos<xsimd::batch<double, Arch>> sincos(const xsimd::batch<double, Arch>& x) {
    return {lane_by_lane(x, [](double angle) { return ::sin(angle); }),
            lane_by_lane(x, [](double angle) { return ::cos(angle); })};
}
/// In double, returns the C library's results, on batches where that is possible.
template <class Arch>
XSIMD_INLINE SinCos<xsimd::batch<double, Arch>> sincos_of_small(const xsimd::batch<double, Arch>& x) {
    using Library = detail::LibrarySine<xsimd::batch<double, Arch>>;
    if (xsimd::all(xsimd::abs(x) <= Library::largest) && Library::is_followed()) return {Library::sin(x), Library::cos(x)};
    return sincos(x);
}

/// Returns the sine, for equations of motion. It costs less than sincos and its mean error is as small, but it may exceed 1 by
/// one rounding. The name is not sin, because an unqualified call would find xsimd's.
template <class Arch>
XSIMD_INLINE xsimd::batch<float, Arch> sine(const xsimd::batch<float, Arch>& x) {
    using Batch = xsimd::batch<float, Arch>;
    const detail::Rounded<Arch> halves(x, std::numbers::inv_pi_v<float>);
    const Batch result =
        detail::negated_by(halves.bits << 31, detail::sine_quarter_turn(detail::minus_half_turns(x, halves.number)));
    return detail::all_near(x) ? result : detail::with_far_lanes(x, result, &::sin);
}

/// Returns the cosine, as sin(x + pi/2).
template <class Arch>
XSIMD_INLINE xsimd::batch<float, Arch> cosine(const xsimd::batch<float, Arch>& x) {
    using Batch = xsimd::batch<float, Arch>;
    const Batch halves = xsimd::nearbyint(xsimd::fma(x, Batch(std::numbers::inv_pi_v<float>), Batch(0.5f)));
    const Batch rest = detail::minus_half_turns(x, halves - Batch(0.5f));
    const Batch result = detail::negated_by(xsimd::to_int(halves) << 31, detail::sine_quarter_turn(rest));
    return detail::all_near(x) ? result : detail::with_far_lanes(x, result, &::cos);
}

/// In double, calls the C library.
template <class Arch>
XSIMD_INLINE xsimd::batch<double, Arch> sine(const xsimd::batch<double, Arch>& x) {
    return lane_by_lane(x, [](double angle) { return ::sin(angle); });
}
/// In double, calls the C library.
template <class Arch>
XSIMD_INLINE xsimd::batch<double, Arch> cosine(const xsimd::batch<double, Arch>& x) {
    return lane_by_lane(x, [](double angle) { return ::cos(angle); });
}

}  // namespace operant
