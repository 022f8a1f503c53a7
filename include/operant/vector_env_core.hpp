#pragma once
/// \file
/// Thousands of copies of one environment that step together. The environment is data: a description and a table of kernels.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <operant/copies.hpp>
#include <operant/environment_library.hpp>
#include <operant/input_checks.hpp>
#include <operant/numerics/random.hpp>
#include <operant/parameter_table.hpp>
#include <operant/prepared_parameters.hpp>
#include <operant/snapshot.hpp>
#include <operant/statistics.hpp>
#include <operant/worker_pool.hpp>

namespace operant {

/// `step` was called before `reset`.
class ResetNeeded : public std::logic_error {
    using std::logic_error::logic_error;
};

/// Options that are the same for all copies and do not depend on the environment.
struct CoreOptions {
    std::size_t workers = 1;                                  ///< how many threads step, including the caller's
    std::int32_t max_episode_steps = unlimited;               ///< after so many steps an episode is truncated
    AutoresetMode autoreset_mode = AutoresetMode::next_step;  ///< what follows the end of an episode
};

/// `num_envs` copies of an environment. `CoreOptions::autoreset_mode` determines what happens to a copy whose episode has
/// ended. By default, the next step ignores the copy's action and returns the first observation of a new episode, reward 0
/// and no flags.
///
/// The results do not depend on `workers`, and those of copy i do not depend on `num_envs`. Only one thread at a time may
/// use an object.
class VectorEnvCore {
public:
    /// The largest number of copies.
    static constexpr std::size_t largest_num_envs = std::size_t{1} << 31;
    /// The largest number of threads.
    static constexpr std::size_t most_workers = 1024;

    /// \param environment of a library, which has to outlive this object
    /// \param kernels of that environment, for an instruction set that the processor has
    /// \param num_envs from 1 to `largest_num_envs`
    /// \param options by name
    /// \param parameters as ParameterTable takes them
    /// \throws std::invalid_argument if an argument is out of range, std::bad_alloc if there is not enough memory
    VectorEnvCore(const EnvironmentDescription& environment, const Kernels& kernels, std::size_t num_envs,
                  const CoreOptions& options, std::vector<double> parameters = {})
        : environment_(environment),
          kernels_(kernels),
          num_envs_(detail::checked_count("num_envs", num_envs, largest_num_envs)),
          options_(options),
          pool_(detail::checked_count("workers", options.workers, most_workers)),
          parameters_(std::make_shared<const PreparedParameters>(environment, kernels, std::move(parameters), num_envs)),
          copies_(environment, kernels, num_envs),
          block_totals_(make_aligned_array<StepTotals>(copies_.blocks())) {
        if (options.max_episode_steps < 1)
            throw std::invalid_argument("max_episode_steps: expected a positive integer, got " +
                                        std::to_string(options.max_episode_steps));
    }

    VectorEnvCore(const VectorEnvCore&) = delete;
    VectorEnvCore& operator=(const VectorEnvCore&) = delete;

    /// The environment's description.
    const EnvironmentDescription& environment() const { return environment_; }
    /// The number of copies.
    std::size_t num_envs() const { return num_envs_; }
    /// The number of threads that step, including the caller's.
    std::size_t workers() const { return pool_.workers(); }
    /// The length at which episodes are truncated, or `unlimited`.
    std::int32_t max_episode_steps() const { return options_.max_episode_steps; }
    /// Whether every copy has been reset.
    bool started() const { return started_; }
    /// What follows the end of an episode.
    AutoresetMode autoreset_mode() const { return options_.autoreset_mode; }
    /// The parameters of the copies.
    const ParameterTable& parameters() const { return parameters_->table(); }

    /// Replaces the parameters, from the next step on. States, elapsed steps, random streams and totals do not change.
    /// \param numbers as ParameterTable takes them
    /// \throws std::invalid_argument as the constructor, and if a fixed reward would change after the first reset, because
    ///         the returns of all episodes are computed from it. Nothing is changed then.
    void set_parameters(std::vector<double> numbers) {
        auto prepared = std::make_shared<const PreparedParameters>(environment_, kernels_, std::move(numbers), num_envs_);
        if (started_ && prepared->fixed_reward() != parameters_->fixed_reward())
            throw std::invalid_argument(parameters().changed_in(prepared->table()) +
                                        ": expected the same rewards as before, as returns are computed from them; other ones "
                                        "have to be chosen before the first reset");
        parameters_ = std::move(prepared);
    }

