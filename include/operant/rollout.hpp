#pragma once
/// \file
/// Many steps in one call. The results are those of as many calls of `step`, bit for bit. But each block of copies makes all
/// its steps while it is in the cache, and outputs that nobody keeps never leave the cache.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <operant/block_run.hpp>
#include <operant/policy.hpp>
#include <operant/vector_env.hpp>
#include <operant/vector_env_core.hpp>

namespace operant {

/// The arrays that a rollout writes.
struct RolloutArrays {
    std::vector<OutputDescription> list;  ///< from `output_list`
    /// One array per output on the list, of steps x num_envs contiguous rows; null if it is not wanted. Infos, final infos
    /// and `has_infos` are wanted together, or not at all.
    std::vector<void*> data;
    double* returns = nullptr;         ///< num_envs sums of rewards; null if they are not wanted
    void* chosen_actions = nullptr;    ///< the policy's, steps x num_envs rows; null if they are not wanted
    double* episodes_began = nullptr;  ///< when each copy's episode began [s]; for lists with returns of episodes
};

/// Steps all copies many times. A rollout can be made in parts. After each part the environment is where as many calls of
/// `step` would have left it. Nothing else may step the environment before the rollout is over.
class RolloutRun {
public:
    /// With given actions.
    /// \param core which has been reset
    /// \param actions steps x num_envs rows: int32 or int64 if actions are discrete, otherwise float or double. They have
    ///        to outlive this object.
    /// \param arrays for the results
    /// \throws ResetNeeded before the first reset; std::invalid_argument if there are no actions, if they are not those of
    ///         whole steps, or if any of them cannot be used. Nothing is stepped then.
    template <class Action>
    RolloutRun(VectorEnvCore& core, std::span<const Action> actions, RolloutArrays arrays)
        : RolloutRun(core, std::move(arrays), steps_of(core, actions.size()), PolicyFunction{}) {
        core.check_actions(actions, steps_);
        given_ = reinterpret_cast<const std::byte*>(actions.data());
        action_row_ = core.environment().action.size * sizeof(Action);
        kernel_ = sizeof(Action) == 4 ? core.kernels_.step_narrow : core.kernels_.step_wide;
    }

    /// With a policy.
    /// \param core which has been reset
    /// \param policy for these copies, which has to outlive this object. Its actions have to be in the action space.
    /// \param steps at least 1
    /// \param arrays for the results
    /// \throws ResetNeeded before the first reset; std::invalid_argument if `steps` is 0, or if the observations are tuples,
    ///         which no policy takes
    RolloutRun(VectorEnvCore& core, const PolicyFunction& policy, std::size_t steps, RolloutArrays arrays)
        : RolloutRun(core, std::move(arrays), steps, policy) {
        BlockRun::check_policy_sees(core.environment());
        action_row_ = core.environment().action.size * sizeof(std::int32_t);
    }

    /// How many steps the rollout has.
    std::size_t steps() const { return steps_; }
    /// How many of them have been made.
    std::size_t done() const { return done_; }
    /// Whether all of them have been made.
    bool is_over() const { return done_ == steps_; }

    /// Makes `count` more steps, or as many as are left.
    /// \throws ResetNeeded where `step` would: if a copy has finished and autoreset is disabled. done() tells after which
    ///         step.
    void advance(std::size_t count) {
        count = std::min(count, steps_ - done_);
        while (count != 0) {
            const bool one_by_one = core_.autoreset_mode() == AutoresetMode::disabled;
            if (one_by_one && core_.finished_ != 0)
                throw ResetNeeded("rollout: " + std::to_string(core_.finished_) +
                                  " of the copies have finished, and autoreset is disabled: reset them first");
            const std::size_t now = one_by_one ? 1 : std::min(count, block_totals_.size() / core_.blocks());
            advance_blocks(now);
            count -= now;
        }
    }

private:
    RolloutRun(VectorEnvCore& core, RolloutArrays arrays, std::size_t steps, const PolicyFunction& policy)
        : core_(core),
          policy_(policy),
          arrays_(wanted(std::move(arrays), policy.act && !LinearBlock::is_for(policy, core.kernels_, core.environment()))),
          runs_(core, arrays_.list, arrays_.episodes_began),
          steps_(steps) {
        if (!core.started()) throw ResetNeeded("rollout: call reset before the first step");
        if (steps == 0) throw std::invalid_argument("steps: expected a positive integer, got 0");
        for (std::size_t i = 0; i < arrays_.list.size(); ++i)
            if (arrays_.list[i].role == OutputDescription::Role::reward) reward_ = i;
        for (std::size_t i = 0; i < arrays_.list.size(); ++i)
            if (arrays_.data[i]) (arrays_.list[i].is_sparse() ? copied_ : in_place_).push_back(i);
        constexpr std::size_t most_totals = 65536;
        block_totals_.resize(std::min(steps, std::max<std::size_t>(most_totals / core.blocks(), 1)) * core.blocks());
        if (arrays_.returns) std::fill_n(arrays_.returns, core.num_envs(), 0.0);
    }

