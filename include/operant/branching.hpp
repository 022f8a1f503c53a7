#pragma once
/// \file
/// For planning, which tries different actions from the same state: copying copies, and snapshots in memory.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <operant/vector_env_core.hpp>

namespace operant {

/// Everything that future steps of one VectorEnvCore depend on. Only the same object can be restored from it.
class MemorySnapshot {
    friend class Branching;

    std::uint64_t core_ = 0;              // VectorEnvCore::number_
    std::unique_ptr<std::byte[]> bytes_;  // the memory of the copies
    std::shared_ptr<const PreparedParameters> parameters_;
    bool seeded_ = false, started_ = false;
    std::int64_t clock_ = 0, finished_ = 0;
    Statistics statistics_;
};

/// Moves copies of an environment to where other copies are, or back to where they were.
class Branching {
public:
    /// Gives copies the state, elapsed steps and return of others. All sources are read before any target changes.
    /// \param core to which the copies belong
    /// \param source one copy per target
    /// \param target copies, all different
    /// \param with_random whether to copy the random streams, too
    /// \throws ResetNeeded before the first reset; std::invalid_argument if the numbers of sources and targets differ, if a
    ///         number is not that of a copy, or if a target occurs twice. Nothing is changed then.
    static void copy_state(VectorEnvCore& core, std::span<const std::int64_t> source, std::span<const std::int64_t> target,
                           bool with_random) {
        if (!core.started_) throw ResetNeeded("copy_state: call reset before the first copy_state");
        check(core, source, target);
        Copies& copies = core.copies_;
        std::int64_t broken_off = 0;
        std::vector<std::int64_t> progress;
        for (std::size_t i = 0; i < source.size(); ++i) {
            progress.push_back(copies.progress(at(source, i)));
            // The steps of the target's former episode no longer count. Those of the source's count for the target, too.
            broken_off += copies.elapsed(at(target, i)) - copies.elapsed(at(source, i));
        }
        std::vector<std::byte> buffer;
        copies.for_each_array([&](void* array, std::size_t element) {
            if (with_random || array != copies.generators().data()) move_elements(array, element, source, target, buffer);
        });
        for (std::size_t i = 0; i < target.size(); ++i) copies.set_progress(at(target, i), progress[i]);
        core.statistics_.discard(broken_off);
        core.finished_ = copies.count_pending();
    }

    /// Takes a snapshot of all copies.
    /// \throws std::bad_alloc if there is not enough memory
    static MemorySnapshot take(const VectorEnvCore& core) {
        MemorySnapshot snapshot;
        std::size_t size = 0;
        core.copies_.for_all_memory([&](void*, std::size_t bytes) { size += bytes; });
        snapshot.bytes_.reset(new std::byte[size]);
        std::byte* place = snapshot.bytes_.get();
        core.copies_.for_all_memory([&](void* array, std::size_t bytes) {
            std::memcpy(place, array, bytes);
            place += bytes;
        });
        snapshot.core_ = core.number_;
        snapshot.parameters_ = core.parameters_;
        snapshot.seeded_ = core.seeded_;
        snapshot.started_ = core.started_;
        snapshot.clock_ = core.copies_.clock();
        snapshot.finished_ = core.finished_;
        snapshot.statistics_ = core.statistics_;
        return snapshot;
    }

    /// Goes back to a snapshot.
    /// \param core from which the snapshot was taken
    /// \param snapshot of that object
    /// \throws std::invalid_argument if the snapshot is of another object. Nothing is changed then.
    static void restore(VectorEnvCore& core, const MemorySnapshot& snapshot) {
        if (snapshot.core_ != core.number_)
            throw std::invalid_argument("snapshot: expected one of this environment, got another's");
        const std::byte* place = snapshot.bytes_.get();
        core.copies_.for_all_memory([&](void* array, std::size_t bytes) {
            std::memcpy(array, place, bytes);
            place += bytes;
        });
        core.parameters_ = snapshot.parameters_;
        core.seeded_ = snapshot.seeded_;
        core.started_ = snapshot.started_;
        core.copies_.set_clock(snapshot.clock_);
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

    /// Reads all sources before it writes to any target, because a copy may be both.
    static void move_elements(void* array, std::size_t size, std::span<const std::int64_t> source,
                              std::span<const std::int64_t> target, std::vector<std::byte>& buffer) {
        auto* elements = static_cast<std::byte*>(array);
        buffer.resize(source.size() * size);
        for (std::size_t i = 0; i < source.size(); ++i)
            std::memcpy(buffer.data() + i * size, elements + at(source, i) * size, size);
        for (std::size_t i = 0; i < target.size(); ++i)
            std::memcpy(elements + at(target, i) * size, buffer.data() + i * size, size);
    }
};

}  // namespace operant
