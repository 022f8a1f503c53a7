#pragma once
/// \file
/// numpy's `PCG64` and the distributions of numpy's `Generator`, one number at a time, bit for bit.
///
/// Sources: M. E. O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for Random
/// Number Generation", HMC-CS-2014-0905 (PCG XSL RR 128/64); D. Lemire, "Fast Random Integer Generation in an Interval", ACM
/// Transactions on Modeling and Computer Simulation 29(1), 2019; numpy.random.PCG64 and numpy.random.Generator for the
/// constants and the order of operations (NEP 19).

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/random/seed_sequence.hpp>
#include <operant/random/ziggurat.hpp>

#if !defined(__SIZEOF_INT128__) && defined(_MSC_VER)
#include <intrin.h>
#endif

namespace operant {

namespace detail {

/// A 128-bit integer in two halves; one integer per lane if `Word` is a batch.
template <class Word>
struct Uint128 {
    Word high, low;
};

/// Returns 1 if the sum of `addend` and another number has overflowed, otherwise 0.
XSIMD_INLINE std::uint64_t carry(std::uint64_t sum, std::uint64_t addend) { return sum < addend; }
template <class Arch>
XSIMD_INLINE xsimd::batch<std::uint64_t, Arch> carry(const xsimd::batch<std::uint64_t, Arch>& sum,
                                                     const xsimd::batch<std::uint64_t, Arch>& addend) {
    using Word = xsimd::batch<std::uint64_t, Arch>;
    return xsimd::select(sum < addend, Word(1), Word(0));
}

XSIMD_INLINE std::uint64_t rotated_right(std::uint64_t x, std::uint64_t bits) {
    return x >> bits | x << (-bits & 63);
}

/// Returns the 128 bits of x * factor.
XSIMD_INLINE Uint128<std::uint64_t> product(std::uint64_t x, std::uint64_t factor) {
#if defined(__SIZEOF_INT128__)
    __extension__ using uint128 = unsigned __int128;
    const uint128 product = static_cast<uint128>(x) * factor;
    return {static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
#else
    return {__umulh(x, factor), x * factor};
#endif
}

/// Returns the lower 64 bits of x * factor.
XSIMD_INLINE std::uint64_t lower_product(std::uint64_t x, std::uint64_t factor) { return x * factor; }

/// True if the instruction set can multiply and rotate batches of 64-bit integers. Without these instructions, batches are
/// slower than single numbers.
#if XSIMD_WITH_AVX512DQ
template <class Arch>
inline constexpr bool has_wide_integers = std::is_base_of_v<xsimd::avx512dq, Arch>;

// xsimd 13 composes all three of these from several instructions.
template <class Arch>
using Words = xsimd::batch<std::uint64_t, Arch>;

template <class Arch>
XSIMD_INLINE Words<Arch> rotated_right(const Words<Arch>& x, const Words<Arch>& bits) {
    return _mm512_rorv_epi64(x, bits);
}

template <class Arch>
XSIMD_INLINE Words<Arch> lower_product(const Words<Arch>& x, std::uint64_t factor) {
    return _mm512_mullo_epi64(x, Words<Arch>(factor));
}

template <class Arch>
XSIMD_INLINE Uint128<Words<Arch>> product(const Words<Arch>& x, std::uint64_t factor) {
    const auto product_of_halves = [](const Words<Arch>& a, const Words<Arch>& b) {
        return Words<Arch>(_mm512_mul_epu32(a, b));
    };
    const Words<Arch> factor_low(factor), factor_high(factor >> 32), x_high = x >> 32, half(0xffffffff);
    const Words<Arch> low = product_of_halves(x, factor_low);
    const Words<Arch> middle_1 = product_of_halves(x_high, factor_low) + (low >> 32);
    const Words<Arch> middle_2 = product_of_halves(x, factor_high) + (middle_1 & half);
    return {product_of_halves(x_high, factor_high) + (middle_1 >> 32) + (middle_2 >> 32),
            (middle_2 << 32) | (low & half)};
}
#else
template <class Arch>
inline constexpr bool has_wide_integers = false;
#endif

/// Advances the state and returns 64 random bits (PCG XSL RR 128/64).
template <class Word>
XSIMD_INLINE Word pcg64_next(Uint128<Word>& state, const Uint128<Word>& increment) {
    constexpr std::uint64_t multiplier_high = 0x2360ed051fc65da4;
    constexpr std::uint64_t multiplier_low = 0x4385df649fccf645;
    const Uint128<Word> low = product(state.low, multiplier_low);
    const Word cross = lower_product(state.high, multiplier_low) + lower_product(state.low, multiplier_high);
    state.low = low.low + increment.low;
    state.high = low.high + cross + increment.high + carry(state.low, increment.low);
    return rotated_right(Word(state.high ^ state.low), Word(state.high >> 58));
}

/// Turns 64 random bits into a number in [0, 1), as numpy does.
XSIMD_INLINE double unit_interval(std::uint64_t bits) {
    return static_cast<double>(static_cast<std::int64_t>(bits >> 11)) * 0x1p-53;
}

/// The condition of a static_assert that fails only if its template is used.
template <class...>
constexpr bool never = false;

}  // namespace detail

/// numpy's `PCG64`, the generator behind `numpy.random.default_rng` and Gymnasium's `np_random`.
///
/// State and increment are 128-bit numbers in halves of 64 bits. A generator takes 32 bytes and never crosses a cache line.
/// The functions are `XSIMD_INLINE`, because translation units that are compiled for different processors must not share
/// them.
struct alignas(32) Pcg64 {
    using Number = double;  ///< the type of a draw

