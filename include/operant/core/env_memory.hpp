#pragma once
/// \file
/// The memory of the envs: their states, their random streams and the progress of their episodes.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <operant/abi/library.hpp>
#include <operant/core/aligned_array.hpp>
#include <operant/core/prepared_parameters.hpp>
#include <operant/core/saved_bytes.hpp>
#include <operant/core/statistics.hpp>
#include <operant/environment.hpp>
#include <operant/random/entropy.hpp>
#include <operant/random/random.hpp>

namespace operant {

/// The arrays of `num_envs` envs. All envs share one clock, which counts steps, and each env keeps the time at which its
/// episode began, so a step does not count anything per env.
class EnvMemory {
public:
    /// \param environment,kernels the description and a table of its kernels, which outlive this object
    /// \param num_envs the number of envs
    /// \throws std::bad_alloc if there is not enough memory
    EnvMemory(const EnvironmentDescription& environment, const Kernels& kernels, std::size_t num_envs)
        : environment_(environment),
          kernels_(kernels),
          num_envs_(num_envs),
          began_(make_aligned_array<std::int64_t>(padded())),
          pending_(make_aligned_array<std::uint64_t>(words())),
          deadlines_(make_aligned_array<std::int64_t>(words())),
          random_(make_aligned_array<std::byte>(padded() * environment.random_size)) {
        for (std::size_t i = 0; i < kernels.state_array_count; ++i) {
            state_.push_back(make_aligned_array<std::byte>(padded() * kernels.state_strides[i]));
            state_arrays_.push_back(state_.back().get());
        }
        if (!environment.get_fixed_reward) returns_ = make_aligned_array<double>(padded());
        for (std::size_t env = 0; env < num_envs; ++env) set_generator(env, Pcg64());
    }

    /// The number of elements of every array: num_envs, rounded up to whole words.
    std::size_t padded() const { return (num_envs_ + envs_per_word - 1) / envs_per_word * envs_per_word; }
    /// The number of words of 64 envs.
    std::size_t words() const { return padded() / envs_per_word; }
    /// The number of blocks of 512 envs.
    std::size_t blocks() const { return (num_envs_ + envs_per_block - 1) / envs_per_block; }

    /// The arrays in the form that kernels take.
    EnvArrays envs(const PreparedParameters& parameters, AutoresetMode autoreset_mode, std::int32_t max_episode_steps) const {
        return {
            .state = state_arrays_.data(),
            .began = began_.get(),
            .pending = pending_.get(),
            .deadlines = deadlines_.get(),
            .random = random_.get(),
            .returns = returns_.get(),
            .parameters = parameters.table().data(),
            .dynamics = parameters.dynamics(),
            .per_env = parameters.table().per_env(),
            .autoreset_mode = autoreset_mode,
            .max_episode_steps = max_episode_steps,
            .clock = clock_,
            .context = environment_.context,
        };
    }

    /// The number of steps so far.
    std::int64_t clock() const { return clock_; }
    /// Moves the clock. A snapshot may set it back.
    void set_clock(std::int64_t clock) { clock_ = clock; }

    /// Replaces the random stream of one env. A generator begins with a Pcg64; the unused half of an earlier draw may follow and
    /// is cleared.
    void set_generator(std::size_t env, const Pcg64& generator) {
        std::byte* place = random_.get() + env * environment_.random_size;
        std::memset(place, 0, environment_.random_size);
        std::memcpy(place, &generator, sizeof(generator));
    }

    /// The random streams: `random_size` bytes per env.
    std::span<std::byte> generators() const { return {random_.get(), num_envs_ * environment_.random_size}; }

    /// Returns true if these bytes can be the generators of all envs: the increment of every Pcg64 is odd.
    bool are_generators(std::span<const std::byte> bytes) const {
        for (std::size_t env = 0; env < num_envs_; ++env) {
            Pcg64 generator;
            std::memcpy(&generator, bytes.data() + env * environment_.random_size, sizeof(generator));
            if (generator.increment_low % 2 != 1) return false;
        }
        return true;
    }

