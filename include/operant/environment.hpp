#pragma once
/// \file
/// The contract of an environment: what a struct must have so that Operant can step thousands of copies of it. A good
/// example is `environments/cartpole.hpp`, and `environments/frozen_lake.hpp` is one without SIMD.
///
/// Every environment E has
///
///     static constexpr std::string_view name;            the environment's name
///     static constexpr std::int32_t max_episode_steps;   when episodes are truncated; or operant::unlimited
///     using ActionSpace = Discrete<n>, MultiDiscrete<n...> or Box<n>;
///     static ... observation_space(const Parameters&);   Box<n>, Discrete<n> or std::tuple<Discrete<n>...>
///     static void visit_state(s, visit);                 calls visit(name, member) for every member of a State; the
///                                                        elements of a std::array are called "name[0]", "name[1]" ...
///
/// and, if it needs them,
///
///     struct Parameters;   static void visit_parameters(p, visit);    visit(name, member, limits...) for each
///     struct ResetBounds;  static void visit_reset_bounds(b, visit);  visit(name, member): options of a reset
///     using Random = BufferedPcg64;                        if it draws `integers`
///     static Box<n> action_space(const Parameters&);       the bounds, if ActionSpace is a Box
///     static void check(const Parameters&);                throws std::invalid_argument
///     static FixedReward fixed_reward(const Parameters&);  if rewards depend on the termination only
///     static void visit_info(i, visit);                    visit(name, member) for every extra output of a step
///
/// In the batch tier, the dynamics are a template on the number of copies that step at a time, one per SIMD lane:
///
///     template <class Batch> struct State;                 members: Batch, Integer<Batch>, Angle<Batch>, arrays of them
///     template <class Batch> class Dynamics;               members: Batches, and bools that follow from switches
///         explicit Dynamics(const Parameters&);
///         Outcome<Batch> step(State<Batch>&, const Input<E, Batch>&[, random]) const;
///         ... observation(const State<Batch>&) const;      std::array<Batch, n>, Integer<Batch>, or an array of those
///     static State<double> reset(const Parameters&, const ResetBounds&, Random&);
///     template <class Batch> static Info<Batch> reset_info(const State<Batch>&);   if resets have infos, too
///
/// If `reset` is a template, `State<typename R::Number> reset(const Parameters&, const ResetBounds&, R&)`, Operant may call
/// it for many copies at a time. Then it must not branch on what it draws.
///
/// In the scalar tier, the environment is plain C++ that is called once per copy:
///
///     struct State;                                        or a template on the precision, float or double
///     static State reset(const Parameters&, [const ResetBounds&,] Random&);
///     static Outcome<double> step(const Parameters&, State&, action[, Random&]);   action: std::int64_t or float, or
///                                                          a std::array of several
///     static ... observation(const Parameters&, const State&);   std::array<float, n>, std::int64_t, or an array of them
///     static Info reset_info(const Parameters&, const State&);   if resets have infos, too
///
/// `step` may return a struct of your own, with members `reward` and `terminated`, and, if wanted, `truncated` and `info`.
/// Mark every function that kernels call `XSIMD_INLINE`, so that each instruction set has its own copy of it.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

#include <operant/kernel/lanes.hpp>
#include <operant/numerics/arithmetic.hpp>
#include <operant/numerics/random.hpp>
#include <operant/parameters.hpp>
#include <operant/spaces.hpp>

namespace operant {

namespace detail {

template <class Batch>
struct IntegerOf {
    using type = Batch;
};
template <class Scalar, class Arch>
struct IntegerOf<xsimd::batch<Scalar, Arch>> {
    using type = xsimd::as_integer_t<xsimd::batch<Scalar, Arch>>;
};
template <>
struct IntegerOf<double> {
    using type = std::int64_t;
};
template <>
struct IntegerOf<float> {
    using type = std::int32_t;
};

}  // namespace detail

/// A batch of integers with as many lanes as Batch: of 32 bits for float, of 64 bits for double.
template <class Batch>
using Integer = typename detail::IntegerOf<Batch>::type;

/// What `step` is told besides the state, with one lane per copy.
template <class E, class Batch>
struct Input {
    using Space = typename E::ActionSpace;  ///< the action space
    /// Type of a number of an action: integers for discrete spaces, floating-point numbers for a Box.
    using Number = std::conditional_t<is_discrete<Space>, Integer<Batch>, Batch>;
    /// Type of an action: one number, or an array of them.
    using Action = std::conditional_t<Space::size == 1, Number, std::array<Number, Space::size>>;

