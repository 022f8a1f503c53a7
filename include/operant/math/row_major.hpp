#pragma once
/// \file
/// Transposes between batches and rows in memory: stores several batches as rows, one row per lane, and loads rows as batches.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

#include <operant/math/arithmetic.hpp>

namespace operant {
namespace detail {

#if defined(__GNUC__)
/// Returns {a0, b0, a1, b1, ...} of the lower half of the elements of `a` and `b`, and of the upper half.
///
/// On AVX-512, the compiler's shuffle needs one instruction for each half. xsimd 13 has a chain of inserts.
template <int size, class Vector>
XSIMD_INLINE std::array<Vector, 2> interleaved(const Vector& a, const Vector& b) {
    return [&]<int... i>(std::integer_sequence<int, i...>) -> std::array<Vector, 2> {
        return {__builtin_shufflevector(a, b, (i / 2 + i % 2 * size)...),
                __builtin_shufflevector(a, b, (size / 2 + i / 2 + i % 2 * size)...)};
    }(std::make_integer_sequence<int, size>{});
}

/// Returns elements part * size to (part + 1) * size of {a0, b0, c0, a1, b1, c1, ...}.
template <int size, int part, class Vector>
XSIMD_INLINE Vector interleaved(const Vector& a, const Vector& b, const Vector& c) {
    return [&]<int... i>(std::integer_sequence<int, i...>) {
        const Vector of_a_and_b = __builtin_shufflevector(
            a, b, ((part * size + i) / 3 + ((part * size + i) % 3 == 1 ? size : 0))...);
        return __builtin_shufflevector(of_a_and_b, c, ((part * size + i) % 3 == 2 ? size + (part * size + i) / 3 : i)...);
    }(std::make_integer_sequence<int, size>{});
}

/// Returns `count` elements of {a0, a1, ..., b0, b1, ...}. Element i has the index `Source{}(i)` there.
template <int count, class Vector, class Source>
XSIMD_INLINE auto shuffled(const Vector& a, const Vector& b, Source) {
    return [&]<int... i>(std::integer_sequence<int, i...>) {
        return __builtin_shufflevector(a, b, std::integral_constant<int, Source{}(i)>::value...);
    }(std::make_integer_sequence<int, count>{});
}

/// Returns {a0, b0, a1, b1} within every 128 bits: of their lower halves, and of their upper halves. Each is one instruction
/// on every processor.
template <class Batch>
XSIMD_INLINE std::array<Batch, 2> interleaved_in_quarters(const Batch& a, const Batch& b) {
    constexpr int size = static_cast<int>(Batch::size);
    return {shuffled<size>(a.data, b.data, [](int i) { return i / 4 * 4 + i % 4 / 2 + i % 2 * size; }),
            shuffled<size>(a.data, b.data, [](int i) { return i / 4 * 4 + i % 4 / 2 + i % 2 * size + 2; })};
}

/// Returns {a0, b0, a1, b1, ...} of elements of 128 bits: of the lower halves of `a` and `b`, and of the upper halves.
template <class Batch>
XSIMD_INLINE std::array<Batch, 2> interleaved_quarters(const Batch& a, const Batch& b) {
    constexpr int size = static_cast<int>(Batch::size);
    return {shuffled<size>(a.data, b.data, [](int i) { return i / 8 * 4 + i % 4 + i / 4 % 2 * size; }),
            shuffled<size>(a.data, b.data, [](int i) { return i / 8 * 4 + i % 4 + i / 4 % 2 * size + size / 2; })};
}

/// Returns every third element of {a0, a1, ..., b0, b1, ...}, from element `first` on. The elements beyond the last are
/// arbitrary.
template <int size, int first, class Vector>
XSIMD_INLINE Vector every_third(const Vector& a, const Vector& b) {
    return shuffled<size>(a, b, [](int i) { return first + 3 * i < 2 * size ? first + 3 * i : 0; });
}

/// The same for three vectors, given the result for the first two.
template <int size, int first, class Vector>
XSIMD_INLINE Vector every_third_of_three(const Vector& of_two, const Vector& c) {
    return shuffled<size>(of_two, c, [](int i) { return first + 3 * i < 2 * size ? i : first + 3 * i - size; });
}

/// Returns the elements of {a0, a1, ..., b0, b1, ...} with even indices, and the elements with odd indices.
template <class Batch>
XSIMD_INLINE std::array<Batch, 2> deinterleaved(const std::array<Batch, 2>& x) {
    constexpr int size = static_cast<int>(Batch::size);
    return {shuffled<size>(x[0].data, x[1].data, [](int i) { return 2 * i; }),
            shuffled<size>(x[0].data, x[1].data, [](int i) { return 2 * i + 1; })};
}

/// Returns every third element of three batches, from the first, the second and the third element on.
template <class Batch>
XSIMD_INLINE std::array<Batch, 3> deinterleaved(const std::array<Batch, 3>& x) {
    constexpr int size = static_cast<int>(Batch::size);
    const auto from = [&]<int first>(std::integral_constant<int, first>) {
        const auto of_two = every_third<size, first>(x[0].data, x[1].data);
        return Batch(every_third_of_three<size, first>(of_two, x[2].data));
    };
    return {from(std::integral_constant<int, 0>{}), from(std::integral_constant<int, 1>{}),
            from(std::integral_constant<int, 2>{})};
}

/// Returns every fourth element of four batches, from each of the first four elements on.
template <class Batch>
XSIMD_INLINE std::array<Batch, 4> deinterleaved(const std::array<Batch, 4>& x) {
    const auto low = deinterleaved(std::array{x[0], x[1]}), high = deinterleaved(std::array{x[2], x[3]});
    const auto even = deinterleaved(std::array{low[0], high[0]}), odd = deinterleaved(std::array{low[1], high[1]});
    return {even[0], odd[0], even[1], odd[1]};
}

/// Returns `count` elements, from element `from` on.
template <int count, int from, class Vector>
XSIMD_INLINE auto consecutive(const Vector& a) {
    return shuffled<count>(a, a, [](int i) { return from + i; });
}

/// Returns the last `width` numbers of two rows of `stride` numbers each, `stride` < `width`.
template <int width, int stride, class Vector>
XSIMD_INLINE auto end_of_rows(const Vector& last_but_one, const Vector& last) {
    constexpr int excess = width - stride;
    return shuffled<width>(last_but_one, last,
                           [](int i) { return i < excess ? stride - excess + i : width + i - excess; });
}

/// Writes `width` columns, one float per lane, to rows whose starts are `stride` floats apart. `width` is a power of 2, at least
/// 4 and at most the number of lanes.
///
/// If `stride` < `width`, the columns beyond the stride are arbitrary. They overwrite the beginning of the next row, and the
/// loop writes that row afterwards. The last row has no next row, so the function writes it with the end of the row before.
template <std::size_t width_, std::size_t stride_, class Batch>
XSIMD_INLINE void store_columns(float* rows, const std::array<Batch, width_>& columns) {
    constexpr int size = static_cast<int>(Batch::size), width = static_cast<int>(width_), groups = width / 4;
    constexpr int stride = static_cast<int>(stride_);
    // Transpose four columns at a time within every 128 bits. Then the q-th 128 bits of parts[j][g] hold columns 4g to
    // 4g + 3 of row 4q + j.
    std::array<std::array<Batch, groups>, 4> parts;
    for (int group = 0; group < groups; ++group) {
        const Batch* column = columns.data() + 4 * group;
        const auto even = interleaved_in_quarters(column[0], column[2]);
        const auto odd = interleaved_in_quarters(column[1], column[3]);
        for (int half = 0; half < 2; ++half) {
            const auto pair = interleaved_in_quarters(even[half], odd[half]);
            parts[2 * half][group] = pair[0];
            parts[2 * half + 1][group] = pair[1];
        }
    }
    // Perfect shuffles put the 128-bit pieces of a row next to each other.
    for (auto& part : parts)
        for (int stage = 1; stage < groups; stage *= 2) {
            const auto before = part;
            for (int group = 0; group < groups / 2; ++group) {
                const auto pair = interleaved_quarters(before[group], before[group + groups / 2]);
                part[2 * group] = pair[0];
                part[2 * group + 1] = pair[1];
            }
        }
    const auto row = [&]<int i>(std::integral_constant<int, i>) {
        constexpr int in_part = i / 4, rows_each = size / width;
        return consecutive<width, in_part % rows_each * width>(parts[i % 4][in_part / rows_each].data);
    };
    const auto store = [&]<int i>(std::integral_constant<int, i> index) {
        constexpr int excess = stride < width && i == size - 1 ? width - stride : 0;
        auto values = row(index);
        if constexpr (excess != 0)
            values = end_of_rows<width, stride>(row(std::integral_constant<int, i - 1>{}), values);
        std::memcpy(rows + i * stride - excess, &values, sizeof(values));
    };
    [&]<int... i>(std::integer_sequence<int, i...>) {
        (store(std::integral_constant<int, i>{}), ...);
    }(std::make_integer_sequence<int, size>{});
}
#endif

}  // namespace detail

/// Writes lane i of `columns[k]` to `rows[i * columns.size() + k]`, converted to the type
/// of the rows. Floats to rows of float take shuffles, others a loop over the lanes.
/// \param rows `columns.size() * batch size` numbers, aligned or not; the function writes nothing beyond them
/// \param columns one batch per number of a row, one lane per row
template <class Number, class Scalar, class Arch, std::size_t size>
XSIMD_INLINE void store_rows(Number* rows, const std::array<xsimd::batch<Scalar, Arch>, size>& columns) {
    using Batch = xsimd::batch<Scalar, Arch>;
    constexpr int width = static_cast<int>(Batch::size);
    constexpr bool are_floats = std::is_same_v<Scalar, float> && std::is_same_v<Number, float>;
    if constexpr (std::is_same_v<Scalar, Number> && size == 1) {
        columns[0].store_unaligned(rows);
#if defined(__GNUC__)
    } else if constexpr (are_floats && size == 2) {
        const auto [low, high] = detail::interleaved<width>(columns[0].data, columns[1].data);
        Batch(low).store_unaligned(rows);
        Batch(high).store_unaligned(rows + width);
    } else if constexpr (are_floats && size == 3) {
        const auto &a = columns[0].data, &b = columns[1].data, &c = columns[2].data;
        Batch(detail::interleaved<width, 0>(a, b, c)).store_unaligned(rows);
        Batch(detail::interleaved<width, 1>(a, b, c)).store_unaligned(rows + width);
        Batch(detail::interleaved<width, 2>(a, b, c)).store_unaligned(rows + 2 * width);
    } else if constexpr (are_floats && width == 16 && (size == 4 || size == 8)) {
        // Interleave columns k and k + size / 2. Each row then consists of two rows of half the length.
        std::array<Batch, size / 2> halves[2];
        for (std::size_t k = 0; k < size / 2; ++k) {
            const auto pair = detail::interleaved<width>(columns[k].data, columns[k + size / 2].data);
            for (int half = 0; half < 2; ++half) halves[half][k] = Batch(pair[half]);
        }
        for (int half = 0; half < 2; ++half) store_rows(rows + half * width * (size / 2), halves[half]);
    } else if constexpr (are_floats && size == 6) {
        // Pair two columns to elements of 64 bits. Three such elements make a row.
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
            const auto store = [](float* to, const Pairs& values) {
                xsimd::bitwise_cast<float>(values).store_unaligned(to);
            };
            store(half_rows, detail::interleaved<width / 2, 0>(a, b, c));
            store(half_rows + width, detail::interleaved<width / 2, 1>(a, b, c));
            store(half_rows + 2 * width, detail::interleaved<width / 2, 2>(a, b, c));
        }
    } else if constexpr (are_floats) {
        // Write blocks of one column per lane, and a narrower block for the rest, which may overlap the block before.
        constexpr std::size_t whole = size - size % width, rest = std::bit_ceil(size - whole);
        const auto store_block = [&]<std::size_t block>(std::integral_constant<std::size_t, block>, std::size_t first)
                                     __attribute__((always_inline)) {
            std::array<Batch, block> chosen;
            for (std::size_t i = 0; i < block; ++i) chosen[i] = columns[first + i < size ? first + i : 0];
            detail::store_columns<block, size>(rows + first, chosen);
        };
        if constexpr (whole != 0)
            for (std::size_t first = 0; first < whole; first += width)
                store_block(std::integral_constant<std::size_t, width>{}, first);
        if constexpr (whole != size) {
            constexpr std::size_t block = rest < 4 ? 4 : rest;
            store_block(std::integral_constant<std::size_t, block>{}, whole == 0 ? 0 : size - block);
        }
#endif
    } else if constexpr (std::is_same_v<Scalar, double> && std::is_same_v<Number, float>) {
        // Convert every column to the lower half of a batch of float. The rows of the upper half are not copied.
        std::array<xsimd::batch<float, Arch>, size> narrow;
        for (std::size_t k = 0; k < size; ++k) narrow[k] = narrowed(std::array{columns[k], columns[k]});
        alignas(Arch::alignment()) float twice[2 * size * Batch::size];
        store_rows(twice, narrow);
        std::memcpy(rows, twice, size * Batch::size * sizeof(float));
    } else {
        alignas(Arch::alignment()) Scalar lanes[size][Batch::size];
        for (std::size_t column = 0; column < size; ++column) columns[column].store_aligned(lanes[column]);
        for (std::size_t lane = 0; lane < Batch::size; ++lane)
            for (std::size_t column = 0; column < size; ++column)
                rows[lane * size + column] = static_cast<Number>(lanes[column][lane]);
    }
}

