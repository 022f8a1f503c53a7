#pragma once
/// \file
/// The vector environment of CartPole, for C++ programs.

#include <operant/math/quiet_xsimd.hpp>

#include <operant/environments/cartpole.hpp>
#include <operant/vector_env.hpp>

namespace operant {

/// In float32.
using CartPoleVecEnv = VectorEnv<CartPole>;

}  // namespace operant
