#pragma once
/// \file
/// Thousands of copies of one environment, stepped together.

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

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

/// What has come of the episodes that ended since `clear_logs`.
struct Logs {
    std::int64_t episode_count = 0;  ///< how many there were
    double total_reward = 0;         ///< the sum of the episodes' returns
    std::int64_t total_steps = 0;    ///< the sum of their lengths
};

/// `num_envs` copies of the environment E, simulated in the precision of `Scalar` (float: fast, double: exactly
/// Gymnasium). What happens to a copy whose episode has ended is up to `Options::autoreset_mode`. By default, the step
/// after ignores the copy's action and returns a new episode's first observation, reward 0 and no flags.
///
/// The results do not depend on `workers`, nor copy i's on `num_envs`. One object is for one thread at a time.
template <Environment E, class Scalar = float>
class VectorEnv {
public:
    using Narrow = typename E::ActionSpace::Narrow;  ///< actions of 32 bits: std::int32_t or float
    using Wide = typename E::ActionSpace::Wide;      ///< actions of 64 bits: std::int64_t or double

    /// For Options::max_episode_steps: no truncations.
    static constexpr std::int32_t unlimited = std::numeric_limits<std::int32_t>::max();
    /// The most copies.
    static constexpr std::size_t largest_num_envs = std::size_t{1} << 31;
    /// The most threads.
    static constexpr std::size_t most_workers = 1024;

    /// What has a default.
    struct Options {
        std::size_t workers = 1;                                  ///< threads that step, the caller's among them
        std::int32_t max_episode_steps = E::max_episode_steps;    ///< or `unlimited`
        AutoresetMode autoreset_mode = AutoresetMode::next_step;  ///< what follows the end of an episode
        typename E::Parameters parameters = {};                   ///< of the physics
    };

    /// \param num_envs from 1 to `largest_num_envs`
    /// \param options by name: `{.workers = 2, .parameters = {...}}`
    /// \param kernels for the instruction set that the calling translation unit is compiled for, unless given
    /// \throws std::invalid_argument when an argument is out of range, std::bad_alloc when memory does not suffice
    explicit VectorEnv(std::size_t num_envs, Options options = {},
                       const Kernels<E, Scalar>& kernels = StepKernel<E, Scalar, xsimd::default_arch>::functions())
        : num_envs_(checked("num_envs", num_envs, largest_num_envs)),
          settings_{checked(options.parameters), checked_limit(options.max_episode_steps), options.autoreset_mode},
          kernels_(kernels),
          pool_(checked("workers", options.workers, most_workers)),
          began_(make_aligned_array<std::int64_t>(padded())),
          pending_(make_aligned_array<std::uint64_t>(words())),
          deadlines_(make_aligned_array<std::int64_t>(words())),
          random_(make_aligned_array<Pcg64>(padded())),
          tallies_(blocks()) {
        for (auto& variable : state_) variable = make_aligned_array<Scalar>(padded());
        if constexpr (!HasFixedReward<E>) returns_ = make_aligned_array<double>(padded());
    }

    /// The number of copies.
    std::size_t num_envs() const { return num_envs_; }
    /// The number of threads that step, the caller's among them.
    std::size_t workers() const { return pool_.workers(); }
    /// The length at which episodes are truncated, or `unlimited`.
    std::int32_t max_episode_steps() const { return settings_.max_episode_steps; }
    /// Whether every copy has been reset.
    bool started() const { return started_; }
    /// What follows the end of an episode.
    AutoresetMode autoreset_mode() const { return settings_.autoreset_mode; }
    /// Those of the physics.
    const typename E::Parameters& parameters() const { return settings_.parameters; }

    /// The number of lanes that the arrays of `Outputs` must have room for.
    std::size_t padded() const { return (num_envs_ + lanes_per_word - 1) / lanes_per_word * lanes_per_word; }

    /// Seeds copy i with `seed + i` and starts an episode in every copy.
    /// \return the first observations, num_envs x observation_size, row-major, valid until the next `step` or `reset`
    /// \throws std::invalid_argument when `seed + num_envs - 1` does not fit in 64 bits
    std::span<const float> reset(std::uint64_t seed) {
        if (seed > std::numeric_limits<std::uint64_t>::max() - (num_envs_ - 1))
            throw std::invalid_argument("seed: " + std::to_string(seed) + " + num_envs - 1 does not fit in 64 bits");
        for (std::size_t copy = 0; copy < num_envs_; ++copy) this->seed(copy, SeedSequence(seed + copy));
        return reset();
    }

