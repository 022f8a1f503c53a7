#pragma once
/// \file
/// Tells in one sentence what a struct lacks to be an environment. Without this, the compiler would point to a line deep in
/// the kernels.

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>

namespace operant {
namespace detail {

/// Stands for any visitor.
struct AnyVisitor {
    template <class... Argument>
    void operator()(const char* name, Argument&&... arguments) const;
};

template <class E>
concept HasName = requires { { E::name } -> std::convertible_to<std::string_view>; };
template <class E>
concept HasMaxEpisodeSteps = requires { { E::max_episode_steps } -> std::convertible_to<std::int32_t>; };
template <class E>
concept HasActionSpace = requires {
    E::ActionSpace::size;
    typename E::ActionSpace::Narrow;
    typename E::ActionSpace::Wide;
};
template <class E>
concept HasBoundedActions = !HasActionSpace<E> || is_discrete<typename E::ActionSpace> ||
                            requires(const ParametersOf<E>& p) {
                                { E::action_space(p) } -> std::convertible_to<typename E::ActionSpace>;
                            };
template <class E>
concept HasObservationSpace = requires(const ParametersOf<E>& p) {
    SpaceTraits<std::remove_cvref_t<decltype(E::observation_space(p))>>::numbers;
};
template <class E>
concept HasVisitParameters = !HasParameters<E> || requires(ParametersOf<E>& p, const AnyVisitor& visit) {
    E::visit_parameters(p, visit);
};
template <class E>
concept HasVisitResetBounds = !HasResetBounds<E> || requires(ResetBoundsOf<E>& b, const AnyVisitor& visit) {
    E::visit_reset_bounds(b, visit);
};

/// The type with which the check instantiates templates: a batch or a number, depending on the tier.
template <class E>
using CheckedNumber = std::conditional_t<BatchTier<E>, xsimd::batch<double>, double>;

template <class E>
concept HasState = requires { typename E::template State<CheckedNumber<E>>; } || requires { typename E::State; };
template <class E>
concept HasVisitState = HasState<E> && requires(StateOf<E, CheckedNumber<E>>& s, const AnyVisitor& visit) {
    E::visit_state(s, visit);
};
template <class E>
concept HasReset = requires(const ParametersOf<E>& p, const ResetBoundsOf<E>& b, RandomOf<E>& random) {
    E::reset(p, b, random);
} || requires(const ParametersOf<E>& p, RandomOf<E>& random) { E::reset(p, random); };

/// How kernels of the batch tier call the dynamics.
template <class E, bool is_batch_tier>
struct CheckedDynamics {
    using Batch = CheckedNumber<E>;
    using State = StateOf<E, Batch>;
    using Dynamics = typename E::template Dynamics<Batch>;

    static constexpr bool is_made_of_parameters =
        std::is_constructible_v<Dynamics, const ParametersOf<E>&> || std::is_default_constructible_v<Dynamics>;

    using Random = BatchRandom<Batch, RandomOf<E>>;

    static auto step(const Dynamics& dynamics, State& state, const Input<E, Batch>& input, Random& random) {
        if constexpr (requires { dynamics.step(state, input, random); })
            return dynamics.step(state, input, random);
        else if constexpr (requires { dynamics.step(state, input); })
            return dynamics.step(state, input);
    }
    using Outcome = decltype(step(std::declval<const Dynamics&>(), std::declval<State&>(),
                                  std::declval<const Input<E, Batch>&>(), std::declval<Random&>()));
    static constexpr bool has_observation =
        requires(const Dynamics& dynamics, const State& state) { dynamics.observation(state); };
};

/// How kernels of the scalar tier call them.
template <class E>
struct CheckedDynamics<E, false> {
    using State = StateOf<E, double>;
    using Number = std::conditional_t<is_discrete<typename E::ActionSpace>, std::int64_t, float>;
    using Action = std::conditional_t<E::ActionSpace::size == 1, Number, std::array<Number, E::ActionSpace::size>>;

    static constexpr bool is_made_of_parameters = true;

