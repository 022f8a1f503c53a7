#pragma once
/// \file
/// Python's seeds, integers of any size, as numpy's SeedSequence takes them.

#include <cstddef>
#include <optional>
#include <vector>

#include <nanobind/nanobind.h>

#include <operant/numerics/random.hpp>

namespace operant::bindings {

/// \param seed None: no seeds at all; an int: copy i gets `seed + i`; else a list of one int or None a copy. The ints are
///        not negative, the list has `num_envs` elements: the Python package has checked that.
std::vector<std::optional<SeedSequence>> seed_sequences(nanobind::handle seed, std::size_t num_envs);

}  // namespace operant::bindings