    Action action;                                   ///< the caller's actions, not clipped
    bool single_precision_actions;                   ///< whether actions were float32: then Gymnasium computes in float32
    typename Batch::batch_bool_type episode_begins;  ///< whether this is the first step of an episode
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

/// The result of a step besides the new state, of one copy or with one lane per copy.
template <class Number>
struct Outcome {
    Number reward;                                    ///< the reward of this step
    typename detail::MaskOf<Number>::type terminated;  ///< whether the episode ended because of its state
};

/// Rewards that depend only on whether the episode terminates. Then the return of an episode follows from its length.
struct FixedReward {
    double each_step;       ///< the reward of every step
    double at_termination;  ///< added to it in the step that terminates
};

/// The parameters of an environment without parameters.
struct NoParameters {};
/// The bounds of an environment whose resets have no bounds.
struct NoResetBounds {};

namespace detail {

template <class E>
concept HasParameters = requires { typename E::Parameters; };
template <class E>
concept HasResetBounds = requires { typename E::ResetBounds; };
template <class E>
concept HasRandom = requires { typename E::Random; };

template <class E>
struct ParametersTrait {
    using type = NoParameters;
};
template <HasParameters E>
struct ParametersTrait<E> {
    using type = typename E::Parameters;
};
template <class E>
struct ResetBoundsTrait {
    using type = NoResetBounds;
};
template <HasResetBounds E>
struct ResetBoundsTrait<E> {
    using type = typename E::ResetBounds;
};
template <class E>
struct RandomTrait {
    using type = Pcg64;
};
template <HasRandom E>
struct RandomTrait<E> {
    using type = typename E::Random;
};

}  // namespace detail

/// `E::Parameters`, or NoParameters.
template <class E>
using ParametersOf = typename detail::ParametersTrait<E>::type;
/// `E::ResetBounds`, or NoResetBounds.
template <class E>
using ResetBoundsOf = typename detail::ResetBoundsTrait<E>::type;
/// The generator of each copy: `E::Random`, or Pcg64.
template <class E>
using RandomOf = typename detail::RandomTrait<E>::type;

/// Whether the dynamics are written on batches. Otherwise they are plain C++.
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
    std::remove_cvref_t<decltype(E::observation_space(std::declval<const ParametersOf<E>&>()))>;
/// Parts and numbers of E's observation space.
template <class E>
using ObservationTraits = SpaceTraits<ObservationSpaceOf<E>>;

/// Whether the returns of episodes follow from their lengths.
template <class E>
concept HasFixedReward = requires(const ParametersOf<E>& parameters) {
    { E::fixed_reward(parameters) } -> std::same_as<FixedReward>;
};

/// Calls `visit` for every parameter, if there are any.
template <class E, class P, class Visitor>
XSIMD_INLINE void visit_parameters(P& parameters, const Visitor& visit) {
    if constexpr (detail::HasParameters<E>) E::visit_parameters(parameters, visit);
}
/// Calls `visit` for every bound of a reset, if there are any.
template <class E, class B, class Visitor>
XSIMD_INLINE void visit_reset_bounds(B& bounds, const Visitor& visit) {
    if constexpr (detail::HasResetBounds<E>) E::visit_reset_bounds(bounds, visit);
}

namespace detail {

template <class Member>
inline constexpr bool is_array = false;
template <class Element, std::size_t size>
inline constexpr bool is_array<std::array<Element, size>> = true;

}  // namespace detail

/// Calls `visit(i, member)` for every member of the state, and for every element of a member that is an array. i counts from
/// 0.
template <class E, class S, class Visitor>
XSIMD_INLINE void for_each_member(S&& state, const Visitor& visit) {
    std::size_t i = 0;
    E::visit_state(state, [&](const char*, auto& member) {
        if constexpr (detail::is_array<std::remove_cvref_t<decltype(member)>>)
            for (auto& element : member) visit(i++, element);
        else
            visit(i++, member);
    });
}

/// The bounds of a reset.
/// \param values one number per bound, in the order of visit_reset_bounds; null for the defaults
template <class E>
XSIMD_INLINE ResetBoundsOf<E> read_bounds(const double* values) {
    ResetBoundsOf<E> bounds;
    if (values) {
        std::size_t i = 0;
        visit_reset_bounds<E>(bounds, [&](const char*, double& bound) { bound = values[i++]; });
    }
    return bounds;
}

}  // namespace operant