    static auto step(const ParametersOf<E>& p, State& state, const Action& action, RandomOf<E>& random) {
        if constexpr (requires { E::step(p, state, action, random); })
            return E::step(p, state, action, random);
        else if constexpr (requires { E::step(p, state, action); })
            return E::step(p, state, action);
    }
    using Outcome = decltype(step(std::declval<const ParametersOf<E>&>(), std::declval<State&>(),
                                  std::declval<const Action&>(), std::declval<RandomOf<E>&>()));
    static constexpr bool has_observation =
        requires(const ParametersOf<E>& p, const State& state) { E::observation(p, state); };
};

template <class E>
concept IsMadeOfParameters = CheckedDynamics<E, BatchTier<E>>::is_made_of_parameters;
template <class E>
concept HasStep = !std::is_void_v<typename CheckedDynamics<E, BatchTier<E>>::Outcome>;
template <class E>
concept HasOutcome = requires(const typename CheckedDynamics<E, BatchTier<E>>::Outcome& outcome) {
    outcome.reward;
    outcome.terminated;
};
template <class E>
concept HasObservation = CheckedDynamics<E, BatchTier<E>>::has_observation;

template <class Outcome>
using InfoMember = std::remove_cvref_t<decltype(std::declval<Outcome&>().info)>;
template <class E>
concept HasVisitInfo =
    !requires(typename CheckedDynamics<E, BatchTier<E>>::Outcome& outcome) { outcome.info; } ||
    requires(InfoMember<typename CheckedDynamics<E, BatchTier<E>>::Outcome>& info, const AnyVisitor& visit) {
        E::visit_info(info, visit);
    };

/// Checks of the functions, which need the types that CheckMembers checks.
template <class E>
struct CheckSteps {
    static_assert(IsMadeOfParameters<E>,
                  "an environment's Dynamics<Batch> needs a constructor `explicit Dynamics(const Parameters&)`");
    static_assert(!BatchTier<E> || HasStep<E>,
                  "an environment's Dynamics<Batch> needs `step(State<Batch>&, const Input<E, Batch>&) const`, with a third "
                  "argument `random` if it draws");
    static_assert(BatchTier<E> || HasStep<E>,
                  "an environment needs a class template `Dynamics<Batch>`, or, in plain C++, `static ... step(const "
                  "Parameters&, State&, action)`, with a fourth argument `random` if it draws");
    static_assert(HasOutcome<E>,
                  "what an environment's `step` returns needs the members `reward` and `terminated`, as Outcome has them");
    static_assert(!BatchTier<E> || HasObservation<E>,
                  "an environment's Dynamics<Batch> needs `observation(const State<Batch>&)`");
    static_assert(BatchTier<E> || HasObservation<E>,
                  "an environment needs `static ... observation(const Parameters&, const State&)`");
    static_assert(HasVisitInfo<E>,
                  "an environment whose `step` returns an `info` needs `static void visit_info(info, visit)`");
    static constexpr bool passed = true;
};

template <class E>
struct CheckMembers {
    static_assert(HasName<E>, "an environment needs `static constexpr std::string_view name`");
    static_assert(HasMaxEpisodeSteps<E>, "an environment needs `static constexpr std::int32_t max_episode_steps`");
    static_assert(HasActionSpace<E>,
                  "an environment needs `using ActionSpace`, a Discrete<n>, a MultiDiscrete<n...> or a Box<n>");
    static_assert(HasBoundedActions<E>,
                  "an environment whose ActionSpace is a Box needs `static Box<n> action_space(const Parameters&)`");
    static_assert(HasObservationSpace<E>,
                  "an environment needs `static ... observation_space(const Parameters&)`, which returns a Box<n>, a "
                  "Discrete<> or a std::tuple of Discrete<>");
    static_assert(HasVisitParameters<E>,
                  "an environment with Parameters needs `static void visit_parameters(parameters, visit)`");
    static_assert(HasVisitResetBounds<E>,
                  "an environment with ResetBounds needs `static void visit_reset_bounds(bounds, visit)`");
    static_assert(HasState<E>, "an environment needs a struct `State`");
    static_assert(HasVisitState<E>, "an environment needs `static void visit_state(state, visit)`");
    static_assert(HasReset<E>,
                  "an environment needs `static State reset(const Parameters&, const ResetBounds&, Random&)`, or the same "
                  "without the bounds");
    static constexpr bool passed = HasActionSpace<E> && HasState<E>;
};

template <class E, bool has_members = CheckMembers<E>::passed>
struct CheckAll : CheckSteps<E> {};
template <class E>
struct CheckAll<E, false> {
    static constexpr bool passed = false;
};

}  // namespace detail

/// Compiles only if E has everything that environment.hpp lists. Otherwise the first error says what is missing.
template <class E>
struct CheckEnvironment : detail::CheckAll<E> {};

}  // namespace operant
