// Compares the environments of examples/environments with scalar loops of the same physics, and tests their features: several
// actions, infos and their own truncations.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <operant/vector_env.hpp>
#include <operant/workers.hpp>

#include "../../bench/scalar_environments.hpp"
#include "../../examples/environments/cartpole_swingup.hpp"
#include "../../examples/environments/joint_replenishment.hpp"
#include "../../examples/environments/pendulum_chain.hpp"
#include "../../examples/environments/point_mass.hpp"
#include "../../examples/environments/quadrotor.hpp"

namespace test_examples {

using operant::AutoresetMode;
using operant::VectorEnv;
using namespace operant::benchmarks;

constexpr std::size_t num_envs = 37;  // not a multiple of any batch size

/// Random actions. For a Box, some are beyond its bounds.
template <class E>
std::vector<typename E::ActionSpace::Narrow> random_actions(std::mt19937& random, std::size_t envs = num_envs) {
    using Action = typename E::ActionSpace::Narrow;
    std::vector<Action> actions(envs * E::ActionSpace::size);
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

template <class Call>
std::string message_of(const Call& call) {
    try {
        call();
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

/// The distances to the goals, computed from observations.
std::vector<double> distances(std::span<const float> observations) {
    std::vector<double> distances;
    for (std::size_t row = 0; row + 6 <= observations.size(); row += 6)
        distances.push_back(
            std::hypot(observations[row + 4] - observations[row], observations[row + 5] - observations[row + 1]));
    return distances;
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

TEST_CASE("an error names the env and dimension of a bad action, and nothing is stepped") {
    constexpr std::size_t many = 100;  // more than one check covers
    std::mt19937 random(0);
    SUBCASE("of a MultiDiscrete space") {
        VectorEnv<JointReplenishment> env(many);
        env.reset(0);
        const auto before = env.save();
        const auto check = [&]<class Action>(Action wrong, std::size_t place) {
            const auto good = random_actions<JointReplenishment>(random, many);
            std::vector<Action> actions(good.begin(), good.end());
            actions[place] = wrong;
            const std::string expected = "actions[" + std::to_string(place / 2) + ", " + std::to_string(place % 2) +
                                         "]: expected an integer from 0 to 10, got " + std::to_string(wrong);
            CHECK(message_of([&] { env.step(std::span<const Action>(actions)); }) == expected);
        };
        for (std::size_t place = 0; place < 2 * many; ++place)
            for (const int wrong : {-1, 11, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()}) {
                check(std::int32_t{wrong}, place);
                check(std::int64_t{wrong} * 3, place);
            }
        CHECK(env.save() == before);
    }
    SUBCASE("of a Box") {
        VectorEnv<Quadrotor> env(many);
        env.reset(0);
        const auto before = env.save();
        for (std::size_t place = 0; place < 2 * many; ++place) {
            auto actions = random_actions<Quadrotor>(random, many);
            actions[place] = std::numeric_limits<float>::quiet_NaN();
            const std::string expected = "actions[" + std::to_string(place / 2) + ", " + std::to_string(place % 2) +
                                         "]: expected a number, got nan";
            CHECK(message_of([&] { env.step(actions); }) == expected);
        }
        CHECK(message_of([&] { env.step(std::vector<float>(many)); }) ==
              "actions: expected 200 numbers, 2 per env, got 100");
        CHECK(env.save() == before);
    }
}

TEST_CASE("masks mark the infos of steps and resets") {
    VectorEnv<PointMass, double> env(num_envs);
    const auto has_infos = [&] { return std::span(env.outputs().has_infos, num_envs); };
    const auto infos = [&] { return std::span(static_cast<const double*>(env.outputs().infos[0]), num_envs); };
    const auto count = [&] { return std::ranges::count(has_infos(), true); };

    CHECK(all_near(infos(), distances(env.reset(0)), 1e-6));
    CHECK(count() == num_envs);
    std::mt19937 random(0);
    for (int i = 0; i < 450; ++i) {  // includes resets of next_step
        CHECK(all_near(infos(), distances(env.step(random_actions<PointMass>(random)).observations), 1e-6));
        CHECK(count() == num_envs);
    }
    std::array<bool, num_envs> mask{};
    mask[3] = mask[20] = true;
    const auto observations = env.reset(mask);
    CHECK(count() == 2);
    for (const std::size_t env : {3, 20}) {
        CHECK(has_infos()[env]);
        CHECK(infos()[env] == doctest::Approx(distances(observations)[env]));
    }
}

TEST_CASE("with same_step, the last infos and observations of ended episodes are reported separately") {
    VectorEnv<PointMass, double> env(num_envs, {.max_episode_steps = 50, .autoreset_mode = AutoresetMode::same_step});
    env.reset(0);
    std::mt19937 random(0);
    int ended = 0;
    for (int i = 0; i < 220; ++i) {
        const auto result = env.step(random_actions<PointMass>(random));
        const auto& outputs = env.outputs();
        const auto now = distances(result.observations), final = distances(env.final_observations());
        for (std::size_t env = 0; env < num_envs; ++env) {
            const double info = static_cast<const double*>(outputs.infos[0])[env];
            const double final_info = static_cast<const double*>(outputs.final_infos[0])[env];
            CHECK(outputs.has_infos[env]);
            CHECK(info == doctest::Approx(now[env]));
            CHECK(outputs.ended[env] == (result.terminations[env] || result.truncations[env]));
            CHECK(final_info == doctest::Approx(outputs.ended[env] ? final[env] : 0.0));
            CHECK(result.rewards[env] == doctest::Approx(outputs.ended[env] ? -final_info : -info));
            ended += outputs.ended[env];
        }
    }
    CHECK(ended >= 4 * 37);
}

TEST_CASE("an environment can truncate episodes itself") {
    PointMass::Parameters parameters;
    parameters.arena = 1.5;
    VectorEnv<PointMass, double> env(num_envs, {.max_episode_steps = operant::unlimited, .parameters = parameters});
    env.reset(0);
    std::mt19937 random(0);
    std::vector<bool> starts(num_envs, false);
    int truncated = 0, terminated = 0;
    for (int i = 0; i < 400; ++i) {
        const auto result = env.step(random_actions<PointMass>(random));
        for (std::size_t env = 0; env < num_envs; ++env) {
            const float x = result.observations[6 * env], y = result.observations[6 * env + 1];
            const bool outside = std::abs(x) > 1.5f || std::abs(y) > 1.5f;
            CHECK(result.truncations[env] == (outside && !starts[env]));
            CHECK(result.terminations[env] == (distances(result.observations)[env] < 0.1 && !starts[env]));
            starts[env] = result.truncations[env] || result.terminations[env];
            truncated += result.truncations[env];
            terminated += result.terminations[env];
        }
    }
    CHECK(truncated > 37);
    CHECK(terminated > 0);
}

TEST_CASE_TEMPLATE("episode statistics equal the sums of rewards and steps", E, PointMass, JointReplenishment) {
    VectorEnv<E, double> env(num_envs);
    env.reset(0);
    std::mt19937 random(0);
    std::vector<double> returns(num_envs);
    std::vector<std::int64_t> lengths(num_envs);
    std::vector<bool> starts(num_envs, false);
    operant::Logs expected;
    for (int i = 0; i < 450; ++i) {
        const auto result = env.step(random_actions<E>(random));
        for (std::size_t env = 0; env < num_envs; ++env) {
            returns[env] += result.rewards[env];
            lengths[env] += !starts[env];
            starts[env] = result.terminations[env] || result.truncations[env];
            if (!starts[env]) continue;
            ++expected.episode_count;
            expected.total_reward += returns[env];
            expected.total_steps += lengths[env];
            returns[env] = 0;
            lengths[env] = 0;
        }
    }
    CHECK(env.logs().episode_count == expected.episode_count);
    CHECK(env.logs().total_steps == expected.total_steps);
    CHECK(near(env.logs().total_reward, expected.total_reward, 1e-6));
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

TEST_CASE_TEMPLATE("steps that draw do not depend on workers, nor env i on num_envs", E, PointMass, JointReplenishment) {
    typename E::Parameters parameters;
    if constexpr (std::is_same_v<E, PointMass>) parameters.noise = 0.3;
    constexpr std::size_t many = 3000;
    VectorEnv<E> one(many, {.parameters = parameters}), two(many, {.workers = 2, .parameters = parameters}),
        few(num_envs, {.parameters = parameters});
    one.reset(0);
    two.reset(0);
    few.reset(0);
    std::mt19937 random(0);
    for (int i = 0; i < 120; ++i) {
        const auto actions = random_actions<E>(random, many);
        const auto expected = one.step(actions).observations;
        CHECK(std::ranges::equal(two.step(actions).observations, expected));
        const auto first = few.step(std::span(actions).first(num_envs * E::ActionSpace::size)).observations;
        CHECK(std::ranges::equal(first, expected.first(first.size())));
    }
}

}  // namespace test_examples
