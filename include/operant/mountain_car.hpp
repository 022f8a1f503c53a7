#pragma once
/// \file
/// The vector environment of MountainCar, for C++ programs.

#include <operant/math/quiet_xsimd.hpp>

#include <operant/environments/mountain_car.hpp>
#include <operant/vector_env.hpp>

namespace operant {

/// In float32.
using MountainCarVecEnv = VectorEnv<MountainCar>;

}  // namespace operant
