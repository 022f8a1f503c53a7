#pragma once
/// \file
/// Thousands of copies of one environment, stepped together.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <stdexcept>
#include <string>

#include <xsimd/xsimd.hpp>

#include <operant/aligned_array.hpp>
#include <operant/environment.hpp>
#include <operant/random.hpp>
#include <operant/step_kernel.hpp>
#include <operant/worker_pool.hpp>

namespace operant {

/// `step` was called before `reset`.
class ResetNeeded : public std::logic_error {
    using std::logic_error::logic_error;
};

/// What a step returns: views of arrays that belong to the VectorEnv, valid until its next `step` or `reset`.
struct StepResult {
    std::span<const float> observations;  ///< num_envs x observation_size, row-major
    std::span<const float> rewards;       ///< num_envs
    std::span<const bool> terminations;   ///< num_envs: the episode ended because of what happened in it
    std::span<const bool> truncations;    ///< num_envs: the episode ended because of its length
};

/// `num_envs` copies of the environment E, simulated in the precision of `Scalar` (float: fast, double: exactly
/// Gymnasium). A copy whose episode has ended begins a new one in the step after: that step ignores the copy's action
/// and returns its first observation, reward 0 and no flags (Gymnasium's `AutoresetMode.NEXT_STEP`).
///
/// The results do not depend on `workers`, nor copy i's on `num_envs`. One object is for one thread at a time.
template <Environment E, class Scalar = float>
class VectorEnv {
public:
    using Narrow = typename E::ActionSpace::Narrow;
    using Wide = typename E::ActionSpace::Wide;

    static constexpr std::int32_t unlimited = std::numeric_limits<std::int32_t>::max();
    static constexpr std::size_t largest_num_envs = std::size_t{1} << 31;
    static constexpr std::size_t most_workers = 1024;

    struct Options {
        std::size_t workers = 1;                                ///< threads that step, the caller's among them
        std::int32_t max_episode_steps = E::max_episode_steps;  ///< or `unlimited`
        typename E::Parameters parameters = {};
    };

    /// \param kernels for the instruction set that the calling translation unit is compiled for, unless given
    /// \throws std::invalid_argument when an argument is out of range, std::bad_alloc when memory does not suffice
    explicit VectorEnv(std::size_t num_envs, Options options = {},
                       const Kernels<E, Scalar>& kernels = StepKernel<E, Scalar, xsimd::default_arch>::functions())
        : num_envs_(checked("num_envs", num_envs, largest_num_envs)),
          settings_{options.parameters, checked_limit(options.max_episode_steps)},
          kernels_(kernels),
          pool_(checked("workers", options.workers, most_workers)),
          elapsed_(make_aligned_array<xsimd::as_integer_t<Scalar>>(padded())),
          random_(make_aligned_array<Pcg64>(padded())) {
        for (auto& variable : state_) variable = make_aligned_array<Scalar>(padded());
    }

    std::size_t num_envs() const { return num_envs_; }
    std::size_t workers() const { return pool_.workers(); }
    std::int32_t max_episode_steps() const { return settings_.max_episode_steps; }
    const typename E::Parameters& parameters() const { return settings_.parameters; }

    /// The number of lanes that the arrays of `Outputs` must have room for.
    std::size_t padded() const { return (num_envs_ + lanes_per_word - 1) / lanes_per_word * lanes_per_word; }

    /// Seeds copy i with `seed + i` and starts an episode in every copy.
    /// \return the first observations, num_envs x observation_size, row-major, valid until the next `step` or `reset`
    std::span<const float> reset(std::uint64_t seed) {
        if (seed > std::numeric_limits<std::uint64_t>::max() - (num_envs_ - 1))
            throw std::invalid_argument("seed: " + std::to_string(seed) + " + num_envs - 1 does not fit in 64 bits");
        for (std::size_t copy = 0; copy < num_envs_; ++copy) this->seed(copy, SeedSequence(seed + copy));
        return reset();
    }

    /// Starts an episode in every copy, from its random stream as it stands; the first time, from fresh entropy.
    std::span<const float> reset() {
        allocate_outputs();
        reset({}, observations_.get());
        return observations();
    }

    /// As reset(), but starts within `bounds` and writes the observations to `observations` (padded() rows).
    void reset(const typename E::ResetBounds& bounds, float* observations) {
        if (!seeded_) seed_from_entropy();
        std::array<std::uint32_t, lanes_per_block> lanes;
        for (std::size_t begin = 0; begin < num_envs_; begin += lanes_per_block) {
            const std::size_t count = std::min(lanes_per_block, num_envs_ - begin);
            for (std::size_t i = 0; i < count; ++i) lanes[i] = static_cast<std::uint32_t>(begin + i);
            kernels_.restart(bounds, this->lanes(), observations, lanes.data(), count);
        }
        started_ = true;
    }

    /// Starts the random stream of one copy anew; the next `reset` draws from it.
    void seed(std::size_t copy, const SeedSequence& seed) {
        if (!seeded_) seed_from_entropy();
        random_[copy] = Pcg64(seed);
    }