    /// The number of rows for which the arrays of `Outputs` must have room.
    std::size_t padded() const { return copies_.padded(); }

    /// Restarts the random stream of one copy from a seed. The next `reset` draws from it.
    /// \throws std::out_of_range unless `copy` is below num_envs
    void seed(std::size_t copy, const SeedSequence& seed) {
        if (copy >= num_envs_)
            throw std::out_of_range("copy: expected an integer below num_envs = " + std::to_string(num_envs_) + ", got " +
                                    std::to_string(copy));
        seed_if_needed();
        copies_.set_generator(copy, Pcg64(seed));
    }

    /// Seeds copy i with `seed + i`.
    /// \throws std::invalid_argument if `seed + num_envs - 1` does not fit in 64 bits
    void seed_all(std::uint64_t seed) {
        if (seed > std::numeric_limits<std::uint64_t>::max() - (num_envs_ - 1))
            throw std::invalid_argument("seed: " + std::to_string(seed) + " + num_envs - 1 does not fit in 64 bits");
        for (std::size_t copy = 0; copy < num_envs_; ++copy) copies_.set_generator(copy, Pcg64(SeedSequence(seed + copy)));
        seeded_ = true;
    }

    /// Copies the random streams: num_envs generators, one after the other, of `random_size` bytes, which begin with a Pcg64.
    /// \throws std::invalid_argument if `generators` has another size
    void get_generators(std::span<std::byte> generators) const {
        detail::check_generators_size(environment_, num_envs_, generators.size());
        std::ranges::copy(copies_.generators(), generators.begin());
    }

    /// Replaces the random streams. The next reset draws from them.
    /// \throws std::invalid_argument if `generators` has another size, or contains something else. Nothing is changed then.
    void set_generators(std::span<const std::byte> generators) {
        detail::check_generators_size(environment_, num_envs_, generators.size());
        if (!copies_.are_generators(generators))
            throw std::invalid_argument("generators: expected PCG64s, which have odd increments");
        std::ranges::copy(generators, copies_.generators().begin());
        seeded_ = true;
    }

    /// Starts an episode in every copy. Copies go on with their random streams; those that were never seeded get random
    /// seeds from the operating system.
    /// \param bounds one number for each bound of the environment's resets; empty for the defaults
    /// \param outputs arrays for the observations, and for the infos if they are wanted
    /// \throws std::invalid_argument if a bound is not finite, or if there is another number of bounds. Nothing is changed
    ///         then.
    void reset(std::span<const double> bounds, const Outputs& outputs) {
        detail::check_reset_bounds(environment_, bounds);
        seed_if_needed();
        discard_episodes([](std::size_t) { return true; });
        for_blocks([&](std::size_t begin, std::size_t end) {
            LaneList restarting;
            for (std::size_t copy = begin; copy < end; ++copy) restarting.append(copy);
            kernels_.restart(bounds.empty() ? nullptr : bounds.data(), lanes(), outputs, restarting);
        });
        copies_.clear_pending();
        finished_ = 0;
        started_ = true;
    }

    /// Starts an episode in the copies that `mask` selects. The others do not change.
    /// \param mask num_envs elements
    /// \param bounds,outputs as above. The other copies get their last observations, and no infos.
    /// \throws ResetNeeded before the first reset of all copies, unless the mask selects all; std::invalid_argument if the
    ///         mask has another length, or as above. Nothing is changed then.
    void reset(std::span<const bool> mask, std::span<const double> bounds, const Outputs& outputs) {
        if (mask.size() != num_envs_)
            throw std::invalid_argument("reset_mask: expected " + std::to_string(num_envs_) + " elements, one per copy, got " +
                                        std::to_string(mask.size()));
        if (!started_) {
            if (std::ranges::find(mask, false) == mask.end()) return reset(bounds, outputs);
            throw ResetNeeded("reset: the first reset must reset every copy, without a reset_mask");
        }
        detail::check_reset_bounds(environment_, bounds);
        discard_episodes([&](std::size_t copy) { return mask[copy]; });
        for_blocks([&](std::size_t begin, std::size_t end) {
            LaneList restarting;
            for (std::size_t copy = begin; copy < end; ++copy) {
                if (outputs.has_infos) outputs.has_infos[copy] = false;
                if (!mask[copy]) continue;
                restarting.append(copy);
                copies_.set_pending(copy, false);
            }
            clear_infos(outputs, begin, end);
            kernels_.observe(lanes(), outputs, begin, end);
            kernels_.restart(bounds.empty() ? nullptr : bounds.data(), lanes(), outputs, restarting);
        });
        finished_ = copies_.count_pending();
    }

