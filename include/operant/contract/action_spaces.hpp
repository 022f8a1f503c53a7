#pragma once
/// \file
/// Actions as rows of numbers. The rows of a Tuple or a Dict consist of the rows of its parts, all of them as floating-point
/// numbers, which hold the integers of discrete parts.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

#include <operant/contract/spaces.hpp>

namespace operant {

namespace detail {

/// The largest n of a discrete part of a Tuple or a Dict. A float holds all integers up to it.
inline constexpr std::int64_t largest_count_in_parts = 1 << 24;

template <class Space>
inline constexpr bool is_action_leaf = false;
template <int n>
inline constexpr bool is_action_leaf<Discrete<n>> = n > 0;
template <int... n>
inline constexpr bool is_action_leaf<MultiDiscrete<n...>> = sizeof...(n) != 0 && ((n > 0) && ...);
template <std::size_t n>
inline constexpr bool is_action_leaf<MultiBinary<n>> = n > 0;
template <std::size_t n>
inline constexpr bool is_action_leaf<Box<n>> = n > 0;

/// An action space that is not a Tuple or a Dict.
template <class Space>
concept ActionLeaf = is_action_leaf<Space>;

template <class Space>
struct AreActionLeaves : std::false_type {};
template <class... Part>
struct AreActionLeaves<std::tuple<Part...>> : std::bool_constant<sizeof...(Part) != 0 && (ActionLeaf<Part> && ...)> {};

/// A Tuple or a Dict of action spaces.
template <class Space>
concept ActionParts = !ActionLeaf<Space> && HasParts<Space> && AreActionLeaves<Parts<Space>>::value;

/// Returns true if a number of a row is valid: an integer below the limit, or any number but NaN if the limit is 0.
template <class Number>
XSIMD_INLINE constexpr bool is_action_number(Number number, std::int64_t limit) {
    if (limit == 0) return number == number;
    const auto value = +number;  // at least an int, which holds the limit
    if (!(value >= 0 && value < static_cast<decltype(+number)>(limit))) return false;
    return static_cast<Number>(static_cast<std::int64_t>(number)) == number;
}

/// The action of a leaf: one number, or an array of several.
template <class Space, class Whole, class Real>
struct LeafAction {
    using Number = std::conditional_t<is_discrete<Space>, Whole, Real>;
    using type = std::conditional_t<Space::size == 1, Number, std::array<Number, Space::size>>;
};

}  // namespace detail

/// The rows of an action space that is a Tuple or a Dict.
template <class Space>
struct RowsOfParts;
/// The rows of a Tuple.
template <class... Part>
struct RowsOfParts<std::tuple<Part...>> {
    static constexpr std::size_t size = (Part::size + ...);  ///< numbers in an action
    using Narrow = float;                                    ///< type of actions of 32 bits
    using Wide = double;                                     ///< type of actions of 64 bits

    /// The number of values of number `i` of an action; 0 if it is continuous.
    static XSIMD_INLINE constexpr std::int64_t limit(std::size_t i) {
        std::int64_t limit = 0;
        std::size_t first = 0;
        ((i >= first && i < first + Part::size ? void(limit = Part::limit(i - first)) : void(), first += Part::size),
         ...);
        return limit;
    }
};

/// The types of actions that a step takes without a conversion, as a std::tuple. Policies choose actions of the first type.
/// \tparam Rows an ActionRowsOf
template <class Rows>
using ActionTypes = std::tuple<typename Rows::Narrow, typename Rows::Wide>;

namespace detail {

template <class Space>
struct ActionRows {
    using type = Space;
};
template <ActionParts Space>
struct ActionRows<Space> {
    using type = RowsOfParts<Parts<Space>>;
};

template <class Space, class Whole, class Real>
struct ActionIn {
    using type = typename LeafAction<Space, Whole, Real>::type;
};
template <class... Part, class Whole, class Real>
struct ActionIn<std::tuple<Part...>, Whole, Real> {
    using type = std::tuple<typename LeafAction<Part, Whole, Real>::type...>;
};
template <ActionParts Space, class Whole, class Real>
    requires HasMembers<Space>
struct ActionIn<Space, Whole, Real> : ActionIn<Parts<Space>, Whole, Real> {};

}  // namespace detail

/// The action space of E as rows of numbers: `E::ActionSpace` itself, or a RowsOfParts.
template <class E>
using ActionRowsOf = typename detail::ActionRows<typename E::ActionSpace>::type;

/// The type of an action: a number, a std::array of them, or a std::tuple of those, one for each part.
/// \tparam Whole the type of integers
/// \tparam Real the type of other numbers
template <class Space, class Whole, class Real>
using ActionIn = typename detail::ActionIn<Space, Whole, Real>::type;

/// The type of an action in the scalar tier.
template <class E>
using PlainActionOf = ActionIn<typename E::ActionSpace, std::int64_t, float>;

/// Makes an action of its row.
/// \param number_at returns number i of the row
/// \param as_whole converts a number of the row to an integer
/// \tparam Action the type of the action
template <class Space, class Action, class NumberAt, class AsWhole>
XSIMD_INLINE Action action_of_row(const NumberAt& number_at, const AsWhole& as_whole) {
    const auto leaf = [&]<class Part>(std::type_identity<Part>, std::size_t& first, auto& action) {
        const auto number = [&](std::size_t i) {
            if constexpr (is_discrete<Part>)
                return as_whole(number_at(first + i));
            else
                return number_at(first + i);
        };
        if constexpr (Part::size == 1)
            action = number(0);
        else
            for (std::size_t i = 0; i < Part::size; ++i) action[i] = number(i);
        first += Part::size;
    };
    Action action;
    std::size_t first = 0;
    [&]<class... Part, std::size_t... i>(std::type_identity<std::tuple<Part...>>, std::index_sequence<i...>) {
        (leaf(std::type_identity<Part>(), first, std::get<i>(action)), ...);
    }(std::type_identity<detail::Parts<Space>>(), std::make_index_sequence<detail::part_count<Space>>());
    return action;
}

}  // namespace operant