    /// Starts an episode in every copy, from its random stream as it stands; the first time, from fresh entropy.
    /// \return as reset(seed)
    std::span<const float> reset() {
        allocate_outputs();
        reset({}, observations_.get());
        return observations();
    }

    /// As reset(), but starts within `bounds` and writes the observations to `observations` (padded() rows).
    /// \throws std::invalid_argument when a bound is not finite, or `observations` null or not 64-byte aligned; nothing is
    ///         changed then
    void reset(const typename E::ResetBounds& bounds, float* observations) {
        check_finite(bounds);
        check_aligned("observations", observations);
        if (!seeded_) seed_from_entropy();
        discard_episodes([](std::size_t) { return true; });
        for_blocks([&](std::size_t begin, std::size_t end) {
            LaneList restarting;
            for (std::size_t copy = begin; copy < end; ++copy) restarting.append(copy);
            kernels_.restart(bounds, lanes(), observations, restarting);
        });
        std::fill_n(pending_.get(), words(), 0);
        finished_ = 0;
        started_ = true;
    }

    /// Starts an episode in the copies that `mask` selects, the others stay where they are.
    /// \param mask num_envs
    /// \param bounds of the new states
    /// \param observations padded() rows: the new observations of those copies and the last of the others
    /// \throws ResetNeeded before the first reset of all copies, std::invalid_argument when the mask has another length, or
    ///         as above; nothing is changed then
    void reset(std::span<const bool> mask, const typename E::ResetBounds& bounds, float* observations) {
        if (!started_) throw ResetNeeded("reset: the first reset must reset every copy, without a reset_mask");
        if (mask.size() != num_envs_)
            throw std::invalid_argument("reset_mask: expected " + std::to_string(num_envs_) + " of them, one a copy, got " +
                                        std::to_string(mask.size()));
        check_finite(bounds);
        check_aligned("observations", observations);
        discard_episodes([&](std::size_t copy) { return mask[copy]; });
        for_blocks([&](std::size_t begin, std::size_t end) {
            LaneList restarting;
            for (std::size_t copy = begin; copy < end; ++copy) {
                if (!mask[copy]) continue;
                restarting.append(copy);
                pending_[copy / lanes_per_word] &= ~(std::uint64_t{1} << copy % lanes_per_word);
            }
            kernels_.observe(lanes(), observations, begin, end);
            kernels_.restart(bounds, lanes(), observations, restarting);
        });
        finished_ = count_finished();
    }

    /// Starts the random stream of one copy anew; the next `reset` draws from it.
    /// \throws std::out_of_range unless `copy` is below num_envs
    void seed(std::size_t copy, const SeedSequence& seed) {
        if (copy >= num_envs_)
            throw std::out_of_range("copy: expected an integer below num_envs = " + std::to_string(num_envs_) + ", got " +
                                    std::to_string(copy));
        if (!seeded_) seed_from_entropy();
        random_[copy] = Pcg64(seed);
    }

    /// Steps every copy.
    /// \param actions one a copy, each of the action space
    /// \throws std::invalid_argument when there are too few or too many actions or one is out of range, ResetNeeded
    ///         before the first `reset`; nothing is stepped then
    StepResult step(std::span<const Narrow> actions) { return step_own(actions); }
    /// The same with actions of 64 bits.
    StepResult step(std::span<const Wide> actions) { return step_own(actions); }

    /// With AutoresetMode::same_step, the observations of the last `step` before the restarts, num_envs x
    /// observation_size, row-major; else empty. Valid until the next `step`.
    std::span<const float> final_observations() const {
        return {final_observations_.get(), final_observations_ ? num_envs_ * E::observation_size : 0};
    }

    /// As step(actions), into arrays of the caller's: 64-byte aligned, with room for padded() lanes.
    /// \param actions one a copy
    /// \param outputs where to write to
    /// \return the number of episodes that ended
    /// \throws std::invalid_argument also when an array is missing or not aligned
    std::int64_t step(std::span<const Narrow> actions, const Outputs& outputs) {
        return step_into(actions, outputs);
    }
    /// The same with actions of 64 bits.
    std::int64_t step(std::span<const Wide> actions, const Outputs& outputs) {
        return step_into(actions, outputs);
    }

