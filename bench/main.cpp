// Operant without Python, measured with google-benchmark:
//
//   step/<environment>/<scalar>/<architecture>      one worker, every instruction set that this processor has
//   workers/<environment>/<scalar>                  from one worker to one per core, on the best instruction set
//   reset/<environment>/<scalar>/seeded, .../unseeded
//   random/...                                      single draws and seeds
//
// `cmake --build <directory> --target run_benchmarks` runs all of them and writes JSON. To run some of them:
//
//   operant_benchmarks --benchmark_filter=step/CartPole --benchmark_repetitions=7

#include <benchmark/benchmark.h>

#include <string>

#include <operant/library/dispatch.hpp>

#include "benchmarks.hpp"

int main(int argc, char** argv) {
    operant::benchmarks::register_steps();
    operant::benchmarks::register_workers();
    operant::benchmarks::register_resets();
    operant::benchmarks::register_random();
    benchmark::AddCustomContext("operant_best_architecture", std::string(operant::choose_architecture()));
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
