#pragma once
/// \file
/// What every kernel works on: the arrays of an environment's copies, and lists of lanes to restart. This is plain data, which
/// depends neither on the environment nor on the instruction set, so that libraries can exchange it.

#include <bit>
#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

namespace operant {

/// A word of lanes has one bit per lane in a 64-bit integer. Arrays are padded to whole words.
inline constexpr std::size_t lanes_per_word = 64;

/// A block of lanes steps, and then its finished copies restart, while it is in the first-level cache.
inline constexpr std::size_t lanes_per_block = 512;

/// The value of `max_episode_steps` without truncations.
inline constexpr std::int32_t unlimited = 2147483647;

/// What happens to a copy whose episode has ended, as Gymnasium's enum of the same name says.
enum class AutoresetMode : std::uint32_t {
    next_step,  ///< the next step starts a new episode, whatever its action
    same_step,  ///< a new episode starts at once, and the last observation is reported separately
    disabled,   ///< nothing, until the caller resets the copy
};

/// The lanes of a block to restart.
struct LaneList {
    std::uint32_t lanes[lanes_per_block + lanes_per_word];  ///< with room to fill the last batch
    std::size_t count = 0;                                  ///< how many lanes are listed

    /// Appends one lane.
    XSIMD_INLINE void append(std::size_t lane) { lanes[count++] = static_cast<std::uint32_t>(lane); }

    /// Appends lane `word + i` for every bit i that is 1. The loop writes eight lanes at a time, even if fewer are left,
    /// because the number of bits is random, and a loop of random length costs a mispredicted branch.
    XSIMD_INLINE void append_bits(std::size_t word, std::uint64_t bits) {
        const std::size_t end = count + static_cast<std::size_t>(std::popcount(bits));
        for (std::size_t next = count; next < end; next += 8)
            for (std::size_t i = 0; i < 8; ++i, bits &= bits - 1)
                lanes[next + i] = static_cast<std::uint32_t>(word + static_cast<std::size_t>(std::countr_zero(bits)));
        count = end;
    }
};

/// The arrays of the copies, with one element per lane or per word of lanes, 64-byte aligned and padded to whole words; and
/// what is the same for all copies.
///
/// Lanes do not count their steps. Whether an episode has become too long is checked only when its word's deadline is
/// reached.
struct Lanes {
    void* const* state;       ///< one array per state variable
    std::int64_t* began;      ///< the clock when each episode began
    std::uint64_t* pending;   ///< one bit per lane: whether its episode has ended and the next has not begun
    std::int64_t* deadlines;  ///< per word: a time before which no episode in it becomes too long
    void* random;             ///< one generator per copy, of the environment's type
    double* returns;          ///< return of each episode so far; null if the environment has a fixed reward
    const void* parameters;   ///< one `E::Parameters`, or with `per_copy` an array with one per copy
    const void* dynamics;     ///< one `E::Dynamics<Batch>`, or with `per_copy` an array with one per batch
    bool per_copy;            ///< whether each copy has its own parameters
    AutoresetMode autoreset_mode;    ///< what follows the end of an episode
    std::int32_t max_episode_steps;  ///< when episodes are truncated, or `unlimited`
    std::int64_t clock;              ///< how many steps have been made, including the present one
};

/// Totals of a step of some lanes.
struct StepTotals {
    std::int64_t steps = 0;       ///< lanes that stepped rather than restarted
    std::int64_t ended = 0;       ///< episodes that ended
    std::int64_t terminated = 0;  ///< episodes that terminated
    double returns = 0;           ///< the sum of the returns of the episodes that ended; 0 if the environment has a fixed reward
};

}  // namespace operant
