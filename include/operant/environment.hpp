#pragma once
/// \file
/// The contract of an environment: the members that a struct needs so that Operant can step thousands of envs of it.
/// `environments/cartpole.hpp` is a good example, `environments/frozen_lake.hpp` one without SIMD.
///
/// Every environment is a `struct E : operant::Environment` with
///
///     static constexpr std::string_view name;            the environment's name
///     static constexpr std::int32_t max_episode_steps;   when episodes are truncated; or operant::unlimited
///     using ActionSpace = Discrete<n>, MultiDiscrete<n...>, MultiBinary<n> or Box<n>; or a std::tuple of those, or a struct
///                                                        of those with OPERANT_MEMBERS
///     static ... observation_space(const Parameters&);   a Box<n> or Box<n, m, k> of floats, a BoxOf<Number, n...>, a
///                                                        MultiBinary<n...>, a Discrete<n> or a MultiDiscrete<n...>; a
///                                                        std::tuple of spaces; a struct of spaces with OPERANT_MEMBERS
///     struct State { ...; OPERANT_MEMBERS(a, b) };       the members that an env remembers; the elements of a
///                                                        std::array are called "name[0]", "name[1]" ..., the
///                                                        members of a struct with OPERANT_MEMBERS "name.member"
///
/// and, if it needs them,
///
///     struct Parameters { ...; OPERANT_PARAMETERS((a, limits, "documentation"), ...) };   keywords of the constructor
///     struct ResetBounds { ...; OPERANT_MEMBERS(a, b) };   doubles: options of a reset
///     using Random = BufferedPcg64;                        if it draws `integers`
///     static Box<n> action_space(const Parameters&);       the bounds, if ActionSpace is a Box
///     static void check(const Parameters&);                throws std::invalid_argument
///     static void check_state(const Parameters&, const State&);   throws std::invalid_argument for a state that a caller sets
///                                                          but `step` cannot handle; State<double> in the batch tier
///     static FixedReward fixed_reward(const Parameters&);  if rewards depend on the termination only
///     ... action_mask(...)                                 if not all actions are allowed in all states; see each tier
///
/// In the batch tier, the dynamics are a template on the batch type, which has one env in each SIMD lane:
///
///     template <class Batch> struct State;                 members: Batch, Integer<Batch>, Angle<Batch>, arrays of them
///     template <class Batch> class Dynamics;               members: Batches, and bools that follow from switches
///         explicit Dynamics(const Parameters&);
///         Outcome<Batch> step(State<Batch>&, const Input<E, Batch>&[, random]) const;
///         ... observation(const State<Batch>&) const;      std::array<Batch, n>; of Integer<Batch> or masks for a Box of
///                                                          integers or bools; an Integer<Batch> for a Discrete; a
///                                                          std::tuple or a struct with OPERANT_MEMBERS of those
///     static State<double> reset(const Parameters&, const ResetBounds&, Random&);
///         Info<Batch> reset_info(const State<Batch>&) const;   if resets have infos, too
///         ... action_mask(const State<Batch>&) const;      a std::array of masks, or an Integer<Batch> of bits
///
/// Comparisons of batches return masks. A mask cannot be a condition; `xsimd::select(mask, a, b)` chooses lane by lane.
///
/// If `reset` is a template, `State<typename R::Number> reset(const Parameters&, const ResetBounds&, R&)`, Operant may call
/// it for many envs at a time. Then it must not branch on the numbers that it draws.
///
/// In the scalar tier, the environment is plain C++ that is called env by env:
///
///     struct State;                                        or a template on the precision, float or double; numbers, bools,
///                                                          enums, std::arrays of them, structs with OPERANT_MEMBERS
///     static State reset(const Parameters&, [const ResetBounds&,] Random&);
///     static Outcome<double> step(const Parameters&, State&, action[, Random&]);   action: std::int64_t or float, or
///                                                          a std::array of several
///     static ... observation(const Parameters&, const State&);   a std::array, flat or nested, of the Box's type, or
///                                                          Bits<n>; an integer for a Discrete; a std::tuple or a struct
///                                                          with OPERANT_MEMBERS of those
///     static Info reset_info(const Parameters&, const State&);   if resets have infos, too
///     static ... action_mask(const Parameters&, const State&);   std::array<bool, n>, std::array<std::int8_t, n>,
///                                                          std::bitset<n>, or the bits of an unsigned integer
///
/// In the block tier, the environment is plain C++ that steps many envs in one call. In place of `step` it has, with
/// `contract/block.hpp`,
///
///     template <class Arch> static void step_block(const BlockOf<E>&);
///     template <class Arch> static void reset_block(const ListedEnvs<E>&, const ResetBounds&);   optional, next to `reset`
///
/// `step` may return your own struct instead of Outcome. It has `reward` and `terminated`, and may have `truncated` and
/// `info`, a struct with OPERANT_MEMBERS. Mark every function that kernels call `XSIMD_INLINE`, so that each instruction set
/// has its own copy of it.

