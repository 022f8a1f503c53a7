#pragma once
/// \file
/// The C library's sine and cosine of small angles in double, on batches, bit for bit.
///
/// Gymnasium's results come from the C library, through numpy. Calling it for each number takes most of the time of a step in
/// double. Since version 2.28, glibc computes sine and cosine from a table of the multiples of 1/128 and short polynomials for
/// the rest (the IBM Accurate Mathematical Library). The same operations on batches, in the same order, give the same bits.
///
/// Other libraries, versions and compilers may have other operations. The first use therefore compares thousands of results
/// with the C library. If one differs, callers use the C library instead.

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

namespace operant::detail {

/// A number as the sum of two doubles. The second is smaller than a rounding of the first (T. J. Dekker, 1971).
struct TwoDoubles {
    double high, low;

    static XSIMD_INLINE TwoDoubles sum(double a, double b) {
        const double s = a + b, of_b = s - a;
        return {s, (a - (s - of_b)) + (b - of_b)};
    }
    static XSIMD_INLINE TwoDoubles product(double a, double b) { return {a * b, std::fma(a, b, -(a * b))}; }

    XSIMD_INLINE TwoDoubles operator*(const TwoDoubles& other) const {
        const TwoDoubles both = product(high, other.high);
        return sum(both.high, both.low + (high * other.low + low * other.high));
    }
    XSIMD_INLINE TwoDoubles operator/(double divisor) const {
        const double quotient = high / divisor;
        const TwoDoubles back = product(quotient, divisor);
        return sum(quotient, ((high - back.high) - back.low + low) / divisor);
    }
    /// Returns 1 minus this number.
    XSIMD_INLINE TwoDoubles from_one() const {
        const TwoDoubles difference = sum(1, -high);
        return sum(difference.high, difference.low - low);
    }
};

/// The functions for one instruction set. `Batch` is a batch of double.
template <class Batch>
class LibrarySine {
    using Integers = xsimd::batch<std::int64_t, typename Batch::arch_type>;

public:
    /// The largest angle that the C library does not reduce.
    static constexpr double largest = 0.855468;

    /// Returns true if the C library gives the same results as this class.
    static bool is_followed() { return table().is_followed; }

    /// Returns the sine, for |x| <= largest.
    static XSIMD_INLINE Batch sin(const Batch& x) { return table().sin(x); }
    /// Returns the cosine, for |x| <= largest.
    static XSIMD_INLINE Batch cos(const Batch& x) { return table().cos(x); }

private:
    /// An angle minus a multiple of 1/128, and the row of this multiple in the table.
    struct Reduced {
        Batch rest;
        Integers row;

        explicit XSIMD_INLINE Reduced(const Batch& magnitude) {
            const Batch big(0x1.8p45);  // adding this number rounds to a multiple of 1/128
            const Batch sum = big + magnitude;
            rest = magnitude - (sum - big);
            row = (xsimd::bitwise_cast<std::int64_t>(sum) & Integers(0xff)) << 2;
        }
    };

    struct Table {
        static constexpr std::size_t rows = 111;
        double values[rows][4];  ///< of k / 128: sine, its rounding error, cosine, its rounding error
        bool is_followed;

        Table() {
            for (std::size_t k = 0; k < rows; ++k) {
                const double angle = static_cast<double>(k) / 128;
                const TwoDoubles sine = TwoDoubles{angle, 0} * series(angle, 2), cosine = series(angle, 1);
                values[k][0] = sine.high;
                values[k][1] = sine.low;
                values[k][2] = cosine.high;
                values[k][3] = cosine.low;
            }
            is_followed = agrees();
        }

        /// 1 - x^2 / (n (n + 1)) (1 - x^2 / ((n + 2) (n + 3)) (1 - ...)): with n = 1, cos x; with n = 2, sin x / x.
        static TwoDoubles series(double x, int n) {
            const TwoDoubles square = TwoDoubles::product(x, x);
            TwoDoubles sum{1, 0};
            for (int term = n + 28; term >= n; term -= 2) sum = (square * sum / (term * (term + 1))).from_one();
            return sum;
        }

