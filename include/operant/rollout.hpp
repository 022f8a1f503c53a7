#pragma once
/// \file
/// Many steps in one call. The results are those of as many calls of `step`, bit for bit, but faster: each block of envs makes
/// all its steps while it is in the cache, and outputs that nobody keeps never leave the cache.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <operant/abi/network.hpp>
#include <operant/abi/policy_function.hpp>
#include <operant/core/block_stepper.hpp>
#include <operant/core/engine.hpp>
#include <operant/vector_env.hpp>

namespace operant {

/// The arrays that a rollout writes.
struct RolloutArrays {
    std::vector<OutputDescription> list;  ///< the outputs, from `output_list`
    /// One array per output on the list, of steps x num_envs contiguous rows; null if it is not wanted. Infos, final infos
    /// and `has_infos` are wanted together, or not at all.
    std::vector<void*> data;
    double* returns = nullptr;         ///< num_envs sums of rewards; null if they are not wanted
    void* chosen_actions = nullptr;    ///< the policy's actions, steps x num_envs rows; null if they are not wanted
    double* episodes_began = nullptr;  ///< the time when each env's episode began [s]; for lists with episode statistics
    /// The logarithms of the probabilities of the chosen actions, of continuous ones of the density before clipping: steps x
    /// num_envs; null if they are not wanted.
    float* log_probs = nullptr;
    float* values = nullptr;  ///< the critic's values of the observations, steps x num_envs; null if they are not wanted
    PolicyFunction critic{};  ///< a network with one output, without noise and bounds; needed for `values`
};

/// Steps all envs many times. A rollout can be made in parts. After each part the environment is in the state in which as many
/// calls of `step` would have left it. Nothing else may step the environment before the rollout is over.
class RolloutRun {
public:
    /// A rollout with given actions.
    /// \param core an Engine that has been reset
    /// \param actions steps x num_envs rows: int32 or int64 if actions are discrete, otherwise float or double. They have
    ///        to outlive this object.
    /// \param arrays the arrays for the results
    /// \throws ResetNeeded before the first reset; std::invalid_argument if there are no actions, if they are not those of
    ///         whole steps, or if any of them cannot be used. Nothing is stepped then.
    RolloutRun(Engine& core, const ActionArray& actions, RolloutArrays arrays)
        : RolloutRun(core, std::move(arrays), steps_of(core, actions.size), PolicyFunction{}) {
        kernel_ = core.check_actions(actions, steps_).step;
        given_ = actions.from(0);
        action_row_ = core.environment().action.size * size_of(actions.type);
    }

    /// A rollout with the actions of a policy.
    /// \param core an Engine that has been reset
    /// \param policy the policy, which has to outlive this object. Its actions have to be in the action space.
    /// \param steps the number of steps, at least 1
    /// \param arrays the arrays for the results
    /// \throws ResetNeeded before the first reset; std::invalid_argument if `steps` is 0, if the policy looks at observations
    ///         that are not one array (a tuple, a dict or a MultiDiscrete), or if log probabilities are wanted and it is not a
    ///         network that draws its actions
    RolloutRun(Engine& core, const PolicyFunction& policy, std::size_t steps, RolloutArrays arrays)
        : RolloutRun(core, std::move(arrays), steps, policy) {
        if (policy.looks) BlockStepper::check_policy_sees(core.environment());
        if (arrays_.log_probs) check_draws(policy.network);
        action_row_ = core.environment().action.size * sizeof(std::int32_t);
    }

    /// The number of steps of the rollout.
    std::size_t steps() const { return steps_; }
    /// The number of steps so far.
    std::size_t done() const { return done_; }
    /// Returns true if all steps have been made.
    bool is_over() const { return done_ == steps_; }