    /// Steps every copy.
    /// \param actions a row for each copy: int32 or int64 if actions are discrete, otherwise float or double
    /// \param outputs arrays with room for `padded()` rows
    /// \return the number of episodes that ended
    /// \throws std::invalid_argument if there are too few or too many actions, or one cannot be used; ResetNeeded before the
    ///         first `reset`, or if a copy has finished and autoreset is disabled. Nothing is stepped then.
    template <class Action>
    std::int64_t step(std::span<const Action> actions, const Outputs& outputs) {
        constexpr bool narrow = sizeof(Action) == 4;
        if (!started_) throw ResetNeeded("step: call reset before the first step");
        check_actions(actions);
        if (options_.autoreset_mode == AutoresetMode::disabled && finished_ != 0)
            throw ResetNeeded("step: " + std::to_string(finished_) +
                              " of the copies have finished, and autoreset is disabled: reset them first");
        copies_.set_clock(copies_.clock() + 1);
        // Other threads find copies of all that they need next to each other: every line of this object or of the stack that
        // they looked at would have to be moved from core to core.
        for_blocks([lanes = lanes(), outputs, actions = actions.data(), totals = block_totals_.get(),
                    step = narrow ? kernels_.step_narrow : kernels_.step_wide,
                    restart = kernels_.restart](std::size_t begin, std::size_t end) {
            LaneList restarting;
            totals[begin / lanes_per_block] = step(lanes, actions, outputs, begin, end, restarting);
            if (restarting.count != 0) restart(nullptr, lanes, outputs, restarting);
        });
        const std::int64_t ended = statistics_.add({block_totals_.get(), blocks()});
        finished_ += ended;
        return ended;
    }

    /// Writes the present observations of all copies.
    /// \param outputs arrays with room for `padded()` rows
    /// \throws ResetNeeded before the first reset
    void observe(const Outputs& outputs) const {
        if (!started_) throw ResetNeeded("observe: call reset first");
        kernels_.observe(lanes(), outputs, 0, num_envs_);
    }

    /// Totals of the episodes that ended since clear_logs().
    Logs logs() const {
        return statistics_.logs(copies_.elapsed_in_episodes(),
                                environment_.get_fixed_reward ? &parameters_->fixed_reward() : nullptr);
    }

    /// Sets the totals to zero. An episode that is under way counts with its whole length and return when it ends.
    void clear_logs() { statistics_.clear(copies_.elapsed_in_episodes()); }

    /// Everything that future steps depend on: state, elapsed steps, random streams, logs. After `load`, an object that was
    /// constructed with the same arguments continues from here, bit for bit.
    std::vector<std::byte> save() const {
        SnapshotWriter writer;
        copies_.write_kind(writer);
        writer.write(std::uint8_t{seeded_});
        writer.write(std::uint8_t{started_});
        writer.write(statistics_);
        copies_.save(writer);
        return writer.take();
    }

    /// Continues where another object was saved.
    /// \param bytes from save() of an object with the same arguments; only `workers` may differ
    /// \throws std::invalid_argument if they are something else, or visibly damaged. Nothing is changed then.
    void load(std::span<const std::byte> bytes) {
        SnapshotReader reader(bytes);
        SnapshotWriter kind;
        copies_.write_kind(kind);
        if (!reader.skip(kind.take()))
            throw std::invalid_argument("saved state: not one of " + std::to_string(num_envs_) + " copies of " +
                                        environment_.name + " in this precision and version");
        const auto seeded = reader.read<std::uint8_t>();
        const auto started = reader.read<std::uint8_t>();
        const auto statistics = reader.read<Statistics>();
        const Copies::Saved saved = copies_.read(reader);
        reader.finish();
        if (seeded > 1 || started > seeded || !statistics.is_valid() ||
            !copies_.can_be(saved, options_.autoreset_mode, options_.max_episode_steps))
            throw std::invalid_argument("saved state: damaged");
        copies_.load(saved);
        seeded_ = seeded != 0;
        started_ = started != 0;
        statistics_ = statistics;
        finished_ = copies_.count_pending();
    }

