#pragma once
/// \file
/// Normal and exponential numbers by the ziggurat method, bit for bit numpy's.
///
/// Source: G. Marsaglia and W. W. Tsang, "The Ziggurat Method for Generating Random Variables", Journal of Statistical
/// Software 5(8), 2000; numpy's `Generator` for the use of the bits and the order of operations.
///
/// A draw picks a layer and a place in it. Most places lie below the curve. The others need an exponential, a logarithm or
/// further draws. The exponential and the logarithm are the C library's, as in numpy, because vector versions differ in the
/// last bit.

#include <bit>
#include <cmath>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include <operant/random/ziggurat_tables.hpp>

namespace operant::detail {

constexpr double normal_tail = 3.6541528853610088;           ///< where the normal ziggurat's tail begins
constexpr double normal_tail_inverse = 0.27366123732975828;  ///< 1 / normal_tail
constexpr double exponential_tail = 7.69711747013104972;     ///< where the exponential ziggurat's tail begins

/// A draw from the normal ziggurat. Of 64 random bits, 8 choose the layer, 1 the sign and 52 the place.
struct NormalDraw {
    std::uint64_t layer, place;
    double x;     ///< the drawn number, if the place lies below the curve
    bool inside;  ///< the place lies below the curve at any height

    XSIMD_INLINE explicit NormalDraw(std::uint64_t bits) : layer(bits & 0xff), place(bits >> 9 & 0xfffffffffffff) {
        const ZigguratLayer& chosen = normal_ziggurat.layers[layer];
        const double magnitude = static_cast<double>(static_cast<std::int64_t>(place)) * chosen.width;
        const std::uint64_t sign = bits << 55 & 0x8000000000000000;  // a branch would be mispredicted in every second draw
        x = std::bit_cast<double>(std::bit_cast<std::uint64_t>(magnitude) ^ sign);
        inside = place < chosen.inside;
    }
};

/// A draw from the exponential ziggurat: 8 bits choose the layer, 53 the place.
struct ExponentialDraw {
    std::uint64_t layer, place;
    double x;     ///< the drawn number, if the place lies below the curve
    bool inside;  ///< the place lies below the curve at any height

    XSIMD_INLINE explicit ExponentialDraw(std::uint64_t bits) : layer(bits >> 3 & 0xff), place(bits >> 11) {
        const ZigguratLayer& chosen = exponential_ziggurat.layers[layer];
        x = static_cast<double>(static_cast<std::int64_t>(place)) * chosen.width;
        inside = place < chosen.inside;
    }
};

/// Draws a height in a layer. Returns true if it is below `curve`, the height of the curve.
template <class Generator>
XSIMD_INLINE bool is_below(double curve, const Ziggurat& ziggurat, std::uint64_t layer, Generator& random) {
    const double top = ziggurat.heights[layer - 1], bottom = ziggurat.heights[layer];
    return (top - bottom) * random.random() + bottom < curve;
}

/// Returns the standard normal number from these bits, and from further bits of `random` if they do not suffice.
///
/// One draw in 140 needs this function. It is static: each translation unit has its own, compiled for its own processor.
template <class Generator>
static double standard_normal_from(std::uint64_t bits, Generator& random) {
    for (;; bits = random.next()) {
        const NormalDraw draw(bits);
        if (draw.inside) return draw.x;
        if (draw.layer != 0) {
            if (is_below(::exp(-0.5 * draw.x * draw.x), normal_ziggurat, draw.layer, random)) return draw.x;
            continue;
        }
        for (;;) {
            const double x = -normal_tail_inverse * ::log1p(-random.random());
            const double y = -::log1p(-random.random());
            if (y + y > x * x) return (draw.place >> 8 & 1) != 0 ? -(normal_tail + x) : normal_tail + x;
        }
    }
}

/// Returns the standard exponential number from these bits, and from further bits of `random` if they do not suffice. One draw
/// in 90 needs this function.
template <class Generator>
static double standard_exponential_from(std::uint64_t bits, Generator& random) {
    for (;; bits = random.next()) {
        const ExponentialDraw draw(bits);
        if (draw.inside) return draw.x;
        if (draw.layer == 0) return exponential_tail - ::log1p(-random.random());
        if (is_below(::exp(-draw.x), exponential_ziggurat, draw.layer, random)) return draw.x;
    }
}

/// `Generator.standard_normal()`.
template <class Generator>
XSIMD_INLINE double standard_normal(Generator& random) {
    const std::uint64_t bits = random.next();
    const NormalDraw draw(bits);
    if (draw.inside) [[likely]]
        return draw.x;
    return standard_normal_from(bits, random);
}

/// `Generator.standard_exponential()`.
template <class Generator>
XSIMD_INLINE double standard_exponential(Generator& random) {
    const std::uint64_t bits = random.next();
    const ExponentialDraw draw(bits);
    if (draw.inside) [[likely]]
        return draw.x;
    return standard_exponential_from(bits, random);
}

}  // namespace operant::detail
