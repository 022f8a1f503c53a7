#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <operant/math/exponential.hpp>

namespace test_exponential {

using Floats = xsimd::batch<float>;

/// Calls `visit(x, f(x))` for every `step`-th float from 0 to `high`.
template <class Function, class Visit>
void for_floats(float high, std::uint32_t step, Function function, Visit visit) {
    for (std::uint32_t bits = 0; bits <= std::bit_cast<std::uint32_t>(high); bits += step * Floats::size) {
        alignas(64) float x[Floats::size], y[Floats::size];
        for (std::size_t lane = 0; lane < Floats::size; ++lane)
            x[lane] = std::min(std::bit_cast<float>(bits + step * static_cast<std::uint32_t>(lane)), high);
        function(Floats::load_aligned(x)).store_aligned(y);
        for (std::size_t lane = 0; lane < Floats::size; ++lane) visit(x[lane], y[lane]);
    }
}

TEST_CASE("tanh is right to rounding, bounded, and never falls by more than a rounding" * doctest::test_suite("not emulated")) {
    double worst = 0, worst_relative = 0;
    float highest = 0, deepest = 0;
    const auto tanh = [](const Floats& x) { return operant::hyperbolic_tangents(std::array{x})[0]; };
    for_floats(20.0f, 331, tanh, [&](float x, float y) {
        const double exact = std::tanh(double{x}), error = std::abs(y - exact);
        worst = std::max(worst, error);
        if (x > std::numeric_limits<float>::min()) worst_relative = std::max(worst_relative, error / exact);
        deepest = std::max(deepest, highest - y);
        highest = std::max(highest, y);
    });
    CHECK(worst < 2.2e-7);
    CHECK(worst_relative < 9e-7);
    CHECK(deepest <= 6e-8f);
    CHECK(highest == 1.0f);
}

TEST_CASE("tanh is odd, for zeros and infinities too") {
    const auto tanh = [](float x) { return operant::hyperbolic_tangents(std::array{Floats(x)})[0].get(0); };
    for (float x = 1e-30f; x < 1e30f; x *= 1.1f) REQUIRE(tanh(-x) == -tanh(x));
    CHECK(tanh(0.0f) == 0.0f);
    CHECK(std::signbit(tanh(-0.0f)));
    CHECK_FALSE(std::signbit(tanh(0.0f)));
    CHECK(tanh(std::numeric_limits<float>::infinity()) == 1.0f);
    CHECK(tanh(-std::numeric_limits<float>::infinity()) == -1.0f);
}

TEST_CASE("tanh of several batches equals tanh of each") {
    const std::array<Floats, 3> x{Floats(0.3f), Floats(-2.0f), Floats(1e-5f)};
    const auto together = operant::hyperbolic_tangents(x);
    for (std::size_t k = 0; k < x.size(); ++k) CHECK(together[k].get(0) == operant::hyperbolic_tangents(std::array{x[k]})[0].get(0));
}

constexpr bool fused = XSIMD_WITH_FMA3_AVX2 || XSIMD_WITH_AVX512F || XSIMD_WITH_NEON64;

TEST_CASE("the exponential of negative numbers is right to rounding" * doctest::test_suite("not emulated")) {
    double worst = 0;
    const auto exp = [](const Floats& x) { return operant::exponential_of_negative(-x); };
    for_floats(87.0f, 997, exp, [&](float x, float y) {
        const double exact = std::exp(-double{x});
        worst = std::max(worst, std::abs(y - exact) / exact / (3e-7 + 5e-8 * x));
    });
    CHECK(worst < (fused ? 1 : 1.5));  // without fused operations, each product and each sum rounds
    CHECK(operant::exponential_of_negative(Floats(0.0f)).get(0) == 1.0f);
    CHECK(operant::exponential_of_negative(Floats(-std::numeric_limits<float>::infinity())).get(0) < 1e-37f);
}

}  // namespace test_exponential
