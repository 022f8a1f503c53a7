#pragma once
/// \file
/// The vector environment of Pendulum, for C++ programs.

#include <operant/math/quiet_xsimd.hpp>

#include <operant/environments/pendulum.hpp>
#include <operant/vector_env.hpp>

namespace operant {

/// In float32.
using PendulumVecEnv = VectorEnv<Pendulum>;

}  // namespace operant
