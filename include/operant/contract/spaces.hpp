#pragma once
/// \file
/// The spaces of Gymnasium that environments use for their actions and observations.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

namespace operant {

/// The class of a space in Gymnasium.
enum class SpaceKind : std::uint32_t { box, discrete, multi_discrete, multi_binary, tuple, dict };

/// The argument of `Discrete` if the number of integers depends on the parameters.
inline constexpr int dynamic_size = -1;

/// `gymnasium.spaces.Discrete(n)`: the integers 0 to n - 1.
template <int n_ = dynamic_size>
struct Discrete {
    static constexpr SpaceKind kind = SpaceKind::discrete;   ///< as for BoxOf
    using Element = std::int64_t;                            ///< as for BoxOf
    static constexpr std::array<std::size_t, 0> shape = {};  ///< as for BoxOf
    static constexpr std::size_t size = 1;                   ///< numbers in an element
    static constexpr std::int64_t n = n_;                    ///< the number of elements

    using Narrow = std::int32_t;  ///< type of actions of 32 bits
    using Wide = std::int64_t;    ///< type of actions of 64 bits, which numpy and Gymnasium use

    /// The number of values of number `i` of an element.
    static constexpr std::int64_t limit(std::size_t) { return n; }
};

/// `Discrete(n)` as an observation space whose n depends on the parameters.
template <>
struct Discrete<dynamic_size> {
    static constexpr SpaceKind kind = SpaceKind::discrete;   ///< as for BoxOf
    using Element = std::int64_t;                            ///< as for BoxOf
    static constexpr std::array<std::size_t, 0> shape = {};  ///< as for BoxOf
    static constexpr std::size_t size = 1;                   ///< numbers in an element
    std::int64_t n;                                          ///< the number of elements
};

/// `gymnasium.spaces.MultiDiscrete([n...])`: several integers; number i is from 0 to n_i - 1.
template <int... n_>
struct MultiDiscrete {
    static constexpr SpaceKind kind = SpaceKind::multi_discrete;            ///< as for BoxOf
    using Element = std::int64_t;                                           ///< as for BoxOf
    static constexpr std::array<std::size_t, 1> shape = {sizeof...(n_)};    ///< as for BoxOf
    static constexpr std::size_t size = sizeof...(n_);                      ///< numbers in an element
    static constexpr std::array<std::int64_t, sizeof...(n_)> n = {n_...};  ///< the number of values of each

    using Narrow = std::int32_t;  ///< as for Discrete
    using Wide = std::int64_t;    ///< as for Discrete

    /// The number of values of number `i` of an element.
    static constexpr std::int64_t limit(std::size_t i) { return n[i]; }
};

/// `gymnasium.spaces.MultiBinary(shape)`: an array of zeros and ones of up to three dimensions.
template <std::size_t... shape_>
struct MultiBinary {
    static constexpr SpaceKind kind = SpaceKind::multi_binary;                        ///< as for BoxOf
    using Element = std::int8_t;                                                      ///< as for BoxOf
    static constexpr std::array<std::size_t, sizeof...(shape_)> shape = {shape_...};  ///< as for BoxOf
    static constexpr std::size_t size = (shape_ * ... * 1);                           ///< numbers in an element

    using Narrow = std::int32_t;  ///< as for Discrete
    using Wide = std::int64_t;    ///< as for Discrete

    /// The number of values of each number of an element.
    static constexpr std::int64_t limit(std::size_t) { return 2; }
};

/// `gymnasium.spaces.Box(low, high, dtype)`: arrays of one to three dimensions, in which each number has its own bounds. As an
/// action space, it consists of floats and has one dimension. Actions beyond the bounds are valid; the dynamics clip them.
/// \tparam Number float, double, std::uint8_t, std::int8_t, std::int16_t, std::int32_t or bool: the dtype
/// \tparam shape_ the length of each dimension
template <class Number, std::size_t... shape_>
struct BoxOf {
    static constexpr SpaceKind kind = SpaceKind::box;                                 ///< the class of the space
    using Element = Number;                                                           ///< the type of a number in observations
    static constexpr std::array<std::size_t, sizeof...(shape_)> shape = {shape_...};  ///< of an observation of an env
    static constexpr std::size_t size = (shape_ * ... * 1);                           ///< numbers in an element