    /// Copies the state, num_envs x state_size, row-major.
    /// \throws std::invalid_argument if `state` has another size
    void get_state(std::span<double> state) const {
        detail::check_state_size(environment_, num_envs_, state.size());
        kernels_.get_state(lanes(), num_envs_, state.data());
    }

    /// Replaces the state. Elapsed steps and random streams do not change.
    /// \param state num_envs x state_size numbers, row-major
    /// \throws std::invalid_argument if it has another size, or a variable cannot hold its number. Nothing is changed then.
    void set_state(std::span<const double> state) {
        detail::check_state(environment_, kernels_.state_types, num_envs_, state);
        kernels_.set_state(lanes(), num_envs_, state.data());
    }

private:
    friend struct CounterAccess;  // tests set counters to values that it would take hours to reach
    // These move the copies in other ways than one step at a time: see rollout.hpp, evaluation.hpp and branching.hpp.
    friend class BlockRun;
    friend class RolloutRun;
    friend class EvaluationRun;
    friend class Branching;

    Lanes lanes() const { return copies_.lanes(*parameters_, options_.autoreset_mode, options_.max_episode_steps); }
    std::size_t blocks() const { return copies_.blocks(); }

    void seed_if_needed() {
        if (!seeded_) copies_.seed_from_entropy();
        seeded_ = true;
    }

    /// Calls `work(begin, end)` for every block of copies, on all workers.
    /// \param least as WorkerPool::run; the default is for work of the size of a step
    template <class Work>
    void for_blocks(const Work& work, std::size_t least = 4) {
        pool_.run(blocks(), [work, num_envs = num_envs_](std::size_t block) {
            const std::size_t begin = block * lanes_per_block;
            work(begin, std::min(begin + lanes_per_block, num_envs));
        }, least);
    }

    /// Leaves the steps of episodes that a reset is about to break off out of the totals.
    template <class Selected>
    void discard_episodes(const Selected& selected) {
        for (std::size_t copy = 0; copy < num_envs_; ++copy)
            if (selected(copy)) statistics_.discard(copies_.elapsed(copy));
    }

    /// When only some copies are reset, the infos of the others are 0, as in Gymnasium.
    void clear_infos(const Outputs& outputs, std::size_t begin, std::size_t end) const {
        for (std::size_t i = 0; outputs.infos && i < environment_.info_count; ++i) {
            const InfoDescription& info = environment_.infos[i];
            const std::size_t row = size_of(info.type) * std::max<std::size_t>(info.width, 1);
            std::memset(static_cast<std::byte*>(outputs.infos[i]) + begin * row, 0, (end - begin) * row);
        }
    }

    /// \throws std::invalid_argument as detail::ActionCheck, which explains the arguments
    template <class Action>
    void check_actions(std::span<const Action> actions, std::size_t steps = 0) {
        const auto are_valid = sizeof(Action) == 4 ? kernels_.are_narrow_valid : kernels_.are_wide_valid;
        detail::ActionCheck<Action>(environment_, parameters(), num_envs_, actions, steps).run(are_valid, pool_);
    }

    static std::uint64_t next_number() {
        static std::atomic<std::uint64_t> last{0};
        return ++last;
    }

    const std::uint64_t number_ = next_number();  // different for every object that there has been
    const EnvironmentDescription& environment_;
    const Kernels kernels_;
    std::size_t num_envs_;
    CoreOptions options_;
    WorkerPool pool_;
    std::shared_ptr<const PreparedParameters> parameters_;
    bool seeded_ = false;
    bool started_ = false;

    Copies copies_;
    AlignedArray<StepTotals> block_totals_;  // of the last step, one per block, two in a cache line
    Statistics statistics_;
    std::int64_t finished_ = 0;  // if autoreset is disabled: copies that wait for a reset
};

}  // namespace operant
