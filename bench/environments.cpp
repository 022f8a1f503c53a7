// The environments of examples/environments, 4096 envs on one thread, measured with google-benchmark:
//
//   environments/<environment>        a loop in plain C++ with the same rules against Operant: `ratio` is the speed-up of Operant
//   per_env_parameters/CartPole      parameters per env against the same parameters for all envs: `ratio` is the slow-down
//                                     of a step
//
// Both sides take turns every 64 steps, so that a change of the machine's speed affects both. `ratio` is the ratio of
// their times in one repetition. Quote its median over the repetitions:
//
//   example_benchmarks --benchmark_repetitions=9 --benchmark_report_aggregates_only=true

#include <benchmark/benchmark.h>

#include <cstdint>
#include <ctime>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <operant/environments/cartpole.hpp>
#include <operant/vector_env.hpp>

#include "../examples/environments/cartpole_swingup.hpp"
#include "../examples/environments/connect_four.hpp"
#include "../examples/environments/joint_replenishment.hpp"
#include "../examples/environments/key_door.hpp"
#include "../examples/environments/pendulum_chain.hpp"
#include "../examples/environments/point_mass.hpp"
#include "../examples/environments/quadrotor.hpp"
#include "../examples/environments/quadrotor_lidar.hpp"
#include "../examples/environments/snake.hpp"
#include "scalar_environments.hpp"

// Those of plain_loops.cpp.
extern "C" {
void* plain_loop(const char* name, std::size_t num_envs, std::uint64_t seed);
void plain_step(void* loop, const void* actions);
void plain_delete(void* loop);
}

namespace operant::benchmarks {
namespace {

constexpr std::size_t num_envs = 4096;
constexpr int steps_each = 64;

/// Random actions. Each call uses another part of one long array, so that an env does not repeat the same few actions.
template <class E, class Number = typename E::ActionSpace::Narrow>
class RandomActions {
public:
    using Action = Number;

    RandomActions() : numbers_((num_envs + windows) * E::ActionSpace::size) {
        std::mt19937 random(0);
        for (std::size_t i = 0; i < numbers_.size(); ++i) numbers_[i] = draw(random, i % E::ActionSpace::size);
    }

    std::span<const Action> next() {
        window_ = (window_ + 97 * 16) % windows;
        return {numbers_.data() + window_ * E::ActionSpace::size, num_envs * E::ActionSpace::size};
    }

private:
    static constexpr std::size_t windows = std::size_t{1} << 15;

    static Action draw(std::mt19937& random, [[maybe_unused]] std::size_t i) {
        if constexpr (std::is_integral_v<Action>) {
            return std::uniform_int_distribution<Action>(0, static_cast<Action>(E::ActionSpace::limit(i) - 1))(random);
        } else {
            const auto space = E::action_space(typename E::Parameters{});
            return std::uniform_real_distribution<Action>(space.low[i], space.high[i])(random);
        }
    }

