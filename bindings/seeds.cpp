#include "seeds.hpp"

#include <cstdint>
#include <cstring>
#include <limits>

#include <nanobind/stl/vector.h>

namespace nb = nanobind;

namespace operant::bindings {
namespace {

SeedSequence sequence_of(nb::handle integer) {
    std::uint64_t small;
    if (nb::try_cast(integer, small)) return SeedSequence(small);
    // The integer has more than 64 bits: pass it as 32-bit words.
    const auto bits = nb::cast<std::size_t>(integer.attr("bit_length")());
    std::vector<std::uint32_t> words((bits + 31) / 32);
    const nb::object digits = integer.attr("to_bytes")(4 * words.size(), "little");
    std::memcpy(words.data(), nb::borrow<nb::bytes>(digits).data(), 4 * words.size());
    return SeedSequence(words);
}

}  // namespace

std::vector<std::optional<SeedSequence>> seed_sequences(nb::handle seed, std::size_t num_envs) {
    std::vector<std::optional<SeedSequence>> sequences;
    if (seed.is_none()) return sequences;
    sequences.reserve(num_envs);
    std::uint64_t first;
    if (nb::isinstance<nb::int_>(seed)) {
        if (nb::try_cast(seed, first) && first <= std::numeric_limits<std::uint64_t>::max() - num_envs) {
            for (std::size_t env = 0; env < num_envs; ++env) sequences.emplace_back(SeedSequence(first + env));
        } else {
            for (std::size_t env = 0; env < num_envs; ++env)
                sequences.emplace_back(sequence_of(nb::borrow(seed) + nb::int_(env)));
        }
    } else {
        for (const nb::handle one : seed)
            sequences.push_back(one.is_none() ? std::nullopt : std::optional(sequence_of(one)));
    }
    return sequences;
}

}  // namespace operant::bindings
