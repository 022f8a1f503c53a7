#pragma once
/// \file
/// The vector environment of CliffWalking, for C++ programs.

#include <operant/math/quiet_xsimd.hpp>

#include <operant/environments/cliff_walking.hpp>
#include <operant/vector_env.hpp>

namespace operant {

/// The state consists of integers in either precision.
using CliffWalkingVecEnv = VectorEnv<CliffWalking>;

}  // namespace operant
