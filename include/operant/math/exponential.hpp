#pragma once
/// \file
/// Exponential function and hyperbolic tangent on batches of float, for neural networks. The result in a lane does not
/// depend on the other lanes or on the batch's width. It has the same bits on all processors with a fused multiply-add.
///
/// Both functions write 2^t as 2^n * 2^f, with an integer n and |f| <= 1/2 (W. J. Cody and W. Waite, "Software Manual for the
/// Elementary Functions", Prentice-Hall, 1980).

#include <array>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <type_traits>

#include <xsimd/xsimd.hpp>

namespace operant {
namespace detail {

/// 2^n and 2^f - 1 of several batches.
template <class Batch, std::size_t count>
struct PowersOfTwo {
    std::array<Batch, count> whole;  ///< 2^n
    std::array<Batch, count> rest;   ///< 2^f - 1
};

/// Splits 2^(x * factor), which must be a normal number.
///
/// Each loop applies one operation to all batches. The processor looks only a few dozen instructions ahead for other work, so
/// with one batch after the other it would wait for each result.
template <class Arch, std::size_t count>
XSIMD_INLINE PowersOfTwo<xsimd::batch<float, Arch>, count> powers_of_two(
    const std::array<xsimd::batch<float, Arch>, count>& x, float factor) {
    using Batch = xsimd::batch<float, Arch>;
    // (2^f - 1) / f, as a minimax polynomial by Remez' algorithm with a relative error of 4.4e-7. The factor |f| <= 1/2
    // at least halves the effect on the result.
    constexpr float coefficients[] = {1.3333538732e-3f, 9.6662454258e-3f, 5.5505002134e-2f, 2.4022351343e-1f,
                                      6.9314714351e-1f};
    // Floats near 1.5 * 2^23 are integers, so adding this number rounds to an integer n. The lowest bits then hold n + 127, the
    // exponent field of 2^n.
    const Batch to_integer(12582912.0f + 127.0f);
    std::array<Batch, count> shifted, f, quotient;
    for (std::size_t k = 0; k < count; ++k) shifted[k] = xsimd::fma(x[k], Batch(factor), to_integer);
    for (std::size_t k = 0; k < count; ++k) f[k] = to_integer - shifted[k];
    for (std::size_t k = 0; k < count; ++k) f[k] = xsimd::fma(x[k], Batch(factor), f[k]);
    for (std::size_t k = 0; k < count; ++k)
        quotient[k] = xsimd::fma(Batch(coefficients[0]), f[k], Batch(coefficients[1]));
    for (std::size_t i = 2; i < 5; ++i)
        for (std::size_t k = 0; k < count; ++k) quotient[k] = xsimd::fma(quotient[k], f[k], Batch(coefficients[i]));
    PowersOfTwo<Batch, count> powers;
    for (std::size_t k = 0; k < count; ++k) powers.rest[k] = f[k] * quotient[k];
    for (std::size_t k = 0; k < count; ++k)
        powers.whole[k] = xsimd::bitwise_cast<float>(xsimd::bitwise_cast<std::int32_t>(shifted[k]) << 23);
    return powers;
}

/// Returns -|x|, or `least` if that is larger; `least` is negative.
template <class Arch>
XSIMD_INLINE xsimd::batch<float, Arch> negative_magnitude(const xsimd::batch<float, Arch>& x, float least) {
    using Batch = xsimd::batch<float, Arch>;
#if XSIMD_WITH_AVX512DQ
    if constexpr (std::is_base_of_v<xsimd::avx512dq, Arch>) {
        constexpr int smaller_magnitude = 0b10, negative = 0b11 << 2;
        return _mm512_range_ps(x, Batch(least), smaller_magnitude | negative);
    }
#endif
    return xsimd::max(x | Batch(-0.0f), Batch(least));
}

/// Returns the magnitude of one number with the sign of another.
template <class Arch>
XSIMD_INLINE xsimd::batch<float, Arch> with_sign_of(const xsimd::batch<float, Arch>& magnitude,
                                                    const xsimd::batch<float, Arch>& x) {
    using Batch = xsimd::batch<float, Arch>;
    const Batch sign(-0.0f);
#if XSIMD_WITH_AVX512F
    if constexpr (std::is_base_of_v<xsimd::avx512f, Arch>) {  // in one instruction
        constexpr int sign_from_second = 0b11011000;
        return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(_mm512_castps_si512(magnitude), _mm512_castps_si512(x),
                                                             _mm512_castps_si512(sign), sign_from_second));
    }
#endif
    return xsimd::bitwise_andnot(magnitude, sign) | (x & sign);
}

}  // namespace detail

