// Counters and sums beyond the 32 bits of an int, or the 24 bits of a float.
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <vector>

#include <operant/operant.hpp>

#include "shipped_kernels.hpp"

namespace operant {

/// Sets the counters to values that a run reaches after hours.
struct CounterAccess {
    static void set(Engine& core, const StepTotals& totals) { core.statistics_.totals_ = totals; }

    /// Pretends that every env has made `steps` more steps.
    static void skip(Engine& core, std::int64_t steps) {
        core.memory_.set_clock(core.memory_.clock() + steps);
        core.statistics_.totals_.steps += static_cast<std::int64_t>(core.num_envs()) * steps;
    }
};

}  // namespace operant

namespace test_counters {

using operant::CounterAccess;
using operant::Pendulum;

constexpr std::int64_t steps_edge = std::int64_t{1} << 32;
constexpr std::int64_t episodes_edge = std::int64_t{1} << 24;

TEST_CASE_TEMPLATE("logs are exact past 2^32 steps and 2^24 episodes", Scalar, float, double) {
    for (const Architecture& architecture : available_architectures()) {
        CAPTURE(architecture.name);
        constexpr std::size_t num_envs = 3000;
        for (const std::size_t workers : {1, 2}) {
            auto env = make<operant::MountainCar, Scalar>(architecture, num_envs, {.workers = workers, .max_episode_steps = 7});
            env.reset(1);
            CounterAccess::set(env.core(), {steps_edge - 5, episodes_edge - 1, 3, 0});
            const std::vector<std::int32_t> actions(num_envs, 1);
            for (int step = 0; step < 8; ++step) env.step(actions);  // the eighth resets
            const operant::Logs logs = env.logs();
            CHECK(logs.episode_count == episodes_edge - 1 + 3000);
            CHECK(logs.total_steps == steps_edge - 5 + 3000 * 7);
            CHECK(logs.total_reward == static_cast<double>(-(steps_edge - 5 + 3000 * 7)));

            auto loaded = make<operant::MountainCar, Scalar>(architecture, num_envs, {.max_episode_steps = 7});
            loaded.load(env.save());
            CHECK(loaded.logs().episode_count == logs.episode_count);
            CHECK(loaded.logs().total_steps == logs.total_steps);
        }
    }
}

TEST_CASE_TEMPLATE("a sum of returns grows where a float would stop growing", Scalar, float, double) {
    for (const Architecture& architecture : available_architectures()) {
        CAPTURE(architecture.name);
        auto env = make<Pendulum, Scalar>(architecture, 10, {.max_episode_steps = 1});
        env.reset(1);
        env.set_state(std::vector<double>(20, 0.0));
        const double before = -static_cast<double>(std::int64_t{1} << 40);
        CounterAccess::set(env.core(), {steps_edge, episodes_edge, 0, before});
        env.step(std::vector<float>(10, 1.0f));  // upright and at rest: the cost is the torque's, 0.001
        CHECK(env.logs().total_reward - before == doctest::Approx(-0.01).epsilon(0.02));
        CHECK(env.logs().episode_count == episodes_edge + 10);
    }
}

TEST_CASE_TEMPLATE("an episode without a limit may last for more than 2^32 steps", Scalar, float, double) {
    for (const Architecture& architecture : available_architectures()) {
        CAPTURE(architecture.name);
        constexpr std::size_t num_envs = 70, falling = 66;
        using Env = operant::VectorEnv<operant::CartPole, Scalar>;
        const std::vector<double> upright(4 * num_envs, 0.0);
        std::vector<double> one_falls = upright;
        one_falls[4 * falling] = 3;
        const auto step = [&](Env& env, const std::vector<double>& state) {
            env.set_state(state);
            const auto result = env.step(std::vector<std::int32_t>(num_envs, 0));
            return result.terminations[falling] || result.truncations[falling];
        };

        Env env = make<operant::CartPole, Scalar>(architecture, num_envs, {.max_episode_steps = operant::unlimited});
        env.reset(1);
        std::int64_t length = 0;
        for (const std::int64_t edge : {std::int64_t{1} << 24, std::int64_t{1} << 31, steps_edge}) {
            CounterAccess::skip(env.core(), edge - 5 - length);
            for (int i = 0; i < 10; ++i) CHECK_FALSE(step(env, upright));
            length = edge + 5;
            CHECK(env.logs().episode_count == 0);
            CHECK(env.logs().total_steps == 0);
        }

        Env loaded = make<operant::CartPole, Scalar>(architecture, num_envs, {.max_episode_steps = operant::unlimited});
        loaded.load(env.save());
        ++length;
        for (Env* one : {&env, &loaded}) {
            CHECK(step(*one, one_falls));
            CHECK(one->logs().episode_count == 1);
            CHECK(one->logs().total_steps == length);
            CHECK(one->logs().total_reward == static_cast<double>(length));
            one->reset(2);  // the other episodes are broken off and do not count
            CHECK(one->logs().total_steps == length);
            CHECK_FALSE(step(*one, upright));
            CHECK(step(*one, one_falls));  // a short episode in the same env
            CHECK(one->logs().total_steps == length + 2);
        }
    }
}

TEST_CASE_TEMPLATE("the largest time limit is exact to the step", Scalar, float, double) {
    for (const Architecture& architecture : available_architectures()) {
        CAPTURE(architecture.name);
        constexpr std::int32_t limit = std::numeric_limits<std::int32_t>::max() - 1;
        auto env = make<Pendulum, Scalar>(architecture, 70, {.max_episode_steps = limit});
        env.reset(1);
        const std::vector<float> actions(70, 0.0f);
        env.step(actions);
        CounterAccess::skip(env.core(), limit - 3);
        CHECK_FALSE(env.step(actions).truncations[66]);
        CHECK(env.step(actions).truncations[66]);
        CHECK(env.logs().episode_count == 70);
        CHECK(env.logs().total_steps == 70 * std::int64_t{limit});
        env.step(actions);
        CHECK_FALSE(env.step(actions).truncations[66]);
    }
}

}  // namespace test_counters
