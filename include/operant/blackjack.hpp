#pragma once
/// \file
/// The vector environment of Blackjack, for C++ programs.

#include <operant/math/quiet_xsimd.hpp>

#include <operant/environments/blackjack.hpp>
#include <operant/vector_env.hpp>

namespace operant {

/// The state consists of integers in either precision.
using BlackjackVecEnv = VectorEnv<Blackjack>;

}  // namespace operant
