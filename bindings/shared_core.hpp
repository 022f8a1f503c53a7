#pragma once
/// \file
/// What of an environment both Python's object and compiled programs step: nothing in it is Python's.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include <operant/vector_env_core.hpp>

#include "actions.hpp"

namespace operant::bindings {

/// The environment has been closed: `gymnasium.error.ClosedEnvironmentError`.
class ClosedEnvironment : public std::logic_error {
    using std::logic_error::logic_error;
};

/// A core, which is there until the environment is closed, and the clock of its episodes.
struct SharedCore {
    /// Arguments of VectorEnvCore, and whether the times that episodes take are recorded.
    SharedCore(const EnvironmentDescription& environment, const Kernels& kernels, std::size_t num_envs, const CoreOptions& options,
           std::vector<double> parameters, bool records_episodes);

    /// \param seeds of the copies, as `seed_sequences` makes them
    /// \param bounds,mask,outputs as VectorEnvCore::reset takes them; a null mask selects all
    /// \throws ResetNeeded if the mask of the first reset leaves out a copy; nothing is changed then
    void reset(std::span<const std::optional<SeedSequence>> seeds, std::span<const double> bounds, const bool* mask,
               const Outputs& outputs);

    /// \param actions of a type that the action space has
    /// \param outputs with room for `padded()` rows
    /// \param episodes where to report the episodes that end, if they are recorded
    /// \return the number of episodes that ended
    std::int64_t step(const ActionView& actions, Outputs outputs, EpisodeStatistics episodes);

    std::atomic_flag busy;  ///< a thread is inside
    std::optional<VectorEnvCore> core;
    AlignedArray<double> began;  ///< when each copy's episode began, if that is recorded
};

/// The one thread that is inside.
class Exclusive {
public:
    explicit Exclusive(SharedCore& shared, bool may_be_closed = false);
    ~Exclusive() { shared_.busy.clear(std::memory_order_release); }
    Exclusive(const Exclusive&) = delete;
    Exclusive& operator=(const Exclusive&) = delete;

private:
    SharedCore& shared_;
};

}  // namespace operant::bindings
