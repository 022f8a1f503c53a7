#pragma once
/// \file
/// Where the copies of an environment live, and which of them are to start anew: what every kernel works on. Plain data
/// without a type of environment or an instruction set, so that libraries can pass it to each other.

#include <bit>
#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

namespace operant {

/// Arrays are padded to whole words of this many lanes, so that one bit a lane fills a 64-bit integer.
inline constexpr std::size_t lanes_per_word = 64;

/// A run of lanes that is stepped, and then has its finished copies restarted, while it is in the first-level cache.
inline constexpr std::size_t lanes_per_block = 1024;

/// For `max_episode_steps`: no truncations.
inline constexpr std::int32_t unlimited = 2147483647;

/// What happens to a copy whose episode has ended, as Gymnasium's enum of the same name says.
enum class AutoresetMode : std::uint32_t {
    next_step,  ///< the next step starts a new episode, whatever its action
    same_step,  ///< a new episode starts at once; the last observation is kept aside
    disabled,   ///< nothing, until the caller resets it
};

/// The lanes of a block to restart.
struct LaneList {
    std::uint32_t lanes[lanes_per_block + lanes_per_word];  ///< with room for what fills up the last batch
    std::size_t count = 0;                                  ///< how many of them there are

    /// Appends one lane.
    XSIMD_INLINE void append(std::size_t lane) { lanes[count++] = static_cast<std::uint32_t>(lane); }

    /// Appends lane `word + i` for every bit i that is 1. The loop runs over eight lanes at a time, whether so many are
    /// left or not: the number of bits is random, and a loop of random length costs a mispredicted branch.
    XSIMD_INLINE void append_bits(std::size_t word, std::uint64_t bits) {
        const std::size_t end = count + static_cast<std::size_t>(std::popcount(bits));
        for (std::size_t next = count; next < end; next += 8)
            for (std::size_t i = 0; i < 8; ++i, bits &= bits - 1)
                lanes[next + i] = static_cast<std::uint32_t>(word + static_cast<std::size_t>(std::countr_zero(bits)));
        count = end;
    }
};

/// Where the copies live: arrays with one element a lane, or a word of them, 64-byte aligned, padded to whole words; and
/// what is the same for all of them.
///
/// No lane counts its steps: whether an episode has become too long is only looked at when a word's deadline has come.
struct Lanes {
    void* const* state;       ///< one array for each state variable
    std::int64_t* began;      ///< the clock when the episode began
    std::uint64_t* pending;   ///< one bit a lane: its episode has ended, and no other has begun
    std::int64_t* deadlines;  ///< for each word, a time before which no episode in it gets too long
    void* random;             ///< every copy's own stream: an array of the environment's type of generator
    double* returns;          ///< rewards of the episode so far; null where the environment has a fixed reward
    const void* parameters;   ///< `E::Parameters`: one, or with `per_copy` an array with one for each copy
    const void* dynamics;     ///< `E::Dynamics<Batch>`: one, or with `per_copy` one for each batch of lanes
    bool per_copy;            ///< whether parameters differ from copy to copy
    AutoresetMode autoreset_mode;    ///< what follows the end of an episode
    std::int32_t max_episode_steps;  ///< or `unlimited`
    std::int64_t clock;              ///< how many steps there have been, that in progress among them
};

/// What a step of some lanes amounts to.
struct StepTotals {
    std::int64_t steps = 0;       ///< lanes that stepped rather than restarted
    std::int64_t ended = 0;       ///< episodes that ended
    std::int64_t terminated = 0;  ///< those of them that terminated
    double returns = 0;           ///< the sum of their returns; 0 where the environment has a fixed reward
};

}  // namespace operant
