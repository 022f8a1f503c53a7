#pragma once
/// \file
/// The vector environment of BipedalWalker, for C++ programs.

#include <operant/math/quiet_xsimd.hpp>

#include <operant/environments/bipedal_walker.hpp>
#include <operant/vector_env.hpp>

namespace operant {

/// The state is in float32 in either precision, as in the reference.
using BipedalWalkerVecEnv = VectorEnv<BipedalWalker>;

}  // namespace operant
