// Compares the networks of the Python module for every instruction set that this processor has.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <operant/policies/random_actions.hpp>
#include <operant/network_policy.hpp>

#include "shipped_kernels.hpp"

namespace test_policy {

using operant::ActionChoices;
using operant::Activation;
using operant::DenseLayer;
using operant::NetworkOptions;
using operant::NetworkWeights;

/// Pseudorandom numbers between -1 and 1.
class Numbers {
public:
    float next() { return static_cast<float>(random_.uniform(-1, 1)); }
    std::vector<float> next(std::size_t size) {
        std::vector<float> numbers(size);
        for (float& number : numbers) number = next();
        return numbers;
    }

private:
    operant::Pcg64 random_{operant::SeedSequence(std::uint64_t{1})};
};

/// Makes a network with layers of these sizes, and tanh and relu in turn.
std::vector<DenseLayer> layers(const std::vector<std::size_t>& sizes, std::size_t members) {
    Numbers numbers;
    std::vector<DenseLayer> layers;
    for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
        const Activation activation =
            i + 2 == sizes.size() ? Activation::none : i % 2 == 0 ? Activation::tanh : Activation::relu;
        layers.push_back({sizes[i], sizes[i + 1], numbers.next(members * sizes[i] * sizes[i + 1]),
                          numbers.next(members * sizes[i + 1]), activation});
    }
    return layers;
}

/// Returns the network of one member of the population.
std::vector<DenseLayer> member(const std::vector<DenseLayer>& layers, std::size_t p, std::size_t members) {
    auto own = layers;
    for (DenseLayer& layer : own) {
        const auto take = [&](std::vector<float>& numbers) {
            const auto size = static_cast<std::ptrdiff_t>(numbers.size() / members);
            numbers = {numbers.begin() + static_cast<std::ptrdiff_t>(p) * size, numbers.begin() + static_cast<std::ptrdiff_t>(p + 1) * size};
        };
        take(layer.weights);
        take(layer.biases);
    }
    return own;
}

ActionChoices discrete(const std::vector<std::int32_t>& counts) {
    ActionChoices choices;
    choices.counts = counts;
    return choices;
}

ActionChoices continuous(std::size_t size, float bound) {
    ActionChoices choices;
    choices.discrete = false;
    choices.low.assign(size, -bound);
    choices.high.assign(size, bound);
    return choices;
}

struct Task {
    std::vector<DenseLayer> layers;
    ActionChoices choices;
    NetworkOptions options{};
    operant::Normalisation normalisation{};
    std::vector<std::int8_t> masks{};  ///< one row per env; empty if all actions are allowed
};

/// Returns the actions of the envs, three times in a row, as bytes, because actions have different types.
std::vector<std::int32_t> act(const Task& task, std::size_t num_envs, const Architecture& architecture) {
    const auto weights = std::make_shared<const NetworkWeights>(task.layers, task.normalisation);
    operant::PolicyStreams streams(std::uint64_t{3});
    const operant::NetworkPolicy policy(weights, task.choices, task.options, num_envs, streams.of_envs(num_envs),
                                        operant::choose_networks(operant_builtin_environments(), architecture.name).act);
    const operant::PolicyFunction function = policy.function();
    Numbers numbers;
    const std::size_t size = task.choices.size();
    std::vector<std::int32_t> all, actions(num_envs * size);
    for (int time = 0; time < 3; ++time) {
        const auto observations = numbers.next(num_envs * weights->inputs());
        for (std::size_t begin = 0; begin < num_envs; begin += operant::envs_per_block)
            function.act(function.policy, observations.data() + begin * weights->inputs(), actions.data() + begin * size, begin,
                         std::min(begin + operant::envs_per_block, num_envs),
                         task.masks.empty() ? nullptr : task.masks.data() + begin * (task.masks.size() / num_envs));
        all.insert(all.end(), actions.begin(), actions.end());
    }
    return all;
}

std::vector<Task> tasks(std::size_t members) {
    NetworkOptions drawn, noisy;
    drawn.sample = true;
    noisy.noise = {0.5};
    return {
        {layers({4, 2}, members), discrete({2})},
        {layers({4, 2}, members), discrete({2}), drawn},
        {layers({3, 37, 21, 5}, members), discrete({2, 3}), drawn, {{0.1, 0.2, -0.3}, {1, 2, 0.5}}},
        {layers({9, 40, 3}, members), continuous(3, 0.4f), noisy},
        {layers({2, 130, 1}, members), continuous(1, 2.0f)},  // so wide that layers allocate memory
    };
}

