#pragma once
/// \file
/// How compiled programs that know neither Python nor the classes of this library reset and step the environments of the
/// Python package: plain data and C functions. `operant.adapters.jax` gives them to XLA.

#include <cstddef>
#include <cstdint>

#include <operant/kernel/outputs.hpp>

namespace operant {

/// What a call returns and the next one takes: the environment's number, and how many calls there have been, its lower and
/// its upper half. A program whose calls each take what the last one returned cannot make them in another order, nor leave
/// one out or make it twice.
using ForeignToken = std::uint32_t[3];

/// Numbers of somebody else's.
struct ForeignArray {
    void* data;         ///< aligned as its numbers are
    std::size_t bytes;  ///< that there is room for
};

/// What a reset is given.
struct ForeignReset {
    const std::uint32_t* token;  ///< of the last call; null: whatever it was
    const std::uint64_t* seeds;  ///< `seed_count` of them
    std::size_t seed_count;      ///< 0: streams go on; 1, with `adds`: copy i adds i to it; else one for each copy
    bool adds;                   ///< whether there is one seed for all
    const double* bounds;        ///< one number for each bound of the environment's resets
    std::size_t bound_count;     ///< 0 for the defaults
    const bool* mask;            ///< which copies to reset; null for all
    std::size_t mask_size;       ///< of the mask
};

/// What a step is given.
struct ForeignStep {
    const std::uint32_t* token;  ///< of the last call
    const void* actions;         ///< a row for each copy
    ElementType action_type;     ///< int32, int64, float32 or float64
    std::size_t action_bytes;    ///< of all rows
};

/// Where a call writes to.
struct ForeignResults {
    std::uint32_t* token;         ///< for the next call
    const ForeignArray* outputs;  ///< a row for each copy and no room between: of a step, all that are on its output list;
                                  ///< of a reset, observations, and infos if it has any. Where there is room for half of
                                  ///< the bytes, int64 becomes int32, and float64 float32
    std::size_t output_count;     ///< how many there are
};

/// Why a call was refused. Nothing has been changed then.
struct ForeignRefusal {
    bool is_argument;    ///< something that was passed is wrong; else the environment is not in a state for the call
    char message[1000];  ///< ends with 0
};

/// The functions. Environments are pointers that `hold` has returned; one call at a time is made with each, else it is
/// refused.
struct ForeignCalls {
    /// \return the environment of that number, which stays until it is released; null when it is gone
    void* (*hold)(std::uint32_t number);
    /// To be called once for each pointer.
    void (*release)(void* environment);
    /// \return whether it was done
    bool (*reset)(void* environment, const ForeignReset& call, const ForeignResults& results, ForeignRefusal& refusal);
    /// \return whether it was done
    bool (*step)(void* environment, const ForeignStep& call, const ForeignResults& results, ForeignRefusal& refusal);
};

}  // namespace operant
