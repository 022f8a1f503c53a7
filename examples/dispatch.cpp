// This program runs on every processor. It contains kernels for several instruction sets and uses the best ones that the
// processor supports. CMake builds the library of kernels:
//
//   operant_add_environments(double_integrators TYPE STATIC double_integrator.hpp)
//
//   dispatch [architecture]       (avx512bw, avx2, sse4.2 or neon; the results are equal, except for the rounding of sse4.2)
#include "double_integrator.hpp"

#include <cstddef>
#include <exception>
#include <iostream>
#include <vector>

#include <double_integrators.hpp>
#include <operant/vector_env.hpp>

int main(int argc, char** argv) try {
    constexpr std::size_t num_envs = 1000;
    const auto architecture = operant::choose_architecture(argc > 1 ? argv[1] : "");
    operant::VectorEnv<DoubleIntegrator> env(num_envs, {}, operant_double_integrators(), architecture);
    env.reset(7);

    const std::vector<float> forces(num_envs, 1.0f);
    for (int step = 0; step < DoubleIntegrator::max_episode_steps; ++step) env.step(forces);
    std::cout << architecture << ": " << env.logs().episode_count << " episodes returned "
              << env.logs().total_reward / static_cast<double>(env.logs().episode_count) << " on average\n";
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
