// Observations of several arrays and of other types than float, in VectorEnv and rollouts.

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <vector>

#include <operant/network_policy.hpp>
#include <operant/policies/network.hpp>
#include <operant/rollout.hpp>
#include <operant/vector_env.hpp>

#include "../python/helpers/shown_counters.hpp"

namespace test_observations {

using operant::VectorEnv;

constexpr std::size_t num_envs = 71;  // a whole word and a part of one

/// Number i of an array from 0 to `most`, as the environments of the header have it.
int number(double place, int action, std::size_t i, int most) {
    return (7 * static_cast<int>(place) + 3 * action + 5 * static_cast<int>(i)) % (most + 1);
}

std::vector<std::int32_t> actions_of(int step) {
    std::vector<std::int32_t> actions(num_envs);
    for (std::size_t env = 0; env < num_envs; ++env) actions[env] = (static_cast<int>(env) + step) % 4;
    return actions;
}

/// The place of each env, the first state variable.
template <class Env>
std::vector<double> places_of(const Env& env) {
    std::vector<double> state(2 * num_envs), places;
    env.get_state(state);
    for (std::size_t i = 0; i < num_envs; ++i) places.push_back(state[2 * i]);
    return places;
}

TEST_CASE("a dict has a span of its own type for each leaf") {
    VectorEnv<counters::Mission> env(num_envs);
    static_assert(std::is_same_v<decltype(env.observations<0>()), std::span<const std::uint8_t>>);
    static_assert(std::is_same_v<decltype(env.observations<1>()), std::span<const std::int64_t>>);
    static_assert(std::is_same_v<decltype(env.observations<2>()), std::span<const std::int8_t>>);
    static_assert(std::is_same_v<decltype(env.observations<5>()), std::span<const double>>);
    env.reset(3);
    for (int step = 0; step < 3; ++step) {
        const auto actions = actions_of(step);
        env.step(std::span<const std::int32_t>(actions));
        const auto places = places_of(env);
        const auto image = env.observations<0>();
        const auto keys = env.observations<2>();
        REQUIRE(image.size() == num_envs * 147);
        REQUIRE(keys.size() == num_envs * 5);
        for (std::size_t i = 0; i < num_envs; ++i) {
            for (std::size_t k = 0; k < 147; ++k) REQUIRE(image[147 * i + k] == number(places[i], actions[i], k, 10));
            CHECK(env.observations<1>()[i] == actions[i]);
            for (std::size_t k = 0; k < 5; ++k) CHECK(keys[5 * i + k] == (number(places[i], actions[i], k, 12) < 5));
            CHECK(env.observations<3>()[i] == number(places[i], actions[i], 1, 3));
            CHECK(env.observations<4>()[2 * i + 1] == number(places[i], actions[i], 1, 8));
            CHECK(env.observations<5>()[i] == 0.1 * places[i]);
        }
    }
}

TEST_CASE("rollouts record each leaf, and final observations") {
    using E = counters::Mission;
    VectorEnv<E> env(num_envs, {.autoreset_mode = operant::AutoresetMode::same_step}), other(num_envs, {.autoreset_mode = operant::AutoresetMode::same_step});
    env.reset(5);
    other.reset(5);
    constexpr std::size_t steps = 40;
    std::vector<std::int32_t> actions;
    for (std::size_t t = 0; t < steps; ++t)
        for (const std::int32_t action : actions_of(static_cast<int>(t))) actions.push_back(action);
    const auto rollout = operant::rollout(env, std::span<const std::int32_t>(actions));
    const auto& images = std::get<0>(rollout.observations);
    const auto& clocks = std::get<5>(rollout.final_observations);
    REQUIRE(images.size() == steps * num_envs * 147);
    std::size_t ended = 0;
    for (std::size_t t = 0; t < steps; ++t) {
        const auto result = other.step(std::span(actions).subspan(t * num_envs, num_envs));
        const auto image = other.observations<0>();
        for (std::size_t k = 0; k < image.size(); ++k) REQUIRE(images[t * image.size() + k] == image[k]);
        for (std::size_t i = 0; i < num_envs; ++i) {
            CHECK(clocks[t * num_envs + i] == other.final_observations<5>()[i]);
            ended += result.terminations[i] || result.truncations[i];
        }
    }
    CHECK(ended > 0);
}

TEST_CASE("policies take the numbers of an image as floats") {
    using Arch = xsimd::default_arch;
    VectorEnv<counters::Image> env(num_envs);
    operant::DenseLayer layer{.inputs = 300, .outputs = 4, .weights = std::vector<float>(1200), .biases = {}};
    for (std::size_t i = 0; i < layer.weights.size(); ++i) layer.weights[i] = static_cast<float>(i * 37 % 101) - 50;
    const auto weights = std::make_shared<const operant::NetworkWeights>(std::vector{layer});
    operant::ActionChoices choices{.discrete = true, .counts = {4}, .low = {}, .high = {}};
    operant::NetworkPolicy policy(weights, choices, {}, num_envs, nullptr, &operant::NetworkKernels<Arch>::act);
    env.reset(1);
    const std::vector<std::uint8_t> first(env.observations().begin(), env.observations().end());
    const auto rollout = operant::rollout(env, policy.function(), 2);
    for (std::size_t i = 0; i < num_envs; ++i) {
        std::array<double, 4> outputs{};
        for (std::size_t k = 0; k < 4; ++k)
            for (std::size_t n = 0; n < 300; ++n)
                outputs[k] += double{layer.weights[300 * k + n]} * first[300 * i + n];  // exact: integers below 2^24
        std::size_t best = 0;
        for (std::size_t k = 1; k < 4; ++k) best = outputs[k] > outputs[best] ? k : best;
        CHECK(rollout.actions[i] == static_cast<std::int32_t>(best));
    }
}

}  // namespace test_observations
