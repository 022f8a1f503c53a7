#pragma once
/// \file
/// One block of copies that steps many times while it is in the cache. Rollouts and evaluations consist of such runs.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <operant/linear_block.hpp>
#include <operant/policy.hpp>
#include <operant/vector_env_core.hpp>

namespace operant {

/// Steps a block of copies many times. It has output arrays of its own, of one block's size: for outputs that nobody keeps,
/// and for the last block, because kernels write whole words of lanes, and so beyond the last copy.
class BlockRun {
public:
    /// \param core whose blocks run
    /// \param list the outputs that are written: observations, rewards, flags, and others that are wanted
    /// \param episodes_began when each copy's episode began [s]; null if the list has no returns and lengths of episodes
    BlockRun(VectorEnvCore& core, const std::vector<OutputDescription>& list, double* episodes_began)
        : core_(core), list_(list), episodes_began_(episodes_began), state_(core.environment_.state_size) {
        const std::size_t rows = std::min(core.padded(), lanes_per_block);
        for (const OutputDescription& output : list) {
            memory_.push_back(make_aligned_array<std::byte>(rows * output.row_size()));
            data_.push_back(memory_.back().get());
        }
        arrays_ = OutputArrays(list, data_);
        actions_ = make_aligned_array<std::byte>(rows * core.environment_.action.size * sizeof(std::int32_t));
        ended_ = make_aligned_array<std::uint64_t>(rows / lanes_per_word);
    }

    BlockRun(const BlockRun&) = delete;
    BlockRun& operator=(const BlockRun&) = delete;

    /// Chooses the block that the next steps are for: the copies [begin, end).
    /// \param begin the first copy
    /// \param end the copy after the last
    /// \param clock how many steps they have made
    void enter(std::size_t begin, std::size_t end, std::int64_t clock) {
        lanes_ = core_.lanes();
        begin_ = begin;
        count_ = end - begin;
        for (std::size_t i = 0; i < state_.size(); ++i)
            state_[i] = static_cast<std::byte*>(lanes_.state[i]) + begin * size_of(core_.kernels_.state_types[i]);
        lanes_.state = state_.data();
        lanes_.began += begin;
        lanes_.pending += begin / lanes_per_word;
        lanes_.deadlines += begin / lanes_per_word;
        lanes_.random = static_cast<std::byte*>(lanes_.random) + begin * core_.environment_.random_size;
        if (lanes_.returns) lanes_.returns += begin;
        if (lanes_.per_copy) {
            lanes_.parameters = core_.parameters().of_copy(begin);
            lanes_.dynamics = core_.parameters_->dynamics() + begin / core_.kernels_.lanes * core_.kernels_.dynamics_size;
        }
        lanes_.clock = clock;
        episodes_ = arrays_.episodes();
        if (!episodes_.returns) return;
        episodes_.written = ended_.get();
        episodes_.began = episodes_began_ + begin;
    }

    /// From now on, steps write array i of the list to `data`.
    void redirect(std::size_t i, void* data) { arrays_.set(list_[i], data); }
    /// From now on, steps write array i of the list to the block's own array.
    void keep(std::size_t i) { redirect(i, data_[i]); }
    /// The block's own array i.
    const void* kept(std::size_t i) const { return data_[i]; }

    /// From now on, until enter() is called, the policy chooses the actions.
    void follow(const PolicyFunction& policy) {
        policy_ = policy;
        is_linear_ = LinearBlock::is_for(policy, core_.kernels_, core_.environment_);
        if (is_linear_) return linear_.enter(*policy.linear, begin_, begin_ + count_);
        core_.kernels_.observe(lanes_, arrays_.outputs(), 0, count_);
        seen_ = arrays_.outputs().observations[0];
    }

    /// Room for the rewards of a few steps. Adding them up four steps at a time takes half as long as one at a time.
    float* rewards_of(std::size_t step) { return rewards_.get() + step * lanes_per_block; }
    /// For how many steps there is room.
    static constexpr std::size_t rewards_kept = 4;
    /// Returns and lengths of the episodes that ended in the last step. Its pointers are null if the list does not have them.
    const EpisodeStatistics& episodes() const { return episodes_; }

