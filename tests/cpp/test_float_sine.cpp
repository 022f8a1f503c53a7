#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>

#include <operant/math/float_sine.hpp>

namespace test_float_sine {

using Floats = xsimd::batch<float>;

/// The bits of x; one pattern for all NaNs, whose signs differ between processors.
std::uint32_t bits_of(float x) { return std::isnan(x) ? 0x7fc00000 : std::bit_cast<std::uint32_t>(x); }

/// Calls check(angle, sine and cosine on batches) for every `stride`-th float in order of its bits.
template <class Check>
void for_floats(std::uint64_t stride, Check check) {
    constexpr std::uint64_t end = std::uint64_t{1} << 32;
    for (std::uint64_t first = 0; first < end; first += stride * Floats::size) {
        alignas(64) float angles[Floats::size], sines[Floats::size], cosines[Floats::size];
        for (std::size_t lane = 0; lane < Floats::size; ++lane)
            angles[lane] = std::bit_cast<float>(static_cast<std::uint32_t>(first + lane * stride));
        const auto [sin, cos] = operant::library_sincos(Floats::load_aligned(angles));
        sin.store_aligned(sines);
        cos.store_aligned(cosines);
        for (std::size_t lane = 0; lane < Floats::size && first + lane * stride < end; ++lane)
            check(angles[lane], sines[lane], cosines[lane]);
    }
}

/// Returns the number of every `stride`-th float for which batches, numbers and the C library do not agree.
std::uint64_t disagreements(std::uint64_t stride) {
    std::uint64_t count = 0;
    for_floats(stride, [&](float angle, float sin, float cos) {
        const auto [s, c] = operant::library_sincos(angle);
        const std::uint32_t expected_sin = bits_of(std::sin(angle)), expected_cos = bits_of(std::cos(angle));
        if (bits_of(sin) != expected_sin || bits_of(cos) != expected_cos || bits_of(s) != expected_sin ||
            bits_of(c) != expected_cos) {
            if (count++ < 5) MESSAGE("the angle " << angle << " with the bits " << bits_of(angle));
        }
    });
    return count;
}

/// Returns true if std::sin is glibc's variant with fused operations.
bool is_fused_glibc() {
#if defined(__GLIBC__) && defined(__x86_64__)
    return xsimd::available_architectures().has(xsimd::fma3<xsimd::avx2>{});
#else
    return false;
#endif
}

// The number is from glibc 2.36's sinf and cosf, which a C program called in the same order.
TEST_CASE("float sine and cosine have glibc's bits on every processor") {
    std::uint64_t hash = 0xcbf29ce484222325;
    const auto add = [&](float x) { hash = (hash ^ bits_of(x)) * 0x100000001b3; };
    for_floats(4093, [&](float, float sin, float cos) {
        add(sin);
        add(cos);
    });
    CHECK(hash == 0x4725cff7267d6acc);
}

TEST_CASE("float sine and cosine equal the C library's" * doctest::test_suite("not emulated")) {
    if (is_fused_glibc()) CHECK(disagreements(1021) == 0);
    else MESSAGE("skipped: this C library is not glibc, or the processor lacks FMA");
}

// Takes minutes, so it runs by `--no-skip --test-case='every float*'`.
TEST_CASE("every float's sine and cosine equal the C library's" * doctest::test_suite("not emulated") * doctest::skip()) {
    REQUIRE(is_fused_glibc());
    CHECK(disagreements(1) == 0);
}

TEST_CASE("float sine and cosine of one lane do not depend on its neighbours") {
    for (const float neighbour : {0.5f, 119.0f, 120.0f, 1e30f, HUGE_VALF, NAN}) {
        for (const float angle : {-0.0f, 1e-5f, -0.7f, 3.0f, -119.9f, 121.0f, -5e7f}) {
            alignas(64) float angles[Floats::size];
            std::fill(std::begin(angles), std::end(angles), neighbour);
            angles[1] = angle;
            const Floats x = Floats::load_aligned(angles);
            CHECK(bits_of(operant::library_sin(x).get(1)) == bits_of(operant::library_sin(angle)));
            CHECK(bits_of(operant::library_cos(x).get(1)) == bits_of(operant::library_cos(angle)));
        }
    }
}

}  // namespace test_float_sine