#include <operant/math/quiet_xsimd.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

#include <operant/math/arithmetic.hpp>
#include <operant/random/random.hpp>
#include <operant/contract/action_spaces.hpp>
#include <operant/contract/members.hpp>
#include <operant/contract/parameters.hpp>
#include <operant/contract/spaces.hpp>

namespace operant {

/// The value of `max_episode_steps` without truncations.
inline constexpr std::int32_t unlimited = 2147483647;

namespace detail {

template <class Number>
struct IntegerOf {
    using type = Number;
};
template <class Number>
    requires(std::is_floating_point_v<Number> || xsimd::is_batch<Number>::value)
struct IntegerOf<Number> {
    using type = xsimd::as_integer_t<Number>;
};

}  // namespace detail

/// A batch of integers with as many lanes as Batch: of 32 bits for float, of 64 bits for double.
template <class Batch>
using Integer = typename detail::IntegerOf<Batch>::type;

/// The arguments of `step` besides the state, with one env in each lane.
template <class E, class Batch>
struct Input {
    using Space = ActionRowsOf<E>;  ///< the action space, as rows of numbers
    /// Type of a number of a row: integers for discrete spaces, floating-point numbers for others.
    using Number = std::conditional_t<is_discrete<Space>, Integer<Batch>, Batch>;
    /// Type of an action: one number, an array of them, or a std::tuple of those, one for each part of the action space.
    using Action = ActionIn<typename E::ActionSpace, Integer<Batch>, Batch>;

    Action action;                                   ///< the caller's actions, not clipped
    bool single_precision_actions;                   ///< true if actions were float32: then Gymnasium computes in float32
    typename Batch::batch_bool_type episode_begins;  ///< true if this is the first step of an episode
};

namespace detail {

template <class Number>
struct MaskOf {
    using type = bool;
};
template <class Scalar, class Arch>
struct MaskOf<xsimd::batch<Scalar, Arch>> {
    using type = typename xsimd::batch<Scalar, Arch>::batch_bool_type;
};

}  // namespace detail

/// The result of a step besides the new state: of one env, or with one env in each lane.
template <class Number>
struct Outcome {
    Number reward;                                    ///< the reward of this step
    typename detail::MaskOf<Number>::type terminated;  ///< true if the episode ended because of its state
};

/// Rewards that depend only on the termination, so that the return of an episode follows from its length.
struct FixedReward {
    double each_step;       ///< the reward of every step
    double at_termination;  ///< added to it in the step that terminates
};

/// The parameters of an environment without parameters.
struct NoParameters {
    OPERANT_PARAMETERS()
};
/// The bounds of an environment whose resets have no bounds.
struct NoResetBounds {
    OPERANT_MEMBERS()
};

/// The base of every environment: the members that an environment need not declare.
struct Environment {
    using Parameters = NoParameters;    ///< the keywords of the constructor
    using ResetBounds = NoResetBounds;  ///< the keywords of `reset(options=...)`, of type double
    using Random = Pcg64;               ///< the generator of each env; BufferedPcg64 draws `integers` as numpy does