TEST_CASE("a member of a population acts as it would alone, on every architecture") {
    for (const Architecture& architecture : available_architectures()) {
        CAPTURE(architecture.name);
        for (const auto& [members, num_envs] : std::vector<std::pair<std::size_t, std::size_t>>{
                 {1, 1}, {1, 77}, {2, 34}, {3, 51}, {5, 35}, {7, 21}, {40, 40}, {7, 1169}}) {
            CAPTURE(members);
            CAPTURE(num_envs);
            for (const Task& task : tasks(members)) {
                const auto together = act(task, num_envs, architecture);
                for (std::size_t p = 0; p < members; ++p) {
                    Task alone = task;
                    alone.layers = member(task.layers, p, members);
                    const auto expected = act(alone, num_envs, architecture);
                    const std::size_t row = task.choices.size(), size = num_envs / members * row;
                    for (std::size_t time = 0; time < 3; ++time) {
                        const std::size_t first = time * num_envs * row + p * size;
                        REQUIRE(std::equal(together.begin() + static_cast<std::ptrdiff_t>(first),
                                           together.begin() + static_cast<std::ptrdiff_t>(first + size),
                                           expected.begin() + static_cast<std::ptrdiff_t>(first)));
                    }
                }
            }
        }
    }
}

TEST_CASE("actions are the same on every architecture with fused multiply-add, and to rounding without") {
    const auto architectures = available_architectures();
    for (const Task& task : tasks(4)) {
        const auto expected = act(task, 400, architectures[0]);
        for (const Architecture& architecture : architectures) {
            CAPTURE(architecture.name);
            const auto actual = act(task, 400, architecture);
            if (architecture.name != "sse4.2") CHECK(actual == expected);
            std::size_t differing = 0;
            for (std::size_t i = 0; i < actual.size(); ++i) {
                float a, b;
                std::memcpy(&a, &actual[i], sizeof(a));
                std::memcpy(&b, &expected[i], sizeof(b));
                differing += task.choices.discrete ? actual[i] != expected[i] : !(std::abs(a - b) < 1e-5f);
            }
            CHECK(differing <= actual.size() / 1000);
        }
    }
}

TEST_CASE("networks choose allowed actions, the same on every architecture") {
    const std::vector<std::int32_t> counts{3, 4};
    constexpr std::size_t num_envs = 600;
    std::vector<std::int8_t> masks(num_envs * 7);
    for (std::size_t env = 0; env < num_envs; ++env) {
        for (std::size_t i = 0; i < 7; ++i) masks[env * 7 + i] = (env >> i % 5 & 1) != 0;
        masks[env * 7 + env % 3] = 1;      // so that there is an allowed value
        masks[env * 7 + 3 + env % 4] = 1;  // of each number
    }
    for (const bool draws : {false, true}) {
        NetworkOptions options;
        options.sample = draws;
        const Task task{layers({5, 7}, 1), discrete(counts), options, {}, masks};
        std::optional<std::vector<std::int32_t>> expected;
        for (const Architecture& architecture : available_architectures()) {
            const auto actions = act(task, num_envs, architecture);
            for (std::size_t i = 0; i < actions.size(); ++i) {
                const std::size_t env = i / 2 % num_envs, first = i % 2 == 0 ? 0 : 3;
                REQUIRE((actions[i] >= 0 && actions[i] < counts[i % 2]));
                CHECK(masks[env * 7 + first + static_cast<std::size_t>(actions[i])] == 1);
            }
            if (!expected) expected = actions;
            CHECK(actions == *expected);
        }
    }
}

TEST_CASE("random actions are the same on every architecture") {
    const std::vector<std::int32_t> counts{3, 2};
    const std::vector<float> low{-1, 0.5f}, high{1, 0.5f};
    std::optional<std::vector<std::int32_t>> expected;
    for (const Architecture& architecture : available_architectures()) {
        const auto& networks = operant::choose_networks(operant_builtin_environments(), architecture.name);
        std::vector<std::int32_t> actions(200);
        std::vector<float> numbers(200);
        operant::PolicyStreams streams(std::uint64_t{8});
        const operant::RandomActions integers{2, counts.data(), true, nullptr, nullptr, streams.of_envs(100)};
        networks.act_randomly(&integers, nullptr, actions.data(), 0, 100, nullptr);
        const operant::RandomActions box{2, nullptr, false, low.data(), high.data(), streams.of_envs(100)};
        networks.act_randomly(&box, nullptr, numbers.data(), 0, 100, nullptr);
        for (std::size_t i = 0; i < 200; ++i) {
            CHECK((actions[i] >= 0 && actions[i] < counts[i % 2]));
            CHECK((numbers[i] >= low[i % 2] && numbers[i] <= high[i % 2]));
        }
        if (!expected) expected = actions;
        CHECK(actions == *expected);
    }
}

TEST_CASE("layers that do not fit are refused by name") {
    const auto message = [](auto change) -> std::string {
        auto own = layers({4, 3, 2}, 1);
        change(own);
        try {
            NetworkWeights weights(own);
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "";
    };
    CHECK(message([](auto& own) { own.clear(); }).starts_with("weights:"));
    CHECK(message([](auto& own) { own[1].inputs = 4; }).starts_with("weights[1]: expected 3 inputs"));
    CHECK(message([](auto& own) { own[0].weights.pop_back(); }).starts_with("weights[0]:"));
    CHECK(message([](auto& own) { own[1].biases.push_back(0); }).starts_with("biases[1]:"));
    CHECK(message([](auto& own) { own[0].biases[2] = NAN; }).starts_with("biases[0]: expected finite"));
}

}  // namespace test_policy
