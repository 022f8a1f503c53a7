#pragma once
/// \file
/// The random streams of policies.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <operant/core/aligned_array.hpp>
#include <operant/random/pcg64.hpp>
#include <operant/random/seed_sequence.hpp>

namespace operant {

/// One random stream per env, which depends only on the seed and on the index of the env. Env i draws the numbers of
/// `numpy.random.Generator(numpy.random.PCG64(numpy.random.SeedSequence(seed).spawn(n)[i]))`, which differ from those of an
/// environment with the same seed.
class PolicyStreams {
public:
    /// \param seed the 32-bit words of the seed, least significant first
    explicit PolicyStreams(std::span<const std::uint32_t> seed) : seed_(seed.begin(), seed.end()) {
        constexpr std::size_t pool_size = 4;  // numpy pads shorter seeds so that different seeds give different words
        seed_.resize(std::max(seed_.size(), pool_size));
    }
    /// The seed as one 64-bit integer.
    explicit PolicyStreams(std::uint64_t seed)
        : PolicyStreams(std::vector{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}) {}

    /// The streams of envs 0 to `num_envs` - 1. The pointer is valid until the next call.
    Pcg64* of_envs(std::size_t num_envs) {
        if (num_envs > size_) {
            auto grown = make_aligned_array<Pcg64>(num_envs);
            std::copy_n(streams_.get(), size_, grown.get());
            auto words = seed_;
            words.push_back(0);
            for (std::size_t env = size_; env < num_envs; ++env) {
                words.back() = static_cast<std::uint32_t>(env);
                grown[env] = Pcg64(SeedSequence(std::span<const std::uint32_t>(words)));
            }
            streams_ = std::move(grown);
            size_ = num_envs;
        }
        return streams_.get();
    }

    /// The streams that have been made so far.
    std::span<const Pcg64> all() const { return {streams_.get(), size_}; }

    /// Replaces the streams by others that `all` returned.
    void set(std::span<const Pcg64> streams) {
        of_envs(streams.size());
        std::ranges::copy(streams, streams_.get());
    }

private:
    std::vector<std::uint32_t> seed_;
    AlignedArray<Pcg64> streams_;
    std::size_t size_ = 0;
};

}  // namespace operant
