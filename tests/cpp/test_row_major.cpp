#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include <operant/math/row_major.hpp>

namespace test_row_major {

constexpr std::size_t margin = 40, start = 64;  // `start` is aligned

/// Checks `lanes` rows of `columns` numbers: number k of row i is 100 i + k. `margin` numbers before and after them are -1.
template <class Number>
void check_memory(const Number* rows, std::size_t lanes, std::size_t columns) {
    for (std::size_t lane = 0; lane < lanes; ++lane)
        for (std::size_t column = 0; column < columns; ++column) {
            CAPTURE(lane);
            CAPTURE(column);
            REQUIRE(rows[lane * columns + column] == static_cast<Number>(100 * lane + column));
        }
    for (std::size_t i = 0; i < margin; ++i) {
        REQUIRE(*(rows - 1 - i) == Number(-1));
        REQUIRE(rows[lanes * columns + i] == Number(-1));
    }
}

/// Stores rows at an aligned address and at an unaligned one.
template <class Scalar, std::size_t columns, class Number = float>
void check_rows() {
    using Batch = xsimd::batch<Scalar>;
    CAPTURE(columns);
    std::array<Batch, columns> batches;
    for (std::size_t column = 0; column < columns; ++column) {
        alignas(64) Scalar lanes[Batch::size];
        for (std::size_t lane = 0; lane < Batch::size; ++lane) lanes[lane] = Scalar(100 * lane + column);
        batches[column] = Batch::load_aligned(lanes);
    }
    for (const std::size_t offset : {std::size_t{0}, std::size_t{1}}) {
        alignas(64) Number memory[start + Batch::size * columns + 1 + margin];
        std::fill(std::begin(memory), std::end(memory), Number(-1));
        operant::store_rows(memory + start + offset, batches);
        check_memory(memory + start + offset, Batch::size, columns);
    }
}

template <class Scalar, std::size_t... columns>
void check_widths(std::index_sequence<columns...>) {
    (check_rows<Scalar, columns>(), ...);
}

/// Loads rows from an address that is aligned for one number only, and from the end of the memory.
template <class Lane, class Number, std::size_t columns>
void check_load() {
    using Batch = xsimd::batch<Lane>;
    CAPTURE(columns);
    std::vector<Number> memory(1 + Batch::size * columns);
    for (std::size_t i = 1; i < memory.size(); ++i) memory[i] = Number(i) - Number(50);
    const auto loaded = operant::load_rows<Batch, columns>(memory.data() + 1);
    std::vector<Lane> lanes(Batch::size), expected(Batch::size);
    for (std::size_t column = 0; column < columns; ++column) {
        loaded[column].store_unaligned(lanes.data());
        for (std::size_t lane = 0; lane < Batch::size; ++lane)
            expected[lane] = static_cast<Lane>(memory[1 + lane * columns + column]);
        REQUIRE(lanes == expected);
    }
}

template <class Lane, class Number, std::size_t... columns>
void check_loads(std::index_sequence<columns...>) {
    (check_load<Lane, Number, columns>(), ...);
}

TEST_CASE("numbers are converted to the type of the rows") {
    check_rows<float, 5, double>();
    check_rows<double, 1, double>();
    check_rows<double, 3, double>();
    check_rows<std::int32_t, 1, std::int32_t>();
    check_rows<std::int32_t, 4, std::int16_t>();
    check_rows<std::int64_t, 3, std::int32_t>();
    check_rows<std::int32_t, 7, std::uint8_t>();
    check_rows<std::int64_t, 2, std::int8_t>();
}

TEST_CASE("each row holds the numbers of a lane") {
    check_widths<float>(std::index_sequence<1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 20, 31, 32, 33, 40>{});
    check_widths<double>(std::index_sequence<1, 2, 3, 4, 6, 7, 17>{});  // which become floats and are stored as floats are
}

// Numbers of the other types are converted first.
TEST_CASE_TEMPLATE("each lane holds the numbers of a row", Lane, float, double, std::int32_t, std::int64_t) {
    check_loads<Lane, Lane>(std::index_sequence<1, 2, 3, 4, 5, 17>{});
    check_loads<Lane, float>(std::index_sequence<3>{});
    check_loads<Lane, double>(std::index_sequence<1>{});
    check_loads<Lane, std::int32_t>(std::index_sequence<2>{});
    check_loads<Lane, std::int64_t>(std::index_sequence<7>{});
}

TEST_CASE("bits become bools") {
    alignas(64) bool bools[64];
    std::uint64_t bits = 0x9e3779b97f4a7c15;
    for (int i = 0; i < 1000; ++i, bits = bits * 6364136223846793005 + 1442695040888963407) {
        operant::store_bits_as_bools<xsimd::default_arch>(bools, bits);
        for (int bit = 0; bit < 64; ++bit)
            REQUIRE(reinterpret_cast<const unsigned char*>(bools)[bit] == (bits >> bit & 1));
    }
}

}  // namespace test_row_major
