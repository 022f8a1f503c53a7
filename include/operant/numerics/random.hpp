#pragma once
/// \file
/// Random numbers as numpy draws them: `SeedSequence(seed)` -> `PCG64` -> `Generator.uniform(low, high)`, bit for bit.
///
/// Sources: M. E. O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for Random Number
/// Generation", HMC-CS-2014-0905 (PCG XSL RR 128/64), and "Developing a seed_seq Alternative", pcg-random.org, 2015;
/// numpy.random.SeedSequence and numpy.random.PCG64 for the constants and the order of operations (NEP 19).

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/numerics/arithmetic.hpp>

#if !defined(__SIZEOF_INT128__) && defined(_MSC_VER)
#include <intrin.h>
#endif

namespace operant {

/// numpy's `SeedSequence`: turns an integer of any size into well-mixed words to start a generator from.
class SeedSequence {
public:
    /// \param entropy the seed's 32-bit words, least significant first; `{0}` for seed 0.
    explicit SeedSequence(std::span<const std::uint32_t> entropy) {
        const auto word = [&](std::size_t i) { return i < entropy.size() ? entropy[i] : 0u; };
        for (std::size_t i = 0; i < pool_.size(); ++i) pool_[i] = hash(word(i));
        for (std::size_t source = 0; source < pool_.size(); ++source)
            for (std::size_t target = 0; target < pool_.size(); ++target)
                if (source != target) pool_[target] = mix(pool_[target], hash(pool_[source]));
        for (std::size_t source = pool_.size(); source < entropy.size(); ++source)
            for (auto& target : pool_) target = mix(target, hash(entropy[source]));
    }

    /// The seed as one 64-bit integer.
    explicit SeedSequence(std::uint64_t seed)
        : SeedSequence(std::span<const std::uint32_t>(
              std::array{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}.data(),
              seed >> 32 != 0 ? 2 : 1)) {}

    /// `SeedSequence.generate_state(4, numpy.uint64)`.
    std::array<std::uint64_t, 4> generate_state() const {
        std::array<std::uint64_t, 4> state{};
        std::uint32_t constant = 0x8b51f9dd;
        for (std::size_t i = 0; i < 2 * state.size(); ++i) {
            std::uint32_t value = pool_[i % pool_.size()] ^ constant;
            constant *= 0x58f38ded;
            value *= constant;
            value ^= value >> 16;
            state[i / 2] |= static_cast<std::uint64_t>(value) << (32 * (i % 2));
        }
        return state;
    }

private:
    std::uint32_t hash(std::uint32_t value) {
        value ^= hash_constant_;
        hash_constant_ *= 0x931e8875;
        value *= hash_constant_;
        return value ^ value >> 16;
    }

    static std::uint32_t mix(std::uint32_t x, std::uint32_t y) {
        const std::uint32_t result = 0xca01f9ddu * x - 0x4973f715u * y;
        return result ^ result >> 16;
    }