    /// Seeds every env from the entropy of the operating system.
    void seed_from_entropy() {
        const auto drawn = system_entropy();
        std::array<std::uint32_t, 5> entropy{drawn[0], drawn[1], drawn[2], drawn[3], 0};
        for (std::size_t env = 0; env < num_envs_; ++env) {
            entropy[4] = static_cast<std::uint32_t>(env);
            set_generator(env, Pcg64(SeedSequence(entropy)));
        }
    }

    /// The number of steps of an env's episode so far, or -1 if its episode has ended and the next one has not begun.
    std::int64_t progress(std::size_t env) const { return is_pending(env) ? -1 : clock_ - began_[env]; }

    /// Sets the progress of an env's episode.
    /// \param env the env
    /// \param steps the new value of progress()
    void set_progress(std::size_t env, std::int64_t steps) {
        began_[env] = clock_ - steps;
        set_pending(env, steps < 0);
        deadlines_[env / envs_per_word] = std::numeric_limits<std::int64_t>::min();  // the next step computes it
    }

    /// The number of steps of an env's episode so far; 0 if it has ended.
    std::int64_t elapsed(std::size_t env) const { return std::max<std::int64_t>(progress(env), 0); }

    /// The sum of elapsed() over all envs.
    std::int64_t elapsed_in_episodes() const {
        std::int64_t steps = 0;
        for (std::size_t env = 0; env < num_envs_; ++env) steps += elapsed(env);
        return steps;
    }

    /// The number of envs that wait for their next episode to begin.
    std::int64_t count_pending() const {
        std::int64_t count = 0;
        for (std::size_t word = 0; word < words(); ++word) count += std::popcount(pending_[word]);
        return count;
    }

    /// Marks an env as waiting for its next episode, or as playing.
    void set_pending(std::size_t env, bool pending) {
        const std::uint64_t bit = std::uint64_t{1} << env % envs_per_word;
        std::uint64_t& word = pending_[env / envs_per_word];
        word = pending ? word | bit : word & ~bit;
    }

    /// Sets that no env waits for its next episode.
    void clear_pending() { std::fill_n(pending_.get(), words(), 0); }

    /// Begins the episode of every env now.
    void begin_episodes() {
        std::fill_n(began_.get(), padded(), clock_);
        clear_pending();
    }

    /// Calls `visit(array, bytes of an element)` for every array of the state, for the generators, and for the returns if
    /// there are any.
    template <class Visitor>
    void for_each_array(const Visitor& visit) const {
        for (std::size_t i = 0; i < state_.size(); ++i) visit(state_[i].get(), kernels_.state_strides[i]);
        visit(random_.get(), environment_.random_size);
        if (returns_) visit(returns_.get(), sizeof(double));
    }

    /// Calls `visit(array, bytes)` for every array, with its whole size.
    template <class Visitor>
    void for_all_memory(const Visitor& visit) const {
        for_each_array([&](void* array, std::size_t element) { visit(array, padded() * element); });
        visit(began_.get(), padded() * sizeof(std::int64_t));
        visit(pending_.get(), words() * sizeof(std::uint64_t));
        visit(deadlines_.get(), words() * sizeof(std::int64_t));
    }

    /// Calls `visit(first element, bytes of an element, bytes from one element to the next)` for every state variable, for the
    /// generators, and for the returns if there are any. A saved state consists of these columns, so it depends neither on the
    /// tier nor on the bytes between the members of a State.
    template <class Visitor>
    void for_each_column(const Visitor& visit) const {
        for (std::size_t i = 0; i < environment_.state_size; ++i) {
            const StateVariable& variable = kernels_.state_variables[i];
            visit(state_[variable.array].get() + variable.offset, size_of(variable.type), kernels_.state_strides[variable.array]);
        }
        visit(random_.get(), environment_.random_size, environment_.random_size);
        if (returns_) visit(reinterpret_cast<std::byte*>(returns_.get()), sizeof(double), sizeof(double));
    }

