// Compares rollouts with as many calls of `step`, on every instruction set that this processor has.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "shipped_kernels.hpp"

namespace test_rollout {

using operant::AutoresetMode;
using operant::PolicyFunction;

constexpr std::size_t steps = 31;
constexpr std::int32_t limit = 9;  // short, so that episodes end, one of them in the last step but three

/// A policy whose actions depend only on the observations.
template <class E>
void act(const void*, const void* observations, void* actions, std::size_t begin, std::size_t end, const void*) {
    using Action = typename E::ActionSpace::Narrow;
    const auto* rows = static_cast<const float*>(observations);
    auto* chosen = static_cast<Action*>(actions);
    for (std::size_t i = 0; i < end - begin; ++i) {
        float sum = 0;
        for (std::size_t k = 0; k < observation_size<E>; ++k) sum += rows[i * observation_size<E> + k];
        if constexpr (std::is_integral_v<Action>)
            chosen[i] = sum > 0 ? static_cast<Action>(E::ActionSpace::n - 1) : 0;
        else
            chosen[i] = sum;
    }
}

template <class E>
constexpr PolicyFunction policy{&act<E>, nullptr};

/// The results of steps, one step after the other.
template <class E>
struct Steps {
    std::vector<typename E::ActionSpace::Narrow> actions;
    std::vector<float> observations, rewards, final_observations;
    std::vector<char> terminations, truncations;
    std::vector<double> returns;
};

/// Returns the results of `count` calls of `step` with actions that the policy chooses.
template <class E, class Scalar>
Steps<E> run_step_by_step(operant::VectorEnv<E, Scalar>& env, std::span<const float> observations, std::size_t count) {
    Steps<E> all;
    const std::size_t num_envs = env.num_envs();
    all.returns.resize(num_envs);
    std::vector<typename E::ActionSpace::Narrow> actions(num_envs);
    const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    for (std::size_t step = 0; step < count; ++step) {
        act<E>(nullptr, observations.data(), actions.data(), 0, num_envs, nullptr);
        const auto result = env.step(actions);
        observations = result.observations;
        append(all.actions, actions);
        append(all.observations, result.observations);
        append(all.rewards, result.rewards);
        append(all.terminations, result.terminations);
        append(all.truncations, result.truncations);
        append(all.final_observations, env.final_observations());
        for (std::size_t env = 0; env < num_envs; ++env) all.returns[env] += static_cast<double>(result.rewards[env]);
    }
    return all;
}

template <class E>
void check_same(const operant::Rollout<E>& rollout, const Steps<E>& expected) {
    CHECK(same_bytes(rollout.observations, expected.observations));
    CHECK(same_bytes(rollout.rewards, expected.rewards));
    CHECK(same_bytes(rollout.terminations, expected.terminations));
    CHECK(same_bytes(rollout.truncations, expected.truncations));
    CHECK(same_bytes(rollout.final_observations, expected.final_observations));
    CHECK(same_bytes(rollout.returns, expected.returns));
}

/// Checks that a rollout with actions, a rollout with a policy, and single steps return the same results and lead to the same
/// state.
template <class E, class Scalar>
void check_rollouts(const Architecture& architecture, std::size_t num_envs, std::size_t workers, AutoresetMode mode) {
    CAPTURE(architecture.name);
    CAPTURE(num_envs);
    CAPTURE(workers);
    const auto make_one = [&] {
        return make<E, Scalar>(architecture, num_envs,
                               {.workers = workers, .max_episode_steps = limit, .autoreset_mode = mode});
    };
    auto stepped = make_one(), given = make_one(), led = make_one();
    const std::size_t count = mode == AutoresetMode::disabled ? 5 : steps;
    const auto expected = run_step_by_step(stepped, stepped.reset(7), count);
    given.reset(7);
    led.reset(7);
    check_same(operant::rollout(given, expected.actions), expected);
    const auto by_policy = operant::rollout(led, policy<E>, count);
    check_same(by_policy, expected);
    CHECK(same_bytes(by_policy.actions, expected.actions));
    CHECK(given.save() == stepped.save());
    CHECK(led.save() == stepped.save());
}

TEST_SUITE_BEGIN("all kernels");

TEST_CASE_TEMPLATE("a rollout equals as many steps", E, CLASSIC_CONTROL) {
    for (const Architecture& architecture : available_architectures()) {
        for (const AutoresetMode mode : {AutoresetMode::next_step, AutoresetMode::same_step, AutoresetMode::disabled}) {
            for (const std::size_t num_envs : {1, 77, 128}) {
                check_rollouts<E, float>(architecture, num_envs, 1, mode);
                check_rollouts<E, double>(architecture, num_envs, 1, mode);
            }
            for (const std::size_t workers : {1, 3}) check_rollouts<E, float>(architecture, 4200, workers, mode);
        }
    }
}

TEST_SUITE_END();

TEST_CASE("a rollout in parts equals a whole one") {
    const auto architecture = available_architectures().front();
    constexpr std::size_t num_envs = 1500;
    auto stepped = make<operant::Pendulum, float>(architecture, num_envs, {.max_episode_steps = limit});
    auto env = make<operant::Pendulum, float>(architecture, num_envs, {.max_episode_steps = limit});
    const auto expected = run_step_by_step(stepped, stepped.reset(3), steps);
    env.reset(3);
    operant::Rollout<operant::Pendulum> rollout;
    operant::RolloutRun run(env.core(), policy<operant::Pendulum>, steps, rollout.prepare(env.core(), steps, {}, true));
    for (const std::size_t part : {1, 0, 7, 2}) run.advance(part);
    CHECK(run.done() == 10);
    auto halfway = make<operant::Pendulum, float>(architecture, num_envs, {.max_episode_steps = limit});
    run_step_by_step(halfway, halfway.reset(3), 10);
    CHECK(env.save() == halfway.save());
    run.advance(1000);
    CHECK(run.done() == steps);
    check_same(rollout, expected);
}

TEST_CASE("a rollout has only the recorded outputs and reuses their arrays") {
    const auto architecture = available_architectures().front();
    auto env = make<operant::CartPole, float>(architecture, 70);
    auto stepped = make<operant::CartPole, float>(architecture, 70);
    const auto expected = run_step_by_step(stepped, stepped.reset(1), steps);
    env.reset(1);
    auto rollout = operant::rollout(env, expected.actions, {.observations = false, .flags = false});
    CHECK(rollout.observations.empty());
    CHECK(rollout.terminations.empty());
    CHECK(rollout.truncations.empty());
    CHECK(same_bytes(rollout.rewards, expected.rewards));
    CHECK(same_bytes(rollout.returns, expected.returns));

    env.reset(1);
    const auto* rewards = rollout.rewards.data();
    const auto* returns = rollout.returns.data();
    rollout = operant::rollout(env, policy<operant::CartPole>, steps, {}, std::move(rollout));
    check_same(rollout, expected);
    CHECK(rollout.rewards.data() == rewards);
    CHECK(rollout.returns.data() == returns);
}

TEST_CASE("after an evaluation, an environment has to be reset and has counted nothing") {
    auto env = make<operant::Pendulum, float>(available_architectures().front(), 70, {.max_episode_steps = limit});
    const auto evaluation = operant::evaluate(env, policy<operant::Pendulum>, 2, 7);
    CHECK(evaluation.lengths == std::vector<std::int64_t>(140, limit));
    CHECK_THROWS_AS(env.step(std::vector<float>(70)), operant::ResetNeeded);
    env.reset(7);
    CHECK(env.logs().total_steps == 0);
}

}  // namespace test_rollout
