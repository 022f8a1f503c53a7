// Steps a thousand CartPoles. Compile it without CMake:
//
//   g++ -std=c++20 -O2 -march=native -ffp-contract=off -fno-tree-vectorize -I ../include minimal.cpp -o minimal && ./minimal
//
// If you installed Operant with pip, replace ../include by the output of `operant info --include-dir`.
#include <operant/cartpole.hpp>

#include <cstdint>
#include <iostream>
#include <vector>

int main() {
    operant::CartPoleVecEnv env(1024);
    env.reset(42);  // env i gets the seed 42 + i
    const std::vector<std::int32_t> right(1024, 1);
    const auto [observations, rewards, terminations, truncations] = env.step(right);

    std::cout << "cart 0 is at " << observations[0] << " m and moves at " << observations[1] << " m/s\n";
}
