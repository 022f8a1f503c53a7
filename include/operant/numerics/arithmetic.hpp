#pragma once
/// \file
/// The two places where fast (float) and exact (double) arithmetic part ways, so that the physics is written once.
///
/// float: fused multiply-add, and division by a constant as multiplication by its reciprocal. double: the operations
/// that Gymnasium's Python does, one by one, each rounded. Compile with `-ffp-contract=off` (the CMake target does), or
/// GCC fuses the double operations all the same.

#include <array>
#include <cmath>
#include <type_traits>

#include <xsimd/xsimd.hpp>

namespace operant {

/// a * b + c; rounded once in float, after each operation in double.
template <class Scalar, class Arch>
XSIMD_INLINE xsimd::batch<Scalar, Arch> multiply_add(const xsimd::batch<Scalar, Arch>& a,
                                                     const xsimd::batch<Scalar, Arch>& b,
                                                     const xsimd::batch<Scalar, Arch>& c) {
    if constexpr (std::is_same_v<Scalar, float>)
        return xsimd::fma(a, b, c);
    else
        return a * b + c;
}

/// c - a * b; rounded once in float, after each operation in double.
template <class Scalar, class Arch>
XSIMD_INLINE xsimd::batch<Scalar, Arch> negated_multiply_add(const xsimd::batch<Scalar, Arch>& a,
                                                             const xsimd::batch<Scalar, Arch>& b,
                                                             const xsimd::batch<Scalar, Arch>& c) {
    if constexpr (std::is_same_v<Scalar, float>)
        return xsimd::fnma(a, b, c);
    else
        return c - a * b;
}

/// Calls a function of numbers for every lane.
template <class Scalar, class Arch, class Function>
XSIMD_INLINE xsimd::batch<Scalar, Arch> lane_by_lane(const xsimd::batch<Scalar, Arch>& x, Function function) {
    using Batch = xsimd::batch<Scalar, Arch>;
    alignas(Arch::alignment()) Scalar lanes[Batch::size];
    x.store_aligned(lanes);
    for (Scalar& lane : lanes) lane = function(lane);
    return Batch::load_aligned(lanes);
}

/// The lower and the upper half of the lanes in double.
template <class Arch>
XSIMD_INLINE std::array<xsimd::batch<double, Arch>, 2> widened(const xsimd::batch<float, Arch>& x) {
    using Double = xsimd::batch<double, Arch>;
#if XSIMD_WITH_AVX512F
    if constexpr (std::is_base_of_v<xsimd::avx512f, Arch>) {  // GCC 12 converts quarters and puts them together
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

/// Python's `x ** 2`: the C library's `pow`, which is not always correctly rounded, while compilers take x * x for it
/// when they see the exponent.
XSIMD_INLINE double pow_2(double x) {
    volatile double exponent = 2.0;
    return ::pow(x, exponent);
}
/// The same in float, by `powf`.
XSIMD_INLINE float pow_2(float x) {
    volatile float exponent = 2.0f;
    return ::powf(x, exponent);
}

/// x squared, in double as Python's `x ** 2`.
template <class Scalar, class Arch>
XSIMD_INLINE xsimd::batch<Scalar, Arch> squared(const xsimd::batch<Scalar, Arch>& x) {
    if constexpr (std::is_same_v<Scalar, float>)
        return x * x;
    else
        return lane_by_lane(x, [](double lane) { return pow_2(lane); });
}

/// x rounded to float32. By way of memory: GCC 12 turns a vectorised double -> float -> double into nothing.
XSIMD_INLINE double to_float32(double x) {
    volatile float rounded = static_cast<float>(x);
    return rounded;
}

/// Every lane rounded to float32.
template <class Arch>
XSIMD_INLINE xsimd::batch<double, Arch> to_float32(const xsimd::batch<double, Arch>& x) {
    return lane_by_lane(x, [](double lane) { return to_float32(lane); });
}

/// In double, the lanes in `where` rounded to float32: what a numpy float32 would have been. In float, x.
template <class Scalar, class Arch>
XSIMD_INLINE xsimd::batch<Scalar, Arch> to_float32_where(const xsimd::batch_bool<Scalar, Arch>& where,
                                                         const xsimd::batch<Scalar, Arch>& x) {
    if constexpr (std::is_same_v<Scalar, float>)
        return x;
    else
        return xsimd::select(where, to_float32(x), x);
}

/// Something to divide by more than once: in float, its reciprocal is taken once.
template <class Batch>
class Divisor {
    using Scalar = typename Batch::value_type;
    static constexpr bool exact = std::is_same_v<Scalar, double>;

public:
    /// The same divisor for all copies.
    explicit Divisor(double value) : factor_(static_cast<Scalar>(exact ? value : 1.0 / value)) {}
    /// One divisor a copy.
    XSIMD_INLINE explicit Divisor(const Batch& value) : factor_(exact ? value : Batch(1) / value) {}

    /// The quotient; in double rounded once, as IEEE 754 wants it.
    friend XSIMD_INLINE Batch operator/(const Batch& numerator, const Divisor& divisor) {
        if constexpr (exact)
            return numerator / divisor.factor_;
        else
            return numerator * divisor.factor_;
    }

    /// minuend - numerator / divisor; rounded once in float.
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
