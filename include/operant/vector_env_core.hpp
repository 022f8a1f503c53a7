#pragma once
/// \file
/// Thousands of copies of one environment, stepped together, whatever the environment: it is a description and a table of
/// kernels.

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <operant/aligned_array.hpp>
#include <operant/environment_library.hpp>
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

/// What is the same for all copies and follows from no environment.
struct CoreOptions {
    std::size_t workers = 1;                                  ///< threads that step, the caller's among them
    std::int32_t max_episode_steps = unlimited;               ///< then episodes are truncated
    AutoresetMode autoreset_mode = AutoresetMode::next_step;  ///< what follows the end of an episode
};

/// `num_envs` copies of an environment. What happens to a copy whose episode has ended is up to
/// `CoreOptions::autoreset_mode`. By default, the step after ignores the copy's action and returns a new episode's first
/// observation, reward 0 and no flags.
///
/// The results do not depend on `workers`, nor copy i's on `num_envs`. One object is for one thread at a time.
class VectorEnvCore {
public:
    /// The most copies.
    static constexpr std::size_t largest_num_envs = std::size_t{1} << 31;
    /// The most threads.
    static constexpr std::size_t most_workers = 1024;

    /// \param environment of a library; it stays there
    /// \param kernels of that environment, for an instruction set that the processor has; they stay, too
    /// \param num_envs from 1 to `largest_num_envs`
    /// \param options by name
    /// \param parameters as ParameterTable takes them
    /// \throws std::invalid_argument when an argument is out of range, std::bad_alloc when memory does not suffice
    VectorEnvCore(const EnvironmentDescription& environment, const Kernels& kernels, std::size_t num_envs,
                  const CoreOptions& options, std::vector<double> parameters = {})
        : environment_(environment),
          kernels_(kernels),
          num_envs_(checked("num_envs", num_envs, largest_num_envs)),
          options_(options),
          pool_(checked("workers", options.workers, most_workers)),
          parameters_(std::make_shared<const PreparedParameters>(environment, kernels, std::move(parameters), num_envs)),
          began_(make_aligned_array<std::int64_t>(padded())),
          pending_(make_aligned_array<std::uint64_t>(words())),
          deadlines_(make_aligned_array<std::int64_t>(words())),
          random_(make_aligned_array<std::byte>(padded() * environment.random_size)),
          block_totals_(blocks()) {
        if (options.max_episode_steps < 1)
            throw std::invalid_argument("max_episode_steps: expected a positive integer, got " +
                                        std::to_string(options.max_episode_steps));
        for (std::size_t i = 0; i < environment.state_size; ++i) {
            state_.push_back(make_aligned_array<std::byte>(padded() * size_of(kernels.state_types[i])));
            state_arrays_.push_back(state_.back().get());
        }
        if (!environment.get_fixed_reward) returns_ = make_aligned_array<double>(padded());
        for (std::size_t copy = 0; copy < num_envs; ++copy) set_generator(copy, Pcg64());
    }

    VectorEnvCore(const VectorEnvCore&) = delete;
    VectorEnvCore& operator=(const VectorEnvCore&) = delete;

    /// What is stepped.
    const EnvironmentDescription& environment() const { return environment_; }
    /// The number of copies.
    std::size_t num_envs() const { return num_envs_; }
    /// The number of threads that step, the caller's among them.
    std::size_t workers() const { return pool_.workers(); }
    /// The length at which episodes are truncated, or `unlimited`.
    std::int32_t max_episode_steps() const { return options_.max_episode_steps; }
    /// Whether every copy has been reset.
    bool started() const { return started_; }
    /// What follows the end of an episode.
    AutoresetMode autoreset_mode() const { return options_.autoreset_mode; }
    /// Those of the copies.
    const ParameterTable& parameters() const { return parameters_->table(); }

    /// Replaces the parameters: the next step is made with the new ones. States, elapsed steps, random streams and totals
    /// stay.
    /// \param numbers as ParameterTable takes them
    /// \throws std::invalid_argument as the constructor, and when a fixed reward would change after the first reset: the
    ///         returns of all episodes are computed from it; nothing is changed then
    void set_parameters(std::vector<double> numbers) {
        auto prepared = std::make_shared<const PreparedParameters>(environment_, kernels_, std::move(numbers), num_envs_);
        if (started_ && prepared->fixed_reward() != parameters_->fixed_reward())
            throw std::invalid_argument(parameters().changed_in(prepared->table()) +
                                        ": expected the same rewards as before, as returns are computed from them; other ones "
                                        "have to be chosen before the first reset");
        parameters_ = std::move(prepared);
    }