/// Returns e^x for x <= 0, and e^-87 for x < -87. The relative error is below 3e-7 + 5e-8 |x|, because log2(e) is rounded, and
/// half more on processors without a fused multiply-add. The name is not exp, because an unqualified call would find xsimd's.
template <class Arch>
XSIMD_INLINE xsimd::batch<float, Arch> exponential_of_negative(const xsimd::batch<float, Arch>& x) {
    using Batch = xsimd::batch<float, Arch>;
    const auto powers =
        detail::powers_of_two(std::array{xsimd::max(x, Batch(-87.0f))}, std::numbers::log2e_v<float>);
    return xsimd::fma(powers.whole[0], powers.rest[0], powers.whole[0]);
}

/// Returns tanh(x) of several batches, faster than one batch at a time. The error is below 2.2e-7, the relative error below
/// 9e-7. The result is within +-1 and exactly odd. It is not quite monotonic: when x grows, it may fall by 6e-8, a unit in
/// the last place of numbers below 1.
///
/// With e = exp(-2|x|) - 1, tanh |x| = -e / (e + 2). The denominator is between 1 and 2, so a parabola and two steps of
/// Newton's method give the quotient, in half the time of a division on Intel's processors.
template <class Arch, std::size_t count>
XSIMD_INLINE std::array<xsimd::batch<float, Arch>, count> hyperbolic_tangents(
    const std::array<xsimd::batch<float, Arch>, count>& x) {
    using Batch = xsimd::batch<float, Arch>;
    const Batch one(1.0f);
    std::array<Batch, count> negative, e, denominator, reciprocal, error, result;
    for (std::size_t k = 0; k < count; ++k) negative[k] = detail::negative_magnitude(x[k], -9.05f);  // tanh(-9.05) rounds to -1
    const auto powers = detail::powers_of_two(negative, 2 * std::numbers::log2e_v<float>);
    for (std::size_t k = 0; k < count; ++k) e[k] = powers.whole[k] - one;
    for (std::size_t k = 0; k < count; ++k) e[k] = xsimd::fma(powers.whole[k], powers.rest[k], e[k]);
    for (std::size_t k = 0; k < count; ++k) denominator[k] = e[k] + Batch(2.0f);
    for (std::size_t k = 0; k < count; ++k)
        reciprocal[k] = xsimd::fma(Batch(0.32323245f), denominator[k], Batch(-1.45454585f));
    for (std::size_t k = 0; k < count; ++k)
        reciprocal[k] = xsimd::fma(reciprocal[k], denominator[k], Batch(2.12121241f));
    for (std::size_t k = 0; k < count; ++k) error[k] = xsimd::fnma(denominator[k], reciprocal[k], one);
    for (std::size_t k = 0; k < count; ++k) reciprocal[k] = xsimd::fma(reciprocal[k], error[k], reciprocal[k]);
    for (std::size_t k = 0; k < count; ++k) error[k] = xsimd::fnma(denominator[k], reciprocal[k], one);
    for (std::size_t k = 0; k < count; ++k) result[k] = e[k] * reciprocal[k];
    for (std::size_t k = 0; k < count; ++k) result[k] = xsimd::fma(result[k], error[k], result[k]);
    for (std::size_t k = 0; k < count; ++k) result[k] = detail::with_sign_of(result[k], x[k]);
    return result;
}

}  // namespace operant
