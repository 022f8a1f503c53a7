#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <vector>

#include <operant/operant.hpp>

namespace test_vector_env {

using Env = operant::CartPoleVecEnv;

// A cart at rest with an upright pole. Florian's equations with theta = theta_dot = 0 give the velocity after a push:
// tau (F - m l thetaacc) / M.
double velocity_after_a_push(const operant::CartPole::Parameters& p) {
    const double total_mass = p.masspole + p.masscart;
    const double acceleration = -p.force_mag / total_mass / (p.length * (4.0 / 3.0 - p.masspole / total_mass));
    return p.tau * (p.force_mag / total_mass - p.masspole * p.length * acceleration / total_mass);
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
    CHECK_THROWS_WITH_AS(env.set_parameters(std::vector<operant::CartPole::Parameters>(2)),
                         "parameters: expected 3, one for each env, got 2", std::invalid_argument);
    std::vector<double> state(3 * 4 - 1);
    CHECK_THROWS_WITH_AS(env.get_state(state), "state: expected 12 numbers, num_envs x state_size, got 11",
                         std::invalid_argument);
    CHECK_THROWS_AS(env.set_state(state), std::invalid_argument);
    CHECK_THROWS_WITH_AS(env.seed(3, operant::SeedSequence(0)), "env: expected an integer below num_envs = 3, got 3",
                         std::out_of_range);
    CHECK(std::ranges::equal(env.step(good).observations, untouched.step(good).observations));
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