    /// The number of rows that the arrays of `Outputs` must have room for.
    std::size_t padded() const { return (num_envs_ + lanes_per_word - 1) / lanes_per_word * lanes_per_word; }

    /// Starts the random stream of one copy anew; the next `reset` draws from it.
    /// \throws std::out_of_range unless `copy` is below num_envs
    void seed(std::size_t copy, const SeedSequence& seed) {
        if (copy >= num_envs_)
            throw std::out_of_range("copy: expected an integer below num_envs = " + std::to_string(num_envs_) + ", got " +
                                    std::to_string(copy));
        if (!seeded_) seed_from_entropy();
        set_generator(copy, Pcg64(seed));
    }

    /// Seeds copy i with `seed + i`.
    /// \throws std::invalid_argument when `seed + num_envs - 1` does not fit in 64 bits
    void seed_all(std::uint64_t seed) {
        if (seed > std::numeric_limits<std::uint64_t>::max() - (num_envs_ - 1))
            throw std::invalid_argument("seed: " + std::to_string(seed) + " + num_envs - 1 does not fit in 64 bits");
        for (std::size_t copy = 0; copy < num_envs_; ++copy) set_generator(copy, Pcg64(SeedSequence(seed + copy)));
        seeded_ = true;
    }

    /// Copies the random streams as they stand, num_envs generators one after the other, `random_size` bytes each, which
    /// begin with a Pcg64.
    /// \throws std::invalid_argument when there is another number of bytes
    void get_generators(std::span<std::byte> generators) const {
        check_generators_size(generators.size());
        std::memcpy(generators.data(), random_.get(), generators.size());
    }

    /// Replaces the random streams; the next reset draws from them.
    /// \throws std::invalid_argument when there is another number of bytes, or they are no generators; nothing is changed
    ///         then
    void set_generators(std::span<const std::byte> generators) {
        check_generators_size(generators.size());
        if (!are_generators(generators)) throw std::invalid_argument("generators: expected PCG64s, which have odd increments");
        std::memcpy(random_.get(), generators.data(), generators.size());
        seeded_ = true;
    }

    /// Starts an episode in every copy, from its random stream as it stands; the first time, from fresh entropy.
    /// \param bounds one number for each bound of the environment's resets; empty for the defaults
    /// \param outputs where the observations go, and the infos if wanted
    /// \throws std::invalid_argument when a bound is not finite, or there are not as many; nothing is changed then
    void reset(std::span<const double> bounds, const Outputs& outputs) {
        check_bounds(bounds);
        if (!seeded_) seed_from_entropy();
        discard_episodes([](std::size_t) { return true; });
        for_blocks([&](std::size_t begin, std::size_t end) {
            LaneList restarting;
            for (std::size_t copy = begin; copy < end; ++copy) restarting.append(copy);
            kernels_.restart(bounds.empty() ? nullptr : bounds.data(), lanes(), outputs, restarting);
        });
        std::fill_n(pending_.get(), words(), 0);
        finished_ = 0;
        started_ = true;
    }

    /// Starts an episode in the copies that `mask` selects, the others stay where they are.
    /// \param mask num_envs
    /// \param bounds,outputs as above: the last observations of the other copies, and no infos
    /// \throws ResetNeeded before the first reset of all copies, unless the mask selects all; std::invalid_argument when
    ///         the mask has another length, or as above; nothing is changed then
    void reset(std::span<const bool> mask, std::span<const double> bounds, const Outputs& outputs) {
        if (mask.size() != num_envs_)
            throw std::invalid_argument("reset_mask: expected " + std::to_string(num_envs_) + " elements, one per copy, got " +
                                        std::to_string(mask.size()));
        if (!started_) {
            if (std::ranges::find(mask, false) == mask.end()) return reset(bounds, outputs);
            throw ResetNeeded("reset: the first reset must reset every copy, without a reset_mask");
        }
        check_bounds(bounds);
        discard_episodes([&](std::size_t copy) { return mask[copy]; });
        for_blocks([&](std::size_t begin, std::size_t end) {
            LaneList restarting;
            for (std::size_t copy = begin; copy < end; ++copy) {
                if (outputs.has_infos) outputs.has_infos[copy] = false;
                if (!mask[copy]) continue;
                restarting.append(copy);
                pending_[copy / lanes_per_word] &= ~(std::uint64_t{1} << copy % lanes_per_word);
            }
            clear_infos(outputs, begin, end);
            kernels_.observe(lanes(), outputs, begin, end);
            kernels_.restart(bounds.empty() ? nullptr : bounds.data(), lanes(), outputs, restarting);
        });
        finished_ = count_finished();
    }

