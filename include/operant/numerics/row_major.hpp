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

#if defined(__GNUC__)
/// {a0, b0, a1, b1, ...} over the lower half of the elements of `a` and `b`, and over the upper half.
///
/// With the compiler's own shuffle this is one instruction each on AVX-512, where xsimd 13 has a chain of inserts.
template <int size, class Vector>
XSIMD_INLINE std::array<Vector, 2> interleaved(const Vector& a, const Vector& b) {
    return [&]<int... i>(std::integer_sequence<int, i...>) -> std::array<Vector, 2> {
        return {__builtin_shufflevector(a, b, (i / 2 + i % 2 * size)...),
                __builtin_shufflevector(a, b, (size / 2 + i / 2 + i % 2 * size)...)};
    }(std::make_integer_sequence<int, size>{});
}

/// Elements part * size to (part + 1) * size of {a0, b0, c0, a1, b1, c1, ...}.
template <int size, int part, class Vector>
XSIMD_INLINE Vector interleaved(const Vector& a, const Vector& b, const Vector& c) {
    return [&]<int... i>(std::integer_sequence<int, i...>) {
        const Vector of_a_and_b = __builtin_shufflevector(
            a, b, ((part * size + i) / 3 + ((part * size + i) % 3 == 1 ? size : 0))...);
        return __builtin_shufflevector(of_a_and_b, c, ((part * size + i) % 3 == 2 ? size + (part * size + i) / 3 : i)...);
    }(std::make_integer_sequence<int, size>{});
}
#endif

}  // namespace detail

/// Writes `columns[k]`'s lane i to `rows[i * columns.size() + k]`, as float.
/// \param rows `columns.size() * batch size` floats, 64-byte aligned
/// \param columns one batch for each number of a row, one lane a row
template <class Scalar, class Arch, std::size_t size>
XSIMD_INLINE void store_rows(float* rows, const std::array<xsimd::batch<Scalar, Arch>, size>& columns) {
    using Batch = xsimd::batch<Scalar, Arch>;
    constexpr int width = static_cast<int>(Batch::size);
    if constexpr (std::is_same_v<Scalar, float> && size == 1) {
        columns[0].store_aligned(rows);
#if defined(__GNUC__)
    } else if constexpr (std::is_same_v<Scalar, float> && size == 2) {
        const auto [low, high] = detail::interleaved<width>(columns[0].data, columns[1].data);
        Batch(low).store_aligned(rows);
        Batch(high).store_aligned(rows + width);
    } else if constexpr (std::is_same_v<Scalar, float> && size == 3) {
        const auto &a = columns[0].data, &b = columns[1].data, &c = columns[2].data;
        Batch(detail::interleaved<width, 0>(a, b, c)).store_aligned(rows);
        Batch(detail::interleaved<width, 1>(a, b, c)).store_aligned(rows + width);
        Batch(detail::interleaved<width, 2>(a, b, c)).store_aligned(rows + 2 * width);
    } else if constexpr (std::is_same_v<Scalar, float> && size == 4) {
        const auto even = detail::interleaved<width>(columns[0].data, columns[2].data);
        const auto odd = detail::interleaved<width>(columns[1].data, columns[3].data);
        for (int half = 0; half < 2; ++half)
            store_rows(rows + half * 2 * width, std::array{Batch(even[half]), Batch(odd[half])});
    } else if constexpr (std::is_same_v<Scalar, float> && size == 6) {
        // Pairs of columns as elements of 64 bits, three of which make a row.
        using Pairs = xsimd::batch<double, Arch>;
        const auto pairs = [](const Batch& a, const Batch& b) {
            const auto [low, high] = detail::interleaved<width>(a.data, b.data);
            return std::array{xsimd::bitwise_cast<double>(Batch(low)), xsimd::bitwise_cast<double>(Batch(high))};
        };
        const auto first = pairs(columns[0], columns[1]), second = pairs(columns[2], columns[3]),
                   third = pairs(columns[4], columns[5]);
        for (int half = 0; half < 2; ++half) {
            const auto &a = first[half].data, &b = second[half].data, &c = third[half].data;
            float* half_rows = rows + half * 3 * width;
            const auto store = [](float* to, const Pairs& values) { xsimd::bitwise_cast<float>(values).store_aligned(to); };
            store(half_rows, detail::interleaved<width / 2, 0>(a, b, c));
            store(half_rows + width, detail::interleaved<width / 2, 1>(a, b, c));
            store(half_rows + 2 * width, detail::interleaved<width / 2, 2>(a, b, c));
        }
#endif
    } else {
        alignas(Arch::alignment()) Scalar lanes[size][Batch::size];
        for (std::size_t column = 0; column < size; ++column) columns[column].store_aligned(lanes[column]);
        for (std::size_t lane = 0; lane < Batch::size; ++lane)
            for (std::size_t column = 0; column < size; ++column)
                rows[lane * size + column] = static_cast<float>(lanes[column][lane]);
    }
}

/// Writes one bool (0 or 1) for each of 64 bits, lowest first.
/// \param bools 64 bytes, 64-byte aligned
/// \param bits one a bool
template <class Arch>
XSIMD_INLINE void store_bits_as_bools(bool* bools, std::uint64_t bits) {
    auto* bytes = reinterpret_cast<std::uint8_t*>(bools);
    using Bytes = xsimd::batch<std::uint8_t, Arch>;
    if constexpr (Bytes::size == 64) {
        xsimd::select(xsimd::batch_bool<std::uint8_t, Arch>::from_mask(bits), Bytes(1), Bytes(0)).store_aligned(bytes);
    } else if (bits == 0) {  // as most often
        for (std::size_t byte = 0; byte < 64; byte += Bytes::size) Bytes(0).store_aligned(bytes + byte);
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
