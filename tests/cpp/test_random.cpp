#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <vector>

#include <operant/random/random.hpp>

namespace test_random {

using operant::BatchRandom;
using operant::BufferedPcg64;
using operant::Pcg64;
using operant::Pcg64Lanes;
using operant::SeedSequence;

using Arch = xsimd::default_arch;

template <class Generator>
std::vector<Generator> make_generators(std::size_t count) {
    std::vector<Generator> made;
    for (std::size_t i = 0; i < count; ++i) made.emplace_back(SeedSequence(1000 + i));
    return made;
}

template <class Generator>
constexpr bool has_integers = std::is_same_v<Generator, BufferedPcg64>;

/// Draws a mixed sequence from a generator, lanes or batches.
template <bool with_integers, class Source, class Use>
void draw_all(Source& source, const Use& use) {
    static constexpr std::array<double, 3> cumulative = {0.25, 0.5, 1.0};
    for (int i = 0; i < 200; ++i) {
        use(source.random());
        use(source.normal(1.0, 0.5));
        use(source.uniform(-0.05, 0.05));
        use(source.exponential(2.0));
        use(source.choice(cumulative));
        if constexpr (with_integers) use(source.integers(0, 6));
    }
}

/// Draws from each generator alone.
template <class Generator>
std::vector<std::vector<double>> drawn_alone(std::vector<Generator>& generators) {
    std::vector<std::vector<double>> drawn(generators.size());
    for (std::size_t i = 0; i < generators.size(); ++i)
        draw_all<has_integers<Generator>>(generators[i], [&](auto x) { drawn[i].push_back(static_cast<double>(x)); });
    return drawn;
}

bool same(const Pcg64& x, const Pcg64& y) {
    return x.state_high == y.state_high && x.state_low == y.state_low && x.increment_high == y.increment_high &&
           x.increment_low == y.increment_low;
}
bool same(const BufferedPcg64& x, const BufferedPcg64& y) {
    return same(static_cast<const Pcg64&>(x), static_cast<const Pcg64&>(y)) && x.has_uint32 == y.has_uint32 &&
           x.uinteger == y.uinteger;
}

// The expected numbers are from numpy's documentation of numpy.random.default_rng(12345). Further,
// tests/python/conformance/test_random.py compares mixed sequences of draws with numpy, and other Python tests compare every
// environment's first states for seeds of all sizes.
TEST_CASE("uniform draws equal numpy's") {
    Pcg64 random{SeedSequence(12345)};
    CHECK(random.uniform(0.0, 1.0) == doctest::Approx(0.22733602).epsilon(1e-8));
    CHECK(random.uniform(0.0, 1.0) == doctest::Approx(0.31675834).epsilon(1e-8));
    CHECK(random.uniform(0.0, 1.0) == doctest::Approx(0.79736546).epsilon(1e-8));
}

TEST_CASE_TEMPLATE("each lane draws the same numbers as it would alone", Generator, Pcg64, BufferedPcg64) {
    using Lanes = Pcg64Lanes<Arch, Generator>;
    auto alone = make_generators<Generator>(3 * Lanes::size), together = alone;
    const auto expected = drawn_alone(alone);
    std::uint32_t which[Lanes::size];
    for (std::size_t k = 0; k < Lanes::size; ++k) which[k] = static_cast<std::uint32_t>(3 * k + 1);

    Lanes lanes(together.data(), which);
    std::size_t draw = 0;
    const auto check = [&](const typename Lanes::Number& number) {
        alignas(64) double drawn[Lanes::size];
        number.store_aligned(drawn);
        for (std::size_t k = 0; k < Lanes::size; ++k) REQUIRE(drawn[k] == expected[which[k]][draw]);
        ++draw;
    };
    draw_all<has_integers<Generator>>(lanes, check);

    for (const std::size_t count : {std::size_t{1}, Lanes::size / 2, Lanes::size - 1, Lanes::size}) {
        auto stored = together;
        lanes.store(stored.data(), which, count);
        for (std::size_t k = 0; k < Lanes::size; ++k)
            CHECK(same(stored[which[k]], k < count ? alone[which[k]] : together[which[k]]));
    }
}

TEST_CASE_TEMPLATE("each lane of a batch draws the same numbers as it would alone", Scalar, float, double) {
    using Batch = xsimd::batch<Scalar>;
    auto alone = make_generators<BufferedPcg64>(Batch::size), together = alone;
    const auto expected = drawn_alone(alone);
    const auto before = together;
    const std::uint64_t active = 0x5b6d & ((std::uint64_t{1} << Batch::size) - 1);
    BatchRandom<Batch, BufferedPcg64> random(together.data(), active);
    std::size_t draw = 0;
    const auto check = [&](const auto& batch) {
        for (std::size_t i = 0; i < Batch::size; ++i) {
            const double wanted = (active >> i & 1) != 0 ? expected[i][draw] : 0;
            REQUIRE(static_cast<Scalar>(batch.get(i)) == static_cast<Scalar>(wanted));
        }
        ++draw;
    };
    draw_all<true>(random, check);
    for (std::size_t i = 0; i < Batch::size; ++i)
        CHECK(same(together[i], (active >> i & 1) != 0 ? alone[i] : before[i]));
}

TEST_CASE_TEMPLATE("batches take arguments and masks per lane", Scalar, float, double) {
    using Batch = xsimd::batch<Scalar>;
    using Integers = xsimd::as_integer_t<Batch>;
    auto alone = make_generators<BufferedPcg64>(Batch::size), together = alone;
    alignas(64) Scalar numbers[Batch::size];
    for (std::size_t i = 0; i < Batch::size; ++i) numbers[i] = static_cast<Scalar>(i);
    const Batch lane = Batch::load_aligned(numbers);
    const Integers high = xsimd::batch_cast<typename Integers::value_type>(lane) + 2;
    const auto where = lane >= Batch(1);

    BatchRandom<Batch, BufferedPcg64> random(together.data(), ~std::uint64_t{0});
    const Batch random_ = random.random(where);
    const Batch uniform = random.uniform(-lane, 1.0, where);
    const Batch normal = random.normal(lane, Batch(2), where);
    const Batch exponential = random.exponential(lane, where);
    const Integers integers = random.integers(-3, high, where);
    const Integers choice = random.choice(std::array{Batch(0), lane / Scalar(Batch::size), Batch(1)}, where);
    CHECK(same(together[0], alone[0]));
    CHECK(random_.get(0) == 0);
    CHECK(integers.get(0) == 0);
    for (std::size_t i = 1; i < Batch::size; ++i) {
        const double x = numbers[i];
        CHECK(random_.get(i) == static_cast<Scalar>(alone[i].random()));
        CHECK(uniform.get(i) == static_cast<Scalar>(alone[i].uniform(-x, 1)));
        CHECK(normal.get(i) == static_cast<Scalar>(alone[i].normal(x, 2)));
        CHECK(exponential.get(i) == static_cast<Scalar>(alone[i].exponential(x)));
        CHECK(integers.get(i) == alone[i].integers(-3, high.get(i)));
        CHECK(static_cast<std::size_t>(choice.get(i)) == alone[i].choice(std::array{0.0, x / Batch::size, 1.0}));
        CHECK(same(together[i], alone[i]));
    }
}

/// A `reset` with arithmetic that works for a generator and for lanes.
template <class Random>
auto start(Random& random) {
    using operant::abs, operant::max, operant::min, operant::select, operant::sqrt, operant::to_float32;
    using Number = typename Random::Number;
    const Number x = random.uniform(-1, 1), y = random.normal(), z = random.exponential(0.5);
    const auto left = x < 0.0 && !(y > z || y == 2.0);
    Number radius = sqrt(x * x + y * y);
    radius += 1.0;
    radius /= 2.0 - x;
    radius -= -z;
    radius *= 3;
    const Number low = select(left, -1.0, x);
    return std::array<Number, 8>{radius,
                                 select(left, y, 0.5),
                                 min(x, y),
                                 max(0.25, y) / (1.0 + abs(x)),
                                 min(y, 0.25) - z,
                                 to_float32(x),
                                 random.uniform(low, low + 2.0),
                                 select(x >= y, 1.0, select(x <= z, 2.0, select(x != 0.0, 3.0, 4.0)))};
}

TEST_CASE_TEMPLATE("a reset may compute with its draws", Generator, Pcg64, BufferedPcg64) {
    using Lanes = Pcg64Lanes<Arch, Generator>;
    auto generators = make_generators<Generator>(Lanes::size);
    std::uint32_t which[Lanes::size];
    for (std::size_t k = 0; k < Lanes::size; ++k) which[k] = static_cast<std::uint32_t>(k);
    Lanes lanes(generators.data(), which);
    for (int repetition = 0; repetition < 100; ++repetition) {
        const auto together = start(lanes);
        for (std::size_t k = 0; k < Lanes::size; ++k) {
            const auto alone = start(generators[k]);
            for (std::size_t i = 0; i < alone.size(); ++i) {
                CAPTURE(i);
                alignas(64) double numbers[Lanes::size];
                together[i].store_aligned(numbers);
                CHECK(std::bit_cast<std::uint64_t>(numbers[k]) == std::bit_cast<std::uint64_t>(alone[i]));
            }
        }
    }
}

}  // namespace test_random
