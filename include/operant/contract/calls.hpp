#pragma once
/// \file
/// Calls of the functions of an environment that may have several forms: a reset with or without bounds, a step with or without
/// random numbers. Kernels, descriptions and checks all take the forms and the types of the results from here.

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>

namespace operant {

/// Calls `E::reset` for one env, with the bounds if it takes them.
template <class E>
XSIMD_INLINE auto call_reset(const typename E::Parameters& parameters, const typename E::ResetBounds& bounds,
                             typename E::Random& random) {
    if constexpr (requires { E::reset(parameters, bounds, random); })
        return E::reset(parameters, bounds, random);
    else
        return E::reset(parameters, random);
}

namespace detail {

/// Assigns a member of a state to the same member of a state of another precision.
template <class From, class To>
XSIMD_INLINE void assign_member(const From& from, To& to) {
    if constexpr (std::is_same_v<From, To>) {
        to = from;
    } else if constexpr (is_array<From>) {
        for (std::size_t i = 0; i < from.size(); ++i) assign_member(from[i], to[i]);
    } else if constexpr (HasMembers<From>) {
        From::with_members(from, [&](auto&, const auto&... source) {
            To::with_members(to, [&](auto&, auto&... target) { (assign_member(source, target), ...); });
        });
    } else {
        to = static_cast<To>(from);
    }
}

/// True if kernels of the scalar tier can make a State of each precision of the result of a reset.
template <class Start, class State>
concept StartOf = std::convertible_to<Start, State> || (HasMembers<Start> && HasMembers<State>);

}  // namespace detail

/// Writes the state with which an episode starts. A State<double> is converted to the precision of `state`.
template <class E, class State>
XSIMD_INLINE void reset_state(State& state, const typename E::Parameters& parameters, const typename E::ResetBounds& bounds,
                              typename E::Random& random) {
    auto start = call_reset<E>(parameters, bounds, random);
    if constexpr (std::is_convertible_v<decltype(start), State>) {
        state = start;
    } else {
        state = State{};
        detail::assign_member(start, state);
    }
}

/// Calls `E::step` of the scalar tier, with random numbers if it draws any. Returns nothing if there is no such function.
template <class E, class State>
XSIMD_INLINE auto call_step(const typename E::Parameters& parameters, State& state, const PlainActionOf<E>& action,
                            typename E::Random& random) {
    if constexpr (requires { E::step(parameters, state, action, random); })
        return E::step(parameters, state, action, random);
    else if constexpr (requires { E::step(parameters, state, action); })
        return E::step(parameters, state, action);
}

/// True if `step` of the batch tier draws random numbers.
template <class E, class Batch>
concept DrawsInStep = requires(const typename E::template Dynamics<Batch>& dynamics, StateOf<E, Batch>& state,
                               const Input<E, Batch>& input, BatchRandom<Batch, typename E::Random>& random) {
    dynamics.step(state, input, random);
};

namespace detail {

template <class E, class Number>
struct StepOutcome {
    using type = decltype(call_step<E>(std::declval<const typename E::Parameters&>(), std::declval<StateOf<E, Number>&>(),
                                       std::declval<const PlainActionOf<E>&>(), std::declval<typename E::Random&>()));
};
template <BatchTier E, class Batch>
struct StepOutcome<E, Batch> {
    using Dynamics = typename E::template Dynamics<Batch>;
    using State = StateOf<E, Batch>;
    static auto step(const Dynamics& dynamics, State& state, const Input<E, Batch>& input,
                     BatchRandom<Batch, typename E::Random>& random) {
        if constexpr (DrawsInStep<E, Batch>)
            return dynamics.step(state, input, random);
        else if constexpr (requires { dynamics.step(state, input); })
            return dynamics.step(state, input);
    }
    using type = decltype(step(std::declval<const Dynamics&>(), std::declval<State&>(), std::declval<const Input<E, Batch>&>(),
                               std::declval<BatchRandom<Batch, typename E::Random>&>()));
};

}  // namespace detail

/// The type that a step of E returns; void if E has no `step`.
/// \tparam Number a batch in the batch tier, float or double in the scalar tier
template <class E, class Number>
using StepOutcomeOf = typename detail::StepOutcome<E, Number>::type;

}  // namespace operant
