#pragma once
/// \file
/// Arithmetic that is fast in float and exact in double. Each environment can therefore write its physics once.
///
/// In float, `multiply_add` is fused, and a division by a constant is a multiplication by its reciprocal. In double, the
/// operations are those of Gymnasium's Python, each rounded. This needs the compiler flags that the CMake target sets
/// (`exact_flags` in cmake/architectures.json). Without them, GCC fuses operations in double too.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

namespace operant {

/// Returns a * b + c, rounded once in float and after each operation in double.
template <class Scalar, class Arch>
XSIMD_INLINE xsimd::batch<Scalar, Arch> multiply_add(const xsimd::batch<Scalar, Arch>& a,
                                                     const xsimd::batch<Scalar, Arch>& b,
                                                     const xsimd::batch<Scalar, Arch>& c) {
    if constexpr (std::is_same_v<Scalar, float>)
        return xsimd::fma(a, b, c);
    else
        return a * b + c;
}

/// Returns c - a * b, rounded once in float and after each operation in double.
template <class Scalar, class Arch>
XSIMD_INLINE xsimd::batch<Scalar, Arch> negated_multiply_add(const xsimd::batch<Scalar, Arch>& a,
                                                             const xsimd::batch<Scalar, Arch>& b,
                                                             const xsimd::batch<Scalar, Arch>& c) {
    if constexpr (std::is_same_v<Scalar, float>)
        return xsimd::fnma(a, b, c);
    else
        return c - a * b;
}

/// Returns -x. xsimd's unary minus is 0 - x with AVX-512, which turns 0 into 0, and -0 with other instruction sets.
template <class Scalar, class Arch>
XSIMD_INLINE xsimd::batch<Scalar, Arch> negate(const xsimd::batch<Scalar, Arch>& x) {
    return x ^ xsimd::batch<Scalar, Arch>(Scalar(-0.0));
}

/// Returns a / b, correctly rounded. On Arm, xsimd's division of float is an estimate.
template <class Scalar, class Arch>
XSIMD_INLINE xsimd::batch<Scalar, Arch> quotient(const xsimd::batch<Scalar, Arch>& a, const xsimd::batch<Scalar, Arch>& b) {
#if XSIMD_WITH_NEON64
    if constexpr (std::is_same_v<Scalar, float> && std::is_base_of_v<xsimd::neon64, Arch>) return vdivq_f32(a, b);
#endif
    return a / b;
}

/// Returns the square root, correctly rounded. On Arm, xsimd's square root of float is an estimate.
template <class Scalar, class Arch>
XSIMD_INLINE xsimd::batch<Scalar, Arch> square_root(const xsimd::batch<Scalar, Arch>& x) {
#if XSIMD_WITH_NEON64
    if constexpr (std::is_same_v<Scalar, float> && std::is_base_of_v<xsimd::neon64, Arch>) return vsqrtq_f32(x);
#endif
    return xsimd::sqrt(x);
}

/// Calls a function of one number for every lane. The results are joined in registers, because a processor waits before it loads
/// a batch from memory to which single numbers have just been written.
template <class Scalar, class Arch, class Function>
XSIMD_INLINE xsimd::batch<Scalar, Arch> lane_by_lane(const xsimd::batch<Scalar, Arch>& x, Function function) {
    using Batch = xsimd::batch<Scalar, Arch>;
    alignas(Arch::alignment()) Scalar lanes[Batch::size];
    x.store_aligned(lanes);
    for (Scalar& lane : lanes) lane = function(lane);
    return [&]<std::size_t... i>(std::index_sequence<i...>) {
        return Batch(lanes[i]...);
    }(std::make_index_sequence<Batch::size>());
}

/// Converts `size` numbers in memory, a power of two. The compiler's vectoriser is off, as it may fuse operations, so the
/// function asks for the conversion of a vector.
template <std::size_t size, class To, class From>
XSIMD_INLINE void convert(const From* from, To* to) {
#if defined(__GNUC__)
    typedef From Before __attribute__((vector_size(size * sizeof(From))));
    typedef To After __attribute__((vector_size(size * sizeof(To))));
    Before before;
    std::memcpy(&before, from, sizeof(before));
    const After after = __builtin_convertvector(before, After);
    std::memcpy(to, &after, sizeof(after));
#else
    for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<To>(from[i]);
#endif
}

/// Converts the lower and the upper half of the lanes to double.
template <class Arch>
XSIMD_INLINE std::array<xsimd::batch<double, Arch>, 2> widened(const xsimd::batch<float, Arch>& x) {
    using Double = xsimd::batch<double, Arch>;
#if XSIMD_WITH_AVX512F
    if constexpr (std::is_base_of_v<xsimd::avx512f, Arch>) {
        const __m512d bits = _mm512_castps_pd(x);
        return {Double(_mm512_cvtps_pd(_mm512_castps512_ps256(x))),
                Double(_mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(bits, 1))))};
    } else
#endif
#if XSIMD_WITH_AVX
    if constexpr (std::is_base_of_v<xsimd::avx, Arch>) {
        return {Double(_mm256_cvtps_pd(_mm256_castps256_ps128(x))), Double(_mm256_cvtps_pd(_mm256_extractf128_ps(x, 1)))};
    } else
#endif
#if XSIMD_WITH_SSE2
    if constexpr (std::is_base_of_v<xsimd::sse2, Arch>) {
        return {Double(_mm_cvtps_pd(x)), Double(_mm_cvtps_pd(_mm_movehl_ps(x, x)))};
    } else
