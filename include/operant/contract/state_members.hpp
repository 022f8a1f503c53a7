#pragma once
/// \file
/// Counts the numbers of a State and those that `visit_state` visits. A number that is left out would be lost: in the batch tier
/// after every step, in the scalar tier when the state is saved.

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include <operant/environment.hpp>

namespace operant::detail {

/// Converts to every number, but to no array or struct. An aggregate that is initialised by such objects needs one for each
/// of its numbers, those of its arrays and structs included.
struct AnyNumber {
    template <class Number>
        requires std::is_scalar_v<Number>
    operator Number() const;
};

template <std::size_t>
using OneNumber = AnyNumber;

template <class State, std::size_t... i>
constexpr bool takes_numbers(std::index_sequence<i...>) {
    return requires { State{OneNumber<i>()...}; };
}

/// True if an aggregate has at least so many numbers.
template <class State, std::size_t count>
inline constexpr bool has_numbers = takes_numbers<State>(std::make_index_sequence<count>());

/// Counts the numbers of an aggregate that has at least `low` and less than `high`.
template <class State, std::size_t low, std::size_t high>
constexpr std::size_t count_numbers_between() {
    if constexpr (high - low == 1)
        return low;
    else if constexpr (has_numbers<State, low + (high - low) / 2>)
        return count_numbers_between<State, low + (high - low) / 2, high>();
    else
        return count_numbers_between<State, low, low + (high - low) / 2>();
}

/// Counts the numbers of an aggregate that has at least `low`.
template <class State, std::size_t low = 0, std::size_t high = 1>
constexpr std::size_t count_numbers() {
    if constexpr (has_numbers<State, high>)
        return count_numbers<State, high, 2 * high>();
    else
        return count_numbers_between<State, low, high>();
}

/// Counts the numbers of a State; 0 if a constructor hides them.
template <class E, class State, class Tier>
constexpr std::size_t numbers_in_state() {
    if constexpr (BatchTier<E>)
        return Tier::state_size;
    else if constexpr (std::is_aggregate_v<State>)
        return count_numbers<State>();
    else
        return 0;
}

/// Counts the different numbers of a State that `visit_state` visits.
template <class E, class State>
std::size_t visited_numbers() {
    State state{};
    std::vector<bool> visited(sizeof(State));  // one element per byte: true if a number begins there
    std::size_t count = 0;
    for_each_member<E>(state, [&](std::size_t, const auto& member) {
        const auto offset = reinterpret_cast<const std::byte*>(&member) - reinterpret_cast<const std::byte*>(&state);
        if (offset < 0 || offset >= static_cast<std::ptrdiff_t>(sizeof(State))) return;
        const auto place = static_cast<std::size_t>(offset);
        if (!visited[place]) ++count;
        visited[place] = true;
    });
    return count;
}

}  // namespace operant::detail
