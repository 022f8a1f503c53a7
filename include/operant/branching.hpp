#pragma once
/// \file
/// For planners, which try one thing and then another: copies of copies, and snapshots in memory.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <operant/vector_env_core.hpp>

namespace operant {

/// Everything that future steps of a VectorEnvCore depend on, for itself.
class MemorySnapshot {
    friend class Branching;

    std::uint64_t core_ = 0;              // its number
    std::unique_ptr<std::byte[]> bytes_;  // of the arrays
    std::shared_ptr<const PreparedParameters> parameters_;
    bool seeded_ = false, started_ = false;
    std::int64_t clock_ = 0, finished_ = 0;
    Statistics statistics_;
};

/// Moves the copies of an environment to where others are, or were.
class Branching {
public:
    /// Gives copies the state, elapsed steps and return of others, as they all were before.
    /// \param core of the copies
    /// \param source a copy for each target
    /// \param target copies, all different
    /// \param with_random whether to give them the random streams, too
    /// \throws ResetNeeded before the first reset, std::invalid_argument when there are not as many sources as targets, a
    ///         number is no copy's, or a target comes twice; nothing is changed then
    static void copy_state(VectorEnvCore& core, std::span<const std::int64_t> source, std::span<const std::int64_t> target,
                           bool with_random) {
        if (!core.started_) throw ResetNeeded("copy_state: call reset before the first copy_state");
        check(core, source, target);
        std::int64_t broken_off = 0;
        std::vector<bool> pending;
        for (std::size_t i = 0; i < source.size(); ++i) {
            pending.push_back(core.is_pending(at(source, i)));
            // The steps that a target has made count for nothing, those of its source in full when the episode ends.
            broken_off += core.elapsed(at(target, i)) - core.elapsed(at(source, i));
        }
        std::vector<std::byte> buffer;
        core.for_each_array([&](void* array, std::size_t element) {
            if (array != core.random_.get() || with_random) move_elements(array, element, source, target, buffer);
        });
        move_elements(core.began_.get(), sizeof(std::int64_t), source, target, buffer);
        for (std::size_t i = 0; i < target.size(); ++i) {
            const std::size_t word = at(target, i) / lanes_per_word;
            const std::uint64_t bit = std::uint64_t{1} << at(target, i) % lanes_per_word;
            core.pending_[word] = pending[i] ? core.pending_[word] | bit : core.pending_[word] & ~bit;
            core.deadlines_[word] = std::numeric_limits<std::int64_t>::min();  // to be found out
        }
        core.statistics_.discard(broken_off);
        core.finished_ = core.count_finished();
    }

    /// \throws std::bad_alloc when there is not enough memory
    static MemorySnapshot take(const VectorEnvCore& core) {
        MemorySnapshot snapshot;
        std::size_t size = 0;
        for_each_array(core, [&](void*, std::size_t bytes) { size += bytes; });
        snapshot.bytes_.reset(new std::byte[size]);
        std::byte* place = snapshot.bytes_.get();
        for_each_array(core, [&](void* array, std::size_t bytes) {
            std::memcpy(place, array, bytes);
            place += bytes;
        });
        snapshot.core_ = core.number_;
        snapshot.parameters_ = core.parameters_;
        snapshot.seeded_ = core.seeded_;
        snapshot.started_ = core.started_;
        snapshot.clock_ = core.clock_;
        snapshot.finished_ = core.finished_;
        snapshot.statistics_ = core.statistics_;
        return snapshot;
    }

    /// Goes back.
    /// \param core the object that the snapshot was taken of
    /// \param snapshot of the same object
    /// \throws std::invalid_argument when it is of another; nothing is changed then
    static void restore(VectorEnvCore& core, const MemorySnapshot& snapshot) {
        if (snapshot.core_ != core.number_) throw std::invalid_argument("snapshot: expected one of this environment, got another's");
        const std::byte* place = snapshot.bytes_.get();
        for_each_array(core, [&](void* array, std::size_t bytes) {
            std::memcpy(array, place, bytes);
            place += bytes;
        });
        core.parameters_ = snapshot.parameters_;
        core.seeded_ = snapshot.seeded_;
        core.started_ = snapshot.started_;
        core.clock_ = snapshot.clock_;
        core.finished_ = snapshot.finished_;
        core.statistics_ = snapshot.statistics_;
    }

private:
    static std::size_t at(std::span<const std::int64_t> copies, std::size_t i) { return static_cast<std::size_t>(copies[i]); }

    static void check(const VectorEnvCore& core, std::span<const std::int64_t> source, std::span<const std::int64_t> target) {
        if (source.size() != target.size())
            throw std::invalid_argument("source: expected " + std::to_string(target.size()) +
                                        " copies, one for each target, got " + std::to_string(source.size()));
        const auto check_copy = [&](const char* name, std::size_t i, std::int64_t copy) {
            if (copy < 0 || copy >= static_cast<std::int64_t>(core.num_envs_))
                throw std::invalid_argument(std::string(name) + "[" + std::to_string(i) + "]: expected an integer from 0 to " +
                                            std::to_string(core.num_envs_ - 1) + ", got " + std::to_string(copy));
        };
        std::vector<bool> is_target(core.num_envs_);
        for (std::size_t i = 0; i < target.size(); ++i) {
            check_copy("source", i, source[i]);
            check_copy("target", i, target[i]);
            if (is_target[at(target, i)])
                throw std::invalid_argument("target[" + std::to_string(i) + "]: expected different copies, got " +
                                            std::to_string(target[i]) + " twice");
            is_target[at(target, i)] = true;
        }
    }

    /// All are read before any is written: a source may be a target, too.
    static void move_elements(void* array, std::size_t size, std::span<const std::int64_t> source,
                              std::span<const std::int64_t> target, std::vector<std::byte>& buffer) {
        auto* elements = static_cast<std::byte*>(array);
        buffer.resize(source.size() * size);
        for (std::size_t i = 0; i < source.size(); ++i)
            std::memcpy(buffer.data() + i * size, elements + at(source, i) * size, size);
        for (std::size_t i = 0; i < target.size(); ++i)
            std::memcpy(elements + at(target, i) * size, buffer.data() + i * size, size);
    }

    /// All arrays of the copies, and their bytes.
    template <class Visitor>
    static void for_each_array(const VectorEnvCore& core, const Visitor& visit) {
        core.for_each_array([&](void* array, std::size_t element) { visit(array, core.padded() * element); });
        visit(core.began_.get(), core.padded() * sizeof(std::int64_t));
        visit(core.pending_.get(), core.words() * sizeof(std::uint64_t));
        visit(core.deadlines_.get(), core.words() * sizeof(std::int64_t));
    }
};

}  // namespace operant