    std::array<std::uint32_t, 4> pool_{};
    std::uint32_t hash_constant_ = 0x43b0d7e5;
};

namespace detail {

/// 128-bit integers in two halves, as many at a time as Word has lanes.
template <class Word>
struct Wide {
    Word high, low;
};

/// 1 where the sum of `addend` and something else has overflowed.
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

/// The 128 bits of x * factor.
XSIMD_INLINE Wide<std::uint64_t> product(std::uint64_t x, std::uint64_t factor) {
#if defined(__SIZEOF_INT128__)
    __extension__ using uint128 = unsigned __int128;
    const uint128 product = static_cast<uint128>(x) * factor;
    return {static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
#else
    return {__umulh(x, factor), x * factor};
#endif
}

/// The lower 64 bits of x * factor.
XSIMD_INLINE std::uint64_t lower_product(std::uint64_t x, std::uint64_t factor) { return x * factor; }

/// Whether the architecture multiplies and rotates integers of 64 bits. Without, batches of them are slower than one
/// number after the other.
#if XSIMD_WITH_AVX512DQ
template <class Arch>
inline constexpr bool has_wide_integers = std::is_base_of_v<xsimd::avx512dq, Arch>;

// xsimd 13 does all three of these in pieces.
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
XSIMD_INLINE Wide<Words<Arch>> product(const Words<Arch>& x, std::uint64_t factor) {
    const auto product_of_halves = [](const Words<Arch>& a, const Words<Arch>& b) { return Words<Arch>(_mm512_mul_epu32(a, b)); };
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

/// PCG XSL RR 128/64: moves the state on and returns 64 random bits of it.
template <class Word>
XSIMD_INLINE Word pcg64_next(Wide<Word>& state, const Wide<Word>& increment) {
    constexpr std::uint64_t multiplier_high = 0x2360ed051fc65da4;
    constexpr std::uint64_t multiplier_low = 0x4385df649fccf645;
    const Wide<Word> low = product(state.low, multiplier_low);
    const Word cross = lower_product(state.high, multiplier_low) + lower_product(state.low, multiplier_high);
    state.low = low.low + increment.low;
    state.high = low.high + cross + increment.high + carry(state.low, increment.low);
    return rotated_right(Word(state.high ^ state.low), Word(state.high >> 58));
}

}  // namespace detail

/// numpy's `PCG64`, the generator behind `numpy.random.default_rng` and Gymnasium's `np_random`.
///
/// Two 128-bit numbers as halves of 64 bits, so that one generator is 32 bytes and never crosses a cache line.
/// Kernels of every instruction set draw from it, hence `XSIMD_INLINE`: no copy of these functions may be shared between
/// translation units that are compiled for different processors.
struct alignas(32) Pcg64 {
    using Number = double;  ///< what a draw consists of

    std::uint64_t state_high = 0;      ///< numpy's `PCG64.state["state"]["state"] >> 64`
    std::uint64_t state_low = 0;       ///< its lower half
    std::uint64_t increment_high = 0;  ///< numpy's `PCG64.state["state"]["inc"] >> 64`
    std::uint64_t increment_low = 1;   ///< its lower half; always odd

    /// Some stream, the same every time.
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

    /// The next 64 random bits.
    XSIMD_INLINE std::uint64_t next() {
        detail::Wide<std::uint64_t> state{state_high, state_low};
        const std::uint64_t bits = detail::pcg64_next(state, {increment_high, increment_low});
        state_high = state.high;
        state_low = state.low;
        return bits;
    }

    /// `Generator.uniform(low, high)`: a double in [low, high).
    XSIMD_INLINE double uniform(double low, double high) {
        const double unit = static_cast<double>(next() >> 11) * 0x1p-53;
        return low + (high - low) * unit;
    }
};

/// Draws from several generators at once, one a lane: from two batches of them, as one would wait for its own results.
template <class Arch>
class Pcg64Lanes {
    using Word = xsimd::batch<std::uint64_t, Arch>;
    using Double = xsimd::batch<double, Arch>;

public:
    static constexpr std::size_t size = 2 * Word::size;  ///< how many generators

    /// What a draw consists of.
    struct Number {
        Double first;   ///< the lower half of the lanes
        Double second;  ///< the upper half

        /// Not initialised.
        Number() = default;
        /// The same in every lane.
        XSIMD_INLINE explicit Number(double x) : first(x), second(x) {}
        /// From both halves.
        XSIMD_INLINE Number(const Double& x, const Double& y) : first(x), second(y) {}

        /// \param numbers `size` of them, one a lane, aligned for a batch
        XSIMD_INLINE void store_aligned(double* numbers) const {
            first.store_aligned(numbers);
            second.store_aligned(numbers + Double::size);
        }

        /// Every lane rounded to float32.
        friend XSIMD_INLINE Number to_float32(const Number& x) {
            return {operant::to_float32(x.first), operant::to_float32(x.second)};
        }
    };

    /// Lane k goes on from where `generators[which[k]]` stands.
    XSIMD_INLINE Pcg64Lanes(const Pcg64* generators, const std::uint32_t* which)
        : first_(generators, which), second_(generators, which + Word::size) {}

    /// Moves the first `count` of those generators on to where the lanes stand.
    XSIMD_INLINE void store(Pcg64* generators, const std::uint32_t* which, std::size_t count) const {
        if (count >= size) {
            for (std::size_t k = 0; k < Word::size; ++k) first_.store(k, generators[which[k]]);
            for (std::size_t k = 0; k < Word::size; ++k) second_.store(k, generators[which[Word::size + k]]);
        } else {
            for (std::size_t k = 0; k < count && k < Word::size; ++k) first_.store(k, generators[which[k]]);
            for (std::size_t k = Word::size; k < count; ++k) second_.store(k - Word::size, generators[which[k]]);
        }
    }

    /// `Generator.uniform(low, high)` of every lane: doubles in [low, high).
    XSIMD_INLINE Number uniform(double low, double high) {
        const Word first = first_.next();
        const Word second = second_.next();
        return {uniform(first, low, high), uniform(second, low, high)};
    }

private:
    struct Batch {
        detail::Wide<Word> state, increment;

        XSIMD_INLINE Batch(const Pcg64* generators, const std::uint32_t* which) {
            alignas(Arch::alignment()) std::uint64_t first_words[Word::size];
            for (std::size_t k = 0; k < Word::size; ++k) first_words[k] = which[k] * (sizeof(Pcg64) / sizeof(std::uint64_t));
            const auto words = reinterpret_cast<const std::uint64_t*>(generators);
            const Word index = Word::load_aligned(first_words);
            state.high = Word::gather(words, index);
            state.low = Word::gather(words + 1, index);
            increment.high = Word::gather(words + 2, index);
            increment.low = Word::gather(words + 3, index);
        }
        XSIMD_INLINE Word next() { return detail::pcg64_next(state, increment); }
        XSIMD_INLINE void store(std::size_t k, Pcg64& generator) const {
            generator.state_high = state.high.get(k);
            generator.state_low = state.low.get(k);
        }
    };

    static XSIMD_INLINE Double uniform(const Word& random, double low, double high) {
        // 53 bits as the upper 21 and the lower 32, each in the fraction of a double with its exponent; exact.
        const Word bits = random >> 11;
        const Double upper = xsimd::bitwise_cast<double>(bits >> 32 | Word(0x4530000000000000)) - Double(0x1p84 + 0x1p52);
        const Double lower = xsimd::bitwise_cast<double>((bits & Word(0xffffffff)) | Word(0x4330000000000000));
        const Double unit = (upper + lower) * Double(0x1p-53);
        return Double(low) + Double(high - low) * unit;
    }

    Batch first_, second_;
};

}  // namespace operant
