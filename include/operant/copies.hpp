#pragma once
/// \file
/// The memory of an environment's copies: their states, random streams, and how far each is in its episode.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include <operant/aligned_array.hpp>
#include <operant/environment_library.hpp>
#include <operant/numerics/random.hpp>
#include <operant/prepared_parameters.hpp>
#include <operant/snapshot.hpp>
#include <operant/statistics.hpp>

namespace operant {

/// `num_envs` copies of an environment. All of them share one clock, which counts steps, and each copy keeps the time when
/// its episode began. So a step need not count anything per copy.
class Copies {
public:
    /// \param environment,kernels of a library, which outlives this object
    /// \param num_envs how many copies
    /// \throws std::bad_alloc if there is not enough memory
    Copies(const EnvironmentDescription& environment, const Kernels& kernels, std::size_t num_envs)
        : environment_(environment),
          state_types_(kernels.state_types),
          num_envs_(num_envs),
          began_(make_aligned_array<std::int64_t>(padded())),
          pending_(make_aligned_array<std::uint64_t>(words())),
          deadlines_(make_aligned_array<std::int64_t>(words())),
          random_(make_aligned_array<std::byte>(padded() * environment.random_size)) {
        for (std::size_t i = 0; i < environment.state_size; ++i) {
            state_.push_back(make_aligned_array<std::byte>(padded() * size_of(state_types_[i])));
            state_arrays_.push_back(state_.back().get());
        }
        if (!environment.get_fixed_reward) returns_ = make_aligned_array<double>(padded());
        for (std::size_t copy = 0; copy < num_envs; ++copy) set_generator(copy, Pcg64());
    }

    /// The number of elements of every array: num_envs, rounded up to whole words.
    std::size_t padded() const { return (num_envs_ + lanes_per_word - 1) / lanes_per_word * lanes_per_word; }
    /// The number of words of lanes.
    std::size_t words() const { return padded() / lanes_per_word; }
    /// The number of blocks of lanes.
    std::size_t blocks() const { return (num_envs_ + lanes_per_block - 1) / lanes_per_block; }

    /// The arrays as kernels take them.
    Lanes lanes(const PreparedParameters& parameters, AutoresetMode autoreset_mode, std::int32_t max_episode_steps) const {
        return {state_arrays_.data(),
                began_.get(),
                pending_.get(),
                deadlines_.get(),
                random_.get(),
                returns_.get(),
                parameters.table().data(),
                parameters.dynamics(),
                parameters.table().per_copy(),
                autoreset_mode,
                max_episode_steps,
                clock_};
    }

    /// How many steps have been made.
    std::int64_t clock() const { return clock_; }
    /// Moves the clock; a snapshot may set it back.
    void set_clock(std::int64_t clock) { clock_ = clock; }

    /// Replaces the random stream of one copy. A generator begins with a Pcg64. Halves of earlier draws, which may follow it, are
    /// cleared.
    void set_generator(std::size_t copy, const Pcg64& generator) {
        std::byte* place = random_.get() + copy * environment_.random_size;
        std::memset(place, 0, environment_.random_size);
        std::memcpy(place, &generator, sizeof(generator));
    }

    /// The random streams: `random_size` bytes per copy.
    std::span<std::byte> generators() const { return {random_.get(), num_envs_ * environment_.random_size}; }

    /// Whether these bytes can be the generators of all copies: the increment of a Pcg64 is odd.
    bool are_generators(std::span<const std::byte> bytes) const {
        for (std::size_t copy = 0; copy < num_envs_; ++copy) {
            Pcg64 generator;
            std::memcpy(&generator, bytes.data() + copy * environment_.random_size, sizeof(generator));
            if (generator.increment_low % 2 != 1) return false;
        }
        return true;
    }

    /// Seeds every copy from the entropy of the operating system.
    void seed_from_entropy() {
        std::random_device device;
        std::array<std::uint32_t, 5> entropy{device(), device(), device(), device(), 0};
        for (std::size_t copy = 0; copy < num_envs_; ++copy) {
            entropy[4] = static_cast<std::uint32_t>(copy);
            set_generator(copy, Pcg64(SeedSequence(entropy)));
        }
    }

    /// The steps of a copy's episode so far, or -1 if its episode has ended and the next one has not begun.
    std::int64_t progress(std::size_t copy) const { return is_pending(copy) ? -1 : clock_ - began_[copy]; }

    /// Sets how far a copy is in its episode.
    /// \param copy which copy
    /// \param steps what progress() is to return
    void set_progress(std::size_t copy, std::int64_t steps) {
        began_[copy] = clock_ - steps;
        set_pending(copy, steps < 0);
        deadlines_[copy / lanes_per_word] = std::numeric_limits<std::int64_t>::min();  // the next step computes it
    }

    /// The steps of a copy's episode so far; 0 if it has ended.
    std::int64_t elapsed(std::size_t copy) const { return std::max<std::int64_t>(progress(copy), 0); }

    /// The sum of elapsed() over all copies.
    std::int64_t elapsed_in_episodes() const {
        std::int64_t steps = 0;
        for (std::size_t copy = 0; copy < num_envs_; ++copy) steps += elapsed(copy);
        return steps;
    }