    /// Steps every copy.
    /// \param actions a row for each copy, of int32, int64, float or double, whichever the action space has
    /// \param outputs with room for `padded()` rows
    /// \return the number of episodes that ended
    /// \throws std::invalid_argument when there are too few or too many actions or one cannot be used, ResetNeeded before
    ///         the first `reset` or when a copy has finished and autoreset is disabled; nothing is stepped then
    template <class Action>
    std::int64_t step(std::span<const Action> actions, const Outputs& outputs) {
        constexpr bool narrow = sizeof(Action) == 4;
        if (!started_) throw ResetNeeded("step: call reset before the first step");
        check_actions(actions);
        if (options_.autoreset_mode == AutoresetMode::disabled && finished_ != 0)
            throw ResetNeeded("step: " + std::to_string(finished_) +
                              " of the copies have finished, and autoreset is disabled: reset them first");
        ++clock_;
        const Lanes lanes = this->lanes();
        const Kernels::Step step = narrow ? kernels_.step_narrow : kernels_.step_wide;
        for_blocks([&](std::size_t begin, std::size_t end) {
            LaneList restarting;
            block_totals_[begin / lanes_per_block] = step(lanes, actions.data(), outputs, begin, end, restarting);
            if (restarting.count != 0) kernels_.restart(nullptr, lanes, outputs, restarting);
        });
        const std::int64_t ended = statistics_.add(block_totals_);
        finished_ += ended;
        return ended;
    }

    /// Writes the observations of all copies as they stand, with room for `padded()` rows.
    /// \throws ResetNeeded before the first reset
    void observe(const Outputs& outputs) const {
        if (!started_) throw ResetNeeded("observe: call reset first");
        kernels_.observe(lanes(), outputs, 0, num_envs_);
    }

    /// Of the episodes that ended since clear_logs().
    Logs logs() const {
        return statistics_.logs(elapsed_in_episodes(), environment_.get_fixed_reward ? &parameters_->fixed_reward() : nullptr);
    }

    /// Starts the logs anew. Episodes under way count in full when they end.
    void clear_logs() { statistics_.clear(elapsed_in_episodes()); }

    /// Everything that future steps depend on (state, elapsed steps, random streams, logs), so that an object constructed
    /// with the same arguments continues from here after `load`, bit for bit.
    std::vector<std::byte> save() const {
        SnapshotWriter writer;
        write_kind(writer);
        writer.write(std::uint8_t{seeded_});
        writer.write(std::uint8_t{started_});
        writer.write(statistics_);
        for (std::size_t copy = 0; copy < num_envs_; ++copy)
            writer.write(is_pending(copy) ? std::int64_t{-1} : elapsed(copy));
        for_each_array([&](const void* array, std::size_t element) { writer.write(array, num_envs_ * element); });
        return writer.take();
    }