    /// Makes `count` more steps, or as many as are left.
    /// \throws ResetNeeded as `step`, if an env has finished and autoreset is disabled. done() then returns the number of steps
    ///         before.
    void advance(std::size_t count) {
        count = std::min(count, steps_ - done_);
        while (count != 0) {
            const bool one_by_one = core_.autoreset_mode() == AutoresetMode::disabled;
            if (one_by_one && core_.finished_ != 0)
                throw ResetNeeded("rollout: " + std::to_string(core_.finished_) +
                                  " of the envs have finished, and autoreset is disabled: reset them first");
            const std::size_t now = one_by_one ? 1 : std::min(count, block_totals_.size() / core_.blocks());
            advance_blocks(now);
            count -= now;
        }
    }

private:
    RolloutRun(Engine& core, RolloutArrays arrays, std::size_t steps, const PolicyFunction& policy)
        : core_(core),
          policy_(policy),
          arrays_(wanted(std::move(arrays), arrays.values || (policy.act && BlockStepper::is_observed(core, policy)),
                         policy.act && BlockStepper::needs_infos(core.environment()))),
          steppers_(core, arrays_.list, arrays_.episodes_began),
          steps_(steps) {
        core.check_started("rollout: call reset before the first step");
        if (steps == 0) throw std::invalid_argument("steps: expected a positive integer, got 0");
        for (std::size_t i = 0; i < arrays_.list.size(); ++i)
            if (arrays_.list[i].role == OutputDescription::Role::reward) reward_ = i;
        for (std::size_t i = 0; i < arrays_.list.size(); ++i)
            if (arrays_.data[i]) (arrays_.list[i].is_sparse() ? copied_ : in_place_).push_back(i);
        constexpr std::size_t most_totals = 65536;
        block_totals_.resize(std::min(steps, std::max<std::size_t>(most_totals / core.blocks(), 1)) * core.blocks());
        if (arrays_.returns) std::fill_n(arrays_.returns, core.num_envs(), 0.0);
        if (arrays_.values) BlockStepper::check_policy_sees(core.environment());
    }

    static void check_draws(const Network* network) {
        bool draws = network && (network->rule == ActionRule::drawn || network->rule == ActionRule::noisy);
        if (draws && network->rule == ActionRule::noisy)
            draws = std::all_of(network->noise, network->noise + network->action_size, [](double one) { return one > 0; });
        if (!draws)
            throw std::invalid_argument("log_probs: expected a network that draws its actions, with sample=True or with noise in "
                                        "each number of an action");
    }

    static std::size_t steps_of(const Engine& core, std::size_t numbers) {
        const std::size_t row = core.num_envs() * core.environment().action.size;
        if (numbers < row)
            throw std::invalid_argument("actions: expected at least " + std::to_string(row) +
                                        " numbers, as one step takes, got " + std::to_string(numbers));
        return numbers / row;
    }

    /// Removes outputs that are not wanted from the list, except those that kernels always write.
    static RolloutArrays wanted(RolloutArrays arrays, bool are_observed, bool needs_infos) {
        using Role = OutputDescription::Role;
        bool are_looked_at = are_observed;
        for (std::size_t i = 0; i < arrays.list.size(); ++i)
            if (arrays.list[i].role == Role::final_observation && arrays.data[i]) are_looked_at = true;
        std::size_t left = 0;
        for (std::size_t i = 0; i < arrays.list.size(); ++i) {
            const Role role = arrays.list[i].role;
            const bool is_needed = (role == Role::observation && are_looked_at) || role == Role::reward ||
                                   role == Role::termination || role == Role::truncation || arrays.list[i].is_sparse() ||
                                   (needs_infos && (role == Role::info || role == Role::has_infos));
            if (!arrays.data[i] && !is_needed) continue;
            arrays.list[left] = arrays.list[i];
            arrays.data[left++] = arrays.data[i];
        }
        arrays.list.resize(left);
        arrays.data.resize(left);
        return arrays;
    }

    void advance_blocks(std::size_t steps) {
        steppers_.run(core_.blocks(), [&](BlockStepper& stepper, std::size_t block, std::size_t& step) {
            const std::size_t begin = block * envs_per_block;
            advance_block(stepper, begin, std::min(begin + envs_per_block, core_.num_envs()), steps, step);
        });
        core_.memory_.set_clock(core_.memory_.clock() + static_cast<std::int64_t>(steps));
        core_.finished_ += core_.statistics_.add(std::span(block_totals_).first(steps * core_.blocks()));
        done_ += steps;
    }

