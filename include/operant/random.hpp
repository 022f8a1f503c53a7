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

#include <xsimd/xsimd.hpp>

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

/// numpy's `PCG64`, the generator behind `numpy.random.default_rng` and Gymnasium's `np_random`.
///
/// Two 128-bit numbers as halves of 64 bits, so that one generator is 32 bytes and never crosses a cache line.
/// Kernels of every instruction set draw from it, hence `XSIMD_INLINE`: no copy of these functions may be shared between
/// translation units that are compiled for different processors.
struct alignas(32) Pcg64 {
    std::uint64_t state_high = 0;
    std::uint64_t state_low = 0;
    std::uint64_t increment_high = 0;
    std::uint64_t increment_low = 1;

    Pcg64() = default;

    /// `PCG64(seed_sequence)`.
    explicit Pcg64(const SeedSequence& seed) {
        const auto words = seed.generate_state();
        increment_high = words[2] << 1 | words[3] >> 63;
        increment_low = words[3] << 1 | 1;
        step();
        add(words[0], words[1]);
        step();
    }

    /// The next 64 random bits.
    XSIMD_INLINE std::uint64_t next() {
        step();
        const std::uint64_t folded = state_high ^ state_low;
        const unsigned rotation = static_cast<unsigned>(state_high >> 58);
        return folded >> rotation | folded << (-rotation & 63);
    }

    /// `Generator.uniform(low, high)`: a double in [low, high).
    XSIMD_INLINE double uniform(double low, double high) {
        const double unit = static_cast<double>(next() >> 11) * (1.0 / 9007199254740992.0);
        return low + (high - low) * unit;
    }

private:
    XSIMD_INLINE void add(std::uint64_t high, std::uint64_t low) {
        state_low += low;
        state_high += high + (state_low < low);
    }

    /// state = state * multiplier + increment, modulo 2^128.
    XSIMD_INLINE void step() {
        constexpr std::uint64_t multiplier_high = 0x2360ed051fc65da4;
        constexpr std::uint64_t multiplier_low = 0x4385df649fccf645;
        const std::uint64_t cross = state_high * multiplier_low + state_low * multiplier_high;
#if defined(__SIZEOF_INT128__)
        __extension__ using uint128 = unsigned __int128;
        const uint128 product = static_cast<uint128>(state_low) * multiplier_low;
        state_high = static_cast<std::uint64_t>(product >> 64) + cross;
        state_low = static_cast<std::uint64_t>(product);
#else
        state_high = __umulh(state_low, multiplier_low) + cross;
        state_low *= multiplier_low;
#endif
        add(increment_high, increment_low);
    }
};

}  // namespace operant