    /// Steps the copies once.
    /// \param kernel which takes actions of this type
    /// \param actions beginning with the row of the block's first copy
    StepTotals step(Kernels::Step kernel, const void* actions) {
        ++lanes_.clock;
        Outputs outputs = arrays_.outputs();
        if (episodes_.returns) {
            outputs.episodes = &episodes_;
            episodes_.now = now();
        }
        LaneList restarting;
        const StepTotals totals = kernel(lanes_, actions, outputs, 0, count_, restarting);
        if (restarting.count != 0) core_.kernels_.restart(nullptr, lanes_, outputs, restarting);
        return totals;
    }

    /// Steps the copies once, with actions that the policy chooses.
    /// \param chosen where to write the actions; null if nobody wants them
    StepTotals step(void* chosen) {
        if (is_linear_) return step(core_.kernels_.step_linear, linear_.policy(chosen));
        if (!chosen) chosen = actions_.get();
        policy_.act(policy_.policy, seen_, chosen, begin_, begin_ + count_);
        seen_ = arrays_.outputs().observations[0];
        return step(core_.kernels_.step_narrow, chosen);
    }

    /// \throws std::invalid_argument if the observations are tuples, which no policy takes
    static void check_policy_sees(const EnvironmentDescription& environment) {
        if (environment.observation.kind == SpaceDescription::Kind::tuple)
            throw std::invalid_argument(std::string("policy: expected an environment with observations of one part, ") +
                                        environment.name + " has tuples");
    }

    /// The time on a clock that never goes back [s].
    static double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

private:
    VectorEnvCore& core_;
    const std::vector<OutputDescription>& list_;
    double* episodes_began_;
    std::vector<AlignedArray<std::byte>> memory_;  // one array per output on the list
    std::vector<void*> data_;                      // the same
    OutputArrays arrays_;
    AlignedArray<std::byte> actions_;
    AlignedArray<float> rewards_ = make_aligned_array<float>(rewards_kept * lanes_per_block);
    AlignedArray<std::uint64_t> ended_;
    std::vector<void*> state_;  // the arrays of the block, for lanes_
    Lanes lanes_{};             // of the block, not of all copies
    EpisodeStatistics episodes_{};
    std::size_t begin_ = 0, count_ = 0;  // the copies
    PolicyFunction policy_{};
    bool is_linear_ = false;         // whether steps apply the policy themselves
    LinearBlock linear_;             // if so: the policy's numbers
    const void* seen_ = nullptr;     // if not: the observations that were written last
};

/// One BlockRun per worker. Each task borrows one.
class BlockRuns {
public:
    /// The arguments are those of BlockRun.
    BlockRuns(VectorEnvCore& core, const std::vector<OutputDescription>& list, double* episodes_began) {
        const std::size_t blocks = (core.num_envs() + lanes_per_block - 1) / lanes_per_block;
        for (std::size_t i = 0; i < std::min(core.workers(), blocks); ++i)
            all_.push_back(std::make_unique<Shared>(core, list, episodes_began));
    }

    /// Calls `work` with a BlockRun that no other task uses.
    template <class Work>
    void borrow(const Work& work) {
        for (std::size_t i = 0;; i = (i + 1) % all_.size()) {  // one is free, because there are as many as workers
            if (all_[i]->borrowed.test_and_set(std::memory_order_acquire)) continue;
            work(all_[i]->run);
            all_[i]->borrowed.clear(std::memory_order_release);
            return;
        }
    }

private:
    struct Shared {
        Shared(VectorEnvCore& core, const std::vector<OutputDescription>& list, double* episodes_began)
            : run(core, list, episodes_began) {}
        std::atomic_flag borrowed;
        BlockRun run;
    };
    std::vector<std::unique_ptr<Shared>> all_;
};

}  // namespace operant
