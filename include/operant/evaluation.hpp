#pragma once
/// \file
/// Playing whole episodes with a policy.

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <operant/block_run.hpp>
#include <operant/policy.hpp>
#include <operant/vector_env.hpp>
#include <operant/vector_env_core.hpp>

namespace operant {

/// Plays whole episodes in every copy. Afterwards the environment has to be reset before it can step again.
class EvaluationRun {
public:
    /// \param core which has just been reset
    /// \param policy for its copies, which has to outlive this object
    /// \param episodes how many each copy plays
    /// \param returns,lengths arrays of episodes x num_envs elements for the results
    /// \throws std::invalid_argument if the observations are tuples, which no policy takes, or if autoreset is disabled
    EvaluationRun(VectorEnvCore& core, const PolicyFunction& policy, std::size_t episodes, double* returns,
                  std::int64_t* lengths)
        : core_(core),
          policy_(policy),
          episodes_(episodes),
          returns_(returns),
          lengths_(lengths),
          list_(list_of(core, policy)),
          began_(make_aligned_array<double>(core.padded())),
          runs_(core, list_, began_.get()),
          played_(core.num_envs()),
          steps_made_(core.blocks()) {
        BlockRun::check_policy_sees(core.environment());
        if (core.autoreset_mode() == AutoresetMode::disabled)
            throw std::invalid_argument("evaluate: expected an environment with autoreset");
        for (std::size_t block = 0; block < core.blocks(); ++block) unfinished_.push_back(block);
        core.started_ = false;  // because blocks are about to make different numbers of steps
    }

    /// Forgets the episodes that are under way.
    ~EvaluationRun() {
        core_.copies_.set_clock(core_.copies_.clock() + (steps_made_.empty() ? 0 : std::ranges::max(steps_made_)));
        core_.copies_.begin_episodes();
        core_.statistics_.clear(0);
    }

    EvaluationRun(const EvaluationRun&) = delete;
    EvaluationRun& operator=(const EvaluationRun&) = delete;

    /// How many episodes of all copies are over.
    std::size_t done() const { return done_.load(std::memory_order_relaxed); }
    /// Whether all episodes are over.
    bool is_over() const { return unfinished_.empty(); }

    /// Makes `steps` steps, or fewer if all episodes end before.
    void advance(std::size_t steps) {
        core_.pool_.run(unfinished_.size(), [&](std::size_t i) {
            runs_.borrow([&](BlockRun& run) { advance_block(run, unfinished_[i], steps); });
        });
        std::erase_if(unfinished_, [&](std::size_t block) { return is_over(block); });
    }

private:
    static std::vector<OutputDescription> list_of(const VectorEnvCore& core, const PolicyFunction& policy) {
        using Role = OutputDescription::Role;
        const bool are_observed = !LinearBlock::is_for(policy, core.kernels_, core.environment());
        auto list = output_list(core.environment(), AutoresetMode::next_step, true);
        std::erase_if(list, [&](const OutputDescription& output) {
            return (output.role == Role::observation && !are_observed) || output.role == Role::info ||
                   output.role == Role::has_infos || output.role == Role::ended;
        });
        return list;
    }

    std::size_t end_of(std::size_t block) const { return std::min((block + 1) * lanes_per_block, core_.num_envs()); }

    bool is_over(std::size_t block) const {
        return std::all_of(played_.begin() + static_cast<std::ptrdiff_t>(block * lanes_per_block),
                           played_.begin() + static_cast<std::ptrdiff_t>(end_of(block)),
                           [&](std::size_t played) { return played >= episodes_; });
    }

    void advance_block(BlockRun& run, std::size_t block, std::size_t steps) {
        const std::size_t begin = block * lanes_per_block, end = end_of(block);
        std::size_t left = 0;
        for (std::size_t copy = begin; copy < end; ++copy) left += episodes_ - played_[copy];
        const std::size_t left_before = left;
        run.enter(begin, end, core_.copies_.clock() + steps_made_[block]);
        run.follow(policy_);
        std::size_t step = 0;
        for (; step < steps && left != 0; ++step) {
            run.step(nullptr);
            left -= note_ended(run.episodes(), begin, end);
        }
        steps_made_[block] += static_cast<std::int64_t>(step);
        done_.fetch_add(left_before - left, std::memory_order_relaxed);
    }

    /// Keeps returns and lengths of the episodes that ended in the last step.
    /// \return how many were kept; episodes of copies that have played enough are not
    std::size_t note_ended(const EpisodeStatistics& ended, std::size_t begin, std::size_t end) {
        std::size_t count = 0;
        for (std::size_t word = begin; word < end; word += lanes_per_word) {
            for (std::uint64_t bits = ended.written[(word - begin) / lanes_per_word]; bits != 0; bits &= bits - 1) {
                const std::size_t copy = word + static_cast<std::size_t>(std::countr_zero(bits));
                if (played_[copy] == episodes_) continue;
                const std::size_t place = played_[copy]++ * core_.num_envs() + copy;
                returns_[place] = ended.returns[copy - begin];
                lengths_[place] = ended.lengths[copy - begin];
                ++count;
            }
        }
        return count;
    }

    VectorEnvCore& core_;
    PolicyFunction policy_;
    std::size_t episodes_;
    double* returns_;
    std::int64_t* lengths_;
    std::vector<OutputDescription> list_;
    AlignedArray<double> began_;  // when each episode began, which kernels want to know and nobody else
    BlockRuns runs_;
    std::vector<std::size_t> played_;       // episodes per copy
    std::vector<std::int64_t> steps_made_;  // per block
    std::vector<std::size_t> unfinished_;   // blocks with episodes left
    std::atomic<std::size_t> done_ = 0;
};

/// Returns and lengths of whole episodes.
struct Evaluation {
    std::vector<double> returns;        ///< episodes x num_envs
    std::vector<std::int64_t> lengths;  ///< episodes x num_envs
};

/// Resets the environment and plays whole episodes in every copy. Afterwards the environment has to be reset before it can
/// step again.
/// \param env whose copies play at the same time
/// \param policy for these copies
/// \param episodes how many each copy plays
/// \param seed copy i is seeded with `seed + i`
template <class E, class Scalar>
Evaluation evaluate(VectorEnv<E, Scalar>& env, const PolicyFunction& policy, std::size_t episodes, std::uint64_t seed) {
    env.reset(seed);
    Evaluation evaluation{std::vector<double>(episodes * env.num_envs()), std::vector<std::int64_t>(episodes * env.num_envs())};
    EvaluationRun run(env.core(), policy, episodes, evaluation.returns.data(), evaluation.lengths.data());
    while (!run.is_over()) run.advance(4096);
    return evaluation;
}

}  // namespace operant
