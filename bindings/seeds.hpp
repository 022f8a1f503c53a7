#pragma once
/// \file
/// Converts Python's seeds, integers of any size, to numpy's SeedSequence.

#include <cstddef>
#include <optional>
#include <vector>

#include <nanobind/nanobind.h>

#include <operant/random/random.hpp>

namespace operant::bindings {

/// Returns the seeds of all envs, or an empty vector if `seed` is None.
/// \param seed None, an int (env i is seeded with `seed + i`), or a list with one int or None per env. The Python package
///        checks that ints are not negative and that the list has `num_envs` elements.
std::vector<std::optional<SeedSequence>> seed_sequences(nanobind::handle seed, std::size_t num_envs);

}  // namespace operant::bindings
