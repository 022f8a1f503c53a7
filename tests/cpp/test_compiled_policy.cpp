// Policies that a program compiles for its own instruction set.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <vector>

#include <operant/compiled_policy.hpp>

#include "../python/policies/own_policies.hpp"

namespace test_compiled_policy {

using operant::Integer;

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

TEST_CASE("a compiled policy chooses for each env, with any number of envs") {
    const operant::CompiledPolicy<mine::Lean> policy(mine::Lean{.gain = 2.0});
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
    const operant::CompiledPolicy<mine::Jitter> policy(mine::Jitter{}, 20, 5);
    const std::vector<float> observations(20 * 3, 10.0f);
    std::vector<float> actions(20);
    const operant::PolicyFunction function = policy;
    operant::PolicyStreams streams(std::uint64_t{5});
    operant::Pcg64* expected = streams.of_envs(20);
    for (int time = 0; time < 3; ++time) {
        function.act(function.policy, observations.data(), actions.data(), 0, 20, nullptr);
        for (std::size_t env = 0; env < 20; ++env)
            CHECK(actions[env] == 10.0f + static_cast<float>(expected[env].normal(0, 0.5)));
    }
}

}  // namespace test_compiled_policy
