#pragma once
/// \file
/// Plays whole episodes with a policy.

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <operant/abi/policy_function.hpp>
#include <operant/core/block_stepper.hpp>
#include <operant/core/engine.hpp>
#include <operant/vector_env.hpp>

namespace operant {

/// Plays whole episodes in every env. Afterwards the environment has to be reset before it can step again.
class EvaluationRun {
public:
    /// \param core an Engine that has just been reset
    /// \param policy the policy, which has to outlive this object
    /// \param episodes the number of episodes of each env
    /// \param returns,lengths arrays of episodes x num_envs elements for the results
    /// \throws std::invalid_argument if the policy looks at observations that are not one array, or if autoreset is disabled
    EvaluationRun(Engine& core, const PolicyFunction& policy, std::size_t episodes, double* returns,
                  std::int64_t* lengths)
        : core_(core),
          policy_(policy),
          episodes_(episodes),
          returns_(returns),
          lengths_(lengths),
          list_(list_of(core, policy)),
          began_(make_aligned_array<double>(core.padded())),
          steppers_(core, list_, began_.get()),
          played_(core.num_envs()),
          steps_made_(core.blocks()) {
        if (policy.looks) BlockStepper::check_policy_sees(core.environment());
        if (core.autoreset_mode() == AutoresetMode::disabled)
            throw std::invalid_argument("evaluate: expected an environment with autoreset");
        for (std::size_t block = 0; block < core.blocks(); ++block) unfinished_.push_back(block);
        core.started_ = false;  // blocks are about to make different numbers of steps
    }

    /// Discards the episodes that are under way.
    ~EvaluationRun() {
        core_.memory_.set_clock(core_.memory_.clock() + (steps_made_.empty() ? 0 : std::ranges::max(steps_made_)));
        core_.memory_.begin_episodes();
        core_.statistics_.clear(0);
    }

    EvaluationRun(const EvaluationRun&) = delete;
    EvaluationRun& operator=(const EvaluationRun&) = delete;

    /// The number of episodes that are over, of all envs together.
    std::size_t done() const { return done_.load(std::memory_order_relaxed); }
    /// Returns true if all episodes are over.
    bool is_over() const { return unfinished_.empty(); }

    /// Makes `steps` steps, or fewer if all episodes end earlier.
    void advance(std::size_t steps) {
        steppers_.run(unfinished_.size(), [&](BlockStepper& stepper, std::size_t i, std::size_t& step) {
            advance_block(stepper, unfinished_[i], steps, step);
        });
        std::erase_if(unfinished_, [&](std::size_t block) { return is_over(block); });
    }

private:
    static std::vector<OutputDescription> list_of(const Engine& core, const PolicyFunction& policy) {
        using Role = OutputDescription::Role;
        const bool are_observed = BlockStepper::is_observed(core, policy);
        auto list = output_list(core.environment(), AutoresetMode::next_step, true);
        const bool has_infos = BlockStepper::needs_infos(core.environment());
        std::erase_if(list, [&](const OutputDescription& output) {
            const bool is_info = output.role == Role::info || output.role == Role::has_infos;
            return (output.role == Role::observation && !are_observed) || (is_info && !has_infos) || output.role == Role::ended;
        });
        return list;
    }

    std::size_t end_of(std::size_t block) const { return std::min((block + 1) * envs_per_block, core_.num_envs()); }

    bool is_over(std::size_t block) const {
        return std::all_of(played_.begin() + static_cast<std::ptrdiff_t>(block * envs_per_block),
                           played_.begin() + static_cast<std::ptrdiff_t>(end_of(block)),
                           [&](std::size_t played) { return played >= episodes_; });
    }

    /// \param step counts the steps that have been made
    void advance_block(BlockStepper& stepper, std::size_t block, std::size_t steps, std::size_t& step) {
        const std::size_t begin = block * envs_per_block, end = end_of(block);
        std::size_t left = 0;
        for (std::size_t env = begin; env < end; ++env) left += episodes_ - played_[env];
        const std::size_t left_before = left;
        stepper.enter(begin, end, core_.memory_.clock() + steps_made_[block]);
        stepper.follow(policy_);
        for (; step < steps && left != 0; ++step) {
            stepper.step(nullptr);
            left -= note_ended(stepper.episodes(), begin, end);
        }
        steps_made_[block] += static_cast<std::int64_t>(step);
        done_.fetch_add(left_before - left, std::memory_order_relaxed);
    }

    /// Stores returns and lengths of the episodes that ended in the last step, except those of envs that have played enough.
    /// \return the number of stored episodes
    std::size_t note_ended(const EpisodeStatistics& ended, std::size_t begin, std::size_t end) {
        std::size_t count = 0;
        for (std::size_t word = begin; word < end; word += envs_per_word) {
            for (std::uint64_t bits = ended.written[(word - begin) / envs_per_word]; bits != 0; bits &= bits - 1) {
                const std::size_t env = word + static_cast<std::size_t>(std::countr_zero(bits));
                if (played_[env] == episodes_) continue;
                const std::size_t place = played_[env]++ * core_.num_envs() + env;
                returns_[place] = ended.returns[env - begin];
                lengths_[place] = ended.lengths[env - begin];
                ++count;
            }
        }
        return count;
    }

    Engine& core_;
    PolicyFunction policy_;
    std::size_t episodes_;
    double* returns_;
    std::int64_t* lengths_;
    std::vector<OutputDescription> list_;
    AlignedArray<double> began_;  // the time when each episode began, which kernels read and write
    BlockSteppers steppers_;
    std::vector<std::size_t> played_;       // the number of episodes of each env
    std::vector<std::int64_t> steps_made_;  // the number of steps of each block
    std::vector<std::size_t> unfinished_;   // the blocks with episodes left
    std::atomic<std::size_t> done_ = 0;
};

/// Returns and lengths of whole episodes.
struct Evaluation {
    std::vector<double> returns;        ///< episodes x num_envs
    std::vector<std::int64_t> lengths;  ///< episodes x num_envs
};

/// Resets the environment and plays whole episodes in every env. Afterwards the environment has to be reset before it can
/// step again.
/// \param env the environment
/// \param policy the policy
/// \param episodes the number of episodes of each env
/// \param seed the seed; env i gets `seed + i`
template <class E, class Scalar>
Evaluation evaluate(VectorEnv<E, Scalar>& env, const PolicyFunction& policy, std::size_t episodes, std::uint64_t seed) {
    env.reset(seed);
    Evaluation evaluation{std::vector<double>(episodes * env.num_envs()), std::vector<std::int64_t>(episodes * env.num_envs())};
    EvaluationRun run(env.core(), policy, episodes, evaluation.returns.data(), evaluation.lengths.data());
    while (!run.is_over()) run.advance(4096);
    return evaluation;
}

}  // namespace operant
