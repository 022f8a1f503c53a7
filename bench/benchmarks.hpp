#pragma once
/// \file
/// What there is to measure: each function registers one file's benchmarks.

namespace operant::benchmarks {

void register_steps();
void register_workers();
void register_resets();
void register_random();

}  // namespace operant::benchmarks
