#pragma once
/// \file
/// The environment, at the address that programs include.

#include <operant/environments/cartpole.hpp>