    static std::size_t steps_of(const VectorEnvCore& core, std::size_t numbers) {
        const std::size_t row = core.num_envs() * core.environment().action.size;
        if (numbers < row)
            throw std::invalid_argument("actions: expected those of at least one step, " + std::to_string(row) +
                                        " numbers, got " + std::to_string(numbers));
        return numbers / row;
    }

    /// Removes from the list what is not wanted, except what kernels write in any case.
    static RolloutArrays wanted(RolloutArrays arrays, bool are_observed) {
        using Role = OutputDescription::Role;
        bool are_looked_at = are_observed;
        for (std::size_t i = 0; i < arrays.list.size(); ++i)
            if (arrays.list[i].role == Role::final_observation && arrays.data[i]) are_looked_at = true;
        std::size_t left = 0;
        for (std::size_t i = 0; i < arrays.list.size(); ++i) {
            const Role role = arrays.list[i].role;
            const bool is_needed = (role == Role::observation && are_looked_at) || role == Role::reward ||
                                   role == Role::termination || role == Role::truncation || arrays.list[i].is_sparse();
            if (!arrays.data[i] && !is_needed) continue;
            arrays.list[left] = arrays.list[i];
            arrays.data[left++] = arrays.data[i];
        }
        arrays.list.resize(left);
        arrays.data.resize(left);
        return arrays;
    }

    void advance_blocks(std::size_t steps) {
        core_.for_blocks([&](std::size_t begin, std::size_t end) {
            runs_.borrow([&](BlockRun& run) { advance_block(run, begin, end, steps); });
        }, 2);  // blocks make many steps, so fewer of them are worth a thread
        core_.copies_.set_clock(core_.copies_.clock() + static_cast<std::int64_t>(steps));
        core_.finished_ += core_.statistics_.add(std::span(block_totals_).first(steps * core_.blocks()));
        done_ += steps;
    }

    void advance_block(BlockRun& run, std::size_t begin, std::size_t end, std::size_t steps) {
        // Kernels write whole words of lanes. Beyond the last copy they would overwrite the rows of the next step.
        const bool has_room = (end - begin) % lanes_per_word == 0;
        const auto copy = [&](const std::vector<std::size_t>& outputs, std::size_t row) {
            for (const std::size_t i : outputs)
                std::memcpy(place(i, row), run.kept(i), (end - begin) * arrays_.list[i].row_size());
        };
        const bool sums_kept_rewards = arrays_.returns && !arrays_.data[reward_];
        for (const std::size_t i : in_place_) run.keep(i);
        run.enter(begin, end, core_.copies_.clock());
        if (policy_.act) run.follow(policy_);
        for (std::size_t step = 0; step < steps; ++step) {
            const std::size_t row = (done_ + step) * core_.num_envs() + begin;
            if (has_room)
                for (const std::size_t i : in_place_) run.redirect(i, place(i, row));
            if (sums_kept_rewards) run.redirect(reward_, run.rewards_of(step % BlockRun::rewards_kept));
            block_totals_[step * core_.blocks() + begin / lanes_per_block] = step_block(run, row);
            if (!has_room) copy(in_place_, row);
            copy(copied_, row);
            const std::size_t summed = step % BlockRun::rewards_kept + 1;  // how many steps' rewards are not in the returns yet
            if (!arrays_.returns || (summed < BlockRun::rewards_kept && step + 1 < steps)) continue;
            if (sums_kept_rewards)
                core_.kernels_.add_rewards(run.rewards_of(0), lanes_per_block, summed, arrays_.returns + begin, end - begin);
            else
                core_.kernels_.add_rewards(static_cast<const float*>(place(reward_, row - (summed - 1) * core_.num_envs())),
                                           core_.num_envs(), summed, arrays_.returns + begin, end - begin);
        }
    }

    /// \param row the row of the block's first copy in this step
    StepTotals step_block(BlockRun& run, std::size_t row) const {
        if (!policy_.act) return run.step(kernel_, given_ + row * action_row_);
        return run.step(arrays_.chosen_actions ? static_cast<std::byte*>(arrays_.chosen_actions) + row * action_row_ : nullptr);
    }

    void* place(std::size_t i, std::size_t row) const {
        return static_cast<std::byte*>(arrays_.data[i]) + row * arrays_.list[i].row_size();
    }

