// LunarLander against recorded runs of Gymnasium and Box2D, env by env and in blocks.

#include <doctest/doctest.h>

#include "lunar_lander_runs.hpp"

namespace test_lunar_lander {

using operant::LunarLander;
using operant::LunarLanderContinuous;
using Seeds = std::vector<std::uint64_t>;

TEST_CASE_TEMPLATE("LunarLander equals Gymnasium's recorded runs", E, LunarLander, LunarLanderContinuous) {
    recorded_runs::Envs<E> envs;
    envs.run();
    CHECK(envs.differing() == Seeds{});
}

TEST_CASE_TEMPLATE("LunarLander in blocks equals Gymnasium's recorded runs", E, LunarLander, LunarLanderContinuous) {
    recorded_runs::Envs<E> envs;
    envs.run_block();
    CHECK(envs.differing() == Seeds{});
}

TEST_CASE("a new contact wakes a body that sleeps") { CHECK(recorded_runs::new_contact_wakes()); }

}  // namespace test_lunar_lander
