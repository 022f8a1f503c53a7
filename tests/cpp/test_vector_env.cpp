#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

#include <operant/operant.hpp>

namespace test_vector_env {

using Env = operant::CartPoleVecEnv;

/// Returns every output of `steps` steps of the first `envs` envs, with actions that depend only on step and env.
template <class Action = std::int32_t>
std::vector<float> run(Env& env, std::size_t envs, int steps) {
    std::vector<float> outputs;
    const auto first = env.reset(7);
    outputs.insert(outputs.end(), first.begin(), first.begin() + static_cast<std::ptrdiff_t>(4 * envs));
    for (int step = 0; step < steps; ++step) {
        std::vector<Action> actions(env.num_envs());
        for (std::size_t env = 0; env < actions.size(); ++env)
            actions[env] = static_cast<Action>((step * 31 + static_cast<int>(env) * 17) / 5 % 2);
        const auto result = env.step(actions);
        for (std::size_t env = 0; env < envs; ++env) {
            for (std::size_t i = 0; i < 4; ++i) outputs.push_back(result.observations[4 * env + i]);
            outputs.push_back(result.rewards[env]);
            outputs.push_back(result.terminations[env]);
            outputs.push_back(result.truncations[env]);
        }
    }
    return outputs;
}

// A cart at rest with an upright pole. Florian's equations with theta = theta_dot = 0 give the velocity after a push:
// tau (F - m l thetaacc) / M.
double velocity_after_a_push(const operant::CartPole::Parameters& p) {
    const double total_mass = p.masspole + p.masscart;
    const double acceleration = -p.force_mag / total_mass / (p.length * (4.0 / 3.0 - p.masspole / total_mass));
    return p.tau * (p.force_mag / total_mass - p.masspole * p.length * acceleration / total_mass);
}

bool same_bytes(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST_CASE("actions of 64 bits give the results of actions of 32 bits") {
    Env narrow(77), wide(77);
    CHECK(same_bytes(run<std::int32_t>(narrow, 77, 100), run<std::int64_t>(wide, 77, 100)));
}

TEST_CASE("every env counts its own time limit") {
    constexpr std::size_t num_envs = 150;  // three words, the last one partly used
    constexpr int limit = 5;
    for (const auto mode : {operant::AutoresetMode::next_step, operant::AutoresetMode::same_step}) {
        operant::PendulumVecEnv env(num_envs, {.max_episode_steps = limit, .autoreset_mode = mode});
        env.reset(0);
        const std::vector<float> actions(num_envs, 0.0f);
        std::vector<int> expected(num_envs, 0);  // steps of each episode, counted one by one; -1 after the last
        for (int step = 0; step < 60; ++step) {
            bool mask[num_envs];
            for (std::size_t env = 0; env < num_envs; ++env) {
                mask[env] = (env * 7 + static_cast<std::size_t>(step) * 13) % 29 == 0;
                if (mask[env]) expected[env] = 0;
            }
            env.reset(std::span<const bool>(mask, num_envs));
            const auto result = env.step(actions);
            for (std::size_t env = 0; env < num_envs; ++env) {
                const bool truncated = ++expected[env] == limit;
                REQUIRE(result.truncations[env] == truncated);
                if (truncated) expected[env] = mode == operant::AutoresetMode::same_step ? 0 : -1;
            }
        }
    }
}

TEST_CASE("without a seed, starts differ and streams continue") {
    Env a(64), b(64);
    const auto first = a.reset();
    const std::vector<float> first_a(first.begin(), first.end());
    const auto other = b.reset();
    CHECK_FALSE(std::ranges::equal(first_a, other));
    CHECK_FALSE(std::equal(first_a.begin(), first_a.begin() + 4, first_a.begin() + 4));
    CHECK_FALSE(std::ranges::equal(first_a, a.reset()));
}

TEST_CASE("an error names the bad input and changes nothing") {
    CHECK_THROWS_WITH_AS(Env(0), "num_envs: expected an integer from 1 to 2147483648, got 0", std::invalid_argument);
    CHECK_THROWS_AS(Env(1, {.workers = 0}), std::invalid_argument);
    CHECK_THROWS_AS(Env(1, {.max_episode_steps = 0}), std::invalid_argument);
    CHECK_THROWS_WITH_AS(Env(1, {.parameters = {.masscart = -1}}), "masscart: expected a positive number, got -1",
                         std::invalid_argument);

    Env env(3), untouched(3);
    const std::vector<std::int32_t> good{0, 1, 0};
    CHECK_THROWS_AS(env.step(good), operant::ResetNeeded);
    env.reset(1);
    untouched.reset(1);
    CHECK_THROWS_WITH_AS(env.step(std::vector<std::int32_t>{0, 1}), "actions: expected 3 numbers, 1 per env, got 2",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(env.step(std::vector<std::int32_t>{0, 1, 2}), "actions[2]: expected an integer from 0 to 1, got 2",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(env.step(std::vector<std::int64_t>{0, -1, 0}),
                         "actions[1]: expected an integer from 0 to 1, got -1", std::invalid_argument);
    CHECK_THROWS_AS(env.step(std::vector<std::int64_t>{0, std::int64_t{1} << 32, 0}), std::invalid_argument);
    CHECK(std::ranges::equal(env.step(good).observations, untouched.step(good).observations));
}

TEST_CASE("without autoreset, finished envs must be reset") {
    Env env(3, {.max_episode_steps = 2, .autoreset_mode = operant::AutoresetMode::disabled});
    const std::vector<std::int32_t> actions(3, 0);
    env.reset(0);
    env.set_state(std::vector<double>{0, 0, 0, 0, 2.5, 0, 0, 0, 0, 0, 0, 0});
    CHECK(env.step(actions).terminations[1]);
    CHECK_THROWS_AS(env.step(actions), operant::ResetNeeded);
    const bool mask[] = {false, true, false};
    env.reset(std::span<const bool>(mask));
    const auto result = env.step(actions);
    CHECK(result.truncations[0]);
    CHECK_FALSE(result.truncations[1]);
}

TEST_CASE("a loaded environment continues where it was saved") {
    Env env(100), other(100, {.workers = 2});
    run(env, 100, 50);
    other.load(env.save());
    const std::vector<std::int32_t> actions(100, 1);
    for (int step = 0; step < 50; ++step)
        CHECK(std::ranges::equal(env.step(actions).observations, other.step(actions).observations));

    Env smaller(99);
    CHECK_THROWS_AS(smaller.load(env.save()), std::invalid_argument);
    operant::VectorEnv<operant::CartPole, double> wider(100);
    CHECK_THROWS_AS(wider.load(env.save()), std::invalid_argument);
    auto damaged = env.save();
    damaged[10] = std::byte{0};
    CHECK_THROWS_AS(other.load(damaged), std::invalid_argument);
}

TEST_CASE_TEMPLATE("new parameters take effect in the next step", Scalar, float, double) {
    operant::VectorEnv<operant::CartPole, Scalar> env(70);
    const std::vector<std::int32_t> right(70, 1);
    const std::vector<double> at_rest(280, 0);
    env.reset(0);
    env.set_state(at_rest);
    env.set_parameters({.masscart = 0.4, .force_mag = 25});
    auto velocities = env.step(right).observations;
    for (std::size_t env = 0; env < 70; ++env)
        CHECK(velocities[4 * env + 1] == doctest::Approx(velocity_after_a_push({.masscart = 0.4, .force_mag = 25})));
    CHECK(env.parameters().masscart == 0.4);

    std::vector<operant::CartPole::Parameters> each(70);
    for (std::size_t env = 0; env < 70; ++env) each[env].masspole = 0.1 + 0.01 * static_cast<double>(env);
    env.set_parameters(each);
    env.set_state(at_rest);
    velocities = env.step(right).observations;
    for (std::size_t i = 0; i < 70; ++i) {
        CHECK(velocities[4 * i + 1] == doctest::Approx(velocity_after_a_push(each[i])));
        CHECK(env.parameters(i).masspole == each[i].masspole);
    }
}

TEST_CASE("a snapshot restores the parameters") {
    Env env(3);
    env.reset(0);
    env.set_state(std::vector<double>(12, 0));
    const auto snapshot = operant::Branching::take(env.core());
    env.set_parameters({.force_mag = 20});
    operant::Branching::restore(env.core(), snapshot);
    CHECK(env.parameters().force_mag == 10);
    CHECK(env.step(std::vector<std::int32_t>(3, 1)).observations[1] == doctest::Approx(velocity_after_a_push({})));
}

TEST_CASE("refused parameters change nothing") {
    Env env(3);
    env.set_parameters({.sutton_barto_reward = true});
    env.reset(0);
    CHECK_THROWS_WITH_AS(env.set_parameters({.gravity = 1, .tau = 0}), "tau: expected a positive number, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(env.set_parameters(std::vector<operant::CartPole::Parameters>(2)),
                         "parameters: expected 3, one for each env, got 2", std::invalid_argument);
    std::vector<operant::CartPole::Parameters> each(3);
    for (auto& one : each) one.sutton_barto_reward = true;
    each[1].kinematics_integrator = operant::CartPole::Integrator::semi_implicit_euler;
    CHECK_THROWS_AS(env.set_parameters(each), std::invalid_argument);
    CHECK_THROWS_WITH_AS(env.set_parameters(operant::CartPole::Parameters{}),
                         "sutton_barto_reward: expected the same rewards as before, as returns are computed from them; other "
                         "ones have to be chosen before the first reset",
                         std::invalid_argument);
    CHECK(env.parameters().gravity == 9.8);
    CHECK(env.step(std::vector<std::int32_t>(3, 1)).rewards[0] == 0);
}

TEST_CASE("invalid states and indices are refused") {
    Env env(3);
    std::vector<double> state(3 * 4 - 1);
    CHECK_THROWS_WITH_AS(env.get_state(state), "state: expected 12 numbers, num_envs x state_size, got 11",
                         std::invalid_argument);
    CHECK_THROWS_AS(env.set_state(state), std::invalid_argument);
    CHECK_THROWS_WITH_AS(env.seed(3, operant::SeedSequence(0)), "env: expected an integer below num_envs = 3, got 3",
                         std::out_of_range);
}

TEST_CASE("a step writes its results into the caller's arrays") {
    constexpr std::size_t num_envs = 70;
    Env env(num_envs), same(num_envs);
    env.reset(5);
    same.reset(5);
    std::vector<float> observations(4 * num_envs), rewards(num_envs);
    const auto terminations = std::make_unique<bool[]>(num_envs), truncations = std::make_unique<bool[]>(num_envs);
    const Env::Arrays out{observations, rewards, {terminations.get(), num_envs}, {truncations.get(), num_envs}};
    const std::vector<std::int32_t> actions(num_envs, 1);
    for (int step = 0; step < 20; ++step) {
        env.step(actions, out);
        const auto expected = same.step(actions);
        CHECK(std::ranges::equal(out.observations, expected.observations));
        CHECK(std::ranges::equal(out.rewards, expected.rewards));
        CHECK(std::ranges::equal(out.terminations, expected.terminations));
        CHECK(std::ranges::equal(out.truncations, expected.truncations));
    }
    Env::Arrays short_out = out;
    short_out.rewards = short_out.rewards.first(num_envs - 1);
    CHECK_THROWS_WITH_AS(env.step(actions, short_out), "out.rewards: expected 70 elements, got 69", std::invalid_argument);
    CHECK(std::ranges::equal(env.step(actions).observations, same.step(actions).observations));  // nothing was stepped before
}

}  // namespace test_vector_env
