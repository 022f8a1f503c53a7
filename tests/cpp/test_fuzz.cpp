// Random calls with random arguments. Valid calls give the same bytes with any number of workers. Invalid ones are refused
// and change nothing.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include <operant/operant.hpp>

#include "shipped_kernels.hpp"

namespace test_fuzz {

/// Reads a number from an environment variable, to run more rounds or other ones.
unsigned long setting(const char* name, unsigned long otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoul(text, nullptr, 10) : otherwise;
}

/// Draws ordinary and unusual values.
class Chance {
public:
    explicit Chance(unsigned long seed) : random_(seed) {}

    std::size_t below(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_); }
    bool once_in(std::size_t count) { return below(count) == 0; }

    double number() {
        constexpr double infinity = std::numeric_limits<double>::infinity();
        constexpr double odd[] = {0.0,    -0.0, 1e-310, 1e-30, 1e10, -1e10, 1e38, 1e39, -1e300,
                                  1.7e308, infinity, -infinity, std::numeric_limits<double>::quiet_NaN()};
        return once_in(6) ? odd[below(std::size(odd))] : std::normal_distribution<double>(0, 2)(random_);
    }

    template <class Space, class Action>
    Action action() {
        if constexpr (std::is_integral_v<Action>)
            return once_in(4000) ? static_cast<Action>(random_()) : static_cast<Action>(below(Space::n));
        else
            return once_in(4000) ? static_cast<Action>(number()) : std::uniform_real_distribution<Action>(-3, 3)(random_);
    }

private:
    std::mt19937_64 random_;
};

/// Changes a parameter in some rounds.
/// \param limits the limits of a number, or the names of choices
template <class Value, class Limits>
void change(Chance& chance, Value& value, const Limits& limits) {
    if constexpr (std::is_same_v<Value, bool>) {
        value = chance.once_in(2);
    } else if constexpr (std::is_enum_v<Value>) {
        value = static_cast<Value>(chance.below(limits.size()));
    } else if constexpr (std::is_same_v<Value, double>) {
        if (chance.once_in(8)) value = chance.number();
    } else {
        for (double& one : value) change(chance, one, limits);
    }
}

/// Two environments that differ only in the number of workers. Every call is made to both.
template <class E, class Scalar>
class Pair {
    using Env = operant::VectorEnv<E, Scalar>;

public:
    Pair(Chance& chance, const Architecture& architecture)
        : chance_(chance), architecture_(architecture) {
        constexpr std::size_t sizes[] = {1, 2, 15, 16, 17, 63, 64, 65, 130, 1024, 2049, 5000};
        num_envs_ = sizes[chance.below(std::size(sizes))];
        options_.autoreset_mode = static_cast<operant::AutoresetMode>(chance.below(3));
        options_.max_episode_steps = chance.once_in(4) ? operant::unlimited : static_cast<std::int32_t>(1 + chance.below(20));
        E::visit_parameters(options_.parameters,
                            [&](const char*, auto& value, const auto& limits, auto...) { change(chance, value, limits); });
        if (chance.once_in(20)) options_.max_episode_steps = -static_cast<std::int32_t>(chance.below(3));
        make();
    }

    /// Returns true if the arguments were valid.
    bool exists() const { return one_ != nullptr; }

    void act() {
        switch (chance_.below(8)) {
        case 0: return reset();
        case 1: return reset_some();
        case 2: return set_state();
        case 3: return load_damaged();
        default: return chance_.once_in(2) ? step<typename Env::Narrow>() : step<typename Env::Wide>();
        }
    }

private:
    void make() {
        const auto made = [&](std::size_t workers) {
            options_.workers = workers;
            try {
                return std::make_unique<Env>(num_envs_, options_, operant_builtin_environments(), architecture_.name);
            } catch (const std::invalid_argument&) {
                return std::unique_ptr<Env>();
            }
        };
        one_ = made(1);
        several_ = made(3);
        REQUIRE((one_ == nullptr) == (several_ == nullptr));
        if (exists()) on_both([&](Env& env) { env.reset(0); });  // without a seed, they would start differently
    }

    /// Checks that both make the call, or that both refuse it and do not change.
    template <class Work>
    void on_both(const Work& work) {
        const auto before = one_->save();
        const bool done = attempt(*one_, work);
        REQUIRE(attempt(*several_, work) == done);
        REQUIRE(one_->save() == several_->save());
        if (!done) REQUIRE(one_->save() == before);
    }

