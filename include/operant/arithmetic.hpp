#pragma once
/// \file
/// The two places where fast (float) and exact (double) arithmetic part ways, so that the physics is written once.
///
/// float: fused multiply-add, and division by a constant as multiplication by its reciprocal. double: the operations
/// that Gymnasium's Python does, one by one, each rounded. Compile with `-ffp-contract=off` (the CMake target does), or
/// GCC fuses the double operations all the same.

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

/// A constant to divide by.
template <class Batch>
class Divisor {
    using Scalar = typename Batch::value_type;
    static constexpr bool exact = std::is_same_v<Scalar, double>;

public:
    explicit Divisor(double value) : factor_(static_cast<Scalar>(exact ? value : 1.0 / value)) {}

    friend XSIMD_INLINE Batch operator/(const Batch& numerator, const Divisor& divisor) {
        if constexpr (exact)
            return numerator / divisor.factor_;
        else
            return numerator * divisor.factor_;
    }

private:
    Batch factor_;
};

}  // namespace operant
