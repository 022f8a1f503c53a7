#pragma once
/// \file
/// The vector environment of MountainCarContinuous, for C++ programs.

#include <operant/math/quiet_xsimd.hpp>

#include <operant/environments/mountain_car_continuous.hpp>
#include <operant/vector_env.hpp>

namespace operant {

/// In float32.
using MountainCarContinuousVecEnv = VectorEnv<MountainCarContinuous>;

}  // namespace operant
