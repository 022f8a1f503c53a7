#pragma once
/// \file
/// The data that every kernel works on: the arrays of the envs, and lists of envs to restart. The layout depends neither on the
/// environment nor on the instruction set, so libraries can exchange it.

#include <bit>
#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

namespace operant {

/// The number of envs in a word: a 64-bit integer with one bit per env. Arrays are padded to whole words.
inline constexpr std::size_t envs_per_word = 64;

/// The number of envs in a block. A block steps, and then its finished envs restart, while it is in the first-level cache.
inline constexpr std::size_t envs_per_block = 512;

/// The treatment of an env whose episode has ended, as in Gymnasium's enum of the same name.
enum class AutoresetMode : std::uint32_t {
    next_step,  ///< the next step starts a new episode and ignores the action
    same_step,  ///< the same step starts a new episode and reports the last observation separately
    disabled,   ///< the env waits until the caller resets it
};

/// The envs of a block to restart.
struct EnvList {
    std::uint32_t envs[envs_per_block + envs_per_word];  ///< their indices, with room to fill the last batch
    std::size_t count = 0;                               ///< the number of indices

    /// Appends one env.
    XSIMD_INLINE void append(std::size_t env) { envs[count++] = static_cast<std::uint32_t>(env); }

    /// Appends env `word + i` for every bit i that is 1. The loop writes eight indices at a time, even if fewer are left,
    /// because the number of bits is random, and a loop of random length costs a mispredicted branch.
    XSIMD_INLINE void append_bits(std::size_t word, std::uint64_t bits) {
        const std::size_t end = count + static_cast<std::size_t>(std::popcount(bits));
        for (std::size_t next = count; next < end; next += 8)
            for (std::size_t i = 0; i < 8; ++i, bits &= bits - 1)
                envs[next + i] = static_cast<std::uint32_t>(word + static_cast<std::size_t>(std::countr_zero(bits)));
        count = end;
    }
};

/// The arrays of all envs, and the values that all envs share. An array has one element per env or per word, is 64-byte aligned
/// and is padded to whole words.
///
/// Envs do not count their steps. A kernel checks for episodes that are too long only when a word's deadline is reached.
struct EnvArrays {
    void* const* state;              ///< one array per state variable, or one array of whole states: Kernels::state_variables
    std::int64_t* began;             ///< the clock when each episode began
    std::uint64_t* pending;          ///< one bit per env: its episode has ended and the next one has not begun
    std::int64_t* deadlines;         ///< per word: a time before which no episode in it becomes too long
    void* random;                    ///< one generator per env, of the environment's type
    double* returns;                 ///< return of each episode so far; null if the environment has a fixed reward
    const void* parameters;          ///< one `E::Parameters`, or with `per_env` one per env
    const void* dynamics;            ///< one `E::Dynamics<Batch>`, or with `per_env` one per batch
    bool per_env;                    ///< true if each env has its own parameters
    AutoresetMode autoreset_mode;    ///< the treatment of envs whose episode has ended
    std::int32_t max_episode_steps;  ///< the time limit of an episode, or `unlimited`
    std::int64_t clock;              ///< the number of steps so far, with the present one
    const void* context;             ///< EnvironmentDescription::context
};

/// Totals of a step of some envs.
struct StepTotals {
    std::int64_t steps = 0;       ///< envs that stepped instead of restarting
    std::int64_t ended = 0;       ///< episodes that ended
    std::int64_t terminated = 0;  ///< episodes that terminated
    double returns = 0;           ///< sum of the returns of the episodes that ended; 0 if the environment has a fixed reward
};

}  // namespace operant
