#pragma once
/// \file
/// Gymnasium's spaces, as far as the environments need them.

#include <array>
#include <cstddef>
#include <cstdint>

namespace operant {

/// `gymnasium.spaces.Discrete(n)`: the integers 0 to n - 1.
template <int n_>
struct Discrete {
    static constexpr int n = n_;  ///< how many actions there are

    /// Actions come in 32 or 64 bits, and are used as they are.
    using Narrow = std::int32_t;
    using Wide = std::int64_t;  ///< what numpy and Gymnasium make
};

/// `gymnasium.spaces.Box(low, high, shape=(1,), dtype=float32)`: one number, clipped to the bounds when it is used.
struct Interval {
    float low;   ///< smallest action
    float high;  ///< largest action

    using Narrow = float;  ///< actions of the type of the space
    using Wide = double;   ///< actions of the type that Python has
};

/// `gymnasium.spaces.Box(low, high, dtype=float32)`: vectors of `size` floats, bounded one by one.
template <std::size_t size>
struct Box {
    std::array<float, size> low;   ///< smallest value of each element; may be infinite
    std::array<float, size> high;  ///< the same of the largest
};

}  // namespace operant