    std::array<Number, size> low;   ///< smallest value of each number; may be infinite
    std::array<Number, size> high;  ///< largest value of each number; may be infinite

    using Narrow = float;  ///< type of actions of 32 bits, the dtype of Gymnasium's spaces
    using Wide = double;   ///< type of actions of 64 bits, the type of Python's floats

    /// 0: actions are continuous.
    static constexpr std::int64_t limit(std::size_t) { return 0; }

    /// A Box with the same bounds for all numbers.
    static constexpr BoxOf bounded(Number low, Number high) {
        BoxOf box{};
        box.low.fill(low);
        box.high.fill(high);
        return box;
    }
    /// A Box whose bounds are infinite or, for integers, the smallest and the largest integer of the type.
    static constexpr BoxOf unbounded() {
        using Limits = std::numeric_limits<Number>;
        if constexpr (std::is_floating_point_v<Number>)
            return bounded(-Limits::infinity(), Limits::infinity());
        else
            return bounded(Limits::min(), Limits::max());
    }
};

/// `gymnasium.spaces.Box(low, high, dtype=float32)`: Box<4> is a vector of four numbers, Box<9, 9> a matrix.
template <std::size_t... shape>
using Box = BoxOf<float, shape...>;

/// A Box of one number. `{low, high}` initialises it.
using Interval = Box<1>;

/// Zeros and ones as bits: an observation of a MultiBinary, or of a Box of bool, std::uint8_t or std::int8_t, in plain C++. A
/// step writes 64 of them at a time. A loop over bytes takes several times as long.
template <std::size_t size_>
struct Bits {
    static constexpr std::size_t size = size_;                    ///< the number of bits
    static constexpr std::size_t word_count = (size_ + 63) / 64;  ///< the number of words
    /// Bit i % 64 of word i / 64 is number i of the element, in the order of a C array. Bits beyond `size` have no effect.
    std::array<std::uint64_t, word_count> words;