    /// Of the episodes that ended since clear_logs(). Steps and returns are exact: integers of 64 bits, and sums of
    /// doubles in an order that does not depend on `workers`.
    Logs logs() const {
        Logs logs{tally_.ended, tally_.returns, tally_.steps - discarded_ - elapsed_in_episodes()};
        if constexpr (HasFixedReward<E>) {
            const FixedReward reward = E::fixed_reward(settings_.parameters);
            logs.total_reward = reward.each_step * static_cast<double>(logs.total_steps) +
                                reward.at_termination * static_cast<double>(tally_.terminated);
        }
        return logs;
    }

    /// Starts the logs anew. Episodes under way count in full when they end.
    void clear_logs() {
        tally_ = {};
        discarded_ = -elapsed_in_episodes();
    }

    /// Writes everything that future steps depend on (state, elapsed steps, random streams, logs), so that an object
    /// constructed with the same arguments continues from here after `load`, bit for bit.
    std::vector<std::byte> save() const {
        Snapshot header = snapshot_header();
        header.seeded = seeded_;
        header.started = started_;
        header.tally = tally_;
        header.discarded = discarded_;
        std::vector<std::byte> bytes;
        const auto append = [&](const void* data, std::size_t size) {
            bytes.resize(bytes.size() + size);
            std::memcpy(bytes.data() + bytes.size() - size, data, size);
        };
        append(&header, sizeof(header));
        std::vector<std::int64_t> elapsed_steps(num_envs_);
        for (std::size_t copy = 0; copy < num_envs_; ++copy) elapsed_steps[copy] = is_pending(copy) ? -1 : elapsed(copy);
        for_each_array(elapsed_steps, [&](const auto* array) { append(array, num_envs_ * sizeof(*array)); });
        return bytes;
    }

    /// \param bytes what save() wrote, of an object with the same arguments (`workers` may differ)
    /// \throws std::invalid_argument when it is something else, or damaged in a way that shows; nothing is changed then
    void load(std::span<const std::byte> bytes) {
        Snapshot header = snapshot_header();
        const Snapshot expected = header;
        std::size_t size = sizeof(header);
        std::vector<std::int64_t> elapsed_steps(num_envs_);
        for_each_array(elapsed_steps, [&](const auto* array) { size += num_envs_ * sizeof(*array); });
        if (bytes.size() != size)
            throw std::invalid_argument("saved state: expected " + std::to_string(size) + " bytes, got " +
                                        std::to_string(bytes.size()));
        std::memcpy(&header, bytes.data(), sizeof(header));
        if (!header.same_kind(expected))
            throw std::invalid_argument("saved state: not one of " + std::to_string(num_envs_) + " copies of " +
                                        std::string(E::name) + " in this precision and version");
        const auto for_each_saved = [&](const auto& visit) {
            const std::byte* next = bytes.data() + sizeof(header);
            for_each_array(elapsed_steps, [&](auto* array) {
                visit(array, next);
                next += num_envs_ * sizeof(*array);
            });
        };
        bool valid = header.is_valid();
        for_each_saved([&]<class Element>(Element* array, const std::byte* saved) {
            if constexpr (std::is_same_v<Element, std::int64_t>) {
                std::memcpy(array, saved, num_envs_ * sizeof(*array));
            } else if constexpr (std::is_same_v<Element, Pcg64>) {
                for (std::size_t copy = 0; copy < num_envs_; ++copy) {
                    Pcg64 random;
                    std::memcpy(&random, saved + copy * sizeof(random), sizeof(random));
                    valid = valid && random.increment_low % 2 == 1;
                }
            }
        });
        const std::int64_t least_elapsed = settings_.autoreset_mode == AutoresetMode::same_step ? 0 : -1;
        const std::int64_t most_elapsed = settings_.max_episode_steps == unlimited
                                              ? largest_count / static_cast<std::int64_t>(num_envs_)
                                              : settings_.max_episode_steps - 1;
        for (const std::int64_t elapsed : elapsed_steps) valid = valid && elapsed >= least_elapsed && elapsed <= most_elapsed;
        if (!valid) throw std::invalid_argument("saved state: damaged");

        for_each_saved([&](auto* array, const std::byte* saved) { std::memcpy(array, saved, num_envs_ * sizeof(*array)); });
        std::fill_n(pending_.get(), words(), 0);
        std::fill_n(deadlines_.get(), words(), std::numeric_limits<std::int64_t>::min());  // to be found out
        for (std::size_t copy = 0; copy < num_envs_; ++copy) {
            began_[copy] = clock_ - elapsed_steps[copy];
            if (elapsed_steps[copy] < 0) pending_[copy / lanes_per_word] |= std::uint64_t{1} << copy % lanes_per_word;
        }
        seeded_ = header.seeded != 0;
        started_ = header.started != 0;
        tally_ = header.tally;
        discarded_ = header.discarded;
        finished_ = count_finished();
    }