    /// \param bytes what save() wrote, of an object with the same arguments (`workers` may differ)
    /// \throws std::invalid_argument when it is something else, or damaged in a way that shows; nothing is changed then
    void load(std::span<const std::byte> bytes) {
        SnapshotReader reader(bytes);
        SnapshotWriter expected;
        write_kind(expected);
        const auto kind = expected.take();
        const auto found = bytes.first(std::min(kind.size(), bytes.size()));
        if (!std::ranges::equal(found, kind))
            throw std::invalid_argument("saved state: not one of " + std::to_string(num_envs_) + " copies of " +
                                        environment_.name + " in this precision and version");
        reader.read(kind.size());
        const bool valid_flags = is_flag(bytes, kind.size()) && is_flag(bytes, kind.size() + 1);
        const auto seeded = reader.read<std::uint8_t>();
        const auto started = reader.read<std::uint8_t>();
        const auto statistics = reader.read<Statistics>();
        std::vector<std::int64_t> elapsed_steps(num_envs_);
        for (auto& elapsed : elapsed_steps) elapsed = reader.read<std::int64_t>();
        std::vector<std::span<const std::byte>> arrays;
        for_each_array([&](const void*, std::size_t element) { arrays.push_back(reader.read(num_envs_ * element)); });
        reader.finish();
        if (!valid_flags || started > seeded || !statistics.is_valid() || !are_valid(elapsed_steps) ||
            !are_generators(arrays[environment_.state_size]))
            throw std::invalid_argument("saved state: damaged");

        std::size_t i = 0;
        for_each_array([&](void* array, std::size_t) {
            std::memcpy(array, arrays[i].data(), arrays[i].size());
            ++i;
        });
        std::fill_n(pending_.get(), words(), 0);
        std::fill_n(deadlines_.get(), words(), std::numeric_limits<std::int64_t>::min());  // to be found out
        for (std::size_t copy = 0; copy < num_envs_; ++copy) {
            began_[copy] = clock_ - elapsed_steps[copy];
            if (elapsed_steps[copy] < 0) pending_[copy / lanes_per_word] |= std::uint64_t{1} << copy % lanes_per_word;
        }
        seeded_ = seeded != 0;
        started_ = started != 0;
        statistics_ = statistics;
        finished_ = count_finished();
    }

    /// Copies the state, num_envs x state_size, row-major.
    /// \throws std::invalid_argument when `state` has another size
    void get_state(std::span<double> state) const {
        check_state_size(state.size());
        kernels_.get_state(lanes(), num_envs_, state.data());
    }

    /// Replaces the state; elapsed steps and random streams stay.
    /// \param state num_envs x state_size numbers, row-major
    /// \throws std::invalid_argument when it has another size, or a variable cannot hold its number; nothing is changed then
    void set_state(std::span<const double> state) {
        check_state_size(state.size());
        for (std::size_t i = 0; i < state.size(); ++i) {
            const std::size_t variable = i % environment_.state_size;
            if (!holds(kernels_.state_types[variable], state[i]))
                throw std::invalid_argument("state[" + std::to_string(i / environment_.state_size) + ", " +
                                            std::to_string(variable) + "]: expected " +
                                            expected_of(kernels_.state_types[variable]) + " for " +
                                            environment_.state_names[variable] + ", got " + shortest(state[i]));
        }
        kernels_.set_state(lanes(), num_envs_, state.data());
    }

private:
    friend struct CounterAccess;  // of the tests, which set counters to where it would take hours to get
    // What moves the copies in other ways than step by step: rollout.hpp, evaluation.hpp and branching.hpp.
    friend class BlockRun;
    friend class RolloutRun;
    friend class EvaluationRun;
    friend class Branching;

    static std::size_t checked(const char* argument, std::size_t value, std::size_t largest) {
        if (value == 0 || value > largest)
            throw std::invalid_argument(std::string(argument) + ": expected an integer from 1 to " +
                                        std::to_string(largest) + ", got " + std::to_string(value));
        return value;
    }

    void check_bounds(std::span<const double> bounds) const {
        if (!bounds.empty() && bounds.size() != environment_.reset_bound_count)
            throw std::invalid_argument("bounds: expected " + std::to_string(environment_.reset_bound_count) + " numbers, got " +
                                        std::to_string(bounds.size()));
        for (std::size_t i = 0; i < bounds.size(); ++i)
            if (!std::isfinite(bounds[i]))
                throw std::invalid_argument(std::string(environment_.reset_bounds[i].name) + ": expected a finite number, got " +
                                            shortest(bounds[i]));
    }

    void check_state_size(std::size_t size) const {
        if (size != num_envs_ * environment_.state_size)
            throw std::invalid_argument("state: expected " + std::to_string(num_envs_ * environment_.state_size) +
                                        " numbers, num_envs x state_size, got " + std::to_string(size));
    }

    void check_generators_size(std::size_t size) const {
        if (size != num_envs_ * environment_.random_size)
            throw std::invalid_argument("generators: expected " + std::to_string(num_envs_ * environment_.random_size) +
                                        " bytes, got " + std::to_string(size));
    }

