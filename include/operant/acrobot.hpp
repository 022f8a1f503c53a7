#pragma once
/// \file
/// The vector environment of Acrobot, for C++ programs.

#include <operant/environments/acrobot.hpp>
#include <operant/vector_env.hpp>

namespace operant {

/// In float32.
using AcrobotVecEnv = VectorEnv<Acrobot>;

}  // namespace operant
