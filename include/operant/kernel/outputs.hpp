#pragma once
/// \file
/// The arrays that a step writes. `output_list` in environment_library.hpp lists them; the core allocates the arrays on the
/// list, kernels write them, and Python shows them.

#include <cstddef>
#include <cstdint>

namespace operant {

/// The type of an array's elements.
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

/// The ElementType of a number's type.
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

/// Arrays for the episodes that ended in a step, with one element per lane, which is 0 for all other copies. Few episodes end
/// in a step. So a step writes only their elements, and zeros to those that an earlier step has written.
struct EpisodeStatistics {
    double* returns;         ///< sums of the rewards
    std::int64_t* lengths;   ///< numbers of steps
    double* seconds;         ///< their durations [s]
    std::uint64_t* written;  ///< one bit per lane: whether its elements have been written
    double* began;           ///< when each copy's episode began [s]; the step updates it
    double now;              ///< the present time on the same clock [s]
};

/// Arrays with one row per lane, C-contiguous, with room for whole words of lanes. An array that is not wanted is null.
/// Rewards and flags must not be null, and observations must not be null if final observations are wanted.
struct Outputs {
    void* const* observations = nullptr;        ///< one array per part of the observation space
    float* rewards = nullptr;                   ///< one per lane
    bool* terminations = nullptr;               ///< whether the episode ended because of its state
    bool* truncations = nullptr;                ///< whether the episode ended for another reason, usually its length
    void* const* infos = nullptr;               ///< one array per info of the environment
    bool* has_infos = nullptr;                  ///< whether the copy has infos
    bool* ended = nullptr;                      ///< whether the episode ended
    void* const* final_observations = nullptr;  ///< observations before the restarts of AutoresetMode::same_step
    void* const* final_infos = nullptr;         ///< last infos of the episodes that ended; 0 for all other copies
    const EpisodeStatistics* episodes = nullptr;  ///< for the episodes that ended
};

}  // namespace operant
