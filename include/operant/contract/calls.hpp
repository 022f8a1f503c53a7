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

/// Calls `step` of the batch tier, with random numbers if it draws any. Returns nothing if there is no such function.
template <class E, class Batch>
XSIMD_INLINE auto call_batch_step(const typename E::template Dynamics<Batch>& dynamics, StateOf<E, Batch>& state,
                                  const Input<E, Batch>& input,
                                  [[maybe_unused]] BatchRandom<Batch, typename E::Random>& random) {
    if constexpr (DrawsInStep<E, Batch>)
        return dynamics.step(state, input, random);
    else if constexpr (requires { dynamics.step(state, input); })
        return dynamics.step(state, input);
}

/// Makes the dynamics of the batch tier, whose constructor may do without the parameters.
template <class Dynamics, class Parameters>
XSIMD_INLINE Dynamics make_dynamics([[maybe_unused]] const Parameters& parameters) {
    if constexpr (std::is_constructible_v<Dynamics, const Parameters&>)
        return Dynamics(parameters);
    else
        return Dynamics();
}

// The functions of a state are members of Dynamics in the batch tier, and have the parameters as an argument in the scalar tier.
// Below, `self` is the Dynamics or the parameters.

namespace detail {

template <class E, class Self, class State>
concept HasObservationOf = requires(const Self& self, const State& state) { self.observation(state); } ||
                           requires(const Self& self, const State& state) { E::observation(self, state); };
template <class E, class Self, class State>
concept HasActionMaskOf = requires(const Self& self, const State& state) { self.action_mask(state); } ||
                          requires(const Self& self, const State& state) { E::action_mask(self, state); };

}  // namespace detail

/// Returns the observation of a state; nothing if there is no such function.
template <class E, class Self, class State>
XSIMD_INLINE auto call_observation([[maybe_unused]] const Self& self, [[maybe_unused]] const State& state) {
    if constexpr (requires { self.observation(state); })
        return self.observation(state);
    else if constexpr (detail::HasObservationOf<E, Self, State>)
        return E::observation(self, state);
}

/// Returns the action mask of a state, in the form in which E returns it; nothing if there is no such function.
template <class E, class Self, class State>
XSIMD_INLINE auto call_action_mask([[maybe_unused]] const Self& self, [[maybe_unused]] const State& state) {
    if constexpr (requires { self.action_mask(state); })
        return self.action_mask(state);
    else if constexpr (detail::HasActionMaskOf<E, Self, State>)
        return E::action_mask(self, state);
}

/// Returns the infos of a reset that has led to a state; nothing if resets have none of their own.
template <class E, class Self, class State>
XSIMD_INLINE auto call_reset_info([[maybe_unused]] const Self& self, [[maybe_unused]] const State& state) {
    if constexpr (BatchTier<E> && requires { E::reset_info(state); })
        return E::reset_info(state);
    else if constexpr (requires { self.reset_info(state); })
        return self.reset_info(state);
    else if constexpr (requires { E::reset_info(self, state); })
        return E::reset_info(self, state);
}

namespace detail {

template <class E, class Number>
struct StepOutcome {
    using type = decltype(call_step<E>(std::declval<const typename E::Parameters&>(), std::declval<StateOf<E, Number>&>(),
                                       std::declval<const PlainActionOf<E>&>(), std::declval<typename E::Random&>()));
};
template <BatchTier E, class Batch>
struct StepOutcome<E, Batch> {
    using type = decltype(call_batch_step<E, Batch>(
        std::declval<const typename E::template Dynamics<Batch>&>(), std::declval<StateOf<E, Batch>&>(),
        std::declval<const Input<E, Batch>&>(), std::declval<BatchRandom<Batch, typename E::Random>&>()));
};

}  // namespace detail

/// The type that a step of E returns; void if E has no `step`.
/// \tparam Number a batch in the batch tier, float or double in the scalar tier
template <class E, class Number>
using StepOutcomeOf = typename detail::StepOutcome<E, Number>::type;

}  // namespace operant
