#include <doctest/doctest.h>

#include <vector>

#include <operant/cartpole.hpp>

using operant::CartPole;

// An upright pole at rest, pushed to the right: Florian's equations 23 and 24 with theta = theta_dot = 0.
TEST_CASE_TEMPLATE("a push from rest", Scalar, float, double) {
    operant::VectorEnv<CartPole, Scalar> env(5);
    env.reset(0);
    env.set_state(std::vector<double>(20, 0));
    const auto result = env.step(std::vector<std::int32_t>(5, 1));

    const double force_over_mass = 10 / 1.1;
    const double theta_acceleration = -force_over_mass / (0.5 * (4.0 / 3.0 - 0.1 / 1.1));
    const double x_acceleration = force_over_mass - 0.1 * 0.5 * theta_acceleration / 1.1;
    for (std::size_t copy = 0; copy < 5; ++copy) {
        CHECK(result.observations[4 * copy + 0] == 0);
        CHECK(result.observations[4 * copy + 1] == doctest::Approx(0.02 * x_acceleration).epsilon(1e-6));
        CHECK(result.observations[4 * copy + 2] == 0);
        CHECK(result.observations[4 * copy + 3] == doctest::Approx(0.02 * theta_acceleration).epsilon(1e-6));
        CHECK(result.rewards[copy] == 1);
        CHECK_FALSE(result.terminations[copy]);
        CHECK_FALSE(result.truncations[copy]);
    }
}

TEST_CASE("semi-implicit Euler moves with the new velocity") {
    operant::CartPoleVecEnv env(1, {.parameters = {.kinematics_integrator = CartPole::Integrator::semi_implicit_euler}});
    env.reset(0);
    env.set_state(std::vector<double>(4, 0));
    const auto result = env.step(std::vector<std::int32_t>{1});
    CHECK(result.observations[0] == doctest::Approx(0.02 * result.observations[1]).epsilon(1e-6));
    CHECK(result.observations[2] == doctest::Approx(0.02 * result.observations[3]).epsilon(1e-6));
}

TEST_CASE("an episode ends beyond the thresholds, with reward 1") {
    operant::CartPoleVecEnv env(4);
    env.reset(0);
    env.set_state(std::vector<double>{2.41, 0, 0, 0, -2.41, 0, 0, 0, 0, 0, 0.21, 0, 0, 0, -0.2, 0});
    const auto result = env.step(std::vector<std::int32_t>(4, 0));
    CHECK(result.terminations[0]);
    CHECK(result.terminations[1]);
    CHECK(result.terminations[2]);
    CHECK_FALSE(result.terminations[3]);
    for (const float reward : result.rewards) CHECK(reward == 1);
}

TEST_CASE("Sutton and Barto's reward") {
    operant::CartPoleVecEnv env(2, {.parameters = {.sutton_barto_reward = true}});
    env.reset(0);
    env.set_state(std::vector<double>{2.41, 0, 0, 0, 0, 0, 0, 0});
    const auto result = env.step(std::vector<std::int32_t>(2, 0));
    CHECK(result.rewards[0] == -1);
    CHECK(result.rewards[1] == 0);
}
