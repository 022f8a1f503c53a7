// BipedalWalker against recorded runs of Gymnasium and Box2D, and in blocks against the same envs stepped one by one.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

#include <operant/contract/block.hpp>
#include <operant/environments/bipedal_walker.hpp>
#include <operant/random/seed_sequence.hpp>

#include "bipedal_walker_runs.hpp"

namespace test_bipedal_walker {

using E = operant::BipedalWalker;

/// Steps envs with random actions, each of them held for some steps. Now and then a body is thrown, so that there are impacts.
/// Returns the number of envs that ever differ.
int differing_envs(bool hardcore, std::size_t count, int steps) {
    const E::Parameters parameters{hardcore};
    std::vector<std::uint32_t> envs(count);
    std::iota(envs.begin(), envs.end(), 0);
    std::vector<E::State> states(count), alone(count);
    std::vector<E::Random> randoms;
    for (std::size_t env = 0; env < count; ++env) {
        randoms.emplace_back(operant::SeedSequence(env));
        auto random = randoms[env];
        alone[env] = E::reset(parameters, random);
    }
    const operant::ListedEnvs<E> listed{envs.data(), count, states.data(), randoms.data(), &parameters, false};
    E::reset_block<xsimd::default_arch>(listed, {});

    std::mt19937 random(1);
    const auto number = [&](float size) { return (static_cast<float>(random() % 2049) / 1024 - 1) * size; };
    std::vector<operant::PlainActionOf<E>> actions(count);
    std::vector<operant::Outcome<double>> outcomes(count);
    std::vector<bool> differs(count);
    for (int t = 0; t < steps; ++t) {
        for (std::size_t env = 0; env < count; ++env) {
            if ((static_cast<std::size_t>(t) + env) % 8 == 0)
                for (float& one : actions[env]) one = number(1.2f);
            if ((static_cast<std::size_t>(t) + env) % 30 == 29) {
                const std::size_t body = random() % 5;
                const operant::rigid_body::Motion<float> velocity{{number(12), number(12)}, number(6)};
                states[env].world.bodies[body].velocity = alone[env].world.bodies[body].velocity = velocity;
            }
        }
        E::step_block<xsimd::default_arch>(operant::BlockOf<E>{listed, 0, actions.data(), outcomes.data()});
        for (std::size_t env = 0; env < count; ++env) {
            const auto outcome = E::step(parameters, alone[env], actions[env]);
            const auto observation = E::observation(parameters, states[env]), expected = E::observation(parameters, alone[env]);
            differs[env] = differs[env] || outcome.reward != outcomes[env].reward || outcome.terminated != outcomes[env].terminated ||
                           std::memcmp(&states[env].world.bodies, &alone[env].world.bodies, sizeof states[env].world.bodies) != 0 ||
                           std::memcmp(observation.data(), expected.data(), sizeof observation) != 0;
        }
    }
    return static_cast<int>(std::count(differs.begin(), differs.end(), true));
}

TEST_CASE("BipedalWalker in blocks equals each env by itself") {
    CHECK(differing_envs(false, 37, 120) == 0);
    CHECK(differing_envs(true, 37, 120) == 0);
}

TEST_CASE("BipedalWalker equals Gymnasium's recorded runs") {
    recorded_runs::walker::Envs envs;
    envs.run();
    CHECK(envs.differing() == std::vector<std::uint64_t>{});
}

TEST_CASE("BipedalWalker in blocks equals Gymnasium's recorded runs") {
    recorded_runs::walker::Envs envs;
    envs.run_block();
    CHECK(envs.differing() == std::vector<std::uint64_t>{});
}

}  // namespace test_bipedal_walker
