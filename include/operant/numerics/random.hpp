#pragma once
/// \file
/// Random numbers as numpy draws them, bit for bit: one at a time, for lanes that start, and for lanes that step.

#include <operant/numerics/batch_random.hpp>
#include <operant/numerics/pcg64.hpp>
#include <operant/numerics/random_lanes.hpp>
#include <operant/numerics/seed_sequence.hpp>