    /// How many copies wait for their next episode to begin.
    std::int64_t count_pending() const {
        std::int64_t count = 0;
        for (std::size_t word = 0; word < words(); ++word) count += std::popcount(pending_[word]);
        return count;
    }

    /// Notes that a copy waits for its next episode, or that it does not.
    void set_pending(std::size_t copy, bool pending) {
        const std::uint64_t bit = std::uint64_t{1} << copy % lanes_per_word;
        std::uint64_t& word = pending_[copy / lanes_per_word];
        word = pending ? word | bit : word & ~bit;
    }

    /// Notes that no copy waits for its next episode.
    void clear_pending() { std::fill_n(pending_.get(), words(), 0); }

    /// Lets every episode begin now.
    void begin_episodes() {
        std::fill_n(began_.get(), padded(), clock_);
        clear_pending();
    }

    /// Calls `visit(array, bytes of an element)` for every state variable, for the generators, and for the returns if there
    /// are any.
    template <class Visitor>
    void for_each_array(const Visitor& visit) const {
        for (std::size_t i = 0; i < state_.size(); ++i) visit(state_[i].get(), size_of(state_types_[i]));
        visit(random_.get(), environment_.random_size);
        if (returns_) visit(returns_.get(), sizeof(double));
    }

    /// Calls `visit(array, bytes)` for all memory of the copies.
    template <class Visitor>
    void for_all_memory(const Visitor& visit) const {
        for_each_array([&](void* array, std::size_t element) { visit(array, padded() * element); });
        visit(began_.get(), padded() * sizeof(std::int64_t));
        visit(pending_.get(), words() * sizeof(std::uint64_t));
        visit(deadlines_.get(), words() * sizeof(std::int64_t));
    }

    /// Writes what a saved state begins with. Only a saved state that begins with the same bytes can be loaded.
    void write_kind(SnapshotWriter& writer) const {
        writer.write(std::string_view("operant 3"));
        writer.write(std::string_view(environment_.name));
        writer.write(static_cast<std::uint64_t>(num_envs_));
        for_each_array([&](const void*, std::size_t element) { writer.write(static_cast<std::uint64_t>(element)); });
    }

    /// Writes all copies.
    void save(SnapshotWriter& writer) const {
        for (std::size_t copy = 0; copy < num_envs_; ++copy) writer.write(progress(copy));
        for_each_array([&](const void* array, std::size_t element) { writer.write(array, num_envs_ * element); });
    }

    /// What save() has written, before it is checked.
    struct Saved {
        std::vector<std::int64_t> progress;              ///< of every copy
        std::vector<std::span<const std::byte>> arrays;  ///< in the order of for_each_array()
    };

    /// Reads all copies, and changes nothing.
    /// \throws std::invalid_argument if the saved state is cut off
    Saved read(SnapshotReader& reader) const {
        Saved saved;
        for (std::size_t copy = 0; copy < num_envs_; ++copy) saved.progress.push_back(reader.read<std::int64_t>());
        for_each_array([&](const void*, std::size_t element) { saved.arrays.push_back(reader.read(num_envs_ * element)); });
        return saved;
    }

    /// Whether steps can have led to this.
    bool can_be(const Saved& saved, AutoresetMode autoreset_mode, std::int32_t max_episode_steps) const {
        const std::int64_t least = autoreset_mode == AutoresetMode::same_step ? 0 : -1;
        const std::int64_t most = max_episode_steps == unlimited
                                      ? Statistics::largest_count / static_cast<std::int64_t>(num_envs_)
                                      : max_episode_steps - 1;
        return std::ranges::all_of(saved.progress, [&](std::int64_t steps) { return steps >= least && steps <= most; }) &&
               are_generators(saved.arrays[environment_.state_size]);
    }

    /// Replaces all copies.
    void load(const Saved& saved) {
        std::size_t i = 0;
        for_each_array([&](void* array, std::size_t) {
            std::memcpy(array, saved.arrays[i].data(), saved.arrays[i].size());
            ++i;
        });
        for (std::size_t copy = 0; copy < num_envs_; ++copy) set_progress(copy, saved.progress[copy]);
    }

private:
    bool is_pending(std::size_t copy) const {
        return (pending_[copy / lanes_per_word] >> copy % lanes_per_word & 1) != 0;
    }

    const EnvironmentDescription& environment_;
    const ElementType* state_types_;
    std::size_t num_envs_;
    std::int64_t clock_ = 0;
    std::vector<AlignedArray<std::byte>> state_;  // one array per state variable
    std::vector<void*> state_arrays_;             // the same, for Lanes
    AlignedArray<std::int64_t> began_;            // one element per copy
    AlignedArray<std::uint64_t> pending_;         // one element per word
    AlignedArray<std::int64_t> deadlines_;        // one element per word
    AlignedArray<std::byte> random_;              // one generator per copy
    AlignedArray<double> returns_;                // one element per copy, or null if rewards are fixed
};

}  // namespace operant
