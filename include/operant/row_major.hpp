#pragma once
/// \file
/// Structure of arrays to array of structures: stores what the lanes of several batches hold as rows, one row a lane.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

namespace operant {
namespace detail {

/// {a0, b0, a1, b1, ...} over the lower half of the lanes of `a` and `b`, and over the upper half.
///
/// With the compiler's own shuffle this is one instruction each on AVX-512, where xsimd 13 has a chain of inserts.
template <class Arch>
XSIMD_INLINE std::array<xsimd::batch<float, Arch>, 2> interleave(const xsimd::batch<float, Arch>& a,
                                                                 const xsimd::batch<float, Arch>& b) {
#if defined(__GNUC__)
    constexpr int size = static_cast<int>(xsimd::batch<float, Arch>::size);
    return [&]<int... lane>(std::integer_sequence<int, lane...>) -> std::array<xsimd::batch<float, Arch>, 2> {
        return {__builtin_shufflevector(a.data, b.data, (lane / 2 + lane % 2 * size)...),
                __builtin_shufflevector(a.data, b.data, (size / 2 + lane / 2 + lane % 2 * size)...)};
    }(std::make_integer_sequence<int, size>{});
#else
    return {xsimd::zip_lo(a, b), xsimd::zip_hi(a, b)};
#endif
}

}  // namespace detail

/// Writes `columns[k]`'s lane i to `rows[i * columns.size() + k]`, as float.
/// \param rows `columns.size() * batch size` floats, 64-byte aligned.
template <class Scalar, class Arch, std::size_t size>
XSIMD_INLINE void store_rows(float* rows, const std::array<xsimd::batch<Scalar, Arch>, size>& columns) {
    using Batch = xsimd::batch<Scalar, Arch>;
    if constexpr (std::is_same_v<Scalar, float> && size == 1) {
        columns[0].store_aligned(rows);
    } else if constexpr (std::is_same_v<Scalar, float> && size == 2) {
        const auto [low, high] = detail::interleave(columns[0], columns[1]);
        low.store_aligned(rows);
        high.store_aligned(rows + Batch::size);
    } else if constexpr (std::is_same_v<Scalar, float> && size == 4) {
        const auto even = detail::interleave(columns[0], columns[2]);
        const auto odd = detail::interleave(columns[1], columns[3]);
        for (std::size_t half = 0; half < 2; ++half)
            store_rows(rows + half * 2 * Batch::size, std::array{even[half], odd[half]});
    } else {
        alignas(Arch::alignment()) Scalar lanes[size][Batch::size];
        for (std::size_t column = 0; column < size; ++column) columns[column].store_aligned(lanes[column]);
        for (std::size_t lane = 0; lane < Batch::size; ++lane)
            for (std::size_t column = 0; column < size; ++column)
                rows[lane * size + column] = static_cast<float>(lanes[column][lane]);
    }
}

/// Writes one bool (0 or 1) for each of 64 bits, lowest first.
/// \param bools 64 bytes, 64-byte aligned.
template <class Arch>
XSIMD_INLINE void store_bits_as_bools(bool* bools, std::uint64_t bits) {
    auto* bytes = reinterpret_cast<std::uint8_t*>(bools);
    using Bytes = xsimd::batch<std::uint8_t, Arch>;
    if constexpr (Bytes::size == 64) {
        xsimd::select(xsimd::batch_bool<std::uint8_t, Arch>::from_mask(bits), Bytes(1), Bytes(0)).store_aligned(bytes);
    } else {
        // Eight bits at a time: a copy of them in every byte, of which each byte keeps its own bit and carries it to
        // the top of the byte.
        for (int byte = 0; byte < 8; ++byte) {
            const std::uint64_t copies = (bits >> (8 * byte) & 0xff) * 0x0101010101010101;
            const std::uint64_t own = copies & 0x8040201008040201;
            const std::uint64_t spread = (own + 0x00406070787c7e7f) >> 7 & 0x0101010101010101;
            std::memcpy(bytes + 8 * byte, &spread, 8);
        }
    }
}

}  // namespace operant