#endif
#if XSIMD_WITH_NEON64
    if constexpr (std::is_base_of_v<xsimd::neon64, Arch>) {
        return {Double(vcvt_f64_f32(vget_low_f32(x))), Double(vcvt_high_f64_f32(x))};
    } else
#endif
    {
        alignas(Arch::alignment()) float narrow[2 * Double::size];
        alignas(Arch::alignment()) double wide[2 * Double::size];
        x.store_aligned(narrow);
        for (std::size_t lane = 0; lane < 2 * Double::size; ++lane) wide[lane] = narrow[lane];
        return {Double::load_aligned(wide), Double::load_aligned(wide + Double::size)};
    }
}

/// Converts two batches to float; the first becomes the lower half of the lanes.
template <class Arch>
XSIMD_INLINE xsimd::batch<float, Arch> narrowed(const std::array<xsimd::batch<double, Arch>, 2>& x) {
    using Float = xsimd::batch<float, Arch>;
    constexpr std::size_t half = xsimd::batch<double, Arch>::size;
#if XSIMD_WITH_AVX512F
    if constexpr (std::is_base_of_v<xsimd::avx512f, Arch>) {
        const __m512d low = _mm512_castps_pd(_mm512_castps256_ps512(_mm512_cvtpd_ps(x[0])));
        return Float(_mm512_castpd_ps(_mm512_insertf64x4(low, _mm256_castps_pd(_mm512_cvtpd_ps(x[1])), 1)));
    } else
#endif
#if XSIMD_WITH_AVX
    if constexpr (std::is_base_of_v<xsimd::avx, Arch>) {
        return Float(_mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(x[0])), _mm256_cvtpd_ps(x[1]), 1));
    } else
#endif
#if XSIMD_WITH_SSE2
    if constexpr (std::is_base_of_v<xsimd::sse2, Arch>) {
        return Float(_mm_movelh_ps(_mm_cvtpd_ps(x[0]), _mm_cvtpd_ps(x[1])));
    } else
#endif
#if XSIMD_WITH_NEON64
    if constexpr (std::is_base_of_v<xsimd::neon64, Arch>) {
        return Float(vcvt_high_f32_f64(vcvt_f32_f64(x[0]), x[1]));
    } else
#endif
    {
        alignas(Arch::alignment()) double wide[2 * half];
        alignas(Arch::alignment()) float narrow[2 * half];
        x[0].store_aligned(wide);
        x[1].store_aligned(wide + half);
        for (std::size_t lane = 0; lane < 2 * half; ++lane) narrow[lane] = static_cast<float>(wide[lane]);
        return Float::load_aligned(narrow);
    }
}

/// Returns Python's `x ** 2`: the C library's `pow`, which is not always correctly rounded. The exponent is volatile, because
/// compilers replace pow(x, 2) by x * x, which sometimes differs.
XSIMD_INLINE double pow_2(double x) {
    volatile double exponent = 2.0;
    return ::pow(x, exponent);
}
/// The same in float, with `powf`.
XSIMD_INLINE float pow_2(float x) {
    volatile float exponent = 2.0f;
    return ::powf(x, exponent);
}

/// Returns x squared. In double it is Python's `x ** 2`.
template <class Scalar, class Arch>
XSIMD_INLINE xsimd::batch<Scalar, Arch> squared(const xsimd::batch<Scalar, Arch>& x) {
    if constexpr (std::is_same_v<Scalar, float>)
        return x * x;
    else
        return lane_by_lane(x, [](double lane) { return pow_2(lane); });
}

/// Rounds x to float32. The variable is volatile because GCC 12 removes a vectorised conversion to float and back.
XSIMD_INLINE double to_float32(double x) {
    volatile float rounded = static_cast<float>(x);
    return rounded;
}

/// Rounds every lane to float32.
template <class Arch>
XSIMD_INLINE xsimd::batch<double, Arch> to_float32(const xsimd::batch<double, Arch>& x) {
    return widened(narrowed(std::array{x, x}))[0];
}

/// In double, rounds the lanes in `where` to float32, as if they were numpy float32. In float, returns x.
template <class Scalar, class Arch>
XSIMD_INLINE xsimd::batch<Scalar, Arch> to_float32_where(const xsimd::batch_bool<Scalar, Arch>& where,
                                                         const xsimd::batch<Scalar, Arch>& x) {
    if constexpr (std::is_same_v<Scalar, float>)
        return x;
    else
        return xsimd::select(where, to_float32(x), x);
}

/// A divisor for several divisions. In float, the constructor computes its reciprocal.
template <class Batch>
class Divisor {
    using Scalar = typename Batch::value_type;
    static constexpr bool exact = std::is_same_v<Scalar, double>;

public:
    /// \param value the divisor in all lanes
    explicit Divisor(double value) : factor_(static_cast<Scalar>(exact ? value : 1.0 / value)) {}
    /// \param value one divisor per lane
    XSIMD_INLINE explicit Divisor(const Batch& value) : factor_(exact ? value : Batch(1) / value) {}

    /// Returns the quotient. In double it is correctly rounded.
    friend XSIMD_INLINE Batch operator/(const Batch& numerator, const Divisor& divisor) {
        if constexpr (exact)
            return numerator / divisor.factor_;
        else
            return numerator * divisor.factor_;
    }

    /// Returns minuend - numerator / divisor. In float it is rounded once.
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
