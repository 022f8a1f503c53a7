#pragma once
/// \file
/// The Engine that the Python object and XLA programs share. Holds no Python objects.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>

#include <operant/core/engine.hpp>

#include "shared_streams.hpp"

namespace operant::bindings {

/// Thrown if the environment has been closed; Python raises `gymnasium.error.ClosedEnvironmentError`.
class ClosedEnvironment : public std::logic_error {
    using std::logic_error::logic_error;
};

/// An Engine, its lock, the times at which episodes began, and the streams that it shares with numpy.
struct SharedEngine {
    /// \param records_episodes true to record the times at which episodes began; the other arguments are those of Engine
    SharedEngine(const EnvironmentDescription& environment, const Kernels& kernels, std::size_t num_envs,
                 const EngineOptions& options, std::shared_ptr<const ParameterTable> parameters, bool records_episodes);

    /// \param seeds the seeds of the envs; an env without a seed continues its stream. Empty if no env has one
    /// \param bounds,mask,outputs as Engine::reset takes them; a null mask selects all envs
    /// \throws as Engine::reset; nothing is changed then
    void reset(std::span<const std::optional<SeedSequence>> seeds, std::span<const double> bounds, const bool* mask,
               const Outputs& outputs);

    /// \param actions actions of a type that the action space has
    /// \param outputs arrays with room for `padded()` rows
    /// \param episodes the arrays for the episodes that end, if they are recorded
    /// \return the number of episodes that ended
    std::int64_t step(const ActionArray& actions, Outputs outputs, EpisodeStatistics episodes);

    std::atomic_flag busy;       ///< true if a thread holds the lock
    std::optional<Engine> core;  ///< empty once the environment is closed
    AlignedArray<double> began;  ///< the time at which each env's episode began; null if it is not recorded
    SharedStreams streams;
};

/// Locks a SharedEngine. The constructor takes over the draws of numpy's generators, the destructor brings them up to date.
class EngineLock {
public:
    /// \throws std::runtime_error if another thread holds the lock, ClosedEnvironment if the environment is closed
    explicit EngineLock(SharedEngine& shared, bool may_be_closed = false);
    ~EngineLock() {
        if (shared_.core) shared_.streams.push(*shared_.core);
        shared_.busy.clear(std::memory_order_release);
    }
    EngineLock(const EngineLock&) = delete;
    EngineLock& operator=(const EngineLock&) = delete;

    Engine* operator->() const { return &*shared_.core; }

private:
    SharedEngine& shared_;
};

/// Lets Python draw from numpy's generators while the thread that holds the lock calls Python code.
class PythonTurn {
public:
    explicit PythonTurn(SharedEngine& shared) : shared_(shared) { shared_.streams.push(*shared_.core); }
    ~PythonTurn() { shared_.streams.pull(*shared_.core); }
    PythonTurn(const PythonTurn&) = delete;
    PythonTurn& operator=(const PythonTurn&) = delete;

private:
    SharedEngine& shared_;
};

}  // namespace operant::bindings
