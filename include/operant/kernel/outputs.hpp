#pragma once
/// \file
/// Where a step writes to. The list of arrays is described once, by `output_list` in environment_library.hpp: the core
/// allocates, the kernels write and Python shows what is on it.

#include <cstddef>
#include <cstdint>

namespace operant {

/// What an element of an array is.
enum class ElementType : std::uint32_t { float32, float64, int8, int32, uint32, int64, boolean };

/// Bytes of an element.
constexpr std::size_t size_of(ElementType type) {
    switch (type) {
        case ElementType::float64:
        case ElementType::int64: return 8;
        case ElementType::float32:
        case ElementType::int32:
        case ElementType::uint32: return 4;
        default: return 1;
    }
}

/// The element type of a number.
template <class T>
struct ElementTypeOf;
/// \cond
template <> struct ElementTypeOf<float> { static constexpr ElementType value = ElementType::float32; };
template <> struct ElementTypeOf<double> { static constexpr ElementType value = ElementType::float64; };
template <> struct ElementTypeOf<std::int8_t> { static constexpr ElementType value = ElementType::int8; };
template <> struct ElementTypeOf<std::int32_t> { static constexpr ElementType value = ElementType::int32; };
template <> struct ElementTypeOf<std::uint32_t> { static constexpr ElementType value = ElementType::uint32; };
template <> struct ElementTypeOf<std::int64_t> { static constexpr ElementType value = ElementType::int64; };
template <> struct ElementTypeOf<bool> { static constexpr ElementType value = ElementType::boolean; };
/// \endcond

/// Where a step reports the episodes that ended in it, one element a lane; 0 for all other copies. Few episodes end in a
/// step, so only their elements are written, and those that the arrays held before.
struct EpisodeStatistics {
    double* returns;         ///< sums of the rewards
    std::int64_t* lengths;   ///< numbers of steps
    double* seconds;         ///< how long they took
    std::uint64_t* written;  ///< one bit a lane: which elements are not 0
    double* began;           ///< when each copy's episode began; kept up to date by the step
    double now;              ///< on the same clock, in seconds
};

/// Arrays with a row for each lane, C-contiguous, with room for whole words of lanes. Rows of vectors have the numbers of
/// one copy side by side. What is null is not wanted; rewards and flags are always written, and observations where final ones
/// are wanted.
struct Outputs {
    void* const* observations = nullptr;        ///< one array for each part of the observation space
    float* rewards = nullptr;                   ///< one a lane
    bool* terminations = nullptr;               ///< the episode ended because of what happened in it
    bool* truncations = nullptr;                ///< the episode ended because of its length
    void* const* infos = nullptr;               ///< one array for each info of the environment
    bool* has_infos = nullptr;                  ///< the copy has infos
    bool* ended = nullptr;                      ///< terminated or truncated
    void* const* final_observations = nullptr;  ///< as observations, before the restarts of AutoresetMode::same_step
    void* const* final_infos = nullptr;         ///< as infos, of the episodes that ended; 0 for all other copies
    const EpisodeStatistics* episodes = nullptr;  ///< where to report the episodes that ended
};

}  // namespace operant
