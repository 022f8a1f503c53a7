#pragma once
/// \file
/// Planning support: copies the state of one env to others; takes and restores snapshots in memory.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <operant/core/engine.hpp>

namespace operant {

/// Everything that future steps of one Engine depend on. Only the same object can be restored from it.
class MemorySnapshot {
    friend class Branching;

    std::uint64_t core_ = 0;              // Engine::number_
    std::unique_ptr<std::byte[]> bytes_;  // the contents of EnvMemory
    std::shared_ptr<const PreparedParameters> parameters_;
    bool seeded_ = false, started_ = false;
    std::int64_t clock_ = 0, finished_ = 0;
    Statistics statistics_;
};

/// Moves envs to the states of other envs, or back to earlier states.
class Branching {
public:
    /// Gives each target the state, elapsed steps and return of its source. All sources are read before any target changes.
    /// \param core the Engine of the envs
    /// \param source the index of an env for each target
    /// \param target indices of envs, all different
    /// \param with_random true to copy the random streams, too
    /// \throws ResetNeeded before the first reset; std::invalid_argument if the numbers of sources and targets differ, if an
    ///         index is out of range, if a target occurs twice, or if the environment's own check refuses a state with the
    ///         parameters of its target. Nothing is changed then.
    static void copy_state(Engine& core, std::span<const std::int64_t> source, std::span<const std::int64_t> target,
                           bool with_random) {
        core.check_started("copy_state: call reset before the first copy_state");
        check(core, source, target);
        if (core.environment_.check_state && core.parameters().per_env()) check_states(core, source, target);
        EnvMemory& memory = core.memory_;
        std::int64_t broken_off = 0;
        std::vector<std::int64_t> progress;
        for (std::size_t i = 0; i < source.size(); ++i) {
            progress.push_back(memory.progress(at(source, i)));
            // The steps of the target's former episode no longer count; those of the source's episode count for the target, too.
            broken_off += memory.elapsed(at(target, i)) - memory.elapsed(at(source, i));
        }
        std::vector<std::byte> buffer;
        memory.for_each_array([&](void* array, std::size_t element) {
            if (with_random || array != memory.generators().data()) move_elements(array, element, source, target, buffer);
        });
        for (std::size_t i = 0; i < target.size(); ++i) memory.set_progress(at(target, i), progress[i]);
        core.statistics_.discard(broken_off);
        core.finished_ = memory.count_pending();
    }

    /// Takes a snapshot of all envs.
    /// \throws std::bad_alloc if there is not enough memory
    static MemorySnapshot take(const Engine& core) {
        core.check_open();
        MemorySnapshot snapshot;
        std::size_t size = 0;
        core.memory_.for_all_memory([&](void*, std::size_t bytes) { size += bytes; });
        snapshot.bytes_.reset(new std::byte[size]);
        std::byte* place = snapshot.bytes_.get();
        core.memory_.for_all_memory([&](void* array, std::size_t bytes) {
            std::memcpy(place, array, bytes);
            place += bytes;
        });
        snapshot.core_ = core.number_;
        snapshot.parameters_ = core.parameters_;
        snapshot.seeded_ = core.seeded_;
        snapshot.started_ = core.started_;
        snapshot.clock_ = core.memory_.clock();
        snapshot.finished_ = core.finished_;
        snapshot.statistics_ = core.statistics_;
        return snapshot;
    }

    /// Returns to a snapshot.
    /// \param core the Engine from which the snapshot was taken
    /// \param snapshot the snapshot
    /// \throws std::invalid_argument if the snapshot was taken from another object. Nothing is changed then.
    static void restore(Engine& core, const MemorySnapshot& snapshot) {
        core.check_open();
        if (snapshot.core_ != core.number_)
            throw std::invalid_argument("snapshot: expected a snapshot of this environment, got one of another");
        const std::byte* place = snapshot.bytes_.get();
        core.memory_.for_all_memory([&](void* array, std::size_t bytes) {
            std::memcpy(array, place, bytes);
            place += bytes;
        });
        core.parameters_ = snapshot.parameters_;
        core.seeded_ = snapshot.seeded_;
        core.started_ = snapshot.started_;
        core.memory_.set_clock(snapshot.clock_);
        core.finished_ = snapshot.finished_;
        core.statistics_ = snapshot.statistics_;
    }

private:
    static std::size_t at(std::span<const std::int64_t> indices, std::size_t i) { return static_cast<std::size_t>(indices[i]); }

    static void check(const Engine& core, std::span<const std::int64_t> source, std::span<const std::int64_t> target) {
        if (source.size() != target.size())
            throw std::invalid_argument("source: expected " + std::to_string(target.size()) +
                                        " envs, one for each target, got " + std::to_string(source.size()));
        const auto check_env = [&](const char* name, std::size_t i, std::int64_t env) {
            if (env < 0 || env >= static_cast<std::int64_t>(core.num_envs_))
                throw std::invalid_argument(std::string(name) + "[" + std::to_string(i) + "]: expected an integer from 0 to " +
                                            std::to_string(core.num_envs_ - 1) + ", got " + std::to_string(env));
        };
        std::vector<bool> is_target(core.num_envs_);
        for (std::size_t i = 0; i < target.size(); ++i) {
            check_env("source", i, source[i]);
            check_env("target", i, target[i]);
            if (is_target[at(target, i)])
                throw std::invalid_argument("target[" + std::to_string(i) + "]: expected different envs, got " +
                                            std::to_string(target[i]) + " twice");
            is_target[at(target, i)] = true;
        }
    }

    /// Checks that the state of each source fits the parameters of its target.
    static void check_states(const Engine& core, std::span<const std::int64_t> source,
                             std::span<const std::int64_t> target) {
        const std::size_t size = core.environment_.state_size;
        std::vector<double> states(core.num_envs_ * size);
        core.get_state(states);
        for (std::size_t i = 0; i < source.size(); ++i)
            if (core.memory_.progress(at(source, i)) >= 0)
                detail::check_own_state(core.environment_, core.parameters(), at(target, i), states.data() + at(source, i) * size,
                                        "target");
    }

    /// Reads all sources before it writes to any target, because an env may be both.
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
