#pragma once
/// \file
/// Steps one block of envs many times while it is in the cache. Rollouts and evaluations consist of such runs.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <operant/abi/network.hpp>
#include <operant/abi/policy_function.hpp>
#include <operant/core/clock.hpp>
#include <operant/core/output_list.hpp>
#include <operant/core/engine.hpp>
#include <operant/core/first_error.hpp>
#include <operant/kernel/linear/block.hpp>

namespace operant {

/// Steps a block of envs many times. Has its own output arrays, of one block's size, for outputs that nobody keeps and for the
/// last block: kernels write whole words, and therefore beyond the last env.
class BlockStepper {
public:
    /// \param core the Engine whose blocks are stepped
    /// \param list the outputs to write: observations, rewards, flags, and others that are wanted
    /// \param episodes_began the time at which each env's episode began [s]; null if the list has no episode statistics
    BlockStepper(Engine& core, const std::vector<OutputDescription>& list, double* episodes_began)
        : core_(core),
          list_(list),
          episodes_began_(episodes_began),
          arrays_(list, rows_in(core)),
          actions_(make_aligned_array<std::byte>(rows_in(core) * core.environment_.action.size * sizeof(std::int32_t))),
          state_(core.kernels_.state_array_count) {}

    BlockStepper(const BlockStepper&) = delete;
    BlockStepper& operator=(const BlockStepper&) = delete;

    /// Selects the block of the next steps: the envs [begin, end).
    /// \param begin the first env
    /// \param end the env after the last
    /// \param clock the number of steps that they have made
    void enter(std::size_t begin, std::size_t end, std::int64_t clock) {
        envs_ = core_.envs();
        begin_ = begin;
        count_ = end - begin;
        for (std::size_t i = 0; i < state_.size(); ++i)
            state_[i] = static_cast<std::byte*>(envs_.state[i]) + begin * core_.kernels_.state_strides[i];
        envs_.state = state_.data();
        envs_.began += begin;
        envs_.pending += begin / envs_per_word;
        envs_.deadlines += begin / envs_per_word;
        envs_.random = static_cast<std::byte*>(envs_.random) + begin * core_.environment_.random_size;
        if (envs_.returns) envs_.returns += begin;
        if (envs_.per_env) {
            envs_.parameters = core_.parameters().of_env(begin);
            envs_.dynamics = core_.parameters_->dynamics() + begin / core_.kernels_.envs_per_batch * core_.kernels_.dynamics_size;
        }
        envs_.clock = clock;
        episodes_ = arrays_.episodes();
        if (!episodes_.returns) return;
        episodes_.began = episodes_began_ + begin;
    }

    /// Lets the next steps write array i of the list to `data`.
    void redirect(std::size_t i, void* data) { arrays_.set(list_[i], data); }
    /// Lets the next steps write array i of the list to this object's own array.
    void keep(std::size_t i) { redirect(i, arrays_.own(i)); }
    /// This object's own array i.
    const void* kept(std::size_t i) const { return arrays_.own(i); }

    /// Lets the policy choose the actions until the next enter().
    void follow(const PolicyFunction& policy) {
        policy_ = policy;
        if (policy.network) {
            network_ = *policy.network;
            policy_.policy = policy_.network = &network_;
        }
        is_linear_ = LinearBlock::is_for(policy, core_.kernels_, core_.environment_);
        if (is_linear_) return linear_.enter(*policy.network, begin_, begin_ + count_);
        if (!policy.looks && !needs_infos(core_.environment_)) return;
        core_.kernels_.observe(envs_, arrays_.outputs(), 0, count_);
        detail::throw_error_of(core_.kernels_.take_error);
        look();
    }

    /// A buffer for the rewards of `rewards_kept` steps. Adding them up four steps at a time takes half as long as one at a
    /// time.
    float* rewards_of(std::size_t step) { return rewards_.get() + step * envs_per_block; }
    /// The number of steps for which the buffer has room.
    static constexpr std::size_t rewards_kept = 4;
    /// Returns and lengths of the episodes that ended in the last step. The pointers are null if the list does not have them.
    const EpisodeStatistics& episodes() const { return episodes_; }

    /// Steps the envs once.
    /// \param kernel the kernel for this type of actions
    /// \param actions the actions, from the row of the block's first env on
    StepTotals step(ActionKernels::Step kernel, const void* actions) {
        ++envs_.clock;
        Outputs outputs = arrays_.outputs();
        if (episodes_.returns) {
            outputs.episodes = &episodes_;
            episodes_.now = detail::seconds_now();
        }
        EnvList restarting;
        const StepTotals totals = kernel(envs_, actions, outputs, 0, count_, restarting);
        if (restarting.count != 0) core_.kernels_.restart(nullptr, envs_, outputs, restarting);
        detail::throw_error_of(core_.kernels_.take_error);
        return totals;
    }

    /// Steps the envs once with actions that the policy chooses.
    /// \param chosen the destination of the actions; null if nobody wants them
    /// \param log_probs the destination of the logarithms of their probabilities, for a network that draws; or null
    StepTotals step(void* chosen, float* log_probs = nullptr) {
        if (is_linear_) return step(core_.kernels_.step_linear, linear_.policy(chosen));
        if (!chosen) chosen = actions_.get();
        network_.log_probs = log_probs;
        policy_.act(policy_.policy, policy_.looks ? as_policies_see(seen_) : nullptr, chosen, begin_, begin_ + count_, allowed_);
        look();
        return step(core_.kernels_.actions[0].step, chosen);
    }

