// Compares two controllers of the continuous MountainCar over 100,000 episodes each, and prints their returns.
//
//   controllers [episodes [workers]]      (default 100000 and 2; the results do not depend on the number of workers)
//
// Both controllers get the same starts, so their returns can be compared start by start. The return is 100 at the goal, minus
// a tenth of the sum of squared actions.
#include <operant/compiled_policy.hpp>
#include <operant/evaluation.hpp>
#include <operant/mountain_car_continuous.hpp>
#include <operant/workers.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <string_view>
#include <vector>

/// Applies full power in the direction of motion.
struct FullPower {
    static constexpr std::string_view policy_name = "full power";
    static constexpr std::size_t observation_size = 2;  // position, velocity
    using ActionSpace = operant::Box<1>;

    template <class Batch>
    XSIMD_INLINE Batch action(const std::array<Batch, 2>& observation) const {
        return xsimd::select(observation[1] < Batch(0.0f), Batch(-1.0f), Batch(1.0f));
    }
};

/// Applies power in proportion to the velocity, within the limits.
struct Proportional {
    static constexpr std::string_view policy_name = "proportional";
    static constexpr std::size_t observation_size = 2;
    using ActionSpace = operant::Box<1>;

    float gain = 20;

    template <class Batch>
    XSIMD_INLINE Batch action(const std::array<Batch, 2>& observation) const {
        return xsimd::clip(Batch(gain) * observation[1], Batch(-1.0f), Batch(1.0f));
    }
};

/// Plays one episode per env, prints a summary, and returns the returns of all episodes.
template <class Controller>
std::vector<double> returns_of(operant::MountainCarContinuousVecEnv& env, const Controller& controller) {
    const operant::CompiledPolicy<Controller> policy(controller);
    const auto [returns, lengths] = operant::evaluate(env, policy, 1, 0);  // env i starts from seed i
    const auto episodes = static_cast<double>(returns.size());
    const double mean = std::accumulate(returns.begin(), returns.end(), 0.0) / episodes;
    const double steps = static_cast<double>(std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0})) / episodes;
    const auto [lowest, highest] = std::ranges::minmax(returns);
    std::cout << std::left << std::setw(16) << Controller::policy_name << std::right << std::setw(9) << mean << std::setw(9)
              << lowest << std::setw(9) << highest << std::setw(9) << steps << '\n';
    return returns;
}

int main(int argc, char** argv) {
    const std::size_t episodes = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100000;
    const std::size_t workers = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 2;
    operant::MountainCarContinuousVecEnv env(episodes, {.workers = workers});

    std::cout << "controller           mean   lowest  highest    steps\n" << std::fixed << std::setprecision(2);
    const std::vector<double> full = returns_of(env, FullPower{});
    const std::vector<double> proportional = returns_of(env, Proportional{});

    const std::size_t better = std::transform_reduce(full.begin(), full.end(), proportional.begin(), std::size_t{0},
                                                     std::plus<>{}, std::less<>{});
    std::cout << "The second one is better from " << better << " of " << episodes << " starts\n";
}
