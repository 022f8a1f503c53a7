#pragma once
/// \file
/// Random numbers that equal numpy's bit for bit: one at a time, for envs that start, and for envs that step.

#include <operant/random/batch_random.hpp>
#include <operant/random/pcg64.hpp>
#include <operant/random/random_lanes.hpp>
#include <operant/random/seed_sequence.hpp>
