#pragma once
/// \file
/// A scalar loop to compare with Operant. The envs are structs in an array and step one after the other, as in a program
/// that was written without SIMD in mind. The loop writes the same observations, rewards, flags, infos and masks, starts
/// episodes by the same rule and draws the same random numbers. It keeps no statistics and checks no actions.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <operant/random/random.hpp>

namespace operant::benchmarks {

/// The result of a step of one env.
struct ScalarOutcome {
    double reward;
    bool terminated = false;
    bool truncated = false;
};

/// The interface of the loop, without its physics. `Number` is the type of the observations.
template <class Action, class Number = float>
class ScalarSteps {
public:
    std::vector<Number> observations;
    std::vector<float> rewards;
    std::vector<char> terminations, truncations;
    std::vector<double> infos;  ///< empty if the environment has none
    std::vector<char> masks;    ///< of the actions; empty if the environment has none

    virtual ~ScalarSteps() = default;
    /// Starts an episode in every env; env i is seeded with `seed + i`.
    virtual void reset(std::uint64_t seed) = 0;
    /// Steps every env. In envs whose episode has ended, the next episode starts instead.
    virtual void step(std::span<const Action> actions) = 0;
};

namespace detail {

template <class Physics>
struct NumberIn {
    using type = float;
};
template <class Physics>
    requires requires { typename Physics::Number; }
struct NumberIn<Physics> {
    using type = typename Physics::Number;
};

}  // namespace detail

/// The type of observations.
template <class Physics>
using NumberOf = typename detail::NumberIn<Physics>::type;

/// The loop. `Physics` has a State and a Random, the numbers of actions, observations and steps of an episode, parameters,
/// and functions `reset(random)`, `step(state, actions, random)`, `observe(state, observation)` and, if `has_info`,
/// `inform(state)`. It may have a type `Number` of observations, and a `mask_size` and `mask(state, flags)`. `step` and
/// `observe` must be marked for inlining: GCC does not always inline them itself, and the loop then takes up to 1.4 times as
/// long because the state goes through memory.
template <class Physics>
class ScalarLoop final : public ScalarSteps<typename Physics::Action, NumberOf<Physics>> {
    static constexpr std::size_t mask_size = [] {
        if constexpr (requires { Physics::mask_size; })
            return Physics::mask_size;
        else
            return std::size_t{0};
    }();

public:
    using Action = typename Physics::Action;

    explicit ScalarLoop(std::size_t num_envs) : memory_(num_envs) {
        this->observations.resize(num_envs * Physics::observation_size);
        this->rewards.resize(num_envs);
        this->terminations.resize(num_envs);
        this->truncations.resize(num_envs);
        this->infos.resize(Physics::has_info ? num_envs : 0);
        this->masks.resize(num_envs * mask_size);
    }

    void reset(std::uint64_t seed) override {
        for (std::size_t i = 0; i < memory_.size(); ++i) {
            memory_[i].random = typename Physics::Random(SeedSequence(seed + i));
            start(i);
        }
    }

    void step(std::span<const Action> actions) override {
        for (std::size_t i = 0; i < memory_.size(); ++i) {
            Env& env = memory_[i];
            if (env.finished) {
                start(i);
                this->rewards[i] = 0;
                this->terminations[i] = this->truncations[i] = false;
                continue;
            }
            const ScalarOutcome outcome = physics_.step(env.state, actions.data() + i * Physics::action_size, env.random);
            const bool truncated = ++env.steps >= Physics::max_episode_steps || outcome.truncated;
            show(i);
            this->rewards[i] = static_cast<float>(outcome.reward);
            this->terminations[i] = outcome.terminated;
            this->truncations[i] = truncated;
            env.finished = outcome.terminated || truncated;
        }
    }

private:
    struct Env {
        typename Physics::State state;
        typename Physics::Random random;
        std::int32_t steps;
        bool finished;
    };

    void start(std::size_t i) {
        memory_[i].state = physics_.reset(memory_[i].random);
        memory_[i].steps = 0;
        memory_[i].finished = false;
        show(i);
    }

    void show(std::size_t i) {
        physics_.observe(memory_[i].state, this->observations.data() + i * Physics::observation_size);
        if constexpr (Physics::has_info) this->infos[i] = physics_.inform(memory_[i].state);
        if constexpr (mask_size != 0) physics_.mask(memory_[i].state, this->masks.data() + i * mask_size);
    }

    Physics physics_;
    std::vector<Env> memory_;
};

/// Makes a loop in float, compiled with all optimisations for this machine, including contractions.
template <template <class> class Physics>
std::unique_ptr<ScalarSteps<typename Physics<float>::Action>> make_scalar_loop(std::size_t num_envs);

}  // namespace operant::benchmarks
