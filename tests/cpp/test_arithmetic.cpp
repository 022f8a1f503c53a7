#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include <operant/math/arithmetic.hpp>

namespace test_arithmetic {

// (1 + e) (1 - e) = 1 - e^2. A rounded product loses e^2; a fused operation keeps it.
template <class Scalar>
Scalar square_lost_to_rounding(Scalar e) {
    using Batch = xsimd::batch<Scalar>;
    return operant::multiply_add(Batch(1 + e), Batch(1 - e), Batch(-1)).get(0);
}

TEST_CASE("each double operation rounds") {
    CHECK(square_lost_to_rounding(0x1p-30) == 0.0);
    CHECK(operant::negated_multiply_add(xsimd::batch<double>(1 + 0x1p-30), xsimd::batch<double>(1 - 0x1p-30),
                                        xsimd::batch<double>(1.0))
              .get(0) == 0.0);
}

TEST_CASE("float operations are fused if the processor can fuse") {
#if defined(__FMA__) || defined(__aarch64__)
    CHECK(square_lost_to_rounding(0x1p-13f) == -0x1p-26f);
#else
    CHECK(square_lost_to_rounding(0x1p-13f) == 0.0f);
#endif
}

TEST_CASE_TEMPLATE("negate changes the sign of zeros, infinities and NaN too", Scalar, float, double) {
    using Batch = xsimd::batch<Scalar>;
    for (const Scalar x : {Scalar(0), Scalar(1.5), std::numeric_limits<Scalar>::denorm_min(),
                           std::numeric_limits<Scalar>::infinity(), std::numeric_limits<Scalar>::quiet_NaN()}) {
        for (const Scalar signed_x : {x, std::copysign(x, Scalar(-1))}) {
            const Batch negated = operant::negate(Batch(signed_x));
            for (std::size_t lane = 0; lane < Batch::size; ++lane) {
                CHECK(std::signbit(negated.get(lane)) != std::signbit(signed_x));
                CHECK((std::isnan(x) || negated.get(lane) == -signed_x));
            }
        }
    }
}

TEST_CASE("doubles round to float32 in the chosen lanes") {
    using Doubles = xsimd::batch<double>;
    for (double x = 0.1; x < 3; x += 0.0137) {
        const Doubles product = Doubles(x) * Doubles(1.1);
        CHECK(operant::to_float32_where(Doubles::batch_bool_type(true), product).get(0) == double{float(x * 1.1)});
        CHECK(operant::to_float32_where(Doubles::batch_bool_type(false), product).get(0) == x * 1.1);
    }
}

TEST_CASE("squares of doubles are the C library's" * doctest::test_suite("not emulated")) {
    double (*volatile library_pow)(double, double) = std::pow;
    int different = 0;
    for (double x = 0.1; x < 8; x += 0.000137) {
        REQUIRE(operant::squared(xsimd::batch<double>(x)).get(0) == library_pow(x, 2.0));
        different += library_pow(x, 2.0) != x * x;
    }
    INFO("of 57664 squares, the C library rounds this many in another way than x * x: ", different);
    CHECK(different < 1000);
}

TEST_CASE("a double divided by a constant is correctly rounded") {
    const operant::Divisor<xsimd::batch<double>> divisor(1.1);
    for (double x = 0.1; x < 100; x += 0.37) CHECK((xsimd::batch<double>(x) / divisor).get(0) == x / 1.1);
}

TEST_CASE_TEMPLATE("quotients and square roots of batches are those of single numbers", Scalar, float, double) {
    using Batch = xsimd::batch<Scalar>;
    using Bits = std::conditional_t<sizeof(Scalar) == 4, std::uint32_t, std::uint64_t>;
    std::mt19937_64 random(1);
    std::vector<Scalar> numbers = {0, Scalar(-0.0), 1, std::numeric_limits<Scalar>::denorm_min(), std::numeric_limits<Scalar>::min(),
                                   std::numeric_limits<Scalar>::max(), std::numeric_limits<Scalar>::infinity()};
    while (numbers.size() < 100'000) {
        const auto number = std::bit_cast<Scalar>(static_cast<Bits>(random()));
        if (!std::isnan(number)) numbers.push_back(number);
    }
    const auto same = [](Scalar a, Scalar b) { return std::bit_cast<Bits>(a) == std::bit_cast<Bits>(b) || (std::isnan(a) && std::isnan(b)); };
    int different = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const Scalar a = numbers[i], b = numbers[i * 7919 % numbers.size()], size = std::fabs(a);
        volatile Scalar divided = a / b, root = std::sqrt(size);
        different += !same(operant::quotient(Batch(a), Batch(b)).get(0), divided);
        different += !same(operant::square_root(Batch(size)).get(0), root);
    }
    CHECK(different == 0);
}

}  // namespace test_arithmetic
