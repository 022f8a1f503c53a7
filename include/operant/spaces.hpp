#pragma once
/// \file
/// The spaces of Gymnasium that environments use for their actions and observations.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>

namespace operant {

/// The argument of `Discrete` if the number of integers depends on the parameters.
inline constexpr int dynamic_size = -1;

/// `gymnasium.spaces.Discrete(n)`: the integers 0 to n - 1.
template <int n_ = dynamic_size>
struct Discrete {
    static constexpr std::size_t size = 1;  ///< numbers in an element
    static constexpr std::int64_t n = n_;   ///< how many elements the space has

    using Narrow = std::int32_t;  ///< type of actions of 32 bits
    using Wide = std::int64_t;    ///< type of actions of 64 bits, which numpy and Gymnasium use

    /// How many values number `i` of an element has.
    static constexpr std::int64_t limit(std::size_t) { return n; }
};

/// `Discrete(n)` as an observation space whose n depends on the parameters.
template <>
struct Discrete<dynamic_size> {
    static constexpr std::size_t size = 1;  ///< numbers in an element
    std::int64_t n;                         ///< how many elements the space has
};

/// `gymnasium.spaces.MultiDiscrete([n...])`: several integers, of which number i is from 0 to n_i - 1.
template <int... n_>
struct MultiDiscrete {
    static constexpr std::size_t size = sizeof...(n_);                      ///< numbers in an element
    static constexpr std::array<std::int64_t, sizeof...(n_)> n = {n_...};  ///< how many values each of them has

    using Narrow = std::int32_t;  ///< as for Discrete
    using Wide = std::int64_t;    ///< as for Discrete

    /// How many values number `i` of an element has.
    static constexpr std::int64_t limit(std::size_t i) { return n[i]; }
};

/// `gymnasium.spaces.Box(low, high, dtype=float32)`: vectors of `size` floats, each with its own bounds. Actions beyond the
/// bounds are valid; the dynamics clip them.
template <std::size_t size_>
struct Box {
    static constexpr std::size_t size = size_;  ///< numbers in an element
    std::array<float, size_> low;               ///< smallest value of each number; may be infinite
    std::array<float, size_> high;              ///< largest value of each number; may be infinite

    using Narrow = float;  ///< type of actions of 32 bits, as Gymnasium's spaces have it
    using Wide = double;   ///< type of actions of 64 bits, as Python's numbers have it

    /// A Box without bounds.
    static constexpr Box unbounded() {
        Box box{};
        box.low.fill(-std::numeric_limits<float>::infinity());
        box.high.fill(std::numeric_limits<float>::infinity());
        return box;
    }
};

/// A Box of one number. `{low, high}` initialises it.
using Interval = Box<1>;

/// The parts of an observation space. Each part is an array in Python.
template <class Space>
struct SpaceTraits;

/// One array of shape (num_envs, size), float32.
template <std::size_t size>
struct SpaceTraits<Box<size>> {
    static constexpr std::size_t parts = 1;        ///< the number of arrays
    static constexpr bool is_box = true;           ///< whether elements are float32; otherwise int64
    static constexpr bool is_tuple = false;        ///< whether Python gets a tuple of arrays
    static constexpr std::size_t numbers = size;  ///< the numbers in all parts together
};

/// One array of shape (num_envs,), int64.
template <int n>
struct SpaceTraits<Discrete<n>> {
    static constexpr std::size_t parts = 1;  ///< as for Box
    static constexpr bool is_box = false;  ///< as for Box
    static constexpr bool is_tuple = false;  ///< as for Box
    static constexpr std::size_t numbers = 1;  ///< as for Box
};

/// `gymnasium.spaces.Tuple` of Discrete spaces: one array of shape (num_envs,), int64, per space.
template <int... n>
struct SpaceTraits<std::tuple<Discrete<n>...>> {
    static constexpr std::size_t parts = sizeof...(n);  ///< as for Box
    static constexpr bool is_box = false;  ///< as for Box
    static constexpr bool is_tuple = true;  ///< as for Box
    static constexpr std::size_t numbers = sizeof...(n);  ///< as for Box
};

/// Whether actions are integers.
template <class Space>
inline constexpr bool is_discrete = std::integral<typename Space::Narrow>;

}  // namespace operant
