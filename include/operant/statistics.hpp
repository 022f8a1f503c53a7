#pragma once
/// \file
/// Totals of the episodes that have ended.

#include <cstdint>
#include <span>
#include <utility>

#include <operant/kernel/lanes.hpp>

namespace operant {

/// Totals of the episodes that ended since `clear_logs`.
struct Logs {
    std::int64_t episode_count = 0;  ///< the number of episodes
    double total_reward = 0;         ///< the sum of their returns
    std::int64_t total_steps = 0;    ///< the sum of their lengths
};

/// Adds up the totals, in 64-bit integers, and in doubles whose order of summation does not depend on the workers.
///
/// No copy counts its own steps. Instead, all steps are counted together when they are made, and those of episodes that
/// are still under way, which the caller knows, are subtracted again.
class Statistics {
public:
    /// Adds the totals of all blocks, of one step or of several steps, one after the other.
    /// \return how many episodes ended
    std::int64_t add(std::span<const StepTotals> block_totals) {
        const std::int64_t ended_before = totals_.ended;
        for (const StepTotals& totals : block_totals) {
            totals_.steps += totals.steps;
            totals_.ended += totals.ended;
            totals_.terminated += totals.terminated;
            totals_.returns += totals.returns;
        }
        return totals_.ended - ended_before;
    }

    /// Leaves out the steps of an episode that was broken off.
    void discard(std::int64_t steps) { discarded_ += steps; }

    /// Sets the totals to zero.
    /// \param under_way how many steps the episodes under way have made; they count when these episodes end
    void clear(std::int64_t under_way) {
        totals_ = {};
        discarded_ = -under_way;
    }

    /// The totals.
    /// \param under_way as above
    /// \param fixed_reward the reward of each step, and what a termination adds to it; null if returns were summed up
    Logs logs(std::int64_t under_way, const std::pair<double, double>* fixed_reward) const {
        Logs logs{totals_.ended, totals_.returns, totals_.steps - discarded_ - under_way};
        if (fixed_reward)
            logs.total_reward = fixed_reward->first * static_cast<double>(logs.total_steps) +
                                fixed_reward->second * static_cast<double>(totals_.terminated);
        return logs;
    }

    /// Larger than any count of a real run, and so small that a few of them can be added without overflow.
    static constexpr std::int64_t largest_count = std::int64_t{1} << 60;

    /// Whether these can be the totals of a run. Those of a damaged file need not be.
    bool is_valid() const {
        const auto is_count = [](std::int64_t number) { return number >= 0 && number <= largest_count; };
        return is_count(totals_.steps) && is_count(totals_.ended) && is_count(totals_.terminated) &&
               totals_.terminated <= totals_.ended && discarded_ >= -largest_count && discarded_ <= largest_count;
    }

private:
    friend struct CounterAccess;  // tests set counters to values that it would take hours to reach

    StepTotals totals_;           // since clear()
    std::int64_t discarded_ = 0;  // steps since clear() of episodes that a reset broke off
};

}  // namespace operant