    /// \param step counts the steps that have been made
    void advance_block(BlockStepper& stepper, std::size_t begin, std::size_t end, std::size_t steps, std::size_t& step) {
        // Kernels write whole words. Beyond the last env that would overwrite rows of the next step.
        const bool has_room = (end - begin) % envs_per_word == 0;
        const auto copy = [&](const std::vector<std::size_t>& outputs, std::size_t row) {
            for (const std::size_t i : outputs)
                std::memcpy(place(i, row), stepper.kept(i), (end - begin) * arrays_.list[i].row_size());
        };
        const bool sums_kept_rewards = arrays_.returns && !arrays_.data[reward_];
        for (const std::size_t i : in_place_) stepper.keep(i);
        stepper.enter(begin, end, core_.memory_.clock());
        if (policy_.act) stepper.follow(policy_);
        for (; step < steps; ++step) {
            const std::size_t row = (done_ + step) * core_.num_envs() + begin;
            if (has_room)
                for (const std::size_t i : in_place_) stepper.redirect(i, place(i, row));
            if (sums_kept_rewards) stepper.redirect(reward_, stepper.rewards_of(step % BlockStepper::rewards_kept));
            block_totals_[step * core_.blocks() + begin / envs_per_block] = step_block(stepper, row);
            if (!has_room) copy(in_place_, row);
            copy(copied_, row);
            if (arrays_.values) stepper.value(arrays_.critic, arrays_.values + row);
            const std::size_t summed = step % BlockStepper::rewards_kept + 1;  // steps whose rewards the returns lack
            if (!arrays_.returns || (summed < BlockStepper::rewards_kept && step + 1 < steps)) continue;
            if (sums_kept_rewards)
                core_.kernels_.add_rewards(stepper.rewards_of(0), envs_per_block, summed, arrays_.returns + begin, end - begin);
            else
                core_.kernels_.add_rewards(static_cast<const float*>(place(reward_, row - (summed - 1) * core_.num_envs())),
                                           core_.num_envs(), summed, arrays_.returns + begin, end - begin);
        }
    }

    /// \param row the row of the block's first env in this step
    StepTotals step_block(BlockStepper& stepper, std::size_t row) const {
        if (!policy_.act) return stepper.step(kernel_, given_ + row * action_row_);
        return stepper.step(arrays_.chosen_actions ? static_cast<std::byte*>(arrays_.chosen_actions) + row * action_row_ : nullptr,
                            arrays_.log_probs ? arrays_.log_probs + row : nullptr);
    }

    void* place(std::size_t i, std::size_t row) const {
        return static_cast<std::byte*>(arrays_.data[i]) + row * arrays_.list[i].row_size();
    }

    Engine& core_;
    PolicyFunction policy_;  // its `act` is null if there is no policy
    RolloutArrays arrays_;
    BlockSteppers steppers_;
    std::size_t steps_, done_ = 0;
    std::vector<std::size_t> in_place_, copied_;  // indices of the wanted outputs on the list
    std::size_t reward_ = 0;                      // index of the rewards on the list
    const std::byte* given_ = nullptr;            // the actions, or null if there is a policy
    std::size_t action_row_ = 0;                  // bytes of one env's action
    ActionKernels::Step kernel_ = nullptr;
    std::vector<StepTotals> block_totals_;  // of all blocks, one step after the other
};

/// Selects the outputs that a rollout of a VectorEnv keeps.
struct Record {
    bool observations = true;        ///< the observations that each step returned
    bool actions = true;             ///< the actions that the policy chose
    bool rewards = true;             ///< the rewards of each step
    bool flags = true;               ///< terminations and truncations
    bool final_observations = true;  ///< with AutoresetMode::same_step: the observations before the restarts
    bool returns = true;             ///< the sums of the rewards
    bool log_probs = false;          ///< the logarithms of the probabilities of the policy's actions
    PolicyFunction critic{};         ///< a network with one output, whose values of the observations are kept; or none
};

/// The results of a rollout, one step after the other. Spans of outputs that were not kept are empty. The arrays belong to this
/// object.
template <class E>
class Rollout {
    using Leaves = std::make_index_sequence<ObservationTraits<E>::parts>;

