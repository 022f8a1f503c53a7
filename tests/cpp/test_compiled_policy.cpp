// Policies that a program compiles for its own instruction set.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <vector>

#include <operant/compiled_policy.hpp>

namespace test_compiled_policy {

using operant::Integer;

struct Upright {
    static constexpr std::string_view policy_name = "Upright";
    static constexpr std::size_t observation_size = 4;
    using ActionSpace = operant::Discrete<2>;

    double gain = 0.5;

    template <class Batch>
    XSIMD_INLINE Integer<Batch> action(const std::array<Batch, 4>& observation) const {
        const auto right = observation[2] + static_cast<float>(gain) * observation[3] > Batch(0.0f);
        return xsimd::select(xsimd::batch_bool_cast<std::int32_t>(right), Integer<Batch>(1), Integer<Batch>(0));
    }
};

/// Chooses two numbers, the second beyond its bound, and one at random.
struct Odd {
    static constexpr std::string_view policy_name = "Odd";
    static constexpr std::size_t observation_size = 1;
    using ActionSpace = operant::MultiDiscrete<5, 3>;

    template <class Batch>
    XSIMD_INLINE std::array<Integer<Batch>, 2> action(const std::array<Batch, 1>& observation) const {
        const auto whole = xsimd::to_int(observation[0]);
        return {whole, whole};
    }
};

struct Dice {
    static constexpr std::string_view policy_name = "Dice";
    static constexpr std::size_t observation_size = 3;
    using ActionSpace = operant::Box<1>;

    template <class Batch, class Random>
    XSIMD_INLINE Batch action(const std::array<Batch, 3>& observation, Random& random) const {
        return observation[0] + random.random();
    }
};

TEST_CASE("a compiled policy chooses for each env, with any number of envs") {
    const operant::CompiledPolicy<Upright> policy(Upright{.gain = 2.0});
    for (const std::size_t num_envs : {1, 3, 16, 37}) {
        std::vector<float> observations(num_envs * 4);
        for (std::size_t i = 0; i < observations.size(); ++i) observations[i] = static_cast<float>(i * 7 % 11) - 5;
        std::vector<std::int32_t> actions(num_envs + 1, -1);
        const operant::PolicyFunction function = policy.function();
        function.act(function.policy, observations.data(), actions.data(), 64, 64 + num_envs, nullptr);
        for (std::size_t env = 0; env < num_envs; ++env)
            CHECK(actions[env] == (observations[env * 4 + 2] + 2 * observations[env * 4 + 3] > 0));
        CHECK(actions[num_envs] == -1);
    }
}

TEST_CASE("integers beyond the action space become its nearest integers") {
    const operant::CompiledPolicy<Odd> policy;
    const std::vector<float> observations{-2, 0, 1, 2, 3, 9};
    std::vector<std::int32_t> actions(12);
    const operant::PolicyFunction function = policy;
    function.act(function.policy, observations.data(), actions.data(), 0, 6, nullptr);
    CHECK(actions == std::vector<std::int32_t>{0, 0, 0, 0, 1, 1, 2, 2, 3, 2, 4, 2});
}

TEST_CASE("a policy that draws has a stream for each env") {
    const operant::CompiledPolicy<Dice> policy(Dice{}, 20, 5);
    const std::vector<float> observations(20 * 3, 10.0f);
    std::vector<float> actions(20);
    const operant::PolicyFunction function = policy;
    operant::PolicyStreams streams(std::uint64_t{5});
    operant::Pcg64* expected = streams.of_envs(20);
    for (int time = 0; time < 3; ++time) {
        function.act(function.policy, observations.data(), actions.data(), 0, 20, nullptr);
        for (std::size_t env = 0; env < 20; ++env)
            CHECK(actions[env] == 10.0f + static_cast<float>(expected[env].random()));
    }
}

TEST_CASE("a stream does not depend on the number of envs") {
    operant::PolicyStreams few(std::uint64_t{9}), many(std::uint64_t{9});
    many.of_envs(50);
    few.of_envs(3)[2].next();
    many.of_envs(50)[2].next();
    CHECK(few.of_envs(50)[2].state_low == many.of_envs(50)[2].state_low);
    CHECK(few.of_envs(50)[49].state_low == many.of_envs(50)[49].state_low);
}

}  // namespace test_compiled_policy
