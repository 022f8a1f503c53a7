#pragma once
/// \file
/// The random streams of policies.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <operant/aligned_array.hpp>
#include <operant/numerics/pcg64.hpp>
#include <operant/numerics/seed_sequence.hpp>

namespace operant {

/// A stream for each copy, which depends on the seed and the copy's number only. Copy i draws as
/// `numpy.random.Generator(numpy.random.PCG64(numpy.random.SeedSequence(seed).spawn(n)[i]))`, and so other numbers than an
/// environment with the same seed.
class PolicyStreams {
public:
    /// \param seed its 32-bit words, least significant first
    explicit PolicyStreams(std::span<const std::uint32_t> seed) : seed_(seed.begin(), seed.end()) {
        constexpr std::size_t pool_size = 4;  // numpy pads shorter seeds, so that no other seed gives the same words
        seed_.resize(std::max(seed_.size(), pool_size));
    }
    /// The seed as one 64-bit integer.
    explicit PolicyStreams(std::uint64_t seed)
        : PolicyStreams(std::vector{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}) {}

    /// Those of copies 0 to `num_envs` - 1, where they stand. Valid until the next call.
    Pcg64* of_copies(std::size_t num_envs) {
        if (num_envs > size_) {
            auto grown = make_aligned_array<Pcg64>(num_envs);
            std::copy_n(streams_.get(), size_, grown.get());
            auto words = seed_;
            words.push_back(0);
            for (std::size_t copy = size_; copy < num_envs; ++copy) {
                words.back() = static_cast<std::uint32_t>(copy);
                grown[copy] = Pcg64(SeedSequence(std::span<const std::uint32_t>(words)));
            }
            streams_ = std::move(grown);
            size_ = num_envs;
        }
        return streams_.get();
    }

    /// Those that have been made so far.
    std::span<const Pcg64> all() const { return {streams_.get(), size_}; }

    /// Goes on from what `all` returned.
    void set(std::span<const Pcg64> streams) {
        of_copies(streams.size());
        std::ranges::copy(streams, streams_.get());
    }

private:
    std::vector<std::uint32_t> seed_;
    AlignedArray<Pcg64> streams_;
    std::size_t size_ = 0;
};

}  // namespace operant