    std::vector<Action> numbers_;
    std::size_t window_ = 0;
};

/// Measures the processor time of some steps on one thread, which other programs do not affect.
template <class Work>
double seconds(const Work& work) {
    const std::clock_t begin = std::clock();
    for (int i = 0; i < steps_each; ++i) work();
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

/// Runs both in turns. Reports the time per step of one env, and first / second as `ratio`.
template <class First, class Second>
void compare(benchmark::State& state, const std::string& first_name, const First& first, const std::string& second_name,
             const Second& second) {
    for (int i = 0; i < 600; ++i) {  // until episodes are out of phase
        first();
        second();
    }
    double first_time = 0, second_time = 0;
    for (auto _ : state) {
        first_time += seconds(first);
        second_time += seconds(second);
    }
    const double steps = static_cast<double>(state.iterations()) * steps_each * num_envs;
    state.counters[first_name + "_ns"] = 1e9 * first_time / steps;
    state.counters[second_name + "_ns"] = 1e9 * second_time / steps;
    state.counters["ratio"] = first_time / second_time;
}

template <class E, template <class> class Physics>
void against_scalar_loop(benchmark::State& state) {
    RandomActions<E> actions, same_actions;
    VectorEnv<E> env(num_envs);
    const auto loop = make_scalar_loop<Physics>(num_envs);
    env.reset(0);
    loop->reset(0);
    compare(
        state, "scalar", [&] { loop->step(actions.next()); }, "operant", [&] { env.step(same_actions.next()); });
}

/// The loops of plain_loops.cpp take int64 actions, as numpy has them, or float32.
template <class E>
void against_plain_loop(benchmark::State& state) {
    using Action = std::conditional_t<is_discrete<typename E::ActionSpace>, std::int64_t, float>;
    RandomActions<E, Action> actions, same_actions;
    VectorEnv<E> env(num_envs);
    const std::unique_ptr<void, decltype(&plain_delete)> loop(plain_loop(E::name.data(), num_envs, 0), &plain_delete);
    env.reset(0);
    compare(
        state, "scalar", [&] { plain_step(loop.get(), actions.next().data()); }, "operant",
        [&] { env.step(same_actions.next()); });
}

/// Parameters that differ slightly between envs.
std::vector<double> rows_of_parameters(const EnvironmentDescription& environment) {
    std::vector<double> rows;
    std::mt19937 random(0);
    std::uniform_real_distribution<double> factor(0.99, 1.01);
    for (std::size_t env = 0; env < num_envs; ++env)
        for (std::size_t i = 0; i < environment.number_count; ++i) rows.push_back(environment.default_numbers[i] * factor(random));
    return rows;
}

void per_env_parameters(benchmark::State& state) {
    const EnvironmentDescription& cartpole = description_of<CartPole>();
    const Kernels& kernels = *kernels_of<CartPole, float, xsimd::default_arch>();
    const EngineOptions options{.max_episode_steps = CartPole::max_episode_steps};
    Engine per_env(cartpole, kernels, num_envs, options, rows_of_parameters(cartpole));
    VectorEnv<CartPole> uniform(num_envs), outputs(num_envs);
    RandomActions<CartPole> actions, same_actions;
    uniform.reset(0);
    per_env.seed_all(0);
    per_env.reset({}, outputs.outputs());
    compare(
        state, "per_env", [&] { per_env.step(actions.next(), outputs.outputs()); }, "uniform",
        [&] { uniform.step(same_actions.next()); });
}

}  // namespace
}  // namespace operant::benchmarks

int main(int argc, char** argv) {
    using namespace operant::benchmarks;
    benchmark::RegisterBenchmark("environments/Quadrotor", against_scalar_loop<Quadrotor, ScalarQuadrotor>);
    benchmark::RegisterBenchmark("environments/CartPoleSwingUp", against_scalar_loop<CartPoleSwingUp, ScalarCartPoleSwingUp>);
    benchmark::RegisterBenchmark("environments/PointMass", against_scalar_loop<PointMass, ScalarPointMass>);
    benchmark::RegisterBenchmark("environments/PendulumChain", against_scalar_loop<PendulumChain, ScalarPendulumChain>);
    benchmark::RegisterBenchmark("environments/JointReplenishment",
                                 against_scalar_loop<JointReplenishment, ScalarJointReplenishment>);
    benchmark::RegisterBenchmark("environments/Snake", against_plain_loop<Snake>);
    benchmark::RegisterBenchmark("environments/ConnectFour", against_plain_loop<ConnectFour>);
    benchmark::RegisterBenchmark("environments/KeyDoor", against_plain_loop<KeyDoor>);
    benchmark::RegisterBenchmark("environments/QuadrotorLidar", against_plain_loop<QuadrotorLidar>);
    benchmark::RegisterBenchmark("per_env_parameters/CartPole", per_env_parameters);
    benchmark::AddCustomContext("architecture", xsimd::default_arch::name());
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
