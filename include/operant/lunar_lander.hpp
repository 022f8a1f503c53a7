#pragma once
/// \file
/// The vector environments of LunarLander, for C++ programs.

#include <operant/math/quiet_xsimd.hpp>

#include <operant/environments/lunar_lander.hpp>
#include <operant/vector_env.hpp>

namespace operant {

/// The state is in float32, as the reference's, whatever the precision.
using LunarLanderVecEnv = VectorEnv<LunarLander>;
/// The same with throttles.
using LunarLanderContinuousVecEnv = VectorEnv<LunarLanderContinuous>;

}  // namespace operant
