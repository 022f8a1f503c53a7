#include <doctest/doctest.h>

#include <cstdint>

#include <operant/numerics/row_major.hpp>

namespace {

template <class Scalar, std::size_t columns>
void check_rows() {
    using Batch = xsimd::batch<Scalar>;
    std::array<Batch, columns> batches;
    for (std::size_t column = 0; column < columns; ++column) {
        alignas(64) Scalar lanes[Batch::size];
        for (std::size_t lane = 0; lane < Batch::size; ++lane) lanes[lane] = Scalar(100 * lane + column);
        batches[column] = Batch::load_aligned(lanes);
    }
    alignas(64) float rows[Batch::size * columns];
    operant::store_rows(rows, batches);
    for (std::size_t lane = 0; lane < Batch::size; ++lane)
        for (std::size_t column = 0; column < columns; ++column) {
            CAPTURE(lane);
            CAPTURE(column);
            CHECK(rows[lane * columns + column] == float(100 * lane + column));
        }
}

}  // namespace

TEST_CASE_TEMPLATE("rows hold a lane each", Scalar, float, double) {
    check_rows<Scalar, 1>();
    check_rows<Scalar, 2>();
    check_rows<Scalar, 3>();
    check_rows<Scalar, 4>();
    check_rows<Scalar, 6>();
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