/// Reads rows of `size` numbers, one row per lane, and converts them to the batch's type.
/// \param rows `size * batch size` numbers, aligned or not
/// \return one batch per number of a row: lane i of batch k is `rows[i * size + k]`
template <class Batch, std::size_t size, class Number>
XSIMD_INLINE std::array<Batch, size> load_rows(const Number* rows) {
    using Scalar = typename Batch::value_type;
    constexpr std::size_t width = Batch::size;
    if constexpr (std::is_same_v<Number, Scalar>) {
        if constexpr (size == 1) {
            return {Batch::load_unaligned(rows)};
#if defined(__GNUC__)
        } else if constexpr (size <= 4) {
            // Shuffle integers as floats of the same size: in vectors of 64-bit integers, two int32 would be one element.
            using Moved = std::conditional_t<sizeof(Scalar) == sizeof(float), float, double>;
            std::array<xsimd::batch<Moved, typename Batch::arch_type>, size> moved;
            for (std::size_t k = 0; k < size; ++k)
                moved[k] = xsimd::bitwise_cast<Moved>(Batch::load_unaligned(rows + k * width));
            const auto columns = detail::deinterleaved(moved);
            std::array<Batch, size> result;
            for (std::size_t k = 0; k < size; ++k) result[k] = xsimd::bitwise_cast<Scalar>(columns[k]);
            return result;
#endif
        } else {
            alignas(Batch::arch_type::alignment()) Scalar lanes[size][width];
            for (std::size_t lane = 0; lane < width; ++lane)
                for (std::size_t k = 0; k < size; ++k) lanes[k][lane] = rows[lane * size + k];
            std::array<Batch, size> columns;
            for (std::size_t k = 0; k < size; ++k) columns[k] = Batch::load_aligned(lanes[k]);
            return columns;
        }
    } else {
        alignas(Batch::arch_type::alignment()) Scalar converted[size * width];
        for (std::size_t i = 0; i < size * width; i += width) convert<width>(rows + i, converted + i);
        return load_rows<Batch, size>(converted);
    }
}