    VectorEnvCore& core_;
    PolicyFunction policy_;  // its `act` is null if there is no policy
    RolloutArrays arrays_;
    BlockRuns runs_;
    std::size_t steps_, done_ = 0;
    std::vector<std::size_t> in_place_, copied_;  // which outputs on the list are wanted
    std::size_t reward_ = 0;                      // index of the rewards on the list
    const std::byte* given_ = nullptr;  // the actions, or null if there is a policy
    std::size_t action_row_ = 0;  // bytes of one copy's action
    Kernels::Step kernel_ = nullptr;
    std::vector<StepTotals> block_totals_;  // of all blocks, one step after the other
};

/// Which outputs a rollout of a VectorEnv keeps.
struct Record {
    bool observations = true;        ///< those that each step returned
    bool actions = true;             ///< those that the policy chose
    bool rewards = true;             ///< those of each step
    bool flags = true;               ///< terminations and truncations
    bool final_observations = true;  ///< with AutoresetMode::same_step: those before the restarts
    bool returns = true;             ///< sums of the rewards
};

/// What a rollout has kept, one step after the other. Spans are empty if nothing was kept. The arrays belong to this object.
template <class E>
class Rollout {
    static_assert(ObservationTraits<E>::parts == 1, "RolloutRun has room for the parts of a tuple");

public:
    using Observation = typename VectorEnv<E>::Observation;  ///< a number of an observation
    using Action = typename E::ActionSpace::Narrow;          ///< a number of an action that a policy chooses

    std::span<const Observation> observations;        ///< steps x num_envs x observation size
    std::span<const Action> actions;                  ///< the policy's, steps x num_envs x action size
    std::span<const float> rewards;                   ///< steps x num_envs
    std::span<const bool> terminations;               ///< steps x num_envs
    std::span<const bool> truncations;                ///< steps x num_envs
    std::span<const Observation> final_observations;  ///< with AutoresetMode::same_step: as observations
    std::span<const double> returns;                  ///< num_envs

    /// Makes room for the outputs of `steps` steps that `record` names.
    RolloutArrays prepare(const VectorEnvCore& core, std::size_t steps, const Record& record, bool has_policy) {
        using Role = OutputDescription::Role;
        const std::size_t rows = steps * core.num_envs();
        const bool has_final = record.final_observations && core.autoreset_mode() == AutoresetMode::same_step;
        constexpr std::size_t numbers = ObservationTraits<E>::is_box ? ObservationTraits<E>::numbers : 1;
        RolloutArrays arrays;
        arrays.list = output_list(core.environment(), core.autoreset_mode(), false);
        for (const OutputDescription& output : arrays.list) {
            void* data = nullptr;
            switch (output.role) {
                case Role::observation: data = make_room(observations, record.observations ? rows * numbers : 0); break;
                case Role::reward: data = make_room(rewards, record.rewards ? rows : 0); break;
                case Role::termination: data = make_room(terminations, record.flags ? rows : 0); break;
                case Role::truncation: data = make_room(truncations, record.flags ? rows : 0); break;
                case Role::final_observation: data = make_room(final_observations, has_final ? rows * numbers : 0); break;
                default: break;
            }
            arrays.data.push_back(data);
        }
        arrays.returns = make_room(returns, record.returns ? core.num_envs() : 0);
        arrays.chosen_actions = make_room(actions, has_policy && record.actions ? rows * E::ActionSpace::size : 0);
        return arrays;
    }

private:
    template <class T>
    T* make_room(std::span<const T>& kept, std::size_t size) {
        if (kept.size() == size) return const_cast<T*>(kept.data());  // points into arrays_
        kept = {};
        if (size == 0) return nullptr;
        if (size > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_alloc();
        arrays_.push_back(make_aligned_array<std::byte>(size * sizeof(T)));
        kept = {reinterpret_cast<const T*>(arrays_.back().get()), size};
        return reinterpret_cast<T*>(arrays_.back().get());
    }

    std::vector<AlignedArray<std::byte>> arrays_;
};

/// Steps all copies with given actions, many times.
/// \param env which has been reset
/// \param actions steps x num_envs rows
/// \param record what to keep
/// \param reused an earlier rollout, whose arrays are used again if they have the right size
/// \throws as RolloutRun. If autoreset is disabled and a copy finishes, the steps until then have been made.
template <class E, class Scalar>
Rollout<E> rollout(VectorEnv<E, Scalar>& env, std::span<const typename E::ActionSpace::Narrow> actions,
                   const Record& record = {}, Rollout<E> reused = {}) {
    const std::size_t steps = actions.size() / (env.num_envs() * E::ActionSpace::size);
    RolloutRun run(env.core(), actions, reused.prepare(env.core(), steps, record, false));
    run.advance(steps);
    return reused;
}

/// Steps all copies many times, with actions that a policy chooses.
/// \param env which has been reset
/// \param policy for these copies
/// \param steps how many
/// \param record,reused as above
/// \throws as above
template <class E, class Scalar>
Rollout<E> rollout(VectorEnv<E, Scalar>& env, const PolicyFunction& policy, std::size_t steps, const Record& record = {},
                   Rollout<E> reused = {}) {
    RolloutRun run(env.core(), policy, steps, reused.prepare(env.core(), steps, record, true));
    run.advance(steps);
    return reused;
}

}  // namespace operant
