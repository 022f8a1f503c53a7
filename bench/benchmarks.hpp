#pragma once
/// \file
/// Functions that register benchmarks, one per file.

namespace operant::benchmarks {

void register_steps();
void register_workers();
void register_resets();
void register_random();

}  // namespace operant::benchmarks
