#pragma once
/// \file
/// Finishes the step of a word of envs, in the same way for every environment: time limits, flags, totals, statistics of the
/// episodes that ended, and the list of envs in which an episode starts.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/abi/outputs.hpp>
#include <operant/math/row_major.hpp>

namespace operant {

/// Returns the parameters of one env.
template <class E>
XSIMD_INLINE const typename E::Parameters& parameters_of(const EnvArrays& envs, std::size_t env) {
    return static_cast<const typename E::Parameters*>(envs.parameters)[envs.per_env ? env : 0];
}

/// The functions for one environment and instruction set.
template <class E, class Arch>
class Episodes {
    using Times = xsimd::batch<std::int64_t, Arch>;

public:
    /// Returns one bit per env of a word: its episode began with the previous step.
    static XSIMD_INLINE std::uint64_t beginning(const EnvArrays& envs, std::size_t word) {
        return bits_where(envs.began + word, [&](const Times& began) { return began == Times(envs.clock - 1); });
    }

    /// Writes flags and statistics of a word, adds to the totals, and lists the envs to restart.
    /// \param word the first env
    /// \param end the end of the block's envs
    /// \param terminated_bits,truncated_bits from the environment, one bit per env; the bits of envs that restart have no
    ///        effect
    static XSIMD_INLINE void finish_word(const EnvArrays& envs, const Outputs& outputs, std::size_t word, std::size_t end,
                                         std::uint64_t terminated_bits, std::uint64_t truncated_bits, StepTotals& totals,
                                         EnvList& restarting) {
        const bool same_step = envs.autoreset_mode == AutoresetMode::same_step;
        const std::uint64_t pending_bits = envs.pending[word / envs_per_word];
        const std::size_t used = end - word;
        const std::uint64_t used_bits = used < envs_per_word ? (std::uint64_t{1} << used) - 1 : ~std::uint64_t{0};
        if (envs.clock >= envs.deadlines[word / envs_per_word]) truncated_bits |= too_long(envs, word);
        terminated_bits &= ~pending_bits;
        truncated_bits &= ~pending_bits;
        const std::uint64_t ended_bits = (terminated_bits | truncated_bits) & used_bits;
        envs.pending[word / envs_per_word] = same_step ? 0 : ended_bits;
        store_bits_as_bools<Arch>(outputs.terminations + word, terminated_bits);
        store_bits_as_bools<Arch>(outputs.truncations + word, truncated_bits);
        if (outputs.has_infos) store_bits_as_bools<Arch>(outputs.has_infos + word, ~pending_bits);
        if (outputs.ended) store_bits_as_bools<Arch>(outputs.ended + word, ended_bits);
        totals.ended += std::popcount(ended_bits);
        totals.terminated += std::popcount(terminated_bits & used_bits);
        if (outputs.episodes || !HasFixedReward<E>)
            totals.returns += record(envs, outputs.episodes, word, ended_bits, terminated_bits);
        restarting.append_bits(word, same_step ? ended_bits : pending_bits);
    }

private:
    /// Returns one bit per env of a word: the time when its episode began satisfies `predicate`.
    template <class Predicate>
    static XSIMD_INLINE std::uint64_t bits_where(const std::int64_t* began, Predicate predicate) {
        std::uint64_t bits = 0;
        for (std::size_t env = 0; env < envs_per_word; env += Times::size)
            bits |= predicate(Times::load_aligned(began + env)).mask() << env;
        return bits;
    }

    /// Returns one bit per env of a word: its episode has reached the time limit. Also sets the word's deadline to the next time
    /// when an episode in it can reach the limit.
    static std::uint64_t too_long(const EnvArrays& envs, std::size_t word) {
        constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
        std::int64_t& deadline = envs.deadlines[word / envs_per_word];
        if (envs.max_episode_steps == unlimited) {
            deadline = never;
            return 0;
        }
        const Times limit(envs.max_episode_steps);
        Times next = Times(envs.clock) + limit;  // for episodes that begin now
        const std::uint64_t bits = bits_where(envs.began + word, [&](const Times& began) {
            const auto reached = Times(envs.clock) - began >= limit;
            next = xsimd::select(reached, next, xsimd::min(next, began + limit));
            return reached;
        });
        alignas(Arch::alignment()) std::int64_t times[Times::size];
        next.store_aligned(times);
        deadline = never;
        for (const std::int64_t time : times) deadline = time < deadline ? time : deadline;
        return bits;
    }

    /// Writes returns, lengths and seconds of the episodes that ended in a word, if the caller wants them.
    /// \return the sum of the returns, or 0 if the environment has a fixed reward
    static double record(const EnvArrays& envs, const EpisodeStatistics* episodes, std::size_t word, std::uint64_t ended_bits,
                         std::uint64_t terminated_bits) {
        if (episodes) {
            std::uint64_t& written = episodes->written[word / envs_per_word];
            for (std::uint64_t stale = written & ~ended_bits; stale != 0; stale &= stale - 1) {
                const std::size_t env = word + static_cast<std::size_t>(std::countr_zero(stale));
                episodes->returns[env] = 0;
                episodes->lengths[env] = 0;
                episodes->seconds[env] = 0;
            }
            written = ended_bits;
        }
        double sum = 0;
        for (; ended_bits != 0; ended_bits &= ended_bits - 1) {
            const int bit = std::countr_zero(ended_bits);
            const std::size_t env = word + static_cast<std::size_t>(bit);
            double episode_return = 0;
            if constexpr (!HasFixedReward<E>) sum += episode_return = envs.returns[env];
            if (episodes) {
                const std::int64_t length = envs.clock - envs.began[env];
                if constexpr (HasFixedReward<E>) {
                    const FixedReward reward = E::fixed_reward(parameters_of<E>(envs, env));
                    episode_return = reward.each_step * static_cast<double>(length) +
                                     reward.at_termination * static_cast<double>(terminated_bits >> bit & 1);
                }
                episodes->returns[env] = episode_return;
                episodes->lengths[env] = length;
                episodes->seconds[env] = episodes->now - episodes->began[env];
                episodes->began[env] = episodes->now;
            }
        }
        return sum;
    }
};

}  // namespace operant
