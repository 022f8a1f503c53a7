// LunarLander and BipedalWalker against recorded runs of Gymnasium and Box2D, env by env and in blocks.

#include <doctest/doctest.h>

#include "bipedal_walker_runs.hpp"
#include "lunar_lander_runs.hpp"

namespace test_recorded_runs {

using Seeds = std::vector<std::uint64_t>;

#define RECORDED \
    recorded_runs::Envs<operant::LunarLander>, recorded_runs::Envs<operant::LunarLanderContinuous>, recorded_runs::walker::Envs

TEST_CASE_TEMPLATE("envs equal Gymnasium's recorded runs", Envs, RECORDED) {
    Envs envs;
    envs.run();
    CHECK(envs.differing() == Seeds{});
}

TEST_CASE_TEMPLATE("blocks equal Gymnasium's recorded runs", Envs, RECORDED) {
    Envs envs;
    envs.run_block();
    CHECK(envs.differing() == Seeds{});
}

TEST_CASE("a new contact wakes a body that sleeps") { CHECK(recorded_runs::new_contact_wakes()); }

}  // namespace test_recorded_runs
