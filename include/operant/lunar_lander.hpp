#pragma once
/// \file
/// The vector environments of LunarLander, for C++ programs.

#include <operant/math/quiet_xsimd.hpp>

#include <operant/environments/lunar_lander.hpp>
#include <operant/vector_env.hpp>

namespace operant {

/// The state is in float32 in either precision, as in the reference.
using LunarLanderVecEnv = VectorEnv<LunarLander>;
/// The same with throttles.
using LunarLanderContinuousVecEnv = VectorEnv<LunarLanderContinuous>;

}  // namespace operant