    /// Calls `visit(name, parameter, limits, documentation)` for each entry of OPERANT_PARAMETERS in Parameters.
    template <class P, class Visitor>
        requires requires(P& parameters, const Visitor& visit) { std::remove_cv_t<P>::visit_parameters(parameters, visit); }
    static XSIMD_INLINE void visit_parameters(P& parameters, const Visitor& visit) {
        std::remove_cv_t<P>::visit_parameters(parameters, visit);
    }
    /// Calls `visit(name, member)` for each member that OPERANT_MEMBERS lists in State.
    template <class S, class Visitor>
        requires requires(S& state, const Visitor& visit) { std::remove_cv_t<S>::visit_members(state, visit); }
    static XSIMD_INLINE void visit_state(S& state, const Visitor& visit) {
        std::remove_cv_t<S>::visit_members(state, visit);
    }
    /// Calls `visit(name, bound)` for each member that OPERANT_MEMBERS lists in ResetBounds.
    template <class B, class Visitor>
        requires requires(B& bounds, const Visitor& visit) { std::remove_cv_t<B>::visit_members(bounds, visit); }
    static XSIMD_INLINE void visit_reset_bounds(B& bounds, const Visitor& visit) {
        std::remove_cv_t<B>::visit_members(bounds, visit);
    }
    /// Calls `visit(name, member)` for each member that OPERANT_MEMBERS lists in the info of a step.
    template <class I, class Visitor>
        requires requires(I& info, const Visitor& visit) { std::remove_cv_t<I>::visit_members(info, visit); }
    static XSIMD_INLINE void visit_info(I& info, const Visitor& visit) {
        std::remove_cv_t<I>::visit_members(info, visit);
    }
};

/// True if the dynamics are written on batches. Otherwise they are plain C++.
template <class E>
concept BatchTier = requires { typename E::template Dynamics<xsimd::batch<double>>; };

namespace detail {

template <class E, class Number>
struct StateTrait {
    using type = typename E::State;
};
template <class E, class Number>
    requires requires { typename E::template State<Number>; }
struct StateTrait<E, Number> {
    using type = typename E::template State<Number>;
};

}  // namespace detail

/// `E::State<Number>`, or `E::State` if it is not a template.
template <class E, class Number>
using StateOf = typename detail::StateTrait<E, Number>::type;

/// The type of E's observation space.
template <class E>
using ObservationSpaceOf =
    std::remove_cvref_t<decltype(E::observation_space(std::declval<const typename E::Parameters&>()))>;
/// Parts and numbers of E's observation space.
template <class E>
using ObservationTraits = SpaceTraits<ObservationSpaceOf<E>>;

/// True if the returns of episodes follow from their lengths.
template <class E>
concept HasFixedReward = requires(const typename E::Parameters& parameters) {
    { E::fixed_reward(parameters) } -> std::same_as<FixedReward>;
};

/// True if E checks the states that callers set.
template <class E>
concept HasCheckState = requires(const typename E::Parameters& parameters, const StateOf<E, double>& state) {
    E::check_state(parameters, state);
};

namespace detail {

/// Visits the numbers in a member of a state.
template <class Member, class Visitor>
XSIMD_INLINE void visit_numbers(std::size_t& i, Member& member, const Visitor& visit) {
    if constexpr (is_array<std::remove_cv_t<Member>>) {
        for (auto& element : member) visit_numbers(i, element, visit);
    } else if constexpr (HasMembers<Member>) {
        std::remove_cv_t<Member>::visit_members(member, [&](const char*, auto& inner) { visit_numbers(i, inner, visit); });
    } else {
        visit(i++, member);
    }
}

template <class E>
concept HasScalarActionMask = !BatchTier<E> && requires(const typename E::Parameters& parameters, const StateOf<E, double>& state) {
    E::action_mask(parameters, state);
};
template <class E>
concept HasBatchActionMask =
    BatchTier<E> && requires(const typename E::template Dynamics<xsimd::batch<double>>& dynamics,
                             const StateOf<E, xsimd::batch<double>>& state) { dynamics.action_mask(state); };

}  // namespace detail

/// True if E reports the actions that are allowed in a state.
template <class E>
concept HasActionMask = detail::HasScalarActionMask<E> || detail::HasBatchActionMask<E>;

/// Calls `visit(i, number)` for every number in the state: the members, the elements of arrays, and the members of structs with
/// OPERANT_MEMBERS. i counts from 0.
template <class E, class S, class Visitor>
XSIMD_INLINE void for_each_member(S&& state, const Visitor& visit) {
    std::size_t i = 0;
    E::visit_state(state, [&](const char*, auto& member) { detail::visit_numbers(i, member, visit); });
}

/// The bounds of a reset.
/// \param values one number per bound, in the order of visit_reset_bounds; null for the defaults
template <class E>
XSIMD_INLINE typename E::ResetBounds read_bounds(const double* values) {
    typename E::ResetBounds bounds;
    if (values) {
        std::size_t i = 0;
        E::visit_reset_bounds(bounds, [&](const char*, double& bound) { bound = values[i++]; });
    }
    return bounds;
}

}  // namespace operant
