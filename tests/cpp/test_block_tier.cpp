// Compares environments of the block tier with the same environments in the scalar tier: every bit of all results has to be
// equal, in every autoreset mode, with any number of envs and workers, and with parameters per env. test_contract.py plays
// examples/bouncing_ball.hpp.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include <operant/branching.hpp>
#include <operant/evaluation.hpp>
#include <operant/rollout.hpp>
#include <operant/vector_env.hpp>
#include <operant/workers.hpp>

namespace test_block_tier {

using operant::AutoresetMode;
using operant::VectorEnv;

/// A walk on a plane, with everything that an environment of these tiers may have: a state of either precision, bounds, draws in
/// steps, infos, truncations of its own, and several numbers per action.
struct Walk : operant::Environment {
    static constexpr std::string_view name = "Walk";
    static constexpr std::int32_t max_episode_steps = 23;
    using ActionSpace = operant::Box<2>;
    using Random = operant::BufferedPcg64;

    template <class Number>
    struct State {
        std::array<Number, 2> place;
        std::int8_t mood;
        std::array<std::uint16_t, 70> visited;
        OPERANT_MEMBERS(place, mood, visited)
    };
    struct Parameters {
        double pace = 0.5;
        OPERANT_PARAMETERS((pace, operant::Sign::positive, "[m]"))
    };
    struct ResetBounds {
        double radius = 1;
        OPERANT_MEMBERS(radius)
    };
    struct Info {
        double distance;
        std::array<std::int32_t, 2> counts;
        OPERANT_MEMBERS(distance, counts)
    };
    struct Result {
        double reward;
        bool terminated, truncated;
        Info info;
    };

    static operant::Box<2> action_space(const Parameters&) { return {{-1, -1}, {1, 1}}; }
    static operant::Box<3> observation_space(const Parameters&) { return operant::Box<3>::unbounded(); }

    template <class Number>
    static XSIMD_INLINE State<Number> start(const ResetBounds& bounds, Random& random) {
        State<Number> s{};
        for (Number& one : s.place) one = static_cast<Number>(random.uniform(-bounds.radius, bounds.radius));
        s.mood = static_cast<std::int8_t>(random.integers(3));
        return s;
    }
    template <class Number>
    static XSIMD_INLINE Result walk(const Parameters& p, State<Number>& s, const std::array<float, 2>& action, Random& random) {
        for (std::size_t i = 0; i < 2; ++i)
            s.place[i] = static_cast<Number>(s.place[i] + p.pace * action[i] + 0.1 * random.normal(0, 1));
        const auto chosen = static_cast<std::size_t>(random.integers(70));
        ++s.visited[chosen];
        if (s.mood == 2) s.mood = static_cast<std::int8_t>(random.integers(3));
        const double distance = s.place[0] * s.place[0] + s.place[1] * s.place[1];
        return {-distance, distance > 9, s.visited[chosen] == 3, {distance, {s.visited[0], static_cast<std::int32_t>(chosen)}}};
    }
    template <class Number>
    static XSIMD_INLINE std::array<float, 3> observation(const Parameters& p, const State<Number>& s) {
        return {static_cast<float>(s.place[0]), static_cast<float>(s.place[1] * p.pace), static_cast<float>(s.mood)};
    }
    template <class Number>
    static XSIMD_INLINE Info reset_info(const Parameters&, const State<Number>& s) {
        return {static_cast<double>(s.place[0]), {-1, s.mood}};
    }
};

struct PlainWalk : Walk {
    static XSIMD_INLINE auto reset(const Parameters&, const ResetBounds& bounds, Random& random) {
        return Start{&bounds, &random};
    }
    /// Becomes a state of the precision that the kernel wants.
    struct Start {
        const ResetBounds* bounds;
        Random* random;
        template <class Number>
        XSIMD_INLINE operator State<Number>() const {
            return start<Number>(*bounds, *random);
        }
    };
    template <class Number>
    static XSIMD_INLINE Result step(const Parameters& p, State<Number>& s, const std::array<float, 2>& action, Random& random) {
        return walk(p, s, action, random);
    }
};

/// The same, stepped and reset by blocks, in another order: first the envs with one mood, then those with another.
struct BlockWalk : Walk {
    static XSIMD_INLINE auto reset(const Parameters& p, const ResetBounds& bounds, Random& random) {
        return PlainWalk::reset(p, bounds, random);
    }
    template <class Arch, class Number>
    static XSIMD_INLINE void reset_block(const operant::ListedEnvs<BlockWalk, Number>& block, const ResetBounds& bounds) {
        for (std::size_t k = block.count; k-- > 0;)
            block.states[block.envs[k]] = start<Number>(bounds, block.randoms[block.envs[k]]);
    }
    template <class Arch, class Number>
    static XSIMD_INLINE void step_block(const operant::BlockOf<BlockWalk, Number>& block) {
        for (std::size_t k = 0; k < block.count; ++k) block.states[block.envs[k]].mood += 10;
        for (const std::int8_t mood : {2, 0, 1})
            for (std::size_t k = 0; k < block.count; ++k) {
                const std::size_t env = block.envs[k];
                auto& state = block.states[env];
                if (state.mood != mood + 10) continue;
                state.mood = mood;
                block.outcome(env) = walk(block.parameters(env), state, block.action(env), block.randoms[env]);
            }
    }
};
/// An env ends its episode when its action is 1. Notes which envs the block lists.
struct Listing : operant::Environment {
    static constexpr std::string_view name = "Listing";
    static constexpr std::int32_t max_episode_steps = 100;
    using ActionSpace = operant::Discrete<2>;
    struct State {
        bool is_new;
        OPERANT_MEMBERS(is_new)
    };
    struct Result {
        double reward;
        bool terminated;
        int noted;
    };
    static inline std::vector<std::uint32_t> listed;