    static bool holds(ElementType type, double value) {
        const auto is_integer = [&](double low, double high) { return value >= low && value <= high && std::trunc(value) == value; };
        switch (type) {
            case ElementType::float32: return std::abs(value) <= static_cast<double>(std::numeric_limits<float>::max());
            case ElementType::float64: return std::isfinite(value);
            case ElementType::int8: return is_integer(-128, 127);
            case ElementType::int32: return is_integer(-0x1p31, 0x1p31 - 1);
            case ElementType::uint32: return is_integer(0, 0x1p32 - 1);
            case ElementType::int64: return is_integer(-0x1p53, 0x1p53);
            default: return value == 0 || value == 1;
        }
    }

    static std::string expected_of(ElementType type) {
        switch (type) {
            case ElementType::float32:
            case ElementType::float64: return "a finite number of the state's precision";
            case ElementType::boolean: return "0 or 1";
            default: return "an integer that the state can hold";
        }
    }

    Lanes lanes() const {
        return {state_arrays_.data(),
                began_.get(),
                pending_.get(),
                deadlines_.get(),
                random_.get(),
                returns_.get(),
                parameters().data(),
                parameters_->dynamics(),
                parameters().per_copy(),
                options_.autoreset_mode,
                options_.max_episode_steps,
                clock_};
    }

    /// A generator begins with a Pcg64; what it has kept of earlier draws is 0.
    void set_generator(std::size_t copy, const Pcg64& generator) {
        std::byte* place = random_.get() + copy * environment_.random_size;
        std::memset(place, 0, environment_.random_size);
        std::memcpy(place, &generator, sizeof(generator));
    }

