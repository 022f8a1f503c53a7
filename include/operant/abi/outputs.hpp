#pragma once
/// \file
/// The arrays that a step writes. `output_list` in core/output_list.hpp lists them. The core allocates the arrays on the list,
/// kernels write them, and Python shows them.

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace operant {

/// The type of an array's elements.
enum class ElementType : std::uint32_t {
    float32, float64, int8, int32, uint32, int64, boolean, uint8, int16, uint16, uint64
};

/// Returns the type of an array of T: a float, a double, a bool or an integer of any width.
template <class T>
consteval ElementType element_type_of() {
    static_assert(std::is_arithmetic_v<T> && sizeof(T) <= 8, "expected a float, a double, a bool or an integer");
    if constexpr (std::is_same_v<T, bool>)
        return ElementType::boolean;
    else if constexpr (std::is_floating_point_v<T>)
        return sizeof(T) == 4 ? ElementType::float32 : ElementType::float64;
    else if constexpr (std::is_signed_v<T>)
        return sizeof(T) == 1   ? ElementType::int8
               : sizeof(T) == 2 ? ElementType::int16
               : sizeof(T) == 4 ? ElementType::int32
                                : ElementType::int64;
    else
        return sizeof(T) == 1   ? ElementType::uint8
               : sizeof(T) == 2 ? ElementType::uint16
               : sizeof(T) == 4 ? ElementType::uint32
                                : ElementType::uint64;
}

/// Calls `function(std::type_identity<T>())` with the type of an array's elements.
template <class Function>
constexpr decltype(auto) with_element_type(ElementType type, const Function& function) {
    switch (type) {
        case ElementType::float32: return function(std::type_identity<float>());
        case ElementType::float64: return function(std::type_identity<double>());
        case ElementType::int8: return function(std::type_identity<std::int8_t>());
        case ElementType::uint8: return function(std::type_identity<std::uint8_t>());
        case ElementType::int16: return function(std::type_identity<std::int16_t>());
        case ElementType::uint16: return function(std::type_identity<std::uint16_t>());
        case ElementType::int32: return function(std::type_identity<std::int32_t>());
        case ElementType::uint32: return function(std::type_identity<std::uint32_t>());
        case ElementType::int64: return function(std::type_identity<std::int64_t>());
        case ElementType::uint64: return function(std::type_identity<std::uint64_t>());
        default: return function(std::type_identity<bool>());
    }
}

/// Bytes of an element.
constexpr std::size_t size_of(ElementType type) {
    return with_element_type(type, []<class T>(std::type_identity<T>) { return sizeof(T); });
}

/// The shape of an env's part of an array. The array of all envs has one axis more, the first.
struct Shape {
    static constexpr std::size_t most_dimensions = 3;  ///< the largest number of axes

    std::size_t dimensions = 0;                 ///< the number of axes; 0 for a number
    std::size_t lengths[most_dimensions] = {};  ///< the length of each axis

    /// The number of numbers.
    constexpr std::size_t size() const {
        std::size_t size = 1;
        for (std::size_t i = 0; i < dimensions; ++i) size *= lengths[i];
        return size;
    }
};

/// Returns the shape of `length` arrays of a shape.
constexpr Shape within(std::size_t length, const Shape& inner) {
    Shape shape{.dimensions = inner.dimensions + 1, .lengths = {length}};
    for (std::size_t i = 0; i < inner.dimensions; ++i) shape.lengths[i + 1] = inner.lengths[i];
    return shape;
}

/// Arrays for the episodes that ended in a step. They have one element per env, which is 0 if its episode goes on. Few episodes
/// end in a step, so a step writes only their elements, and zeros to the elements that an earlier step has written.
struct EpisodeStatistics {
    double* returns;         ///< sums of the rewards
    std::int64_t* lengths;   ///< numbers of steps
    double* seconds;         ///< their durations [s]
    std::uint64_t* written;  ///< one bit per env: an earlier step has written its elements
    double* began;           ///< the time when each env's episode began [s]; the step updates it
    double now;              ///< the present time on the same clock [s]
};

/// C-contiguous arrays with one row per env and room for whole words. An array is null if the caller does not want it. Rewards
/// and flags must not be null. Observations must not be null if the caller wants final observations.
struct Outputs {
    void* const* observations = nullptr;        ///< one array per leaf of the observation space
    float* rewards = nullptr;                   ///< one per env
    bool* terminations = nullptr;               ///< true if the episode ended in a terminal state
    bool* truncations = nullptr;                ///< true if the episode ended for another reason, usually its length
    void* const* infos = nullptr;               ///< one array per info of the environment
    bool* has_infos = nullptr;                  ///< true if the env has infos
    bool* ended = nullptr;                      ///< true if the episode ended
    void* const* final_observations = nullptr;  ///< observations before the restarts of AutoresetMode::same_step
    void* const* final_infos = nullptr;         ///< last infos of the episodes that ended; 0 for all other envs
    const EpisodeStatistics* episodes = nullptr;  ///< for the episodes that ended
};

}  // namespace operant
