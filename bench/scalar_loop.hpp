#pragma once
/// \file
/// The loop with which Operant is compared. The copies are structs in an array and step one after the other, as in a program
/// written without SIMD in mind. The loop writes the same observations, rewards, flags and infos, starts episodes by the same
/// rule and draws the same random numbers. It keeps no statistics and checks no actions.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <operant/numerics/random.hpp>

namespace operant::benchmarks {

/// The result of a step of one copy.
struct ScalarOutcome {
    double reward;
    bool terminated = false;
    bool truncated = false;
};

/// The interface of the loop, without its physics.
template <class Action>
class ScalarSteps {
public:
    std::vector<float> observations;
    std::vector<float> rewards;
    std::vector<char> terminations, truncations;
    std::vector<double> infos;  ///< empty if the environment has none

    virtual ~ScalarSteps() = default;
    /// Starts an episode in every copy; copy i is seeded with `seed + i`.
    virtual void reset(std::uint64_t seed) = 0;
    /// Steps every copy. In copies whose episode has ended, the next episode starts instead.
    virtual void step(std::span<const Action> actions) = 0;
};

/// The loop. `Physics` has a State and a Random, the numbers of actions, observations and steps of an episode, parameters,
/// and functions `reset(random)`, `step(state, actions, random)`, `observe(state, observation)` and, if `has_info`,
/// `inform(state)`. `step` and `observe` must be marked for inlining. GCC does not always inline them by itself, and then the
/// state goes through memory, which takes up to 1.4 times as long.
template <class Physics>
class ScalarLoop final : public ScalarSteps<typename Physics::Action> {
public:
    using Action = typename Physics::Action;

    explicit ScalarLoop(std::size_t num_envs) : copies_(num_envs) {
        this->observations.resize(num_envs * Physics::observation_size);
        this->rewards.resize(num_envs);
        this->terminations.resize(num_envs);
        this->truncations.resize(num_envs);
        this->infos.resize(Physics::has_info ? num_envs : 0);
    }

    void reset(std::uint64_t seed) override {
        for (std::size_t i = 0; i < copies_.size(); ++i) {
            copies_[i].random = typename Physics::Random(SeedSequence(seed + i));
            start(i);
        }
    }

    void step(std::span<const Action> actions) override {
        for (std::size_t i = 0; i < copies_.size(); ++i) {
            Copy& copy = copies_[i];
            if (copy.finished) {
                start(i);
                this->rewards[i] = 0;
                this->terminations[i] = this->truncations[i] = false;
                continue;
            }
            const ScalarOutcome outcome = physics_.step(copy.state, actions.data() + i * Physics::action_size, copy.random);
            const bool truncated = ++copy.steps >= Physics::max_episode_steps || outcome.truncated;
            show(i);
            this->rewards[i] = static_cast<float>(outcome.reward);
            this->terminations[i] = outcome.terminated;
            this->truncations[i] = truncated;
            copy.finished = outcome.terminated || truncated;
        }
    }

private:
    struct Copy {
        typename Physics::State state;
        typename Physics::Random random;
        std::int32_t steps;
        bool finished;
    };

    void start(std::size_t i) {
        copies_[i].state = physics_.reset(copies_[i].random);
        copies_[i].steps = 0;
        copies_[i].finished = false;
        show(i);
    }

    void show(std::size_t i) {
        physics_.observe(copies_[i].state, this->observations.data() + i * Physics::observation_size);
        if constexpr (Physics::has_info) this->infos[i] = physics_.inform(copies_[i].state);
    }

    Physics physics_;
    std::vector<Copy> copies_;
};

/// A loop in float, compiled with all optimisations for this machine, including contractions.
template <template <class> class Physics>
std::unique_ptr<ScalarSteps<typename Physics<float>::Action>> make_scalar_loop(std::size_t num_envs);

}  // namespace operant::benchmarks