    /// Lets the critic value the observations that the last step wrote.
    /// \param critic a network with one output
    /// \param values the destination of the values, one per env
    void value(const PolicyFunction& critic, float* values) {
        critic.act(critic.policy, as_policies_see(arrays_.outputs().observations[0]), values, begin_, begin_ + count_, nullptr);
    }

    /// Returns true if the policy chooses by the observations that steps write. Linear policies see them in registers.
    static bool is_observed(const Engine& core, const PolicyFunction& policy) {
        return policy.looks && !LinearBlock::is_for(policy, core.kernels_, core.environment_);
    }

    /// \throws std::invalid_argument if the observations are not one array of numbers, or of one integer per env
    static void check_policy_sees(const EnvironmentDescription& environment) {
        const char* has = nullptr;
        switch (environment.observation.kind) {
            case SpaceKind::tuple: has = "tuples"; break;
            case SpaceKind::dict: has = "dicts"; break;
            case SpaceKind::multi_discrete: has = "those of a MultiDiscrete"; break;
            default: break;
        }
        if (has)
            throw std::invalid_argument(std::string("policy: expected an environment whose observations are a Box, a MultiBinary or "
                                                    "a Discrete, ") +
                                        environment.name + " has " + has);
    }

    /// Returns true if a policy needs the infos of this environment, because the last of them is an action mask.
    static bool needs_infos(const EnvironmentDescription& environment) { return environment.has_action_mask; }

private:
    /// The number of rows of a block's arrays.
    static std::size_t rows_in(const Engine& core) { return std::min(core.padded(), envs_per_block); }

    /// Notes the addresses to which the next step writes the inputs of the policy.
    void look() {
        if (policy_.looks) seen_ = arrays_.outputs().observations[0];
        allowed_ = needs_infos(core_.environment_) ? arrays_.outputs().infos[core_.environment_.info_count - 1] : nullptr;
    }

    /// Returns the observations as policies take them: numbers of other types than float32 are converted.
    const void* as_policies_see(const void* seen) {
        const SpaceDescription& space = core_.environment_.observation;
        if (space.kind == SpaceKind::discrete || space.type == ElementType::float32) return seen;
        if (!numbers_) numbers_ = make_aligned_array<float>(envs_per_block * space.size);
        with_element_type(space.type, [&]<class Number>(std::type_identity<Number>) {
            const auto* from = static_cast<const Number*>(seen);
            std::transform(from, from + count_ * space.size, numbers_.get(), [](Number one) { return static_cast<float>(one); });
        });
        return numbers_.get();
    }

    Engine& core_;
    const std::vector<OutputDescription>& list_;
    double* episodes_began_;
    OutputArrays arrays_;
    AlignedArray<std::byte> actions_;
    AlignedArray<float> rewards_ = make_aligned_array<float>(rewards_kept * envs_per_block);
    std::vector<void*> state_;  // the block's part of each array of the state
    EnvArrays envs_{};          // the arrays of the block, not of all envs
    EpisodeStatistics episodes_{};
    std::size_t begin_ = 0, count_ = 0;
    PolicyFunction policy_{};
    Network network_{};           // the policy's, if it is one, with a destination for this block's log probabilities
    bool is_linear_ = false;      // true if the step kernel applies the policy itself
    LinearBlock linear_;          // if so: the policy's numbers
    const void* seen_ = nullptr;  // if not: the last observations
    AlignedArray<float> numbers_;  // the same, converted
    const void* allowed_ = nullptr;  // the last action masks; null if the environment has none
};

/// One BlockStepper per worker, which tasks borrow.
class BlockSteppers {
public:
    /// The arguments are those of BlockStepper.
    BlockSteppers(Engine& core, const std::vector<OutputDescription>& list, double* episodes_began) : core_(core) {
        for (std::size_t i = 0; i < std::min(core.workers(), core.blocks()); ++i)
            all_.push_back(std::make_unique<Shared>(core, list, episodes_began));
    }

    /// Runs `count` tasks on all workers.
    /// \param advance called with a BlockStepper that no other task uses, the number of the task, and a counter of the steps that
    ///        the task has made. With a higher number, a task steps a later block.
    /// \throws EnvironmentFailed if tasks throw; it nests the exception that a loop over steps would have met first
    template <class Advance>
    void run(std::size_t count, const Advance& advance) {
        core_.attempt([&] {
            detail::FirstError errors;
            core_.pool_.run(count, [&](std::size_t i) {
                Shared& own = borrow();
                std::size_t step = 0;
                try {
                    advance(own.stepper, i, step);
                } catch (...) {
                    errors.add(step * count + i);
                }
                own.borrowed.clear(std::memory_order_release);
            });
            errors.rethrow();
        });
    }

private:
    struct Shared {
        Shared(Engine& core, const std::vector<OutputDescription>& list, double* episodes_began)
            : stepper(core, list, episodes_began) {}
        std::atomic_flag borrowed;
        BlockStepper stepper;
    };

    Shared& borrow() {
        std::size_t i = 0;  // there are as many as workers, so one is free
        while (all_[i]->borrowed.test_and_set(std::memory_order_acquire)) i = (i + 1) % all_.size();
        return *all_[i];
    }

    Engine& core_;
    std::vector<std::unique_ptr<Shared>> all_;
};

}  // namespace operant