    template <class Work>
    static bool attempt(Env& env, const Work& work) {
        try {
            work(env);
            return true;
        } catch (const std::invalid_argument&) {
            return false;
        } catch (const operant::ResetNeeded&) {
            return false;
        }
    }

    typename E::ResetBounds bounds() {
        typename E::ResetBounds bounds;
        auto& [low, high] = bounds;
        if (chance_.once_in(2)) low = chance_.number();
        if (chance_.once_in(2)) high = chance_.number();
        return bounds;
    }

    void reset() {
        const auto seed = chance_.once_in(10) ? std::numeric_limits<std::uint64_t>::max() - chance_.below(3) : chance_.below(100);
        on_both([&](Env& env) { env.reset(seed); });
        const auto chosen = bounds();
        on_both([&](Env& env) { env.reset(chosen); });
    }

    void reset_some() {
        const std::size_t size = chance_.once_in(10) ? chance_.below(num_envs_ + 2) : num_envs_;
        const auto mask = std::make_unique<bool[]>(size);
        for (std::size_t env = 0; env < size; ++env) mask[env] = chance_.once_in(3);
        const auto chosen = bounds();
        on_both([&](Env& env) { env.reset(std::span<const bool>(mask.get(), size), chosen); });
    }

    void set_state() {
        std::vector<double> state((chance_.once_in(10) ? chance_.below(num_envs_) : num_envs_) * one_->core().environment().state_size);
        for (double& number : state)
            do number = chance_.number();
            while (!std::isfinite(number) && !chance_.once_in(1000));
        on_both([&](Env& env) { env.set_state(state); });
    }

    /// Checks that steps do not crash if load accepts damaged bytes, and that both environments stay equal.
    void load_damaged() {
        auto bytes = one_->save();
        switch (chance_.below(4)) {
        case 0: bytes.resize(chance_.below(bytes.size() + 1)); break;
        case 1: bytes.resize(bytes.size() + 1 + chance_.below(100)); break;
        default:
            for (std::size_t change = chance_.below(4); change < 4; ++change)
                bytes[chance_.below(bytes.size())] ^= static_cast<std::byte>(1 << chance_.below(8));
        }
        on_both([&](Env& env) { env.load(bytes); });
    }

    template <class Action>
    void step() {
        std::vector<Action> actions(chance_.once_in(20) ? chance_.below(num_envs_ + 2) : num_envs_);
        for (Action& action : actions) action = chance_.action<typename E::ActionSpace, Action>();
        std::vector<float> seen[2];
        int both = 0;
        on_both([&](Env& env) {
            const auto result = env.step(std::span<const Action>(actions));
            auto& outputs = seen[both++];
            outputs.assign(result.observations.begin(), result.observations.end());
            outputs.insert(outputs.end(), result.rewards.begin(), result.rewards.end());
            outputs.insert(outputs.end(), result.terminations.begin(), result.terminations.end());
            outputs.insert(outputs.end(), result.truncations.begin(), result.truncations.end());
        });
        REQUIRE(same_bytes(seen[0], seen[1]));
        const auto one = one_->logs(), several = several_->logs();
        REQUIRE(one.episode_count == several.episode_count);
        REQUIRE(one.total_steps == several.total_steps);
    }

    Chance& chance_;
    Architecture architecture_;
    std::size_t num_envs_;
    typename Env::Options options_;
    std::unique_ptr<Env> one_, several_;
};

TEST_CASE_TEMPLATE("every call is made alike or refused", E, CLASSIC_CONTROL) {
    const unsigned long seed = setting("OPERANT_FUZZ_SEED", 0), rounds = setting("OPERANT_FUZZ_ROUNDS", 20);
    for (const Architecture& architecture : available_architectures()) {
        CAPTURE(architecture.name);
        for (unsigned long round = seed; round < seed + rounds; ++round) {
            CAPTURE(round);
            Chance chance(round);
            const auto run = [&](auto pair) {
                for (int action = 0; pair.exists() && action < 30; ++action) pair.act();
            };
            if (round % 2 == 0)
                run(Pair<E, float>(chance, architecture));
            else
                run(Pair<E, double>(chance, architecture));
        }
    }
}

}  // namespace test_fuzz
