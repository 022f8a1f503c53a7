#pragma once
/// \file
/// The C library's `sinf` and `cosf`, on numbers and on batches, bit for bit.
///
/// Since version 2.28, glibc computes both in double: it subtracts quarter turns and evaluates short polynomials (Szabolcs Nagy,
/// Arm Optimized Routines). On processors with a fused multiply-add, glibc chooses a variant that the compiler has fused. This
/// file follows that variant, operation by operation, for every float. glibc's own results differ between processors, because
/// its variant without fusions subtracts quarter turns less accurately. These do not: the subtraction is exact everywhere, and
/// fusions in the polynomials change no float (a test compares all of them).

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/math/arithmetic.hpp>
#include <operant/math/trigonometry.hpp>

namespace operant {
namespace detail {

/// True if batches have an operation that returns a * b + c, rounded once. It may be false where they have.
template <class Arch>
inline constexpr bool has_fma = std::is_base_of_v<xsimd::fma3<xsimd::avx2>, Arch> || std::is_base_of_v<xsimd::avx512f, Arch> ||
                                std::is_base_of_v<xsimd::neon64, Arch>;

/// Returns a * b + c, rounded once. On batches without FMA, it is rounded twice.
XSIMD_INLINE double fused(double a, double b, double c) { return std::fma(a, b, c); }
template <class Arch>
XSIMD_INLINE xsimd::batch<double, Arch> fused(const xsimd::batch<double, Arch>& a, const xsimd::batch<double, Arch>& b,
                                              const xsimd::batch<double, Arch>& c) {
    return xsimd::fma(a, b, c);
}

/// Sine and cosine for |x| <= pi/4, with the C library's polynomials. `Number` is double or a batch of double.
template <class Number>
XSIMD_INLINE SinCos<Number> library_polynomials(const Number& x) {
    const Number square = x * x;
    const Number x3 = x * square, s1 = fused(square, Number(-0x1.994eb3774cf24p-13), Number(0x1.1107605230bc4p-7));
    const Number x5 = x3 * square, s = fused(x3, Number(-0x1.555545995a603p-3), x);
    const Number x4 = square * square, c2 = fused(square, Number(0x1.99343027bf8c3p-16), Number(-0x1.6c087e89a359dp-10));
    const Number c1 = fused(square, Number(-0x1.ffffffd0c621cp-2), Number(1.0));
    const Number x6 = x4 * square, c = fused(x4, Number(0x1.55553e1068f19p-5), c1);
    return {fused(x5, s1, s), fused(x6, c2, c)};
}

/// Below this angle, the C library subtracts quarter turns in double.
inline constexpr float library_near = 120;
/// Below this angle, the C library's sine is the angle itself.
inline constexpr float library_tiny = 0x1p-12f;
/// Quarter turns in a radian, times 2^24.
inline constexpr double library_quarters = 0x1.45F306DC9C883p+23;
/// A quarter turn in radians.
inline constexpr double library_quarter = 0x1.921FB54442D18p0;

/// An angle minus a number of quarter turns.
struct LibraryReduced {
    double rest;     ///< between -pi/4 and pi/4
    unsigned turns;  ///< the number of quarter turns; only the lowest two bits are meaningful
};

/// For angles below library_near, in absolute value.
XSIMD_INLINE LibraryReduced library_reduced_near(double x) {
    const int turns = (static_cast<int>(x * library_quarters) + 0x800000) >> 24;
    return {std::fma(-turns, library_quarter, x), static_cast<unsigned>(turns)};
}

/// For the magnitude of a finite angle: multiplies it by 4/pi in fixed point. M. H. Payne and R. N. Hanek, "Radian reduction for
/// trigonometric functions", SIGNUM Newsletter 18 (1983).
XSIMD_INLINE LibraryReduced library_reduced_far(std::uint32_t bits) {
    // 32 bits of 4/pi from every eighth bit on.
    constexpr std::uint32_t four_by_pi[] = {0xa2,       0xa2f9,     0xa2f983,   0xa2f9836e, 0xf9836e4e, 0x836e4e44,
                                            0x6e4e4415, 0x4e441529, 0x441529fc, 0x1529fc27, 0x29fc2757, 0xfc2757d1,
                                            0x2757d1f5, 0x57d1f534, 0xd1f534dd, 0xf534ddc0, 0x34ddc0db, 0xddc0db62,
                                            0xc0db6295, 0xdb629599, 0x6295993c, 0x95993c43, 0x993c4390, 0x3c439041};
    const std::uint32_t* part = four_by_pi + (bits >> 26 & 15);
    const std::uint32_t mantissa = ((bits & 0xffffff) | 0x800000) << (bits >> 23 & 7);
    // The product's 64 bits around the binary point: the highest two are the quarter turns.
    std::uint64_t product = std::uint64_t{mantissa * part[0]} << 32 | std::uint64_t{mantissa} * part[8] >> 32;
    product += std::uint64_t{mantissa} * part[4];
    const std::uint64_t turns = (product + (std::uint64_t{1} << 61)) >> 62;
    return {static_cast<double>(static_cast<std::int64_t>(product - (turns << 62))) * 0x1.921FB54442D18p-62,
            static_cast<unsigned>(turns)};
}

}  // namespace detail

/// Returns glibc's `sinf` and `cosf` of an angle in radians. They are NaN for an infinity or NaN.
XSIMD_INLINE SinCos<float> library_sincos(float x) {
    std::uint32_t bits;
    std::memcpy(&bits, &x, sizeof(bits));
    const float magnitude = std::fabs(x);
    if (!(magnitude <= std::numeric_limits<float>::max()))
        return {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::quiet_NaN()};
    const bool is_far = magnitude >= detail::library_near;
    const auto [rest, turns] =
        is_far ? detail::library_reduced_far(bits & 0x7fffffff) : detail::library_reduced_near(double{x});
    const auto [s, c] = detail::library_polynomials(rest);
    const auto sin = static_cast<float>((turns & 1) != 0 ? c : s), cos = static_cast<float>((turns & 1) != 0 ? s : c);
    const bool negated = ((turns & 2) != 0) != (is_far && std::signbit(x));
    return {magnitude < detail::library_tiny ? x : negated ? -sin : sin,
            ((turns + 1) & 2) != 0 ? -cos : cos};
}
/// Returns glibc's `sinf`, as library_sincos does.
XSIMD_INLINE float library_sin(float x) { return library_sincos(x).sin; }
/// Returns glibc's `cosf`, as library_sincos does.
XSIMD_INLINE float library_cos(float x) { return library_sincos(x).cos; }

namespace detail {

/// Sine and cosine of an angle without its quarter turns, and the number of these.
template <class Double>
struct LibraryNear {
    SinCos<Double> rest;
    Double turns;
};

/// For angles below library_near, in absolute value.
template <class Double>
XSIMD_INLINE LibraryNear<Double> library_sincos_near(const Double& angle) {
    // The C library rounds in fixed point, to 2^-24 of a quarter turn. That gives the same for every float, or a neighbour for
    // which the polynomials have the same results (a test compares all floats).
    const Double turns = xsimd::nearbyint(angle * Double(library_quarters * 0x1p-24));
    if constexpr (has_fma<typename Double::arch_type>) {
        return {library_polynomials(xsimd::fnma(turns, Double(library_quarter), angle)), turns};
    } else {
        // A quarter turn is the sum of 37 and 11 bits. Both products and the first difference are exact, so this rounds once, too.
        constexpr double high = 0x1.921FB5444p0, low = library_quarter - high;
        return {library_polynomials((angle - turns * Double(high)) - turns * Double(low)), turns};
    }
}

/// Calls library_sincos for every lane. The caller rarely calls this function, so it is not inlined.
template <class Arch>
OPERANT_NOINLINE SinCos<xsimd::batch<float, Arch>> library_sincos_by_lane(xsimd::batch<float, Arch> x) {
    return {lane_by_lane(x, [](float angle) { return library_sin(angle); }),
            lane_by_lane(x, [](float angle) { return library_cos(angle); })};
}

}  // namespace detail

/// Returns glibc's `sinf` and `cosf` of angles in radians. It is fast if all are below 120, in absolute value.
template <class Arch>
XSIMD_INLINE SinCos<xsimd::batch<float, Arch>> library_sincos(const xsimd::batch<float, Arch>& x) {
    using Batch = xsimd::batch<float, Arch>;
    const auto wide = widened(x);
    const auto first = detail::library_sincos_near(wide[0]), second = detail::library_sincos_near(wide[1]);
    const Batch magnitude = xsimd::abs(x);
    if (!xsimd::all(magnitude < Batch(detail::library_near))) return detail::library_sincos_by_lane(x);
    // The sum is in [2^23, 2^24], where the lowest bits of a float are an integer.
    const auto bits = xsimd::bitwise_cast<std::int32_t>(narrowed(std::array{first.turns, second.turns}) + Batch(0x1.8p23f));
    const auto bit_0 = bits << 31, bit_1 = bits << 30;
    const Batch sin = narrowed(std::array{first.rest.sin, second.rest.sin});
    const Batch cos = narrowed(std::array{first.rest.cos, second.rest.cos});
    auto result = detail::turned(SinCos<Batch>{sin, cos}, bit_0, bit_1, bit_1 ^ bit_0);
    result.sin = xsimd::select(magnitude < Batch(detail::library_tiny), x, result.sin);
    return result;
}
/// Returns glibc's `sinf`, as library_sincos does.
template <class Arch>
XSIMD_INLINE xsimd::batch<float, Arch> library_sin(const xsimd::batch<float, Arch>& x) {
    return library_sincos(x).sin;
}
/// Returns glibc's `cosf`, as library_sincos does.
template <class Arch>
XSIMD_INLINE xsimd::batch<float, Arch> library_cos(const xsimd::batch<float, Arch>& x) {
    return library_sincos(x).cos;
}

}  // namespace operant
