// Compares the environments of examples/environments with scalar loops of the same physics, and tests their features: several
// actions, infos, their own truncations, goals and arrays in the state, and parameters per env.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <operant/environments/cartpole.hpp>
#include <operant/vector_env.hpp>

#include "../../bench/scalar_environments.hpp"
#include "../../examples/environments/cartpole_swingup.hpp"
#include "../../examples/environments/joint_replenishment.hpp"
#include "../../examples/environments/pendulum_chain.hpp"
#include "../../examples/environments/point_mass.hpp"
#include "../../examples/environments/quadrotor.hpp"

using operant::AutoresetMode;
using operant::VectorEnv;
using operant::Engine;
using namespace operant::benchmarks;

namespace {

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

/// The default parameters, one row per env.
template <class E>
std::vector<double> rows_of_parameters() {
    const auto& environment = operant::description_of<E>();
    std::vector<double> rows;
    for (std::size_t env = 0; env < num_envs; ++env)
        rows.insert(rows.end(), environment.default_numbers, environment.default_numbers + environment.number_count);
    return rows;
}

/// The index of a parameter's first number in a row.
template <class E>
std::size_t position_of(const std::string& name) {
    const auto& environment = operant::description_of<E>();
    for (std::size_t i = 0; i < environment.parameter_count; ++i)
        if (environment.parameters[i].name == name) return environment.parameters[i].first;
    throw std::logic_error(name);
}

/// Envs with different parameters, and the arrays for their outputs.
template <class E, class Scalar>
class PerEnv {
public:
    explicit PerEnv(const std::vector<double>& rows)
        : core_(operant::description_of<E>(), *operant::kernels_of<E, Scalar, xsimd::default_arch>(), num_envs,
                {.max_episode_steps = E::max_episode_steps}, rows),
          arrays_(num_envs) {}

    std::vector<float> reset(std::uint64_t seed) {
        core_.seed_all(seed);
        core_.reset({}, arrays_.outputs());
        return observations();
    }
    template <class Action>
    std::vector<float> step(const std::vector<Action>& actions) {
        core_.step(std::span<const Action>(actions), arrays_.outputs());
        return observations();
    }
    std::span<const float> rewards() const { return {arrays_.outputs().rewards, num_envs}; }

private:
    std::vector<float> observations() const {
        const auto* first = static_cast<const float*>(arrays_.outputs().observations[0]);
        return {first, first + num_envs * operant::ObservationTraits<E>::numbers};
    }

