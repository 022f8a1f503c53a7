#pragma once
/// \file
/// Gymnasium's spaces, as far as the environments need them. An action is one number or several; so is an observation.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>

namespace operant {

/// For `Discrete`: how many integers there are follows from the parameters.
inline constexpr int dynamic_size = -1;

/// `gymnasium.spaces.Discrete(n)`: the integers 0 to n - 1.
template <int n_ = dynamic_size>
struct Discrete {
    static constexpr std::size_t size = 1;  ///< numbers in an element
    static constexpr std::int64_t n = n_;   ///< how many elements the space has

    /// Actions come in 32 or 64 bits, and are used as they are.
    using Narrow = std::int32_t;
    using Wide = std::int64_t;  ///< what numpy and Gymnasium make

    /// How many values element `i` has.
    static constexpr std::int64_t limit(std::size_t) { return n; }
};

/// `Discrete(n)` as an observation space whose n is known when the environment is made.
template <>
struct Discrete<dynamic_size> {
    static constexpr std::size_t size = 1;  ///< numbers in an element
    std::int64_t n;                         ///< how many elements the space has
};

/// `gymnasium.spaces.MultiDiscrete([n...])`: several integers, number i from 0 to n_i - 1.
template <int... n_>
struct MultiDiscrete {
    static constexpr std::size_t size = sizeof...(n_);                      ///< numbers in an element
    static constexpr std::array<std::int64_t, sizeof...(n_)> n = {n_...};  ///< how many values each of them has

    using Narrow = std::int32_t;  ///< as for Discrete
    using Wide = std::int64_t;    ///< as for Discrete

    /// How many values element `i` has.
    static constexpr std::int64_t limit(std::size_t i) { return n[i]; }
};

/// `gymnasium.spaces.Box(low, high, dtype=float32)`: vectors of `size` floats, bounded one by one. Actions beyond the
/// bounds are not refused: the dynamics clip them when they use them.
template <std::size_t size_>
struct Box {
    static constexpr std::size_t size = size_;  ///< numbers in an element
    std::array<float, size_> low;               ///< smallest value of each number; may be infinite
    std::array<float, size_> high;              ///< largest value of each number; may be infinite

    using Narrow = float;  ///< actions of the type of the space
    using Wide = double;   ///< actions of the type that Python has

    /// Without bounds.
    static constexpr Box unbounded() {
        Box box{};
        box.low.fill(-std::numeric_limits<float>::infinity());
        box.high.fill(std::numeric_limits<float>::infinity());
        return box;
    }
};

/// A Box of one number; `{low, high}` makes one.
using Interval = Box<1>;

/// What an observation space of each kind consists of: the parts, each of which is an array of its own in Python.
template <class Space>
struct SpaceTraits;

/// One array of shape (num_envs, size), float32.
template <std::size_t size>
struct SpaceTraits<Box<size>> {
    static constexpr std::size_t parts = 1;        ///< how many arrays
    static constexpr bool is_box = true;           ///< float32 or int64
    static constexpr bool is_tuple = false;        ///< whether Python sees a tuple of arrays
    static constexpr std::size_t numbers = size;  ///< in all parts
};

/// One array of shape (num_envs,), int64.
template <int n>
struct SpaceTraits<Discrete<n>> {
    static constexpr std::size_t parts = 1;  ///< as for Box
    static constexpr bool is_box = false;  ///< as for Box
    static constexpr bool is_tuple = false;  ///< as for Box
    static constexpr std::size_t numbers = 1;  ///< as for Box
};

/// `gymnasium.spaces.Tuple` of Discrete spaces: for each an array of shape (num_envs,), int64.
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
