#pragma once
/// \file
/// Arithmetic that is fast in float and exact in double, so that each environment's physics is written only once.
///
/// In float, `multiply_add` is fused, and a division by a constant is a multiplication by its reciprocal. In double, the
/// operations are those of Gymnasium's Python, each rounded. This needs `-ffp-contract=off`, which the CMake target sets;
/// otherwise GCC fuses operations in double, too.

#include <array>
#include <cmath>
#include <type_traits>

#include <xsimd/xsimd.hpp>

namespace operant {

/// a * b + c. In float it is rounded once, in double after each operation.
template <class Scalar, class Arch>
XSIMD_INLINE xsimd::batch<Scalar, Arch> multiply_add(const xsimd::batch<Scalar, Arch>& a,
                                                     const xsimd::batch<Scalar, Arch>& b,
                                                     const xsimd::batch<Scalar, Arch>& c) {
    if constexpr (std::is_same_v<Scalar, float>)
        return xsimd::fma(a, b, c);
    else
        return a * b + c;
}

/// c - a * b. In float it is rounded once, in double after each operation.
template <class Scalar, class Arch>
XSIMD_INLINE xsimd::batch<Scalar, Arch> negated_multiply_add(const xsimd::batch<Scalar, Arch>& a,
                                                             const xsimd::batch<Scalar, Arch>& b,
                                                             const xsimd::batch<Scalar, Arch>& c) {
    if constexpr (std::is_same_v<Scalar, float>)
        return xsimd::fnma(a, b, c);
    else
        return c - a * b;
}

/// Calls a function of one number for every lane.
template <class Scalar, class Arch, class Function>
XSIMD_INLINE xsimd::batch<Scalar, Arch> lane_by_lane(const xsimd::batch<Scalar, Arch>& x, Function function) {
    using Batch = xsimd::batch<Scalar, Arch>;
    alignas(Arch::alignment()) Scalar lanes[Batch::size];
    x.store_aligned(lanes);
    for (Scalar& lane : lanes) lane = function(lane);
    return Batch::load_aligned(lanes);
}

/// The lower and the upper half of the lanes, converted to double.
template <class Arch>
XSIMD_INLINE std::array<xsimd::batch<double, Arch>, 2> widened(const xsimd::batch<float, Arch>& x) {
    using Double = xsimd::batch<double, Arch>;
#if XSIMD_WITH_AVX512F
    if constexpr (std::is_base_of_v<xsimd::avx512f, Arch>) {  // otherwise GCC 12 converts quarters and joins them
        const __m512d bits = _mm512_castps_pd(x);
        return {Double(_mm512_cvtps_pd(_mm512_castps512_ps256(x))),
                Double(_mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(bits, 1))))};
    }
#endif
    alignas(Arch::alignment()) float narrow[2 * Double::size];
    alignas(Arch::alignment()) double wide[2 * Double::size];
    x.store_aligned(narrow);
    for (std::size_t lane = 0; lane < 2 * Double::size; ++lane) wide[lane] = narrow[lane];
    return {Double::load_aligned(wide), Double::load_aligned(wide + Double::size)};
}

/// Python's `x ** 2`, which is the C library's `pow` and not always correctly rounded. The exponent is volatile, because
/// compilers replace pow(x, 2) by x * x, which is sometimes different.
XSIMD_INLINE double pow_2(double x) {
    volatile double exponent = 2.0;
    return ::pow(x, exponent);
}
/// The same in float, with `powf`.
XSIMD_INLINE float pow_2(float x) {
    volatile float exponent = 2.0f;
    return ::powf(x, exponent);
}

/// x squared. In double it is Python's `x ** 2`.
template <class Scalar, class Arch>
XSIMD_INLINE xsimd::batch<Scalar, Arch> squared(const xsimd::batch<Scalar, Arch>& x) {
    if constexpr (std::is_same_v<Scalar, float>)
        return x * x;
    else
        return lane_by_lane(x, [](double lane) { return pow_2(lane); });
}

/// x rounded to float32. The volatile variable is needed because GCC 12 removes a vectorised conversion to float and back.
XSIMD_INLINE double to_float32(double x) {
    volatile float rounded = static_cast<float>(x);
    return rounded;
}

/// Every lane rounded to float32.
template <class Arch>
XSIMD_INLINE xsimd::batch<double, Arch> to_float32(const xsimd::batch<double, Arch>& x) {
    return lane_by_lane(x, [](double lane) { return to_float32(lane); });
}

/// In double, x with the lanes in `where` rounded to float32, as if they had been numpy float32. In float, x.
template <class Scalar, class Arch>
XSIMD_INLINE xsimd::batch<Scalar, Arch> to_float32_where(const xsimd::batch_bool<Scalar, Arch>& where,
                                                         const xsimd::batch<Scalar, Arch>& x) {
    if constexpr (std::is_same_v<Scalar, float>)
        return x;
    else
        return xsimd::select(where, to_float32(x), x);
}

/// A divisor for several divisions. In float, its reciprocal is computed once.
template <class Batch>
class Divisor {
    using Scalar = typename Batch::value_type;
    static constexpr bool exact = std::is_same_v<Scalar, double>;

public:
    /// The same divisor for all copies.
    explicit Divisor(double value) : factor_(static_cast<Scalar>(exact ? value : 1.0 / value)) {}
    /// One divisor per copy.
    XSIMD_INLINE explicit Divisor(const Batch& value) : factor_(exact ? value : Batch(1) / value) {}

    /// The quotient. In double it is correctly rounded.
    friend XSIMD_INLINE Batch operator/(const Batch& numerator, const Divisor& divisor) {
        if constexpr (exact)
            return numerator / divisor.factor_;
        else
            return numerator * divisor.factor_;
    }

    /// minuend - numerator / divisor. In float it is rounded once.
    friend XSIMD_INLINE Batch minus_quotient(const Batch& minuend, const Batch& numerator, const Divisor& divisor) {
        if constexpr (exact)
            return minuend - numerator / divisor.factor_;
        else
            return xsimd::fnma(numerator, divisor.factor_, minuend);
    }

private:
    Batch factor_;
};

}  // namespace operant
