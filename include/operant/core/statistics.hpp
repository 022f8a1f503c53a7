#pragma once
/// \file
/// Totals of the episodes that have ended.

#include <cstdint>
#include <span>
#include <utility>

#include <operant/abi/env_arrays.hpp>

namespace operant {

/// Totals of the episodes that ended since `clear_logs`.
struct Logs {
    std::int64_t episode_count = 0;  ///< the number of episodes
    double total_reward = 0;         ///< the sum of their returns
    std::int64_t total_steps = 0;    ///< the sum of their lengths
};

/// Adds up the totals in 64-bit integers, and in doubles whose order of summation does not depend on the workers.
///
/// Envs do not count their own steps. All steps are counted together when they are made, and the steps of episodes that are
/// still under way are subtracted when the totals are read.
class Statistics {
public:
    /// Adds the totals of all blocks for one step or for several consecutive steps.
    /// \return the number of episodes that ended
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

    /// Subtracts the steps of an episode that was broken off.
    void discard(std::int64_t steps) { discarded_ += steps; }

    /// Sets the totals to zero.
    /// \param under_way the number of steps of the episodes under way, which count when these episodes end
    void clear(std::int64_t under_way) {
        totals_ = {};
        discarded_ = -under_way;
    }

    /// Returns the totals.
    /// \param under_way as above
    /// \param fixed_reward the reward of each step and the addition for a termination; null if returns were summed up
    Logs logs(std::int64_t under_way, const std::pair<double, double>* fixed_reward) const {
        Logs logs{totals_.ended, totals_.returns, totals_.steps - discarded_ - under_way};
        if (fixed_reward)
            logs.total_reward = fixed_reward->first * static_cast<double>(logs.total_steps) +
                                fixed_reward->second * static_cast<double>(totals_.terminated);
        return logs;
    }

    /// Larger than any count of a real run, but small enough that a few of them add up without overflow.
    static constexpr std::int64_t largest_count = std::int64_t{1} << 60;

    /// Returns true if these can be the totals of a run, which the totals of a damaged file may not be.
    bool is_valid() const {
        const auto is_count = [](std::int64_t number) { return number >= 0 && number <= largest_count; };
        return is_count(totals_.steps) && is_count(totals_.ended) && is_count(totals_.terminated) &&
               totals_.terminated <= totals_.ended && discarded_ >= -largest_count && discarded_ <= largest_count;
    }

private:
    friend struct CounterAccess;  // tests set counters to values that a run reaches after hours

    StepTotals totals_;           // since clear()
    std::int64_t discarded_ = 0;  // the steps since clear() of episodes that a reset broke off
};

}  // namespace operant
