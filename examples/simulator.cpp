// Steps the five classic control environments with random actions, on several threads, and prints the returns.
//
//   simulator [workers]       (default 2; the results do not depend on the number)
#include <operant/operant.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <random>
#include <type_traits>
#include <vector>

constexpr std::size_t num_envs = 4096;
constexpr int steps = 1000;

template <class E>
void simulate(std::size_t workers) {
    using Env = operant::VectorEnv<E>;
    using Action = typename Env::Narrow;  // std::int32_t for a Discrete action space, float for a Box
    Env env(num_envs, {.workers = workers});
    env.reset(0);

    std::mt19937 random(0);
    const auto draw = [&] {
        if constexpr (std::is_integral_v<Action>) {
            return std::uniform_int_distribution<Action>(0, E::ActionSpace::n - 1)(random);
        } else {
            const auto space = E::action_space(env.parameters());
            return std::uniform_real_distribution<Action>(space.low[0], space.high[0])(random);
        }
    };

    std::vector<Action> actions(num_envs);
    std::vector<double> running(num_envs, 0), returns;
    for (int step = 0; step < steps; ++step) {
        std::ranges::generate(actions, draw);
        const auto [observations, rewards, terminations, truncations] = env.step(actions);
        for (std::size_t i = 0; i < num_envs; ++i) {
            running[i] += rewards[i];
            if (terminations[i] || truncations[i]) {  // the next step starts a new episode
                returns.push_back(running[i]);
                running[i] = 0;
            }
        }
    }

    const auto [lowest, highest] = std::ranges::minmax(returns);
    const double mean = std::accumulate(returns.begin(), returns.end(), 0.0) / static_cast<double>(returns.size());
    std::cout << std::left << std::setw(24) << E::name << std::right << std::setw(8) << returns.size() << std::setw(11)
              << mean << std::setw(11) << lowest << std::setw(11) << highest << '\n';
}

int main(int argc, char** argv) {
    const std::size_t workers = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 2;
    std::cout << "environment             episodes       mean     lowest    highest\n"
              << std::fixed << std::setprecision(1);
    simulate<operant::CartPole>(workers);
    simulate<operant::MountainCar>(workers);
    simulate<operant::MountainCarContinuous>(workers);
    simulate<operant::Pendulum>(workers);
    simulate<operant::Acrobot>(workers);
}
