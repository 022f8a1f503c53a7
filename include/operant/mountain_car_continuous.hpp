#pragma once
/// \file
/// The environment, at the address that programs include.

#include <operant/environments/mountain_car_continuous.hpp>
