#pragma once
/// \file
/// The vector environment of Taxi, for C++ programs.

#include <operant/math/quiet_xsimd.hpp>

#include <operant/environments/taxi.hpp>
#include <operant/vector_env.hpp>

namespace operant {

/// The state consists of integers in either precision.
using TaxiVecEnv = VectorEnv<Taxi>;

}  // namespace operant