    /// Writes the header of a saved state. Only a saved state with the same header can be loaded.
    void write_kind(SnapshotWriter& writer) const {
        writer.write(std::string_view("operant 3"));
        writer.write(std::string_view(environment_.name));
        writer.write(static_cast<std::uint64_t>(num_envs_));
        for_each_column([&](const std::byte*, std::size_t size, std::size_t) { writer.write(static_cast<std::uint64_t>(size)); });
    }

    /// Writes all envs.
    void save(SnapshotWriter& writer) const {
        for (std::size_t env = 0; env < num_envs_; ++env) writer.write(progress(env));
        for_each_column([&](const std::byte* first, std::size_t size, std::size_t stride) {
            for (std::size_t env = 0; env < num_envs_; ++env) writer.write(first + env * stride, size);
        });
    }

    /// The contents of a saved state, not checked yet.
    struct Saved {
        std::vector<std::int64_t> progress;               ///< of every env
        std::vector<std::span<const std::byte>> columns;  ///< in the order of for_each_column()
    };

    /// Reads what save() wrote. Changes nothing.
    /// \throws std::invalid_argument if the saved state is cut off
    Saved read(SnapshotReader& reader) const {
        Saved saved;
        for (std::size_t env = 0; env < num_envs_; ++env) saved.progress.push_back(reader.read<std::int64_t>());
        for_each_column([&](const std::byte*, std::size_t size, std::size_t) {
            saved.columns.push_back(reader.read(num_envs_ * size));
        });
        return saved;
    }

    /// Returns true if steps can have led to this state.
    bool can_be(const Saved& saved, AutoresetMode autoreset_mode, std::int32_t max_episode_steps) const {
        const std::int64_t least = autoreset_mode == AutoresetMode::same_step ? 0 : -1;
        const std::int64_t most = max_episode_steps == unlimited
                                      ? Statistics::largest_count / static_cast<std::int64_t>(num_envs_)
                                      : max_episode_steps - 1;
        return std::all_of(saved.progress.begin(), saved.progress.end(),
                           [&](std::int64_t steps) { return steps >= least && steps <= most; }) &&
               are_generators(saved.columns[environment_.state_size]);
    }

    /// Replaces all envs.
    void load(const Saved& saved) {
        // Members that the State does not list are what its constructor makes them.
        if (kernels_.default_state)
            for (std::size_t env = 0; env < num_envs_; ++env)
                std::memcpy(state_[0].get() + env * kernels_.state_strides[0], kernels_.default_state, kernels_.state_strides[0]);
        std::size_t i = 0;
        for_each_column([&](std::byte* first, std::size_t size, std::size_t stride) {
            for (std::size_t env = 0; env < num_envs_; ++env)
                std::memcpy(first + env * stride, saved.columns[i].data() + env * size, size);
            ++i;
        });
        for (std::size_t env = 0; env < num_envs_; ++env) set_progress(env, saved.progress[env]);
    }

private:
    bool is_pending(std::size_t env) const {
        return (pending_[env / envs_per_word] >> env % envs_per_word & 1) != 0;
    }

    const EnvironmentDescription& environment_;
    const Kernels& kernels_;
    std::size_t num_envs_;
    std::int64_t clock_ = 0;
    std::vector<AlignedArray<std::byte>> state_;  // the arrays of the state
    std::vector<void*> state_arrays_;             // the same, for EnvArrays
    AlignedArray<std::int64_t> began_;            // one element per env
    AlignedArray<std::uint64_t> pending_;         // one element per word
    AlignedArray<std::int64_t> deadlines_;        // one element per word
    AlignedArray<std::byte> random_;              // one generator per env
    AlignedArray<double> returns_;                // one element per env, or null if rewards are fixed
};

}  // namespace operant
