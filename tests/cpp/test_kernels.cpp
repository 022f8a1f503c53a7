// Compares the kernels of the Python module for every instruction set that this processor has.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "shipped_kernels.hpp"

namespace test_kernels {

/// Returns actions that depend only on the step and the env, spread over the action space.
template <class E>
std::vector<typename E::ActionSpace::Narrow> actions(std::size_t num_envs, std::size_t step) {
    using Action = typename E::ActionSpace::Narrow;
    std::vector<Action> actions(num_envs);
    for (std::size_t env = 0; env < num_envs; ++env) {
        const std::size_t mixed = (step * 31 + env * 17) / 5;
        if constexpr (std::is_integral_v<Action>)
            actions[env] = static_cast<Action>(mixed % E::ActionSpace::n);
        else
            actions[env] = static_cast<Action>(static_cast<double>(mixed % 13) / 6 - 1);
    }
    return actions;
}

/// Returns all outputs of 45 steps of the first `envs` envs, with restarts.
template <class E, class Scalar>
std::vector<float> run(const Architecture& architecture, std::size_t envs, std::size_t num_envs, std::size_t workers) {
    auto env = make<E, Scalar>(architecture, num_envs, {.workers = workers, .max_episode_steps = 20});
    const auto first = env.reset(7);
    std::vector<float> outputs(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(envs * observation_size<E>));
    for (std::size_t step = 0; step < 45; ++step) {
        const auto result = env.step(actions<E>(num_envs, step));
        for (std::size_t env = 0; env < envs; ++env) {
            for (std::size_t i = 0; i < observation_size<E>; ++i)
                outputs.push_back(result.observations[env * observation_size<E> + i]);
            outputs.push_back(result.rewards[env]);
            outputs.push_back(result.terminations[env]);
            outputs.push_back(result.truncations[env]);
        }
    }
    return outputs;
}

constexpr std::size_t few = 77;     // not a multiple of any batch size
constexpr std::size_t many = 4200;  // five blocks: enough for a second worker

template <class E, class Scalar>
void check_that_workers_and_num_envs_change_nothing(const Architecture& architecture) {
    const auto expected = run<E, Scalar>(architecture, few, many, 1);
    for (const std::size_t workers : {2, 3, 7})
        CHECK(same_bytes(run<E, Scalar>(architecture, few, many, workers), expected));
    CHECK(same_bytes(run<E, Scalar>(architecture, few, few, 1), expected));
    for (const std::size_t num_envs : {1, 7, 8, 15, 16, 17, 63, 64, 65}) {
        CAPTURE(num_envs);
        const auto all = run<E, Scalar>(architecture, num_envs, num_envs, 1);
        CHECK(same_bytes(run<E, Scalar>(architecture, num_envs, few, 1), all));
    }
}

// Under emulation this takes a minute per instruction set, so scripts/test_cpus.sh skips it.
TEST_SUITE_BEGIN("all kernels");

TEST_CASE_TEMPLATE("the bytes depend on neither the number of workers nor num_envs", E, CLASSIC_CONTROL) {
    for (const Architecture& architecture : available_architectures()) {
        CAPTURE(architecture.name);
        check_that_workers_and_num_envs_change_nothing<E, float>(architecture);
        check_that_workers_and_num_envs_change_nothing<E, double>(architecture);
    }
}

TEST_CASE_TEMPLATE("a float step is right to rounding on every architecture", E, CLASSIC_CONTROL) {
    constexpr std::size_t num_envs = 1000;
    const double tolerance = std::is_same_v<E, operant::Acrobot> ? 1e-5 : 1e-6;
    for (const Architecture& architecture : available_architectures()) {
        CAPTURE(architecture.name);
        auto fast = make<E, float>(architecture, num_envs);
        auto exact = make<E, double>(architecture, num_envs, {.max_episode_steps = operant::unlimited});
        fast.reset(3);
        std::vector<double> state(num_envs * exact.core().environment().state_size);
        std::vector<bool> ended(num_envs);
        std::size_t compared = 0, far = 0, flags = 0;
        for (std::size_t step = 0; step < 100; ++step) {
            const auto chosen = actions<E>(num_envs, step);
            fast.get_state(state);
            exact.reset(0);
            exact.set_state(state);
            const auto expected = exact.step(chosen);
            const auto actual = fast.step(chosen);
            const auto differs = [&](float a, float b) { return !(std::abs(a - b) <= tolerance * std::max(1.0f, std::abs(b))); };
            for (std::size_t env = 0; env < num_envs; ++env) {
                const bool starts_anew = ended[env];
                ended[env] = actual.terminations[env] || actual.truncations[env];
                if (starts_anew) continue;
                ++compared;
                for (std::size_t i = env * observation_size<E>; i < (env + 1) * observation_size<E>; ++i)
                    far += differs(actual.observations[i], expected.observations[i]);
                far += differs(actual.rewards[env], expected.rewards[env]);
                flags += actual.terminations[env] != expected.terminations[env];
            }
        }
        CHECK(compared > 90 * num_envs);
        CHECK(far == 0);
        CHECK(flags <= 1);  // rounding decides if a state is near a threshold
    }
}

TEST_SUITE_END();

TEST_CASE_TEMPLATE("double is the same on every architecture, float on every architecture with fused multiply-add", E, CLASSIC_CONTROL) {
    const auto architectures = available_architectures();
    REQUIRE_FALSE(architectures.empty());
    const auto single = run<E, float>(architectures[0], few, few, 1);
    const auto exact = run<E, double>(architectures[0], few, few, 1);
    for (const Architecture& architecture : architectures) {
        CAPTURE(architecture.name);
        CHECK(same_bytes(run<E, double>(architecture, few, few, 1), exact));
        if (architecture.name != "sse4.2") CHECK(same_bytes(run<E, float>(architecture, few, few, 1), single));
    }
}

}  // namespace test_kernels
