#pragma once
/// \file
/// One block of copies that steps many times while it is in the cache, which rollouts and evaluations are made of.

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

/// Steps a block of copies again and again. Has arrays of one block's size for what a step writes and nobody keeps, and
/// for the last block of an environment, as kernels write whole words of lanes.
class BlockRun {
public:
    /// \param core whose blocks are run
    /// \param list of the outputs that are written: observations, rewards, flags and whatever else is wanted
    /// \param episodes_began when each copy's episode began; null where returns and lengths of episodes are not on the list
    BlockRun(VectorEnvCore& core, const std::vector<OutputDescription>& list, double* episodes_began)
        : core_(core), list_(list), episodes_began_(episodes_began), state_(core.state_.size()) {
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

    /// Turns to the copies [begin, end), a block.
    /// \param begin the first copy
    /// \param end the copy after the last
    /// \param clock steps that they have made
    void enter(std::size_t begin, std::size_t end, std::int64_t clock) {
        lanes_ = core_.lanes();
        begin_ = begin;
        count_ = end - begin;
        for (std::size_t i = 0; i < state_.size(); ++i)
            state_[i] = core_.state_[i].get() + begin * size_of(core_.kernels_.state_types[i]);
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

    /// Array i of the list is to be written there from now on.
    void redirect(std::size_t i, void* data) { arrays_.set(list_[i], data); }
    /// Array i of the list is the block's own again.
    void keep(std::size_t i) { redirect(i, data_[i]); }
    /// The block's own array i.
    const void* kept(std::size_t i) const { return data_[i]; }

    /// A policy chooses the actions of the copies from now on, until others are entered.
    void follow(const PolicyFunction& policy) {
        policy_ = policy;
        is_linear_ = LinearBlock::is_for(policy, core_.kernels_, core_.environment_);
        if (is_linear_) return linear_.enter(*policy.linear, begin_, begin_ + count_);
        core_.kernels_.observe(lanes_, arrays_.outputs(), 0, count_);
        seen_ = arrays_.outputs().observations[0];
    }

    /// Room for the rewards of some steps in turn: to sum them up a few at a time takes half as long.
    float* rewards_of(std::size_t step) { return rewards_.get() + step * lanes_per_block; }
    /// How many steps there is room for.
    static constexpr std::size_t rewards_kept = 4;
    /// Returns and lengths of the episodes that ended in the last step; null unless they are on the list.
    const EpisodeStatistics& episodes() const { return episodes_; }

    /// Steps the copies once.
    /// \param kernel that takes such actions
    /// \param actions row of the first of them
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
    /// \param chosen where to keep them; null: nowhere
    StepTotals step(void* chosen) {
        if (is_linear_) return step(core_.kernels_.step_linear, linear_.policy(chosen));
        if (!chosen) chosen = actions_.get();
        policy_.act(policy_.policy, seen_, chosen, begin_, begin_ + count_);
        seen_ = arrays_.outputs().observations[0];
        return step(core_.kernels_.step_narrow, chosen);
    }

    /// \throws std::invalid_argument when policies cannot see its observations
    static void check_policy_sees(const EnvironmentDescription& environment) {
        if (environment.observation.kind == SpaceDescription::Kind::tuple)
            throw std::invalid_argument(std::string("policy: expected an environment with observations of one part, ") +
                                        environment.name + " has tuples");
    }

    /// Seconds on a clock that never goes back.
    static double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

private:
    VectorEnvCore& core_;
    const std::vector<OutputDescription>& list_;
    double* episodes_began_;
    std::vector<AlignedArray<std::byte>> memory_;  // one array for each on the list
    std::vector<void*> data_;                      // the same
    OutputArrays arrays_;
    AlignedArray<std::byte> actions_;
    AlignedArray<float> rewards_ = make_aligned_array<float>(rewards_kept * lanes_per_block);
    AlignedArray<std::uint64_t> ended_;
    std::vector<void*> state_;  // for lanes_
    Lanes lanes_{};             // of the block
    EpisodeStatistics episodes_{};
    std::size_t begin_ = 0, count_ = 0;  // the copies
    PolicyFunction policy_{};
    bool is_linear_ = false;         // steps apply the policy themselves
    LinearBlock linear_;             // then: its numbers
    const void* seen_ = nullptr;     // otherwise: the observations that were written last
};

/// Block runs for all workers; each task borrows one.
class BlockRuns {
public:
    /// As BlockRun takes them.
    BlockRuns(VectorEnvCore& core, const std::vector<OutputDescription>& list, double* episodes_began) {
        const std::size_t blocks = (core.num_envs() + lanes_per_block - 1) / lanes_per_block;
        for (std::size_t i = 0; i < std::min(core.workers(), blocks); ++i)
            all_.push_back(std::make_unique<Shared>(core, list, episodes_began));
    }

    /// Calls `work` with one that nobody else has.
    template <class Work>
    void borrow(const Work& work) {
        for (std::size_t i = 0;; i = (i + 1) % all_.size()) {  // there are as many as workers: one is free
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
