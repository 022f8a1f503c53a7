#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include <operant/environment.hpp>
#include <operant/kernel/actions.hpp>

namespace test_actions {

struct OneOfThree {
    using ActionSpace = operant::Discrete<3>;
};
struct Several {
    using ActionSpace = operant::MultiDiscrete<5, 1, 3>;
};
struct Continuous {
    using ActionSpace = operant::Box<2>;
};

template <class Environment, class Action>
void check_every_place() {
    using Space = typename Environment::ActionSpace;
    using Actions = operant::Actions<Environment, xsimd::default_arch>;
    for (const std::size_t envs : {1, 2, 7, 16, 33, 64, 100}) {
        std::vector<Action> actions(envs * Space::size);
        const auto largest = [](std::size_t i) {
            if constexpr (std::is_integral_v<Action>)
                return static_cast<Action>(Space::limit(i % Space::size) - 1);
            else
                return std::numeric_limits<Action>::infinity();
        };
        for (std::size_t i = 0; i < actions.size(); ++i) actions[i] = largest(i);
        REQUIRE(Actions::template are_valid<Action>(nullptr, actions.data(), envs));
        for (std::size_t i = 0; i < actions.size(); ++i) {
            std::vector<Action> wrong{std::numeric_limits<Action>::quiet_NaN()};
            if constexpr (std::is_integral_v<Action>)
                wrong = {-1, static_cast<Action>(largest(i) + 1), std::numeric_limits<Action>::min(), std::numeric_limits<Action>::max()};
            if constexpr (std::is_same_v<Action, std::int64_t>)  // the lower or the upper half alone would be valid
                for (const Action high : {Action{1} << 32, -(Action{1} << 32), Action{1} << 62}) wrong.push_back(high);
            for (const Action action : wrong) {
                actions[i] = action;
                CHECK_FALSE(Actions::template are_valid<Action>(nullptr, actions.data(), envs));
            }
            actions[i] = 0;
            CHECK(Actions::template are_valid<Action>(nullptr, actions.data(), envs));
            actions[i] = largest(i);
        }
    }
}

TEST_CASE_TEMPLATE("an action outside the space is found in every place", Action, std::int32_t, std::int64_t) {
    check_every_place<OneOfThree, Action>();
    check_every_place<Several, Action>();
}

TEST_CASE_TEMPLATE("NaN is found in every place", Action, float, double) { check_every_place<Continuous, Action>(); }

}  // namespace test_actions