    std::uint64_t state_high = 0;      ///< numpy's `PCG64.state["state"]["state"] >> 64`
    std::uint64_t state_low = 0;       ///< its lower half
    std::uint64_t increment_high = 0;  ///< numpy's `PCG64.state["state"]["inc"] >> 64`
    std::uint64_t increment_low = 1;   ///< its lower half; always odd

    /// Makes a fixed stream.
    Pcg64() = default;

    /// `PCG64(seed_sequence)`.
    explicit Pcg64(const SeedSequence& seed) {
        const auto words = seed.generate_state();
        increment_high = words[2] << 1 | words[3] >> 63;
        increment_low = words[3] << 1 | 1;
        next();
        state_low += words[1];
        state_high += words[0] + detail::carry(state_low, words[1]);
        next();
    }

    /// Returns the next 64 random bits.
    XSIMD_INLINE std::uint64_t next() {
        detail::Uint128<std::uint64_t> state{state_high, state_low};
        const std::uint64_t bits = detail::pcg64_next(state, {increment_high, increment_low});
        state_high = state.high;
        state_low = state.low;
        return bits;
    }

    /// `Generator.random()`: a double in [0, 1).
    XSIMD_INLINE double random() { return detail::unit_interval(next()); }

    /// `Generator.uniform(low, high)`: a double in [low, high).
    XSIMD_INLINE double uniform(double low, double high) { return low + (high - low) * random(); }

    /// `Generator.normal(loc, scale)`.
    XSIMD_INLINE double normal(double loc = 0, double scale = 1) {
        return loc + scale * detail::standard_normal(*this);
    }

    /// `Generator.exponential(scale)`.
    XSIMD_INLINE double exponential(double scale = 1) { return scale * detail::standard_exponential(*this); }

    /// Draws the first index whose cumulative weight is larger than `random()`, or 0 if there is none. Gymnasium's toy text
    /// environments choose in this way: `numpy.argmax(numpy.cumsum(p) > random())`.
    XSIMD_INLINE std::size_t choice(std::span<const double> cumulative) {
        const double drawn = random();
        std::size_t index = 0;  // a loop of random length would cost a mispredicted branch
        for (const double sum : cumulative) index += sum <= drawn;
        return index < cumulative.size() ? index : 0;
    }

