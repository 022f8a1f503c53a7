// Compares the environments of examples/environments with scalar loops of the same physics: several actions, infos and their own
// truncations. Tests noise in steps.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <type_traits>
#include <vector>

#include <operant/vector_env.hpp>

#include "../../bench/scalar_environments.hpp"
#include "../../examples/environments/cartpole_swingup.hpp"
#include "../../examples/environments/joint_replenishment.hpp"
#include "../../examples/environments/pendulum_chain.hpp"
#include "../../examples/environments/point_mass.hpp"
#include "../../examples/environments/quadrotor.hpp"

namespace test_examples {

using operant::VectorEnv;
using namespace operant::benchmarks;

constexpr std::size_t num_envs = 37;  // not a multiple of any batch size

/// Random actions. For a Box, some are beyond its bounds.
template <class E>
std::vector<typename E::ActionSpace::Narrow> random_actions(std::mt19937& random) {
    using Action = typename E::ActionSpace::Narrow;
    std::vector<Action> actions(num_envs * E::ActionSpace::size);
    for (std::size_t i = 0; i < actions.size(); ++i) {
        if constexpr (std::is_integral_v<Action>) {
            const auto last = static_cast<Action>(E::ActionSpace::limit(i % E::ActionSpace::size) - 1);
            actions[i] = std::uniform_int_distribution<Action>(0, last)(random);
        } else {
            const auto space = E::action_space(typename E::Parameters{});
            const float low = space.low[i % E::ActionSpace::size], high = space.high[i % E::ActionSpace::size];
            actions[i] = std::uniform_real_distribution<Action>(low - 0.2f * (high - low), high + 0.2f * (high - low))(random);
        }
    }
    return actions;
}

bool near(double a, double b, double tolerance) { return std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b)); }

template <class Actual, class Expected>
bool all_near(const Actual& actual, const Expected& expected, double tolerance) {
    return std::equal(actual.begin(), actual.end(), expected.begin(), expected.end(),
                      [&](double a, double b) { return near(a, b, tolerance); });
}

/// Compares the results of resets and steps. Returns the number of episodes that ended.
template <class E, class Scalar, class Physics>
int compare(int steps, double tolerance) {
    VectorEnv<E, Scalar> env(num_envs);
    ScalarLoop<Physics> loop(num_envs);
    std::mt19937 random(1);
    const auto infos_are_near = [&] {
        if (!Physics::has_info) return true;
        return all_near(std::span(static_cast<const double*>(env.outputs().infos[0]), num_envs), loop.infos, tolerance);
    };
    loop.reset(5);
    CHECK(all_near(env.reset(5), loop.observations, 1e-6));
    CHECK(infos_are_near());
    int ended = 0;
    for (int i = 0; i < steps; ++i) {
        CAPTURE(i);
        const auto actions = random_actions<E>(random);
        loop.step(actions);
        const auto result = env.step(actions);
        REQUIRE(all_near(result.observations, loop.observations, tolerance));
        REQUIRE(all_near(result.rewards, loop.rewards, tolerance));
        REQUIRE(std::ranges::equal(result.terminations, loop.terminations));
        REQUIRE(std::ranges::equal(result.truncations, loop.truncations));
        REQUIRE(infos_are_near());
        for (std::size_t env = 0; env < num_envs; ++env) ended += result.terminations[env] || result.truncations[env];
    }
    return ended;
}

template <class E, template <class> class Physics>
void check_against_scalar_loop() {
    CHECK(compare<E, double, Physics<double>>(700, 1e-6) > 37);
    compare<E, float, Physics<float>>(10, 1e-4);
}

TEST_CASE("the quadrotor equals a scalar loop") { check_against_scalar_loop<Quadrotor, ScalarQuadrotor>(); }
TEST_CASE("the cart-pole swing-up equals a scalar loop") {
    check_against_scalar_loop<CartPoleSwingUp, ScalarCartPoleSwingUp>();
}
TEST_CASE("the point mass equals a scalar loop") { check_against_scalar_loop<PointMass, ScalarPointMass>(); }
TEST_CASE("the chain of pendulums equals a scalar loop") {
    check_against_scalar_loop<PendulumChain, ScalarPendulumChain>();
}
TEST_CASE("joint replenishment equals a scalar loop") {
    check_against_scalar_loop<JointReplenishment, ScalarJointReplenishment>();
}

TEST_CASE("noise has the deviation of the parameter, and 0 means no noise") {
    constexpr std::size_t many = 20000;
    PointMass::Parameters parameters;
    parameters.noise = 0.5;
    VectorEnv<PointMass, double> noisy(many, {.parameters = parameters}), quiet(many);
    noisy.reset(0);
    quiet.reset(0);
    const std::vector<float> none(2 * many);
    const auto with = noisy.step(none).observations, without = quiet.step(none).observations;
    double squares = 0;
    for (std::size_t env = 0; env < many; ++env) {
        CHECK(without[6 * env + 2] == 0);
        squares += with[6 * env + 2] * with[6 * env + 2];
    }
    const double expected = 0.5 * 0.5 * 0.05;
    CHECK(std::abs(squares / many - expected) < 5 * expected * std::sqrt(2.0 / many));
}

}  // namespace test_examples