    /// Steps every copy.
    /// \param actions one a copy, each of the action space
    /// \throws std::invalid_argument when there are too few or too many actions or one is out of range, ResetNeeded
    ///         before the first `reset`; nothing is stepped then
    StepResult step(std::span<const Narrow> actions) { return step_own(actions); }
    StepResult step(std::span<const Wide> actions) { return step_own(actions); }

    /// As step(actions), into arrays of the caller's: 64-byte aligned, with room for padded() lanes.
    void step(std::span<const Narrow> actions, const Outputs& outputs) { step_into(actions, outputs); }
    void step(std::span<const Wide> actions, const Outputs& outputs) { step_into(actions, outputs); }

    /// Copies the state, num_envs x state_size, row-major.
    void get_state(std::span<Scalar> state) const {
        for (std::size_t copy = 0; copy < num_envs_; ++copy)
            for (std::size_t i = 0; i < E::state_size; ++i) state[copy * E::state_size + i] = state_[i][copy];
    }

    /// Replaces the state; elapsed steps and random streams stay.
    void set_state(std::span<const Scalar> state) {
        for (std::size_t copy = 0; copy < num_envs_; ++copy)
            for (std::size_t i = 0; i < E::state_size; ++i) state_[i][copy] = state[copy * E::state_size + i];
    }

private:
    static std::size_t checked(const char* argument, std::size_t value, std::size_t largest) {
        if (value == 0 || value > largest)
            throw std::invalid_argument(std::string(argument) + ": expected an integer from 1 to " +
                                        std::to_string(largest) + ", got " + std::to_string(value));
        return value;
    }

    static std::int32_t checked_limit(std::int32_t max_episode_steps) {
        if (max_episode_steps < 1)
            throw std::invalid_argument("max_episode_steps: expected a positive integer, got " +
                                        std::to_string(max_episode_steps));
        return max_episode_steps;
    }

    Lanes<E, Scalar> lanes() const {
        Lanes<E, Scalar> lanes{{}, elapsed_.get(), random_.get()};
        for (std::size_t i = 0; i < E::state_size; ++i) lanes.state[i] = state_[i].get();
        return lanes;
    }

    void seed_from_entropy() {
        std::random_device device;
        std::array<std::uint32_t, 5> entropy{device(), device(), device(), device(), 0};
        for (std::size_t copy = 0; copy < num_envs_; ++copy) {
            entropy[4] = static_cast<std::uint32_t>(copy);
            random_[copy] = Pcg64(SeedSequence(entropy));
        }
        seeded_ = true;
    }

    void allocate_outputs() {
        if (observations_) return;
        rewards_ = make_aligned_array<float>(padded());
        terminations_ = make_aligned_array<bool>(padded());
        truncations_ = make_aligned_array<bool>(padded());
        observations_ = make_aligned_array<float>(padded() * E::observation_size);
    }

    std::span<const float> observations() const { return {observations_.get(), num_envs_ * E::observation_size}; }

    template <class Action>
    StepResult step_own(std::span<const Action> actions) {
        allocate_outputs();
        step_into(actions, {observations_.get(), rewards_.get(), terminations_.get(), truncations_.get()});
        return {observations(),
                {rewards_.get(), num_envs_},
                {terminations_.get(), num_envs_},
                {truncations_.get(), num_envs_}};
    }

    template <class Action>
    void step_into(std::span<const Action> actions, const Outputs& outputs) {
        if (!started_) throw ResetNeeded("step: call reset before the first step");
        const auto& kernels = kernels_.template on_actions<Action>();
        if (actions.size() != num_envs_)
            throw std::invalid_argument("actions: expected " + std::to_string(num_envs_) + " of them, one a copy, got " +
                                        std::to_string(actions.size()));
        if (!kernels.are_valid(actions.data(), actions.size())) throw_invalid(actions);

        const Lanes<E, Scalar> lanes = this->lanes();
        const std::size_t blocks = (num_envs_ + lanes_per_block - 1) / lanes_per_block;
        pool_.run(blocks, [&](std::size_t block) {
            const std::size_t begin = block * lanes_per_block;
            kernels.step(settings_, lanes, actions.data(), outputs, begin, std::min(begin + lanes_per_block, num_envs_));
        });
    }

    template <class Action>
    [[noreturn]] static void throw_invalid(std::span<const Action> actions) {
        const auto invalid = std::ranges::find_if(
            actions, [](Action action) { return action < 0 || action >= static_cast<Action>(E::ActionSpace::n); });
        throw std::invalid_argument("actions[" + std::to_string(invalid - actions.begin()) + "]: expected an integer from 0 to " +
                                    std::to_string(E::ActionSpace::n - 1) + ", got " + std::to_string(*invalid));
    }

    std::size_t num_envs_;
    Settings<E> settings_;
    Kernels<E, Scalar> kernels_;
    WorkerPool pool_;
    bool seeded_ = false;
    bool started_ = false;

    std::array<AlignedArray<Scalar>, E::state_size> state_;
    AlignedArray<xsimd::as_integer_t<Scalar>> elapsed_;
    AlignedArray<Pcg64> random_;

    AlignedArray<float> observations_, rewards_;
    AlignedArray<bool> terminations_, truncations_;
};

}  // namespace operant
