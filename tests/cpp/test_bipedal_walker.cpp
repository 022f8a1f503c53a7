// BipedalWalker against recorded runs of Gymnasium and Box2D, env by env and in blocks.

#include <doctest/doctest.h>

#include "bipedal_walker_runs.hpp"

namespace test_bipedal_walker {

using Seeds = std::vector<std::uint64_t>;

TEST_CASE("BipedalWalker equals Gymnasium's recorded runs") {
    recorded_runs::walker::Envs envs;
    envs.run();
    CHECK(envs.differing() == Seeds{});
}

TEST_CASE("BipedalWalker in blocks equals Gymnasium's recorded runs") {
    recorded_runs::walker::Envs envs;
    envs.run_block();
    CHECK(envs.differing() == Seeds{});
}

}  // namespace test_bipedal_walker