    Engine core_;
    VectorEnv<E, Scalar> arrays_;
};

/// Checks an environment in which every third env has the second value and the others the first: each env behaves as if all
/// envs had its value.
template <class E, class Scalar>
void check_per_env(const std::string& name, double E::Parameters::*member, double first, double second) {
    std::vector<double> rows = rows_of_parameters<E>();
    const std::size_t count = rows.size() / num_envs;
    const auto is_second = [](std::size_t env) { return env % 3 == 0; };
    for (std::size_t env = 0; env < num_envs; ++env)
        rows[env * count + position_of<E>(name)] = is_second(env) ? second : first;
    typename E::Parameters firsts, seconds;
    firsts.*member = first;
    seconds.*member = second;
    PerEnv<E, Scalar> env(rows);
    VectorEnv<E, Scalar> like_first(num_envs, {.parameters = firsts}), like_second(num_envs, {.parameters = seconds});
    constexpr std::size_t size = operant::ObservationTraits<E>::numbers;
    const auto check = [&](const auto& actual, const auto& of_first, const auto& of_second, std::size_t row) {
        for (std::size_t env = 0; env < num_envs; ++env) {
            const auto& expected = is_second(env) ? of_second : of_first;
            CAPTURE(env);
            REQUIRE(std::memcmp(actual.data() + env * row, expected.data() + env * row, row * sizeof(float)) == 0);
        }
    };
    check(env.reset(3), like_first.reset(3), like_second.reset(3), size);
    std::mt19937 random(2);
    for (int i = 0; i < 300; ++i) {
        CAPTURE(i);
        const auto actions = random_actions<E>(random);
        const auto observations = env.step(actions);
        const auto of_first = like_first.step(actions), of_second = like_second.step(actions);
        check(observations, of_first.observations, of_second.observations, size);
        check(env.rewards(), of_first.rewards, of_second.rewards, 1);
    }
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

}  // namespace

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

TEST_CASE("the goal is constant during an episode and changes in the next") {
    VectorEnv<PointMass> env(num_envs, {.max_episode_steps = 20});
    const auto goals = [](std::span<const float> observations) {
        std::vector<float> goals;
        for (std::size_t row = 0; row < observations.size(); row += 6)
            goals.insert(goals.end(), {observations[row + 4], observations[row + 5]});
        return goals;
    };
    auto before = goals(env.reset(0));
    std::mt19937 random(0);
    std::vector<bool> starts(num_envs, false);
    for (int i = 0; i < 100; ++i) {
        const auto result = env.step(random_actions<PointMass>(random));
        const auto after = goals(result.observations);
        for (std::size_t env = 0; env < num_envs; ++env) {
            CHECK((after[2 * env] == before[2 * env]) == !starts[env]);
            CHECK((after[2 * env + 1] == before[2 * env + 1]) == !starts[env]);
            starts[env] = result.terminations[env] || result.truncations[env];
        }
        before = after;
    }
}

TEST_CASE("starts are normally distributed") {
    constexpr std::size_t many = 20000;
    VectorEnv<PointMass, double> env(many);
    PointMass::ResetBounds bounds;
    bounds.deviation = 2;
    env.reset(0);
    const auto observations = env.reset(bounds);
    double sum = 0, squares = 0;
    int within = 0;
    for (std::size_t env = 0; env < many; ++env) {
        const double x = observations[6 * env];
        sum += x;
        squares += x * x;
        within += std::abs(x) < 2;
    }
    CHECK(std::abs(sum / many) < 5 * 2 / std::sqrt(many));
    CHECK(std::abs(squares / many - 4) < 5 * 4 * std::sqrt(2.0 / many));
    CHECK(std::abs(within / double{many} - 0.682689) < 5 * std::sqrt(0.25 / many));
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

TEST_CASE("array members of the state have a name for each element") {
    const auto& chain = operant::description_of<PendulumChain>();
    REQUIRE(chain.state_size == 40);
    CHECK(std::string(chain.state_names[0]) == "theta[0]");
    CHECK(std::string(chain.state_names[19]) == "theta[19]");
    CHECK(std::string(chain.state_names[20]) == "theta_dot[0]");
    const auto& shop = operant::description_of<JointReplenishment>();
    REQUIRE(shop.state_size == 4);
    CHECK(std::string(shop.state_names[3]) == "on_order[1]");
}

TEST_CASE_TEMPLATE("a state can be read and set, element by element", E, Quadrotor, PendulumChain, JointReplenishment) {
    VectorEnv<E, double> env(num_envs), other(num_envs);
    env.reset(0);
    other.reset(1);
    std::mt19937 random(0);
    for (int i = 0; i < 5; ++i) env.step(random_actions<E>(random));
    std::vector<double> state(num_envs * operant::description_of<E>().state_size), back(state.size());
    env.get_state(state);
    other.set_state(state);
    other.get_state(back);
    CHECK(back == state);
    if (std::is_same_v<E, JointReplenishment>) {
        state[6] = 0.5;
        CHECK(message_of([&] { other.set_state(state); }) ==
              "state[1, 2]: expected an integer that the state can hold for on_order[0], got 0.5");
    } else {
        const auto actions = random_actions<E>(random);
        CHECK(all_near(env.step(actions).observations, other.step(actions).observations, 0));
    }
}

TEST_CASE_TEMPLATE("an env with its own parameters behaves as if all envs had them", Scalar, float, double) {
    check_per_env<Quadrotor, Scalar>("gravity", &Quadrotor::Parameters::gravity, 9.81, 1.62);
    check_per_env<CartPoleSwingUp, Scalar>("length", &CartPoleSwingUp::Parameters::length, 0.5, 0.7);
    check_per_env<PointMass, Scalar>("noise", &PointMass::Parameters::noise, 0.0, 0.3);
    check_per_env<PointMass, Scalar>("goal_radius", &PointMass::Parameters::goal_radius, 0.1, 1.0);
    check_per_env<PendulumChain, Scalar>("stiffness", &PendulumChain::Parameters::stiffness, 25.0, 40.0);
    check_per_env<JointReplenishment, Scalar>("capacity", &JointReplenishment::Parameters::capacity, 20.0, 7.0);
}

TEST_CASE_TEMPLATE("flags and choices that differ between envs are refused", Scalar, float,
                   double) {
    const std::size_t choice = position_of<operant::CartPole>("kinematics_integrator");
    const std::size_t count = operant::description_of<operant::CartPole>().number_count;
    for (const double usual : {0.0, 1.0})
        for (std::size_t odd = 0; odd < num_envs; ++odd) {
            std::vector<double> rows = rows_of_parameters<operant::CartPole>();
            for (std::size_t env = 0; env < num_envs; ++env) rows[env * count + choice] = usual;
            CHECK(message_of([&] { PerEnv<operant::CartPole, Scalar>{rows}; }) == "");
            rows[odd * count + choice] = 1 - usual;
            CAPTURE(odd);
            CHECK(message_of([&] { PerEnv<operant::CartPole, Scalar>{rows}; }).find("same flags and choices") != std::string::npos);
        }
}

TEST_CASE("an error names a refused parameter and its env") {
    std::vector<double> rows = rows_of_parameters<Quadrotor>();
    rows[5 * rows.size() / num_envs + position_of<Quadrotor>("mass")] = -1;
    CHECK(message_of([&] { PerEnv<Quadrotor, float>{rows}; }) == "mass[5]: expected a positive number, got -1");
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
