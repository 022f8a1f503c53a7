#pragma once
/// \file
/// All of Operant.

#include <operant/architecture.hpp>
#include <operant/cartpole.hpp>