    /// Copies the state, num_envs x state_size, row-major.
    /// \throws std::invalid_argument when `state` has another size
    void get_state(std::span<double> state) const {
        check_state_size(state.size());
        for (std::size_t copy = 0; copy < num_envs_; ++copy)
            for (std::size_t i = 0; i < E::state_size; ++i) state[copy * E::state_size + i] = shown(i, state_[i][copy]);
    }

    /// Replaces the state; elapsed steps and random streams stay.
    /// \param state num_envs x state_size finite numbers, row-major
    /// \throws std::invalid_argument when it has another size, or a number is not finite as a Scalar; nothing is changed
    ///         then
    void set_state(std::span<const double> state) {
        check_state_size(state.size());
        for (std::size_t i = 0; i < state.size(); ++i)
            if (!(std::abs(state[i]) <= std::numeric_limits<Scalar>::max()))
                throw std::invalid_argument("state[" + std::to_string(i / E::state_size) + ", " +
                                            std::to_string(i % E::state_size) + "]: expected a finite number of the " +
                                            "state's precision, got " + std::to_string(state[i]));
        for (std::size_t copy = 0; copy < num_envs_; ++copy)
            for (std::size_t i = 0; i < E::state_size; ++i) state_[i][copy] = stored(i, state[copy * E::state_size + i]);
    }

private:
    friend struct CounterAccess;  // of the tests, which set counters to where it would take hours to get

    /// \param bounds made of doubles
    static void check_finite(const typename E::ResetBounds& bounds) {
        const auto numbers = std::bit_cast<std::array<double, sizeof(bounds) / sizeof(double)>>(bounds);
        for (const double number : numbers)
            if (!std::isfinite(number))
                throw std::invalid_argument("bounds: expected finite numbers, got " + std::to_string(number));
    }

    static void check_aligned(const char* argument, const void* array) {
        if (array == nullptr || reinterpret_cast<std::uintptr_t>(array) % static_cast<std::size_t>(cache_line) != 0)
            throw std::invalid_argument(std::string(argument) + ": expected an array that is 64-byte aligned");
    }

    void check(const Outputs& outputs) const {
        check_aligned("observations", outputs.observations);
        check_aligned("rewards", outputs.rewards);
        check_aligned("terminations", outputs.terminations);
        check_aligned("truncations", outputs.truncations);
        if (settings_.autoreset_mode == AutoresetMode::same_step)
            check_aligned("final_observations", outputs.final_observations);
        if (outputs.ended) check_aligned("ended", outputs.ended);
    }

    void check_state_size(std::size_t size) const {
        if (size != num_envs_ * E::state_size)
            throw std::invalid_argument("state: expected " + std::to_string(num_envs_ * E::state_size) +
                                        " numbers, num_envs x state_size, got " + std::to_string(size));
    }

    static std::size_t checked(const char* argument, std::size_t value, std::size_t largest) {
        if (value == 0 || value > largest)
            throw std::invalid_argument(std::string(argument) + ": expected an integer from 1 to " +
                                        std::to_string(largest) + ", got " + std::to_string(value));
        return value;
    }

    static const typename E::Parameters& checked(const typename E::Parameters& parameters) {
        E::visit_parameters(parameters, ParameterCheck{});
        if constexpr (requires { E::check(parameters); }) E::check(parameters);
        return parameters;
    }

    static std::int32_t checked_limit(std::int32_t max_episode_steps) {
        if (max_episode_steps < 1)
            throw std::invalid_argument("max_episode_steps: expected a positive integer, got " +
                                        std::to_string(max_episode_steps));
        return max_episode_steps;
    }

    static Scalar stored(std::size_t variable, double value) {
        if constexpr (requires { E::template stored<Scalar>(variable, value); })
            return E::template stored<Scalar>(variable, value);
        else
            return static_cast<Scalar>(value);
    }