    /// Does not compile: integers need the half of a draw that numpy keeps. See BufferedPcg64.
    template <class... Bounds>
    static std::int64_t integers(Bounds...) {
        static_assert(detail::never<Bounds...>,
                      "integers() needs the half of a 64-bit draw that numpy keeps for the next call: write "
                      "`using Random = operant::BufferedPcg64;` in the environment");
        return 0;
    }
};

/// A `Pcg64` that also draws integers.
///
/// `Generator.integers` uses 32 bits if they suffice. `PCG64` then keeps the upper half of its 64 bits for the next such call.
/// With this half, a generator takes 32 more bytes per env.
struct BufferedPcg64 : Pcg64 {
    std::uint32_t has_uint32 = 0;   ///< numpy's `PCG64.state["has_uint32"]`: 1 if a half is left
    std::uint32_t uinteger = 0;     ///< numpy's `PCG64.state["uinteger"]`: the half that is left, or was last used
    std::uint64_t padding[3] = {};  ///< always 0: equal generators have equal bytes

    using Pcg64::Pcg64;

    /// Returns the next 32 random bits.
    XSIMD_INLINE std::uint32_t next_uint32() {
        if (has_uint32 != 0) {
            has_uint32 = 0;
            return uinteger;
        }
        const std::uint64_t bits = next();
        has_uint32 = 1;
        uinteger = static_cast<std::uint32_t>(bits >> 32);
        return static_cast<std::uint32_t>(bits);
    }

    /// `Generator.integers(high)`: an integer in [0, high).
    XSIMD_INLINE std::int64_t integers(std::int64_t high) { return integers(0, high); }

    /// `Generator.integers(low, high)`: an integer in [low, high), with low < high. If low + 1 == high, it draws nothing.
    XSIMD_INLINE std::int64_t integers(std::int64_t low, std::int64_t high) {
        const std::uint64_t first = static_cast<std::uint64_t>(low);
        const std::uint64_t range = static_cast<std::uint64_t>(high) - 1 - first;  // largest result minus smallest
        std::uint64_t drawn = 0;
        if (range == 0)
            drawn = 0;
        else if (range < 0xffffffff)
            drawn = below(static_cast<std::uint32_t>(range + 1));
        else if (range == 0xffffffff)
            drawn = next_uint32();
        else if (range < 0xffffffffffffffff)
            drawn = below(range + 1);
        else
            drawn = next();
        return static_cast<std::int64_t>(first + drawn);
    }

private:
    // Lemire's method: the upper half of (random bits * count) is the result. Some results would come from one product more
    // than the others, so the loop rejects products whose lower half is below -count % count.

    XSIMD_INLINE std::uint64_t below(std::uint32_t count) {
        std::uint64_t product = std::uint64_t{next_uint32()} * count;
        if (static_cast<std::uint32_t>(product) < count) [[unlikely]] {
            const std::uint32_t rejected = (0u - count) % count;
            while (static_cast<std::uint32_t>(product) < rejected) product = std::uint64_t{next_uint32()} * count;
        }
        return product >> 32;
    }

    XSIMD_INLINE std::uint64_t below(std::uint64_t count) {
        detail::Uint128<std::uint64_t> product = detail::product(next(), count);
        if (product.low < count) [[unlikely]] {
            const std::uint64_t rejected = (0 - count) % count;
            while (product.low < rejected) product = detail::product(next(), count);
        }
        return product.high;
    }
};

static_assert(sizeof(Pcg64) == 32 && sizeof(BufferedPcg64) == 64);
static_assert(std::is_trivially_copyable_v<BufferedPcg64> && std::is_trivially_destructible_v<BufferedPcg64>);
static_assert(std::has_unique_object_representations_v<BufferedPcg64>);

}  // namespace operant