    template <std::size_t... leaf>
    static auto spans_of(std::index_sequence<leaf...>) {
        if constexpr (sizeof...(leaf) == 1)
            return std::span<const typename VectorEnv<E>::Observation>();
        else
            return std::tuple<std::span<const typename VectorEnv<E>::template Element<leaf>>...>();
    }

public:
    using Observations = decltype(spans_of(Leaves()));  ///< a span of numbers; of tuples and dicts, a std::tuple of spans
    using Action = typename E::ActionSpace::Narrow;     ///< a number of an action that a policy chooses

    Observations observations;                        ///< steps x num_envs x observation size; or one span per leaf
    std::span<const Action> actions;                  ///< the policy's actions, steps x num_envs x action size
    std::span<const float> rewards;                   ///< steps x num_envs
    std::span<const bool> terminations;               ///< steps x num_envs
    std::span<const bool> truncations;                ///< steps x num_envs
    Observations final_observations;                  ///< with AutoresetMode::same_step: as observations
    std::span<const double> returns;                  ///< num_envs
    std::span<const float> log_probs;                 ///< steps x num_envs
    std::span<const float> values;                    ///< the critic's values of `observations`, steps x num_envs

    /// Allocates arrays for the outputs that `record` selects.
    RolloutArrays prepare(const Engine& core, std::size_t steps, const Record& record, bool has_policy) {
        using Role = OutputDescription::Role;
        const std::size_t rows = steps * core.num_envs();
        const bool has_final = record.final_observations && core.autoreset_mode() == AutoresetMode::same_step;
        RolloutArrays arrays;
        arrays.list = output_list(core.environment(), core.autoreset_mode(), false);
        for (const OutputDescription& output : arrays.list) {
            void* data = nullptr;
            switch (output.role) {
                case Role::observation: data = make_room(observations, output.index, record.observations ? rows : 0); break;
                case Role::reward: data = make_room(rewards, record.rewards ? rows : 0); break;
                case Role::termination: data = make_room(terminations, record.flags ? rows : 0); break;
                case Role::truncation: data = make_room(truncations, record.flags ? rows : 0); break;
                case Role::final_observation: data = make_room(final_observations, output.index, has_final ? rows : 0); break;
                default: break;
            }
            arrays.data.push_back(data);
        }
        arrays.returns = make_room(returns, record.returns ? core.num_envs() : 0);
        arrays.log_probs = make_room(log_probs, has_policy && record.log_probs ? rows : 0);
        arrays.critic = record.critic;
        arrays.values = make_room(values, record.critic.act ? rows : 0);
        arrays.chosen_actions = make_room(actions, has_policy && record.actions ? rows * ActionRowsOf<E>::size : 0);
        return arrays;
    }

private:
    /// Makes room for the observations of one leaf.
    void* make_room(Observations& kept, std::size_t leaf, std::size_t rows) {
        void* data = nullptr;
        const auto make = [&]<std::size_t i>(std::integral_constant<std::size_t, i>, auto& of_leaf) {
            constexpr std::size_t numbers = ObservationTraits<E>::template LeafAt<i>::size;
            if (i == leaf) data = make_room(of_leaf, rows * numbers);
        };
        if constexpr (ObservationTraits<E>::parts == 1)
            make(std::integral_constant<std::size_t, 0>(), kept);
        else
            [&]<std::size_t... i>(std::index_sequence<i...>) {
                (make(std::integral_constant<std::size_t, i>(), std::get<i>(kept)), ...);
            }(Leaves());
        return data;
    }

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

/// Steps all envs many times with given actions.
/// \param env a VectorEnv that has been reset
/// \param actions steps x num_envs rows
/// \param record the outputs to keep
/// \param reused an earlier rollout, whose arrays are reused if they have the right size
/// \throws as RolloutRun. If autoreset is disabled and an env finishes, the steps until then have been made.
template <class E, class Scalar>
Rollout<E> rollout(VectorEnv<E, Scalar>& env, std::span<const typename ActionRowsOf<E>::Narrow> actions,
                   const Record& record = {}, Rollout<E> reused = {}) {
    const std::size_t steps = actions.size() / (env.num_envs() * ActionRowsOf<E>::size);
    RolloutRun run(env.core(), actions, reused.prepare(env.core(), steps, record, false));
    run.advance(steps);
    return reused;
}

/// Steps all envs many times with actions that a policy chooses.
/// \param env a VectorEnv that has been reset
/// \param policy the policy
/// \param steps the number of steps
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
