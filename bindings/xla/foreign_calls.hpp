#pragma once
/// \file
/// Plain data and C functions with which XLA programs, which know neither Python nor Operant's classes, reset and step
/// environments of the Python package. `operant.adapters.jax` passes the functions to xla_calls.cpp, which is compiled on the
/// user's machine.

#include <cstddef>
#include <cstdint>

#include <operant/abi/outputs.hpp>

namespace operant {

/// The state that a call returns and the next call takes: the environment's number, and the lower and upper half of the number
/// of calls so far. A program that passes each token to the next call cannot reorder, omit or repeat calls.
using ForeignToken = std::uint32_t[3];

/// A buffer owned by the caller.
struct ForeignArray {
    void* data;         ///< aligned for the type of its elements
    std::size_t bytes;  ///< its size
};

/// The arguments of a reset.
struct ForeignReset {
    const std::uint32_t* token;  ///< from the last call; null to accept any state
    const std::uint64_t* seeds;  ///< `seed_count` seeds
    std::size_t seed_count;      ///< 0 to continue the random streams, 1 with `adds`, or num_envs
    bool adds;                   ///< true if there is one seed, to which env i adds i
    const double* bounds;        ///< one number for each bound of the environment's resets
    std::size_t bound_count;     ///< the number of bounds; 0 for the defaults
    const bool* mask;            ///< the envs to reset; null for all
    std::size_t mask_size;       ///< the number of elements of the mask
};

/// The arguments of a step.
struct ForeignStep {
    const std::uint32_t* token;  ///< from the last call
    const void* actions;         ///< a row for each env
    ElementType action_type;     ///< int32, int64, float32 or float64
    std::size_t action_bytes;    ///< the size of all rows
};

/// The buffers for the results of a call.
struct ForeignResults {
    std::uint32_t* token;         ///< for the next call
    const ForeignArray* outputs;  ///< num_envs contiguous rows for each output: of a step, every output on its list; of a reset,
                                  ///< observations, and infos if it has any. A buffer of half the size gets int64 as int32
                                  ///< and float64 as float32
    std::size_t output_count;     ///< the number of outputs
};

/// The reason why a call was refused. A refused call changes nothing.
struct ForeignRefusal {
    bool is_argument;    ///< true if an argument is wrong, false if the environment is not in a state for the call
    char message[1000];  ///< null-terminated
};

/// The functions. They take pointers that `hold` has returned. While a call is made with an environment, other calls with it
/// are refused.
struct ForeignCalls {
    /// \return the environment with this number, kept alive until it is released; null if it no longer exists
    void* (*hold)(std::uint32_t number);
    /// Must be called once for each pointer.
    void (*release)(void* environment);
    /// \return false if the call was refused
    bool (*reset)(void* environment, const ForeignReset& call, const ForeignResults& results, ForeignRefusal& refusal);
    /// \return false if the call was refused
    bool (*step)(void* environment, const ForeignStep& call, const ForeignResults& results, ForeignRefusal& refusal);
};

}  // namespace operant
