#include <doctest/doctest.h>

#include <operant/numerics/random.hpp>

using operant::Pcg64;
using operant::SeedSequence;

// The expected numbers are those that numpy's documentation shows for numpy.random.default_rng(12345); the Python tests
// compare every environment's starting states with numpy over seeds of all sizes.
TEST_CASE("uniform draws are numpy's") {
    Pcg64 random{SeedSequence(12345)};
    CHECK(random.uniform(0.0, 1.0) == doctest::Approx(0.22733602).epsilon(1e-8));
    CHECK(random.uniform(0.0, 1.0) == doctest::Approx(0.31675834).epsilon(1e-8));
    CHECK(random.uniform(0.0, 1.0) == doctest::Approx(0.79736546).epsilon(1e-8));
}

TEST_CASE("a seed is the same as one integer and as words") {
    const std::uint32_t words[] = {0x89abcdef, 0x01234567};
    CHECK(SeedSequence(0x0123456789abcdef).generate_state() == SeedSequence(words).generate_state());
}

TEST_CASE("words beyond the pool's four count too") {
    const std::uint32_t four[] = {1, 2, 3, 4};
    const std::uint32_t five[] = {1, 2, 3, 4, 5};
    CHECK(SeedSequence(four).generate_state() != SeedSequence(five).generate_state());
}

TEST_CASE("uniform stays within its bounds") {
    Pcg64 random{SeedSequence(7)};
    for (int i = 0; i < 100000; ++i) {
        const double x = random.uniform(-0.05, 0.05);
        REQUIRE(x >= -0.05);
        REQUIRE(x < 0.05);
    }
}