    /// Returns bit i.
    XSIMD_INLINE constexpr bool operator[](std::size_t i) const { return (words[i / 64] >> i % 64 & 1) != 0; }
    /// Sets bit i to 1.
    XSIMD_INLINE constexpr void set(std::size_t i) { words[i / 64] |= std::uint64_t{1} << i % 64; }
};

/// A leaf: a space whose observations are one array of shape (num_envs, shape...). Tuples and Dicts consist of leaves.
template <class Space>
concept Leaf = requires {
    { Space::kind } -> std::same_as<const SpaceKind&>;
};

namespace detail {

template <class Member>
inline constexpr bool is_array = false;
template <class Element, std::size_t size>
inline constexpr bool is_array<std::array<Element, size>> = true;

/// The number in an array, or in nested arrays.
template <class Value>
struct NumberIn {
    using type = Value;
};
template <class Value, std::size_t size>
struct NumberIn<std::array<Value, size>> : NumberIn<Value> {};

/// The types of the parts of a std::tuple, of a std::array, or of a struct with OPERANT_MEMBERS.
template <class Whole>
struct PartsOf;
template <class... Part>
struct PartsOf<std::tuple<Part...>> {
    using type = std::tuple<Part...>;
};
template <class Part, std::size_t size>
struct PartsOf<std::array<Part, size>> {
    using type = decltype([]<std::size_t... i>(std::index_sequence<i...>) {
        return std::tuple<std::conditional_t<i == size, void, Part>...>();
    }(std::make_index_sequence<size>()));
};
template <class Whole>
    requires requires { Whole::member_names(); }
struct PartsOf<Whole> {
    using type = typename decltype(Whole::with_members(std::declval<Whole&>(), []<class... Part>(Whole&, Part&...) {
        return std::type_identity<std::tuple<Part...>>();
    }))::type;
};

/// A struct with OPERANT_MEMBERS.
template <class Whole>
concept HasMembers = requires { Whole::member_names(); };
template <class Whole>
concept HasParts = requires { typename PartsOf<Whole>::type; };
template <class Whole>
using Parts = typename PartsOf<Whole>::type;
template <std::size_t i, class Whole>
using Part = std::tuple_element_t<i, Parts<Whole>>;
template <class Whole>
inline constexpr std::size_t part_count = std::tuple_size_v<Parts<Whole>>;

/// Calls `function(part...)` with the parts of a std::tuple, of a std::array, or of a struct with OPERANT_MEMBERS.
template <class Whole, class Function>
XSIMD_INLINE constexpr decltype(auto) with_parts(Whole& whole, const Function& function) {
    if constexpr (HasMembers<std::remove_const_t<Whole>>)
        return Whole::with_members(whole, [&](auto&, auto&... part) { return function(part...); });
    else
        return std::apply(function, whole);
}

template <class Space>
inline constexpr bool is_space = Leaf<Space>;
template <HasParts Space>
    requires(!is_array<Space>)
inline constexpr bool is_space<Space> = []<class... Part>(std::type_identity<std::tuple<Part...>>) {
    return sizeof...(Part) != 0 && (is_space<Part> && ...);
}(std::type_identity<Parts<Space>>());

/// The leaves of a space, from the first to the last, as the types of a std::tuple.
template <class Space>
struct LeavesOf {
    using type = typename LeavesOf<Parts<Space>>::type;
};
template <Leaf Space>
struct LeavesOf<Space> {
    using type = std::tuple<std::type_identity<Space>>;
};
template <class... Space>
struct LeavesOf<std::tuple<Space...>> {
    using type = decltype(std::tuple_cat(std::declval<typename LeavesOf<Space>::type>()...));
};

}  // namespace detail

/// The arrays of the observations of a space: a leaf, a std::tuple of spaces, which is a `gymnasium.spaces.Tuple`, or a struct
/// of spaces with OPERANT_MEMBERS, which is a `gymnasium.spaces.Dict`.
template <class Space>
    requires detail::is_space<Space>
struct SpaceTraits {
    using Leaves = typename detail::LeavesOf<Space>::type;             ///< a std::tuple of std::type_identity<Leaf>
    static constexpr std::size_t parts = std::tuple_size_v<Leaves>;  ///< the number of arrays, one per leaf
    /// The leaf of array i.
    template <std::size_t i>
    using LeafAt = typename std::tuple_element_t<i, Leaves>::type;

    /// Bytes of an env's row in array i.
    static XSIMD_INLINE constexpr std::size_t row_size(std::size_t i) {
        return []<std::size_t... k>(std::index_sequence<k...>, std::size_t index) {
            const std::size_t sizes[] = {LeafAt<k>::size * sizeof(typename LeafAt<k>::Element)...};
            return sizes[index];
        }(std::make_index_sequence<parts>(), i);
    }
    /// The numbers in all arrays of an env together.
    static constexpr std::size_t numbers = []<std::size_t... i>(std::index_sequence<i...>) {
        return (LeafAt<i>::size + ... + 0);
    }(std::make_index_sequence<parts>());

    /// True for a vector of floats, which linear policies see in registers.
    static constexpr bool is_vector = std::is_same_v<Space, Box<numbers>>;
};

/// True if actions are integers.
template <class Space>
inline constexpr bool is_discrete = std::integral<typename Space::Narrow>;

/// Returns the number of elements of an action mask: the numbers of values of all numbers of an action together; 0 for a Box.
template <class Space>
constexpr std::size_t choice_count() {
    std::size_t count = 0;
    for (std::size_t k = 0; is_discrete<Space> && k < Space::size; ++k) count += static_cast<std::size_t>(Space::limit(k));
    return count;
}

}  // namespace operant