    static double shown(std::size_t variable, Scalar value) {
        if constexpr (requires { E::template shown<Scalar>(variable, value); })
            return E::template shown<Scalar>(variable, value);
        else
            return value;
    }

    Lanes<E, Scalar> lanes() const {
        Lanes<E, Scalar> lanes{
            {}, began_.get(), pending_.get(), deadlines_.get(), random_.get(), returns_.get(), clock_};
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

    std::size_t words() const { return padded() / lanes_per_word; }
    std::size_t blocks() const { return (num_envs_ + lanes_per_block - 1) / lanes_per_block; }

    /// Calls `work(begin, end)` for every block of copies, on all workers.
    template <class Work>
    void for_blocks(const Work& work) {
        pool_.run(blocks(), [&](std::size_t block) {
            const std::size_t begin = block * lanes_per_block;
            work(begin, std::min(begin + lanes_per_block, num_envs_));
        });
    }

    bool is_pending(std::size_t copy) const {
        return (pending_[copy / lanes_per_word] >> copy % lanes_per_word & 1) != 0;
    }

    /// The steps of a copy's episode so far; 0 once it has ended.
    std::int64_t elapsed(std::size_t copy) const { return is_pending(copy) ? 0 : clock_ - began_[copy]; }

    /// The steps that are part of episodes under way.
    std::int64_t elapsed_in_episodes() const {
        std::int64_t steps = 0;
        for (std::size_t copy = 0; copy < num_envs_; ++copy) steps += elapsed(copy);
        return steps;
    }

    /// Episodes that are about to be broken off: their steps count for nothing.
    template <class Selected>
    void discard_episodes(const Selected& selected) {
        for (std::size_t copy = 0; copy < num_envs_; ++copy)
            if (selected(copy)) discarded_ += elapsed(copy);
    }

    std::int64_t count_finished() const {
        std::int64_t finished = 0;
        for (std::size_t word = 0; word < words(); ++word) finished += std::popcount(pending_[word]);
        return finished;
    }

    /// More than any run comes to; sums of a few do not overflow.
    static constexpr std::int64_t largest_count = std::int64_t{1} << 60;

    /// What save() writes before the arrays.
    struct Snapshot {
        char magic[8] = {'o', 'p', 'e', 'r', 'a', 'n', 't', '2'};
        char environment[32] = {};
        std::uint64_t num_envs = 0;
        std::uint64_t scalar_size = sizeof(Scalar);
        std::uint64_t seeded = 0, started = 0;
        Tally tally;
        std::int64_t discarded = 0;

        /// Whether this may be what some steps lead to.
        bool is_valid() const {
            const auto is_count = [](std::int64_t number) { return number >= 0 && number <= largest_count; };
            return seeded <= 1 && started <= seeded && is_count(tally.steps) && is_count(tally.ended) &&
                   is_count(tally.terminated) && tally.terminated <= tally.ended && discarded >= -largest_count &&
                   discarded <= largest_count;
        }

        bool same_kind(const Snapshot& other) const {
            return std::memcmp(magic, other.magic, sizeof(magic)) == 0 &&
                   std::memcmp(environment, other.environment, sizeof(environment)) == 0 &&
                   num_envs == other.num_envs && scalar_size == other.scalar_size;
        }
    };

    Snapshot snapshot_header() const {
        Snapshot header;
        std::ranges::copy(E::name, header.environment);
        header.num_envs = num_envs_;
        return header;
    }

    /// The arrays that save() writes, of which every copy has an element.
    /// \param elapsed_steps of the episodes; -1 once they have ended
    template <class Visitor>
    void for_each_array(std::vector<std::int64_t>& elapsed_steps, const Visitor& visit) const {
        for (const auto& variable : state_) visit(variable.get());
        visit(elapsed_steps.data());
        visit(random_.get());
        if (returns_) visit(returns_.get());
    }

    void allocate_outputs() {
        if (observations_) return;
        if (settings_.autoreset_mode == AutoresetMode::same_step)
            final_observations_ = make_aligned_array<float>(padded() * E::observation_size);
        rewards_ = make_aligned_array<float>(padded());
        terminations_ = make_aligned_array<bool>(padded());
        truncations_ = make_aligned_array<bool>(padded());
        observations_ = make_aligned_array<float>(padded() * E::observation_size);
    }

    std::span<const float> observations() const { return {observations_.get(), num_envs_ * E::observation_size}; }

    template <class Action>
    StepResult step_own(std::span<const Action> actions) {
        allocate_outputs();
        step_into(actions, {observations_.get(), rewards_.get(), terminations_.get(), truncations_.get(),
                            final_observations_.get()});
        return {observations(),
                {rewards_.get(), num_envs_},
                {terminations_.get(), num_envs_},
                {truncations_.get(), num_envs_}};
    }

    template <class Action>
    std::int64_t step_into(std::span<const Action> actions, const Outputs& outputs) {
        if (!started_) throw ResetNeeded("step: call reset before the first step");
        const auto& kernels = kernels_.template on_actions<Action>();
        if (actions.size() != num_envs_)
            throw std::invalid_argument("actions: expected " + std::to_string(num_envs_) + " of them, one a copy, got " +
                                        std::to_string(actions.size()));
        check(outputs);
        if (!are_valid(kernels, actions)) throw_invalid(actions);
        if (settings_.autoreset_mode == AutoresetMode::disabled && finished_ != 0)
            throw ResetNeeded("step: " + std::to_string(finished_) +
                              " of the copies have finished, and autoreset is disabled: reset them first");

        ++clock_;
        const Lanes<E, Scalar> lanes = this->lanes();
        for_blocks([&](std::size_t begin, std::size_t end) {
            LaneList restarting;
            tallies_[begin / lanes_per_block] =
                kernels.step(settings_, lanes, actions.data(), outputs, begin, end, restarting);
            kernels_.restart(typename E::ResetBounds{}, lanes, outputs.observations, restarting);
        });
        const std::int64_t ended_before = tally_.ended;
        for (const Tally& tally : tallies_) {
            tally_.steps += tally.steps;
            tally_.ended += tally.ended;
            tally_.terminated += tally.terminated;
            tally_.returns += tally.returns;
        }
        const std::int64_t ended = tally_.ended - ended_before;
        finished_ += ended;
        return ended;
    }

    /// All are checked before anything is stepped, by all workers where that pays.
    template <class Action>
    bool are_valid(const typename Kernels<E, Scalar>::template OnActions<Action>& kernels, std::span<const Action> actions) {
        constexpr std::size_t worthwhile = 32 * lanes_per_block;
        if (workers() == 1 || num_envs_ < worthwhile) return kernels.are_valid(actions.data(), actions.size());
        std::atomic<bool> valid = true;
        for_blocks([&](std::size_t begin, std::size_t end) {
            if (!kernels.are_valid(actions.data() + begin, end - begin)) valid.store(false, std::memory_order_relaxed);
        });
        return valid.load(std::memory_order_relaxed);
    }

    template <class Action>
    [[noreturn]] static void throw_invalid(std::span<const Action> actions) {
        std::string expected;
        std::size_t i = 0;
        const std::size_t last = actions.size() - 1;  // where the search ends if another thread has put the action right
        if constexpr (std::is_integral_v<Action>) {
            while (i < last && actions[i] >= 0 && actions[i] < static_cast<Action>(E::ActionSpace::n)) ++i;
            expected = "an integer from 0 to " + std::to_string(E::ActionSpace::n - 1) + ", got " + std::to_string(actions[i]);
        } else {
            while (i < last && actions[i] == actions[i]) ++i;
            expected = "a number, got nan";
        }
        throw std::invalid_argument("actions[" + std::to_string(i) + "]: expected " + expected);
    }

    std::size_t num_envs_;
    Settings<E> settings_;
    Kernels<E, Scalar> kernels_;
    WorkerPool pool_;
    bool seeded_ = false;
    bool started_ = false;

    std::array<AlignedArray<Scalar>, E::state_size> state_;
    AlignedArray<std::int64_t> began_;
    AlignedArray<std::uint64_t> pending_;   // one element a word
    AlignedArray<std::int64_t> deadlines_;  // one element a word
    AlignedArray<Pcg64> random_;
    AlignedArray<double> returns_;

    std::int64_t clock_ = 0;      // steps so far
    std::vector<Tally> tallies_;  // of the last step, one a block
    Tally tally_;                 // since clear_logs
    std::int64_t discarded_ = 0;  // steps since clear_logs in episodes that a reset broke off
    std::int64_t finished_ = 0;   // copies that wait for a reset when autoreset is disabled

    AlignedArray<float> observations_, rewards_, final_observations_;
    AlignedArray<bool> terminations_, truncations_;
};

}  // namespace operant
