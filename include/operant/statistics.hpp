#pragma once
/// \file
/// Totals of the episodes that have ended.

#include <cstdint>
#include <span>
#include <utility>

#include <operant/kernel/lanes.hpp>

namespace operant {

/// What has come of the episodes that ended since `clear_logs`.
struct Logs {
    std::int64_t episode_count = 0;  ///< how many there were
    double total_reward = 0;         ///< the sum of the episodes' returns
    std::int64_t total_steps = 0;    ///< the sum of their lengths
};

/// Keeps the totals. Integers of 64 bits, and sums of doubles in an order that does not depend on the workers. Steps are
/// counted as they are made, so that no copy has a counter of its own: those of the episodes under way, which the caller
/// knows, are taken off again.
class Statistics {
public:
    /// Adds the totals of the blocks of a step, or of several steps, one step after the other.
    /// \return how many episodes ended in them
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

    /// So many steps of an episode that was broken off count for nothing.
    void discard(std::int64_t steps) { discarded_ += steps; }

    /// Starts anew.
    /// \param under_way steps of the episodes under way, which count when they end
    void clear(std::int64_t under_way) {
        totals_ = {};
        discarded_ = -under_way;
    }

    /// \param under_way as above
    /// \param fixed_reward of each step, and added to that of the last; null: returns were summed up
    Logs logs(std::int64_t under_way, const std::pair<double, double>* fixed_reward) const {
        Logs logs{totals_.ended, totals_.returns, totals_.steps - discarded_ - under_way};
        if (fixed_reward)
            logs.total_reward = fixed_reward->first * static_cast<double>(logs.total_steps) +
                                fixed_reward->second * static_cast<double>(totals_.terminated);
        return logs;
    }

    /// More than any run comes to; sums of a few do not overflow.
    static constexpr std::int64_t largest_count = std::int64_t{1} << 60;

    /// Whether these may be the totals of some run; what a file says need not be.
    bool is_valid() const {
        const auto is_count = [](std::int64_t number) { return number >= 0 && number <= largest_count; };
        return is_count(totals_.steps) && is_count(totals_.ended) && is_count(totals_.terminated) &&
               totals_.terminated <= totals_.ended && discarded_ >= -largest_count && discarded_ <= largest_count;
    }

private:
    friend struct CounterAccess;  // of the tests, which set counters to where it would take hours to get

    StepTotals totals_;           // since clear
    std::int64_t discarded_ = 0;  // steps since clear in episodes that a reset broke off
};

}  // namespace operant