    void seed_from_entropy() {
        std::random_device device;
        std::array<std::uint32_t, 5> entropy{device(), device(), device(), device(), 0};
        for (std::size_t copy = 0; copy < num_envs_; ++copy) {
            entropy[4] = static_cast<std::uint32_t>(copy);
            set_generator(copy, Pcg64(SeedSequence(entropy)));
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
            if (selected(copy)) statistics_.discard(elapsed(copy));
    }

    /// A reset of some copies brings no infos of the others: 0, as Gymnasium has it.
    void clear_infos(const Outputs& outputs, std::size_t begin, std::size_t end) const {
        for (std::size_t i = 0; outputs.infos && i < environment_.info_count; ++i) {
            const InfoDescription& info = environment_.infos[i];
            const std::size_t row = size_of(info.type) * std::max<std::size_t>(info.width, 1);
            std::memset(static_cast<std::byte*>(outputs.infos[i]) + begin * row, 0, (end - begin) * row);
        }
    }

    std::int64_t count_finished() const {
        std::int64_t finished = 0;
        for (std::size_t word = 0; word < words(); ++word) finished += std::popcount(pending_[word]);
        return finished;
    }

    /// What a snapshot begins with; only one that begins alike can be loaded.
    void write_kind(SnapshotWriter& writer) const {
        writer.write(std::string_view("operant 3"));
        writer.write(std::string_view(environment_.name));
        writer.write(static_cast<std::uint64_t>(num_envs_));
        for_each_array([&](const void*, std::size_t element) { writer.write(static_cast<std::uint64_t>(element)); });
    }

    static bool is_flag(std::span<const std::byte> bytes, std::size_t i) {
        return i < bytes.size() && std::to_integer<int>(bytes[i]) <= 1;
    }

    bool are_valid(const std::vector<std::int64_t>& elapsed_steps) const {
        const std::int64_t least = options_.autoreset_mode == AutoresetMode::same_step ? 0 : -1;
        const std::int64_t most = options_.max_episode_steps == unlimited
                                      ? Statistics::largest_count / static_cast<std::int64_t>(num_envs_)
                                      : options_.max_episode_steps - 1;
        return std::ranges::all_of(elapsed_steps, [&](std::int64_t elapsed) { return elapsed >= least && elapsed <= most; });
    }

    /// Whether these can be the generators of all copies: the increment of a Pcg64 is odd.
    bool are_generators(std::span<const std::byte> bytes) const {
        for (std::size_t copy = 0; copy < num_envs_; ++copy) {
            Pcg64 generator;
            std::memcpy(&generator, bytes.data() + copy * environment_.random_size, sizeof(generator));
            if (generator.increment_low % 2 != 1) return false;
        }
        return true;
    }

    /// The arrays that a snapshot has, and the bytes of an element: state variables, generators, and returns if any.
    template <class Visitor>
    void for_each_array(const Visitor& visit) const {
        for (std::size_t i = 0; i < state_.size(); ++i) visit(state_[i].get(), size_of(kernels_.state_types[i]));
        visit(random_.get(), environment_.random_size);
        if (returns_) visit(returns_.get(), sizeof(double));
    }

    /// All are checked before anything is stepped, by all workers where that pays.
    /// \param actions a row for each copy, of one step or of several
    /// \param steps how many; 0: of one, and messages have no time
    template <class Action>
    void check_actions(std::span<const Action> actions, std::size_t steps = 0) {
        const std::size_t size = environment_.action.size, rows = std::max<std::size_t>(steps, 1) * num_envs_;
        if (actions.size() != rows * size)
            throw std::invalid_argument("actions: expected " + std::to_string(rows * size) + " numbers, " +
                                        std::to_string(size) + " per copy, got " + std::to_string(actions.size()));
        const auto are_valid = sizeof(Action) == 4 ? kernels_.are_narrow_valid : kernels_.are_wide_valid;
        constexpr std::size_t part_size = 4 * lanes_per_block, worthwhile = 8 * part_size;
        if (workers() == 1 || rows < worthwhile) {
            if (!are_valid(actions.data(), rows)) throw_invalid(actions, steps != 0);
            return;
        }
        std::atomic<bool> valid = true;
        pool_.run((rows + part_size - 1) / part_size, [&](std::size_t part) {
            const std::size_t begin = part * part_size, end = std::min(begin + part_size, rows);
            if (!are_valid(actions.data() + begin * size, end - begin)) valid.store(false, std::memory_order_relaxed);
        });
        if (!valid.load(std::memory_order_relaxed)) throw_invalid(actions, steps != 0);
    }

    template <class Action>
    [[noreturn]] void throw_invalid(std::span<const Action> actions, bool has_times) const {
        const std::size_t size = environment_.action.size;
        std::vector<std::int64_t> limits(size);
        std::vector<float> floats(2 * (size + environment_.observation.size));
        std::vector<std::int64_t> observation_n(environment_.observation.size);
        float* next = floats.data();
        const auto take = [&](std::size_t count) { return std::exchange(next, next + count); };
        environment_.get_spaces(parameters().data(), {take(size), take(size), limits.data(), take(environment_.observation.size),
                                                     take(environment_.observation.size), observation_n.data()});
        std::size_t i = 0;
        const std::size_t last = actions.size() - 1;  // where the search ends if another thread has put the action right
        std::string expected;
        if constexpr (std::is_integral_v<Action>) {
            while (i < last && actions[i] >= 0 && actions[i] < limits[i % size]) ++i;
            expected = "an integer from 0 to " + std::to_string(limits[i % size] - 1) + ", got " + std::to_string(actions[i]);
        } else {
            while (i < last && actions[i] == actions[i]) ++i;
            expected = "a number, got nan";
        }
        const std::size_t copy = i / size % num_envs_;
        std::string place = has_times ? std::to_string(i / size / num_envs_) + ", " : "";
        place += size == 1 ? std::to_string(copy) : std::to_string(copy) + ", " + std::to_string(i % size);
        throw std::invalid_argument("actions[" + place + "]: expected " + expected);
    }

    static std::uint64_t next_number() {
        static std::atomic<std::uint64_t> last{0};
        return ++last;
    }

    const std::uint64_t number_ = next_number();  // tells objects apart, those that are gone included
    const EnvironmentDescription& environment_;
    const Kernels kernels_;
    std::size_t num_envs_;
    CoreOptions options_;
    WorkerPool pool_;
    std::shared_ptr<const PreparedParameters> parameters_;
    bool seeded_ = false;
    bool started_ = false;

    std::vector<AlignedArray<std::byte>> state_;
    std::vector<void*> state_arrays_;  // the same, for Lanes
    AlignedArray<std::int64_t> began_;
    AlignedArray<std::uint64_t> pending_;   // one element a word
    AlignedArray<std::int64_t> deadlines_;  // one element a word
    AlignedArray<std::byte> random_;
    AlignedArray<double> returns_;

    std::int64_t clock_ = 0;      // steps so far
    std::vector<StepTotals> block_totals_;  // of the last step, one a block
    Statistics statistics_;
    std::int64_t finished_ = 0;  // copies that wait for a reset when autoreset is disabled
};

}  // namespace operant
