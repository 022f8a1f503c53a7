// A thousand CartPoles; all that this needs is a compiler:
//
//   g++ -std=c++20 -O2 -march=native -ffp-contract=off -I ../include minimal.cpp -o minimal && ./minimal
//
// If Operant was installed by pip, replace ../include by what `operant info --include-dir` prints.
#include <operant/cartpole.hpp>

#include <cstdint>
#include <iostream>
#include <vector>

int main() {
    operant::CartPoleVecEnv env(1024);
    env.reset(42);  // copy i starts from seed 42 + i
    const std::vector<std::int32_t> right(1024, 1);
    const auto [observations, rewards, terminations, truncations] = env.step(right);

    std::cout << "cart 0 is at " << observations[0] << " m and moves at " << observations[1] << " m/s\n";
}