    static operant::Discrete<2> observation_space(const Parameters&) { return {}; }
    static XSIMD_INLINE std::int64_t observation(const Parameters&, const State& s) { return s.is_new; }
    static XSIMD_INLINE State reset(const Parameters&, operant::Pcg64&) { return {true}; }
    template <class Arch>
    static void step_block(operant::BlockOf<Listing> block) {
        listed.insert(listed.end(), block.envs, block.envs + block.count);
        for (std::size_t k = 0; k < block.count; ++k) {
            const std::uint32_t env = block.envs[k];
            block.states[env].is_new = false;
            if (block.action(env) == 1) block.outcome(env).terminated = true;  // the reward stays 0
        }
    }
};

static_assert(operant::BlockTier<BlockWalk> && operant::ResetsBlocks<BlockWalk> && !operant::BlockTier<PlainWalk>);

std::vector<float> random_actions(std::mt19937& random, std::size_t envs) {
    std::vector<float> actions(2 * envs);
    for (float& action : actions) action = std::uniform_real_distribution<float>(-1, 1)(random);
    return actions;
}

/// All bytes that a step or a reset has written.
template <class E, class Scalar>
std::vector<std::byte> written(VectorEnv<E, Scalar>& env) {
    std::vector<std::byte> bytes;
    const auto add = [&](const void* array, std::size_t row) {
        const auto* begin = static_cast<const std::byte*>(array);
        if (array) bytes.insert(bytes.end(), begin, begin + row * env.num_envs());
    };
    const operant::Outputs& outputs = env.outputs();
    constexpr std::size_t row = sizeof(float) * operant::ObservationTraits<E>::numbers;
    add(outputs.observations[0], row);
    add(outputs.rewards, sizeof(float));
    add(outputs.terminations, 1);
    add(outputs.truncations, 1);
    if (outputs.final_observations) add(outputs.final_observations[0], row);
    add(outputs.has_infos, 1);
    const auto& description = env.core().environment();
    for (void* const* infos : {outputs.infos, outputs.final_infos})
        for (std::size_t i = 0; infos && i < description.info_count; ++i) add(infos[i], i == 0 ? sizeof(double) : 2 * sizeof(int));
    return bytes;
}

void act(const void*, const void* observations, void* actions, std::size_t begin, std::size_t end, const void*) {
    const auto* rows = static_cast<const float*>(observations);
    for (std::size_t i = 0; i < 2 * (end - begin); ++i) static_cast<float*>(actions)[i] = -rows[i / 2 * 3 + i % 2];
}

/// Steps both environments and compares everything. Returns the number of episodes that ended.
template <class Scalar>
std::int64_t compare(std::size_t num_envs, AutoresetMode mode, std::size_t workers, bool per_env) {
    VectorEnv<BlockWalk, Scalar> block(num_envs, {.workers = workers, .autoreset_mode = mode});
    VectorEnv<PlainWalk, Scalar> plain(num_envs, {.autoreset_mode = mode});
    constexpr int steps = 60;
    std::mt19937 random(static_cast<unsigned>(num_envs));
    if (per_env) {
        std::vector<Walk::Parameters> parameters(num_envs);
        for (auto& one : parameters) one.pace *= 1 + static_cast<double>(random() % 8) / 8;
        block.set_parameters(parameters);
        plain.set_parameters(parameters);
    }
    block.reset(3);
    plain.reset(3);
    REQUIRE(written(block) == written(plain));
    std::vector<std::byte> kept;
    for (int i = 0; i < steps; ++i) {
        CAPTURE(i);
        const auto actions = random_actions(random, num_envs);
        if (i % 2 == 0) {
            block.step(actions);
        } else {
            block.step(std::vector<double>(actions.begin(), actions.end()));
        }
        plain.step(actions);
        REQUIRE(written(block) == written(plain));
        if (i == steps / 2) kept = block.save();
        if (mode != AutoresetMode::disabled) continue;
        const auto& outputs = block.outputs();
        std::vector<char> flags(num_envs);
        bool any = false;
        for (std::size_t env = 0; env < num_envs; ++env) {
            flags[env] = outputs.terminations[env] || outputs.truncations[env];
            any |= flags[env] != 0;
        }
        if (!any) continue;
        const std::span<const bool> mask(reinterpret_cast<const bool*>(flags.data()), num_envs);
        block.reset(mask);
        plain.reset(mask);
        REQUIRE(written(block) == written(plain));
    }
    CHECK(block.save() == plain.save());
    CHECK(block.logs().total_reward == plain.logs().total_reward);
    const auto ended = block.logs().episode_count;
    CHECK(ended == plain.logs().episode_count);

    // Both continue from the state of one of them.
    block.load(kept);
    plain.load(kept);
    CHECK(block.save() == kept);
    const auto snapshot = operant::Branching::take(block.core());
    const operant::PolicyFunction policy{&act, nullptr};
    if (mode != AutoresetMode::disabled) {
        const auto of_block = operant::rollout(block, policy, 40), of_plain = operant::rollout(plain, policy, 40);
        CHECK(std::ranges::equal(of_block.observations, of_plain.observations));
        CHECK(std::ranges::equal(of_block.rewards, of_plain.rewards));
        CHECK(std::ranges::equal(of_block.returns, of_plain.returns));
        CHECK(block.save() == plain.save());
        operant::Branching::restore(block.core(), snapshot);
        CHECK(block.save() == kept);
        const auto of_first = operant::evaluate(block, policy, 2, 5), of_second = operant::evaluate(plain, policy, 2, 5);
        CHECK(of_first.returns == of_second.returns);
        CHECK(of_first.lengths == of_second.lengths);
    }
    return ended;
}

TEST_CASE_TEMPLATE("a block may step and reset its envs in any order", Scalar, float, double) {
    std::int64_t ended = 0;
    for (const AutoresetMode mode : {AutoresetMode::next_step, AutoresetMode::same_step, AutoresetMode::disabled})
        for (const bool per_env : {false, true}) {
            CAPTURE(static_cast<int>(mode));
            CAPTURE(per_env);
            ended += compare<Scalar>(1, mode, 1, per_env);
            ended += compare<Scalar>(37, mode, 1, per_env);
            ended += compare<Scalar>(513, mode, 2, per_env);
            ended += compare<Scalar>(1601, mode, 3, per_env);
        }
    CHECK(ended > 1000);
}

TEST_CASE("a block lists the envs that step, in their order, and not those that restart") {
    constexpr std::size_t num_envs = 700;
    VectorEnv<Listing> env(num_envs);
    env.reset(0);
    std::vector<std::int32_t> actions(num_envs);
    for (std::size_t i = 0; i < num_envs; ++i) actions[i] = i % 5 == 2;
    for (int step = 0; step < 4; ++step) {
        const bool restart = step % 2 == 1;  // the envs whose episode has ended restart in every second step
        std::vector<std::uint32_t> expected;
        for (std::uint32_t i = 0; i < num_envs; ++i)
            if (!(restart && i % 5 == 2)) expected.push_back(i);
        Listing::listed.clear();
        const auto result = env.step(actions);
        CHECK(Listing::listed == expected);
        for (std::size_t i = 0; i < num_envs; ++i) {
            REQUIRE(result.rewards[i] == 0);
            REQUIRE(result.terminations[i] == (i % 5 == 2 && !restart));
            REQUIRE(result.observations[i] == (i % 5 == 2 && restart));
        }
    }
    // If all envs restart, there is no call.
    std::ranges::fill(actions, 1);
    env.step(actions);
    Listing::listed.clear();
    env.step(actions);
    CHECK(Listing::listed.empty());
}

}  // namespace test_block_tier