/// Writes 64 bools, one per bit, lowest bit first.
/// \param bools 64 bytes, aligned or not
/// \param bits one bit per bool
template <class Arch>
XSIMD_INLINE void store_bits_as_bools(bool* bools, std::uint64_t bits) {
    auto* bytes = reinterpret_cast<std::uint8_t*>(bools);
    using Bytes = xsimd::batch<std::uint8_t, Arch>;
    if constexpr (Bytes::size == 64) {
        xsimd::select(xsimd::batch_bool<std::uint8_t, Arch>::from_mask(bits), Bytes(1), Bytes(0)).store_unaligned(bytes);
    } else if (bits == 0) {  // the most frequent case
        for (std::size_t byte = 0; byte < 64; byte += Bytes::size) Bytes(0).store_unaligned(bytes + byte);
    } else {
        // Take eight bits at a time: copy them into every byte, keep bit i in byte i, and add a number that carries this bit to
        // the highest bit of its byte.
        for (int byte = 0; byte < 8; ++byte) {
            const std::uint64_t copies = (bits >> (8 * byte) & 0xff) * 0x0101010101010101;
            const std::uint64_t own = copies & 0x8040201008040201;
            const std::uint64_t spread = (own + 0x00406070787c7e7f) >> 7 & 0x0101010101010101;
            std::memcpy(bytes + 8 * byte, &spread, 8);
        }
    }
}

}  // namespace operant
