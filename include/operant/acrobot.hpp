#pragma once
/// \file
/// The vector environment of Acrobot, for C++ programs.

#include <operant/math/quiet_xsimd.hpp>

#include <operant/environments/acrobot.hpp>
#include <operant/vector_env.hpp>

namespace operant {

/// In float32.
using AcrobotVecEnv = VectorEnv<Acrobot>;

}  // namespace operant
