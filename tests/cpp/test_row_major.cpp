#include <doctest/doctest.h>

#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include <operant/math/row_major.hpp>

namespace {

constexpr std::size_t margin = 40;

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
        alignas(64) Number memory[margin + Batch::size * columns + margin];
        for (Number& number : memory) number = Number(-1);
        Number* rows = memory + 16 + offset;
        operant::store_rows(rows, batches);
        for (std::size_t lane = 0; lane < Batch::size; ++lane)
            for (std::size_t column = 0; column < columns; ++column) {
                CAPTURE(lane);
                CAPTURE(column);
                REQUIRE(rows[lane * columns + column] == Number(Scalar(100 * lane + column)));
            }
        for (const Number* before = memory; before < rows; ++before) REQUIRE(*before == Number(-1));
        for (const Number* after = rows + Batch::size * columns; after < std::end(memory); ++after)
            REQUIRE(*after == Number(-1));
    }
}

/// Loads rows from an address that is aligned for one number only, and from the end of the memory.
template <class Lane, class Number, std::size_t columns>
void check_load() {
    using Batch = xsimd::batch<Lane>;
    CAPTURE(columns);
    std::vector<Number> memory(1 + Batch::size * columns);
    for (std::size_t i = 1; i < memory.size(); ++i) memory[i] = Number(i) - Number(50);
    const auto loaded = operant::load_rows<Batch, columns>(memory.data() + 1);
    for (std::size_t column = 0; column < columns; ++column) {
        alignas(64) Lane lanes[Batch::size];
        loaded[column].store_aligned(lanes);
        for (std::size_t lane = 0; lane < Batch::size; ++lane) {
            CAPTURE(lane);
            CAPTURE(column);
            REQUIRE(lanes[lane] == static_cast<Lane>(memory[1 + lane * columns + column]));
        }
    }
}

template <class Lane, class Number, std::size_t... columns>
void check_loads(std::index_sequence<columns...>) {
    (check_load<Lane, Number, columns>(), ...);
}

using LoadedWidths = std::index_sequence<1, 2, 3, 4, 5, 7, 8, 17>;

}  // namespace

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

TEST_CASE_TEMPLATE("each row holds the numbers of a lane", Scalar, float, double) {
    [&]<std::size_t... i>(std::index_sequence<i...>) {
        (check_rows<Scalar, i + 1>(), ...);
    }(std::make_index_sequence<20>{});
    check_rows<Scalar, 31>();
    check_rows<Scalar, 32>();
    check_rows<Scalar, 33>();
    check_rows<Scalar, 40>();
    check_rows<Scalar, 100>();
}

TEST_CASE_TEMPLATE("each lane holds the numbers of a row", Lane, float, double, std::int32_t, std::int64_t) {
    check_loads<Lane, float>(LoadedWidths{});
    check_loads<Lane, double>(LoadedWidths{});
    check_loads<Lane, std::int32_t>(LoadedWidths{});
    check_loads<Lane, std::int64_t>(LoadedWidths{});
}

TEST_CASE("rows become lanes and rows again") {
    using Batch = xsimd::batch<float>;
    std::vector<float> rows(3 * Batch::size), again(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i) / 7;
    operant::store_rows(again.data(), operant::load_rows<Batch, 3>(rows.data()));
    CHECK(again == rows);
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
