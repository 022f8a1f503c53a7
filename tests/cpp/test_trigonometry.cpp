#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <operant/math/trigonometry.hpp>

namespace test_trigonometry {

using Floats = xsimd::batch<float>;

struct Worst {
    double sin = 0, cos = 0, norm = 0;
};

/// Returns the largest errors for `count` angles in [low, high], compared with the C library in double.
Worst worst_errors(double low, double high, int count) {
    Worst worst;
    for (int i = 0; i <= count; i += Floats::size) {
        alignas(64) float angles[Floats::size], sines[Floats::size], cosines[Floats::size];
        for (std::size_t lane = 0; lane < Floats::size; ++lane)
            angles[lane] = static_cast<float>(low + (high - low) * (i + static_cast<double>(lane)) / count);
        const auto [sin, cos] = operant::sincos(Floats::load_aligned(angles));
        sin.store_aligned(sines);
        cos.store_aligned(cosines);
        for (std::size_t lane = 0; lane < Floats::size; ++lane) {
            const double s = sines[lane], c = cosines[lane], angle = angles[lane];
            worst.sin = std::max(worst.sin, std::abs(s - std::sin(angle)));
            worst.cos = std::max(worst.cos, std::abs(c - std::cos(angle)));
            worst.norm = std::max(worst.norm, std::abs(s * s + c * c - 1));
        }
    }
    return worst;
}

// Between 0.5 and 1 the unit in the last place of a float is 2^-24 = 6e-8. Without subtraction of turns, results are within one
// unit. Without FMA, the last product rounds too, which costs another quarter (worst seen: 6.6e-8). The rounded remainder of a
// subtraction costs half a unit more (worst seen: 9.3e-8). The contract for sines and cosines in observations is 1.2e-7.
#if defined(__FMA__) || defined(__aarch64__)
constexpr double near_zero = 6e-8;
#else
constexpr double near_zero = 7.5e-8;
#endif

TEST_CASE("float sine and cosine are right to rounding" * doctest::test_suite("not emulated")) {
    for (const double range : {0.1, 0.3, 0.78, 3.2, 10.0, 100.0, 8000.0, 1e5, 1e30}) {
        CAPTURE(range);
        const double tolerance = range < 0.785 ? near_zero : 1.2e-7;
        const Worst worst = worst_errors(-range, range, 1'000'000);
        CHECK(worst.sin < tolerance);
        CHECK(worst.cos < tolerance);
        CHECK(worst.norm < 2e-7);
    }
}

TEST_CASE("small angles keep their relative accuracy") {
    for (float angle = 1e-30f; angle < 0.1f; angle *= 1.37f) {
        const double exact = std::sin(static_cast<double>(angle));
        CHECK(std::abs(operant::sincos(Floats(angle)).sin.get(0) - exact) <= 6e-8 * exact);
    }
}

TEST_CASE("a lane does not depend on its neighbours") {
    for (const float neighbour : {1.0f, 100.0f, 1e6f, std::numeric_limits<float>::infinity()}) {
        for (float angle = -0.9f; angle < 0.9f; angle += 0.001f) {
            alignas(64) float angles[Floats::size];
            std::fill(std::begin(angles), std::end(angles), neighbour);
            angles[1] = angle;
            const auto alone = operant::sincos(Floats(angle));
            const auto among = operant::sincos(Floats::load_aligned(angles));
            REQUIRE(alone.sin.get(0) == among.sin.get(1));
            REQUIRE(alone.cos.get(0) == among.cos.get(1));
        }
    }
}

TEST_CASE("the sine of an infinity or NaN is NaN") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK(std::isnan(operant::sincos(Floats(nan)).sin.get(0)));
    CHECK(std::isnan(operant::sincos(Floats(std::numeric_limits<float>::infinity())).cos.get(0)));
}

TEST_CASE("double sine and cosine equal the C library's") {
    using Doubles = xsimd::batch<double>;
    for (double angle = -20; angle < 20; angle += 0.0137) {
        const auto [sin, cos] = operant::sincos(Doubles(angle));
        REQUIRE(sin.get(0) == std::sin(angle));
        REQUIRE(cos.get(0) == std::cos(angle));
    }
}

TEST_CASE("double sine and cosine of small angles equal the C library's, on batches and alone") {
    using Doubles = xsimd::batch<double>;
    MESSAGE("followed: " << operant::detail::LibrarySine<Doubles>::is_followed());
    std::mt19937_64 random(0);
    for (const double range : {0.9, 0.86, 0.2, 0.1, 1e-4, 1e-9, 1e-300, 0.0}) {
        std::uniform_real_distribution<double> uniform(-range, range);
        for (int i = 0; i < 20'000; ++i) {
            alignas(64) double angles[Doubles::size], sines[Doubles::size], cosines[Doubles::size];
            for (double& angle : angles) angle = i % 3 == 0 ? std::nearbyint(uniform(random) * 128) / 128 : uniform(random);
            const auto [sin, cos] = operant::sincos_of_small(Doubles::load_aligned(angles));
            sin.store_aligned(sines);
            cos.store_aligned(cosines);
            for (std::size_t lane = 0; lane < Doubles::size; ++lane) {
                REQUIRE(sines[lane] == std::sin(angles[lane]));
                REQUIRE(cosines[lane] == std::cos(angles[lane]));
                REQUIRE(std::signbit(sines[lane]) == std::signbit(std::sin(angles[lane])));
            }
        }
    }
    CHECK(std::isnan(operant::sincos_of_small(Doubles(std::nan(""))).sin.get(0)));
}

}  // namespace test_trigonometry
