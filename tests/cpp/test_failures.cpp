// Exceptions of a user's code in a step or a reset; test_failures.py has those in rollouts, evaluations and policies. The error
// is the same with any number of workers.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <operant/branching.hpp>
#include <operant/library/table.hpp>
#include <operant/rollout.hpp>
#include <operant/vector_env.hpp>
#include <operant/workers.hpp>

#include "../python/helpers/fragile.hpp"

namespace test_failures {

using Env = operant::VectorEnv<Fragile>;

constexpr std::size_t num_envs = 8192;
const std::string suffix = " (thrown during a step or a reset; the environment is now closed)";

/// Sets the number of each env to its index.
void set_numbers(operant::Engine& engine) {
    std::vector<double> state(2 * num_envs);
    for (std::size_t i = 0; i < num_envs; ++i) state[2 * i] = static_cast<double>(i);
    engine.set_state(state);
}

void check_closed(Env& env, const std::string& message) {
    const std::vector<std::int32_t> actions(num_envs);
    const std::vector<char> all(num_envs, 1);
    const std::span<const bool> mask(reinterpret_cast<const bool*>(all.data()), num_envs);
    using Failed = operant::EnvironmentFailed;
    CHECK_THROWS_WITH_AS(env.step(actions), message.c_str(), Failed);
    CHECK_THROWS_WITH_AS(env.reset(1), message.c_str(), Failed);
    CHECK_THROWS_WITH_AS(env.reset(mask), message.c_str(), Failed);
    CHECK_THROWS_WITH_AS(operant::rollout(env, std::span(actions)), message.c_str(), Failed);
    CHECK_THROWS_WITH_AS(env.save(), message.c_str(), Failed);
    CHECK_THROWS_WITH_AS(env.load({}), message.c_str(), Failed);
    CHECK_THROWS_WITH_AS(operant::Branching::take(env.core()), message.c_str(), Failed);
    CHECK_THROWS_WITH_AS(operant::Branching::copy_state(env.core(), {}, {}, true), message.c_str(), Failed);
}

TEST_CASE("an exception in a step closes the environment and is nested in the error") {
    for (const std::size_t workers : {1, 2, 3}) {
        CAPTURE(workers);
        Env env(num_envs, {.workers = workers});
        env.reset(0);
        set_numbers(env.core());
        std::vector<std::int32_t> actions(num_envs);
        env.step(actions);
        actions[5000] = actions[5001] = actions[8191] = 1;
        const std::string message = "env 5000 failed in step 2" + suffix;
        try {
            env.step(actions);
            FAIL("no exception");
        } catch (const operant::EnvironmentFailed& error) {
            CHECK(error.what() == message);
            CHECK_THROWS_WITH_AS(std::rethrow_if_nested(error), "env 5000 failed in step 2", std::range_error);
        }
        check_closed(env, message);
    }
}

TEST_CASE("an exception need not be a std::exception") {
    for (const std::size_t workers : {1, 2}) {
        Env env(num_envs, {.workers = workers});
        env.reset(0);
        set_numbers(env.core());
        std::vector<std::int32_t> actions(num_envs);
        actions[5000] = 2;
        const std::string message = "an exception that is not a std::exception" + suffix;
        CHECK_THROWS_WITH_AS(env.step(actions), message.c_str(), operant::EnvironmentFailed);
    }
}

TEST_CASE("kernels of a library keep the message of the first exception of each thread") {
    using Arch = xsimd::default_arch;
    const operant::Kernels& kernels = *operant::kernels_of<Fragile, float, Arch, true>();
    CHECK((operant::kernels_of<Fragile, float, Arch>()->take_error == nullptr));
    CHECK((kernels.take_error() == nullptr));
    Env arrays(num_envs);
    for (const std::size_t workers : {1, 3}) {
        CAPTURE(workers);
        operant::Engine engine(operant::description_of<Fragile>(), kernels, num_envs, {.workers = workers});
        engine.seed_all(0);
        engine.reset({}, arrays.outputs());
        set_numbers(engine);
        std::vector<std::int32_t> actions(num_envs);
        actions[5000] = actions[5001] = 1;
        actions[8191] = 2;
        const std::string message = "env 5000 failed in step 1" + suffix;
        CHECK_THROWS_WITH_AS(engine.step(std::span<const std::int32_t>(actions), arrays.outputs()), message.c_str(),
                             operant::EnvironmentFailed);
        CHECK((kernels.take_error() == nullptr));
    }
    operant::Engine engine(operant::description_of<Fragile>(), kernels, num_envs, {});
    engine.seed_all(0);
    const std::vector<double> bounds = {1};
    CHECK_THROWS_WITH_AS(engine.reset(bounds, arrays.outputs()), ("no start" + suffix).c_str(), operant::EnvironmentFailed);
    CHECK_THROWS_WITH_AS(engine.reset(bounds, arrays.outputs()), ("no start" + suffix).c_str(), operant::EnvironmentFailed);
}

}  // namespace test_failures
