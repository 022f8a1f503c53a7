// LunarLander against recorded runs of Gymnasium and Box2D, env by env and in blocks.

#include <doctest/doctest.h>

#include "lunar_lander_runs.hpp"

namespace test_lunar_lander {

using operant::LunarLander;
using operant::LunarLanderContinuous;
using Seeds = std::vector<std::uint64_t>;

TEST_CASE("LunarLander equals Gymnasium's recorded runs") {
    recorded_runs::Envs envs;
    envs.run();
    CHECK(envs.differing() == Seeds{});
}

TEST_CASE("LunarLander in blocks equals Gymnasium's recorded runs") {
    recorded_runs::Envs envs;
    envs.run_block();
    CHECK(envs.differing() == Seeds{});
}

TEST_CASE("an engine that is on has the full throttle") {
    for (const std::int64_t action : {0, 1, 2, 3}) {
        const auto on = LunarLander::thrust(action), full = LunarLanderContinuous::thrust(recorded_runs::throttle_of(action));
        CHECK(on.main == full.main);
        CHECK(on.side == full.side);
        if (on.side != 0) CHECK(on.direction == full.direction);
    }
}

TEST_CASE("a new contact wakes a body that sleeps") { CHECK(recorded_runs::new_contact_wakes()); }

}  // namespace test_lunar_lander