        /// Returns true if the C library gives the same results for angles in the whole range.
        bool agrees() const {
            constexpr int count = 4096;
            for (int i = -count; i <= count; i += static_cast<int>(Batch::size)) {
                alignas(64) double angles[Batch::size], sines[Batch::size], cosines[Batch::size];
                for (std::size_t lane = 0; lane < Batch::size; ++lane)
                    angles[lane] = std::fmin((i + static_cast<double>(lane)) / (count / largest), largest);
                sin(Batch::load_aligned(angles)).store_aligned(sines);
                cos(Batch::load_aligned(angles)).store_aligned(cosines);
                for (std::size_t lane = 0; lane < Batch::size; ++lane)
                    if (sines[lane] != ::sin(angles[lane]) || cosines[lane] != ::cos(angles[lane])) return false;
            }
            return true;
        }

        XSIMD_INLINE Batch column(std::size_t i, const Integers& row) const { return Batch::gather(values[0] + i, row); }

        XSIMD_INLINE Batch sin(const Batch& x) const {
            const Batch sign = x & Batch(-0.0), magnitude = xsimd::abs(x);
            const auto is_tiny = magnitude < Batch(0x1.020c49ba5e354p-3);  // 0.126
            const Batch of_tiny = sin_of_tiny(x);
            if (xsimd::all(is_tiny)) return of_tiny | sign;  // right for -0 too
            // sin(a + r) = sin a + (sin a (cos r - 1) + cos a sin r)
            const Reduced reduced(magnitude);
            const Batch r = reduced.rest, square = r * r;
            const Batch sin_r = r + r * square * odd(square), less_than_one = square * even(square);
            const Batch sin_a = column(0, reduced.row);
            Batch more = xsimd::fma(column(3, reduced.row), sin_r, column(1, reduced.row));
            more = xsimd::fma(column(2, reduced.row), sin_r, xsimd::fnma(less_than_one, sin_a, more));
            return xsimd::select(is_tiny, of_tiny, sin_a + more) | sign;
        }

        XSIMD_INLINE Batch cos(const Batch& x) const {
            // cos(a + r) = cos a + (cos a (cos r - 1) - sin a sin r)
            const Reduced reduced(xsimd::abs(x));
            const Batch r = reduced.rest, square = r * r;
            const Batch sin_r = xsimd::fma(r * square, odd(square), r), less_than_one = square * even(square);
            const Batch cos_a = column(2, reduced.row);
            Batch more = xsimd::fnma(column(1, reduced.row), sin_r, column(3, reduced.row));
            more = xsimd::fnma(column(0, reduced.row), sin_r, xsimd::fnma(less_than_one, cos_a, more));
            return cos_a + more;
        }

        /// The polynomials are the C library's: (sin r - r) / r^3 and (1 - cos r) / r^2, in r^2.
        static XSIMD_INLINE Batch odd(const Batch& square) {
            return xsimd::fma(Batch(0x1.11110e829872fp-7), square, Batch(-0x1.5555555555515p-3));
        }
        static XSIMD_INLINE Batch even(const Batch& square) {
            return xsimd::fma(xsimd::fma(Batch(0x1.6c16bedd9e239p-10), square, Batch(-0x1.5555555555535p-5)), square, Batch(0.5));
        }
        static XSIMD_INLINE Batch sin_of_tiny(const Batch& x) {
            const Batch square = x * x;
            Batch polynomial = xsimd::fma(Batch(-0x1.addffc2fcdf59p-26), square, Batch(0x1.71de27b9a7ed9p-19));
            polynomial = xsimd::fma(polynomial, square, Batch(-0x1.a01a019db08b8p-13));
            polynomial = xsimd::fma(polynomial, square, Batch(0x1.1111111110ecep-7));
            polynomial = xsimd::fma(polynomial, square, Batch(-0x1.5555555555555p-3));
            return x + square * (polynomial * x);
        }
    };

    static const Table& table() {
        static const Table table;
        return table;
    }
};

}  // namespace operant::detail
