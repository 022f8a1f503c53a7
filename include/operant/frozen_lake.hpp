#pragma once
/// \file
/// The vector environment of FrozenLake, for C++ programs.

#include <operant/math/quiet_xsimd.hpp>

#include <operant/environments/frozen_lake.hpp>
#include <operant/vector_env.hpp>

namespace operant {

/// The state consists of integers in either precision.
using FrozenLakeVecEnv = VectorEnv<FrozenLake>;

}  // namespace operant
