#pragma once
/// \file
/// numpy's `SeedSequence`, bit for bit.
///
/// Sources: M. E. O'Neill, "Developing a seed_seq Alternative", pcg-random.org, 2015; numpy.random.SeedSequence for the
/// constants and the order of operations.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace operant {

/// Turns an integer of any size into well-mixed words that seed a generator, as numpy's `SeedSequence`.
class SeedSequence {
public:
    /// \param entropy the 32-bit words of the seed, least significant first; `{0}` for seed 0
    explicit SeedSequence(std::span<const std::uint32_t> entropy) {
        const auto word = [&](std::size_t i) { return i < entropy.size() ? entropy[i] : 0u; };
        for (std::size_t i = 0; i < pool_.size(); ++i) pool_[i] = hash(word(i));
        for (std::size_t source = 0; source < pool_.size(); ++source)
            for (std::size_t target = 0; target < pool_.size(); ++target)
                if (source != target) pool_[target] = mix(pool_[target], hash(pool_[source]));
        for (std::size_t source = pool_.size(); source < entropy.size(); ++source)
            for (auto& target : pool_) target = mix(target, hash(entropy[source]));
    }

    /// \param seed a 64-bit integer
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

}  // namespace operant
