#pragma once
/// \file
/// Checks at compile time that a struct is an environment, and names the first mistake in one sentence. Without this check, the
/// compiler would point to a line deep in the kernels.

#include <array>
#include <bitset>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

#include <operant/contract/block.hpp>
#include <operant/contract/branch_check.hpp>
#include <operant/contract/check_lists.hpp>
#include <operant/contract/calls.hpp>
#include <operant/environment.hpp>

namespace operant {
namespace detail {

/// True if a function that is not a template has an argument of type Copied instead of a reference.
template <class Copied, class Function>
inline constexpr bool copies = false;
template <class Copied, class Result, class... Argument>
inline constexpr bool copies<Copied, Result (*)(Argument...)> = (std::same_as<Argument, Copied> || ...);
template <class Copied, class Result, class Struct, class... Argument>
inline constexpr bool copies<Copied, Result (Struct::*)(Argument...) const> = (std::same_as<Argument, Copied> || ...);

/// True if a function that is not a template returns void.
template <class Function>
inline constexpr bool returns_nothing = false;
template <class... Argument>
inline constexpr bool returns_nothing<void (*)(Argument...)> = true;
template <class Struct, class... Argument>
inline constexpr bool returns_nothing<void (Struct::*)(Argument...) const> = true;

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
concept HasActionSpace = ActionLeaf<typename E::ActionSpace> || ActionParts<typename E::ActionSpace>;
/// True if no part of an action is continuous, so that action_space(p) need not return bounds.
template <class Space>
inline constexpr bool is_unbounded_action = is_discrete<Space>;
template <ActionParts Space>
inline constexpr bool is_unbounded_action<Space> = []<class... Part>(std::type_identity<std::tuple<Part...>>) {
    return (is_discrete<Part> && ...);
}(std::type_identity<Parts<Space>>());
/// True if the discrete parts of a Tuple or a Dict have no more values than a float can hold.
template <class Space>
inline constexpr bool has_few_values = true;
template <ActionParts Space>
inline constexpr bool has_few_values<Space> = []<class... Part>(std::type_identity<std::tuple<Part...>>) {
    return ([] {
        for (std::size_t i = 0; i < Part::size; ++i)
            if (Part::limit(i) > largest_count_in_parts) return false;
        return true;
    }() && ...);
}(std::type_identity<Parts<Space>>());
template <class E>
concept HasFewValues = !HasActionSpace<E> || has_few_values<typename E::ActionSpace>;
template <class E>
concept HasBoundedActions = !HasActionSpace<E> || is_unbounded_action<typename E::ActionSpace> ||
                            requires(const typename E::Parameters& p) {
                                { E::action_space(p) } -> std::convertible_to<typename E::ActionSpace>;
                            };
template <class E>
concept HasObservationSpace = requires(const typename E::Parameters& p) {
    SpaceTraits<std::remove_cvref_t<decltype(E::observation_space(p))>>::numbers;
};
/// Operant calls the functions that visit members with visitors that are const or temporary.
template <class E, class Visitor>
concept VisitsParameters = requires(typename E::Parameters& p, Visitor visit) {
    E::visit_parameters(p, static_cast<Visitor>(visit));
};
template <class E>
concept HasVisitParameters = VisitsParameters<E, const AnyVisitor&> && VisitsParameters<E, AnyVisitor&&>;
template <class E, class Visitor>
concept VisitsResetBounds = requires(typename E::ResetBounds& b, Visitor visit) {
    E::visit_reset_bounds(b, static_cast<Visitor>(visit));
};
template <class E>
concept HasVisitResetBounds = VisitsResetBounds<E, const AnyVisitor&> && VisitsResetBounds<E, AnyVisitor&&>;

/// The type with which the check instantiates templates: a batch or a number, depending on the tier.
template <class E>
using CheckedNumber = std::conditional_t<BatchTier<E>, CheckedBatch<double>, double>;

template <class E>
concept HasState = requires { typename E::template State<CheckedNumber<E>>; } || requires { typename E::State; };
template <class E>
concept HasStateTemplate = !BatchTier<E> || requires { typename E::template State<CheckedNumber<E>>; };
template <class E, class State, class Visitor>
concept VisitsState = requires(State& s, Visitor visit) { E::visit_state(s, static_cast<Visitor>(visit)); };
template <class E, class State = StateOf<E, CheckedNumber<E>>>
concept HasVisitState = VisitsState<E, State, const AnyVisitor&> && VisitsState<E, State, AnyVisitor&&> &&
                        VisitsState<E, const State, const AnyVisitor&>;

template <class E>
concept HasReset = requires(const typename E::Parameters& p, const typename E::ResetBounds& b, typename E::Random& random) {
    E::reset(p, b, random);
} || requires(const typename E::Parameters& p, typename E::Random& random) { E::reset(p, random); };
template <class E>
concept ReturnsState = HasReset<E> && requires(const typename E::Parameters& p, const typename E::ResetBounds& b,
                                               typename E::Random& random) {
    { call_reset<E>(p, b, random) } -> std::convertible_to<StateOf<E, double>>;
};

/// True if kernels of plain C++ can reset, step and observe a State<float>, if State is a template.
template <class E>
concept ServesFloats =
    requires(const typename E::Parameters& p, const typename E::ResetBounds& b, typename E::Random& random,
             StateOf<E, float>& state) {
        E::observation(p, state);
        requires BlockTier<E> || !std::is_void_v<StepOutcomeOf<E, float>>;
        requires StartOf<decltype(call_reset<E>(p, b, random)), StateOf<E, float>>;
    };

/// The structs that have the functions of E's tier, and those functions' arguments.
template <class E, bool is_batch_tier>
struct TierTypes {
    using Functions = typename E::template Dynamics<CheckedNumber<E>>;
    using Self = Functions;  ///< as in calls.hpp
};
template <class E>
struct TierTypes<E, false> {
    using Functions = E;
    using Self = typename E::Parameters;
};

/// The calls that kernels of E's tier make.
template <class E>
struct CallsOf {
    using Number = CheckedNumber<E>;
    using State = StateOf<E, Number>;
    using Functions = typename TierTypes<E, BatchTier<E>>::Functions;
    using Self = typename TierTypes<E, BatchTier<E>>::Self;

    static constexpr bool is_made_of_parameters =
        std::is_constructible_v<Self, const typename E::Parameters&> || std::is_default_constructible_v<Self>;

    static constexpr bool copies_state = requires { requires copies<State, decltype(&Functions::step)>; };
    static constexpr bool step_returns_nothing = requires { requires returns_nothing<decltype(&Functions::step)>; };
    using Outcome = typename decltype([] {
        if constexpr (BlockTier<E>)
            return std::type_identity<typename BlockOf<E>::StepOutcome>();
        else
            return std::type_identity<StepOutcomeOf<E, Number>>();
    }())::type;

    static constexpr bool has_observation = HasObservationOf<E, Self, State>;
    using Observation = decltype(call_observation<E>(std::declval<const Self&>(), std::declval<const State&>()));
    using Real = Number;                          ///< a number in an observation of a Box of floats
    using Whole = Integer<Number>;                ///< a number in an observation of integers
    using Mask = typename MaskOf<Number>::type;  ///< a number in an observation of bools

    using ResetInfo = decltype(call_reset_info<E>(std::declval<const Self&>(), std::declval<const State&>()));

    static constexpr bool has_action_mask = HasActionMaskOf<E, Self, State>;
    static constexpr bool names_action_mask = requires { &Functions::action_mask; } || requires { &E::action_mask; };
    using ActionMask = decltype(call_action_mask<E>(std::declval<const Self&>(), std::declval<const State&>()));
};

/// Makes the compiler look into all functions that kernels of the batch tier call, with numbers whose masks refuse to be
/// conditions. The return type of `use` is unknown, so the compiler compiles it, and all that it calls.
template <class E, class Scalar>
struct BranchesOf {
    using Batch = CheckedBatch<Scalar>;
    using State = StateOf<E, Batch>;
    using Dynamics = typename E::template Dynamics<Batch>;
    using Random = BatchRandom<Batch, typename E::Random>;

    static auto use(const typename E::Parameters& parameters, State& state, const Input<E, Batch>& input, Random& random) {
        const auto dynamics = make_dynamics<Dynamics>(parameters);
        call_batch_step<E, Batch>(dynamics, state, input, random);
        call_observation<E>(dynamics, state);
        call_reset_info<E>(dynamics, state);
        call_action_mask<E>(dynamics, state);
        return std::true_type();
    }
    static constexpr bool are_none = decltype(use(std::declval<const typename E::Parameters&>(), std::declval<State&>(),
                                                  std::declval<const Input<E, Batch>&>(), std::declval<Random&>()))::value;
};

template <class E>
concept IsMadeOfParameters = CallsOf<E>::is_made_of_parameters;
template <class E>
concept HasStep = !std::is_void_v<typename CallsOf<E>::Outcome>;
/// True if there is a function `step`, with any arguments.
template <class E>
concept HasNamedStep = requires { &E::step; };
template <class E>
concept HasOutcome = requires(const typename CallsOf<E>::Outcome& outcome) {
    outcome.reward;
    outcome.terminated;
};
template <class E>
concept HasObservation = CallsOf<E>::has_observation;

/// True if an observation consists of numbers of this type. Plain numbers may have another type, but not a fraction for an integer.
template <class Number, class Expected>
concept ObservedNumber = std::same_as<Number, Expected> ||
                         (std::is_arithmetic_v<Expected> && std::convertible_to<Number, Expected> &&
                          (std::is_floating_point_v<Expected> || !std::is_floating_point_v<Number>));

/// The reason why an observation does not fit the observation space.
enum class Misfit { none, floats, integers, bits, discrete, multi_discrete, tuple, dict };

/// True if Value has the numbers of a leaf, in one array or in nested arrays of the same shape.
template <class Space, class Value, std::size_t axis = 0>
constexpr bool has_shape_of_leaf() {
    constexpr auto shape = Space::shape;
    if constexpr (!is_array<Value>) {
        return axis == shape.size();
    } else {
        using Element = typename Value::value_type;
        const bool is_flat = axis == 0 && !is_array<Element> && std::tuple_size_v<Value> == Space::size;
        if constexpr (axis >= shape.size())
            return false;
        else
            return is_flat || (std::tuple_size_v<Value> == shape[axis] && has_shape_of_leaf<Space, Element, axis + 1>());
    }
}

/// Compares a value that `observation` returns with a leaf.
/// \tparam Checked a CallsOf
template <class Checked, class Space, class Value>
constexpr Misfit misfit_of_leaf() {
    using Element = typename Space::Element;
    using Number = typename NumberIn<Value>::type;
    constexpr bool fits_shape = has_shape_of_leaf<Space, Value>();
    constexpr bool is_whole = ObservedNumber<Number, typename Checked::Whole>;
    if constexpr (Space::kind == SpaceKind::discrete) {
        return fits_shape && is_whole ? Misfit::none : Misfit::discrete;
    } else if constexpr (Space::kind == SpaceKind::multi_discrete) {
        return fits_shape && is_whole ? Misfit::none : Misfit::multi_discrete;
    } else if constexpr (std::is_floating_point_v<Element>) {
        return fits_shape && ObservedNumber<Number, typename Checked::Real> ? Misfit::none : Misfit::floats;
    } else {
        constexpr bool is_binary = std::is_same_v<Element, bool> || Space::kind == SpaceKind::multi_binary;
        constexpr bool is_bits = sizeof(Element) == 1 && std::is_same_v<Value, Bits<Space::size>> &&
                                 std::is_arithmetic_v<typename Checked::Real>;
        constexpr bool is_mask = is_binary && std::is_same_v<Number, typename Checked::Mask>;
        if (is_bits || (fits_shape && (is_whole || is_mask))) return Misfit::none;
        return is_binary ? Misfit::bits : Misfit::integers;
    }
}

/// Returns true if a struct has the names of a Dict, in their order. Tuples and arrays have no names.
template <class Space, class Observation>
constexpr bool has_names_of() {
    if constexpr (HasMembers<Space> && HasMembers<Observation>)
        return Space::member_names() == Observation::member_names();
    else
        return true;
}

/// Compares an observation with the space.
template <class Checked, class Space, class Observation>
constexpr Misfit misfit_of() {
    constexpr Misfit of_whole = HasMembers<Space> ? Misfit::dict : Misfit::tuple;
    if constexpr (Leaf<Space>) {
        return misfit_of_leaf<Checked, Space, Observation>();
    } else if constexpr (!HasParts<Observation>) {
        return of_whole;
    } else if constexpr (part_count<Space> != part_count<Observation>) {
        return of_whole;
    } else {
        Misfit found = has_names_of<Space, Observation>() ? Misfit::none : of_whole;
        [&]<std::size_t... i>(std::index_sequence<i...>) {
            const auto add = [&](Misfit of_part) { found = found == Misfit::none ? of_part : found; };
            (add(misfit_of<Checked, Part<i, Space>, Part<i, Observation>>()), ...);
        }(std::make_index_sequence<part_count<Space>>());
        return found;
    }
}

/// Compares the result of `observation` with the observation space.
template <class E>
constexpr Misfit misfit_of_observation() {
    if constexpr (HasObservation<E>)
        return misfit_of<CallsOf<E>, ObservationSpaceOf<E>, typename CallsOf<E>::Observation>();
    else
        return Misfit::none;
}

template <class Number>
concept BoxNumber = std::same_as<Number, float> || std::same_as<Number, double> || std::same_as<Number, std::uint8_t> ||
                    std::same_as<Number, std::int8_t> || std::same_as<Number, std::int16_t> ||
                    std::same_as<Number, std::int32_t> || std::same_as<Number, bool>;

/// Returns true if a leaf has a number type and a shape that arrays of observations may have.
template <class Space>
constexpr bool is_storable() {
    const bool is_box = Space::kind == SpaceKind::box || Space::kind == SpaceKind::multi_binary;
    return !is_box || (BoxNumber<typename Space::Element> && Space::size != 0 && Space::shape.size() >= 1 &&
                       Space::shape.size() <= 3);
}
template <class E>
concept HasStorableLeaves = []<class... Space>(std::type_identity<std::tuple<std::type_identity<Space>...>>) {
    return (is_storable<Space>() && ...);
}(std::type_identity<typename ObservationTraits<E>::Leaves>());

/// True if steps have an info.
template <class E>
concept HasInfo = requires(typename CallsOf<E>::Outcome& outcome) { outcome.info; };
template <class E>
using InfoMember = std::remove_cvref_t<decltype(std::declval<typename CallsOf<E>::Outcome&>().info)>;
template <class E>
concept HasVisitInfo =
    !HasInfo<E> || requires(InfoMember<E>& info, const AnyVisitor& visit) { E::visit_info(info, visit); };

template <class E>
concept HasFittingResetInfo = !HasInfo<E> || std::is_void_v<typename CallsOf<E>::ResetInfo> ||
                              std::same_as<typename CallsOf<E>::ResetInfo, InfoMember<E>>;

/// Makes the compiler look into the lists of members, as BranchesOf makes it look into functions.
template <class E>
struct ListsOf {
    using State = StateOf<E, CheckedNumber<E>>;

    static auto use(typename E::Parameters& parameters, typename E::ResetBounds& bounds, State& state) {
        E::visit_parameters(parameters, CheckParameter());
        E::visit_reset_bounds(bounds, CheckBound());
        E::visit_state(state, CheckStateMember<BatchTier<E>>());
        return std::true_type();
    }
    static constexpr bool fit = decltype(use(std::declval<typename E::Parameters&>(), std::declval<typename E::ResetBounds&>(),
                                             std::declval<State&>()))::value;
};
template <class E>
struct InfoListOf {
    static auto use(InfoMember<E>& info) {
        E::visit_info(info, CheckInfoMember());
        return std::true_type();
    }
    static constexpr bool fits = decltype(use(std::declval<InfoMember<E>&>()))::value;
};
template <class E>
concept HasFunctionOfBlocks = requires { &E::template step_block<xsimd::default_arch>; } ||
                              requires { &E::template step_block<xsimd::default_arch, double>; } || requires { &E::step_block; };
template <class E>
concept HasResetOfBlocks = requires { &E::template reset_block<xsimd::default_arch>; } ||
                           requires { &E::template reset_block<xsimd::default_arch, double>; } || requires { &E::reset_block; };

/// The forms of an action mask with an element for each of the actions.
template <class Mask, std::size_t actions>
inline constexpr bool is_action_mask = std::unsigned_integral<Mask> && !std::same_as<Mask, bool> && sizeof(Mask) * 8 >= actions;
template <std::size_t size, std::size_t actions>
inline constexpr bool is_action_mask<std::bitset<size>, actions> = size == actions;
template <class Element, std::size_t size, std::size_t actions>
inline constexpr bool is_action_mask<std::array<Element, size>, actions> =
    size == actions && (std::same_as<Element, bool> || std::same_as<Element, std::int8_t>);
template <class Scalar, class Arch, std::size_t size, std::size_t actions>
inline constexpr bool is_action_mask<std::array<xsimd::batch_bool<Scalar, Arch>, size>, actions> = size == actions;
template <std::integral Lane, class Arch, std::size_t actions>
inline constexpr bool is_action_mask<xsimd::batch<Lane, Arch>, actions> = actions <= 32;  // Integer<Batch> of floats has 32 bits

template <class E>
concept HasFittingActionMask =
    !CallsOf<E>::has_action_mask || !is_discrete<ActionRowsOf<E>> ||
    is_action_mask<typename CallsOf<E>::ActionMask, choice_count<ActionRowsOf<E>>()>;

template <class E>
concept HasResetInfoBesideMask =
    !CallsOf<E>::has_action_mask || !std::is_void_v<typename CallsOf<E>::ResetInfo> || !HasInfo<E>;

/// Checks of the functions, which need the types that CheckMembers checks.
template <class E>
struct CheckSteps {
    static_assert(!HasFunctionOfBlocks<E> || BlockTier<E>,
                  "an environment's `step_block` needs the form `template <class Arch> static void step_block(const "
                  "operant::BlockOf<E>&)`; if State is a template, `template <class Arch, class Number> static void "
                  "step_block(const operant::BlockOf<E, Number>&)`");
    static_assert(!HasResetOfBlocks<E> || ResetsBlocks<E>,
                  "an environment's `reset_block` needs the form `template <class Arch> static void reset_block(const "
                  "operant::ListedEnvs<E>&, const ResetBounds&)`, next to a `reset` and a `step_block`");
    static_assert(IsMadeOfParameters<E>,
                  "an environment's Dynamics<Batch> needs a constructor `explicit Dynamics(const Parameters&)`");
    static_assert(!CallsOf<E>::step_returns_nothing,
                  "an environment's `step` returns nothing: it needs to return an Outcome, `{reward, terminated}`");
    static_assert(!BatchTier<E> || HasStep<E>,
                  "an environment's Dynamics<Batch> needs `step(State<Batch>&, const Input<E, Batch>&) const`, with a third "
                  "argument `random` if it draws");
    static_assert(BatchTier<E> || HasStep<E> || HasFunctionOfBlocks<E> || !HasNamedStep<E>,
                  "an environment's `step` needs the form `static ... step(const Parameters&, State&, action)`, with a fourth "
                  "argument `random` if it draws; `action` is a std::int64_t, for a Box a float, or a std::array of several");
    static_assert(BatchTier<E> || HasStep<E> || HasFunctionOfBlocks<E> || HasNamedStep<E>,
                  "an environment needs a class template `Dynamics<Batch>`, or, in plain C++, `static ... step(const "
                  "Parameters&, State&, action)`, with a fourth argument `random` if it draws, or `template <class Arch> static "
                  "void step_block(const BlockOf<E>&)`");
    static_assert(!CallsOf<E>::copies_state,
                  "an environment's `step` needs to take its state as `State&`, so that it can change it");
    static_assert(HasOutcome<E> || (HasFunctionOfBlocks<E> && !BlockTier<E>),
                  "the result of an environment's `step` needs the members `reward` and `terminated`, as Outcome has them");
    static_assert(!BatchTier<E> || HasObservation<E>,
                  "an environment's Dynamics<Batch> needs `observation(const State<Batch>&)`");
    static_assert(BatchTier<E> || HasObservation<E>,
                  "an environment needs `static ... observation(const Parameters&, const State&)`");
    static_assert(BatchTier<E> || !HasObservation<E> || !HasOutcome<E> || !ReturnsState<E> || ServesFloats<E>,
                  "an environment in plain C++ whose State is a template needs a list of its members, `OPERANT_MEMBERS(name, ...)`, "
                  "and functions for each precision: `template <class Number> static ... step(const Parameters&, State<Number>&, "
                  "action)`, and the same for `observation`");
    static constexpr Misfit misfit = misfit_of_observation<E>();
    static_assert(misfit != Misfit::floats,
                  "an environment's `observation` needs to return a std::array with as many numbers as the Box has that "
                  "`observation_space` returns; of Batches, in Dynamics<Batch>");
    static_assert(misfit != Misfit::integers,
                  "an environment's `observation` needs to return a std::array with as many integers as the Box has that "
                  "`observation_space` returns; of Integer<Batch>, in Dynamics<Batch>");
    static_assert(misfit != Misfit::bits,
                  "an environment's `observation` needs to return a std::array with as many bools or integers as the Box of bool "
                  "or the MultiBinary has that `observation_space` returns, or Bits of them; of masks or Integer<Batch>, in "
                  "Dynamics<Batch>");
    static_assert(misfit != Misfit::discrete,
                  "an environment's `observation` needs to return an integer, as `observation_space` returns a Discrete; an "
                  "Integer<Batch>, in Dynamics<Batch>");
    static_assert(misfit != Misfit::multi_discrete,
                  "an environment's `observation` needs to return a std::array with an integer for each number of the "
                  "MultiDiscrete that `observation_space` returns; of Integer<Batch>, in Dynamics<Batch>");
    static_assert(misfit != Misfit::tuple,
                  "an environment's `observation` needs to return a std::tuple or a std::array with a value for each part of the "
                  "std::tuple that `observation_space` returns");
    static_assert(misfit != Misfit::dict,
                  "an environment's `observation` needs to return a struct whose OPERANT_MEMBERS have the names of the struct "
                  "that `observation_space` returns, in the same order, or a std::tuple of as many values");
    static_assert(HasVisitInfo<E>,
                  "the struct that an environment's `step` returns as `info` needs a list of its members: `OPERANT_MEMBERS(name, ...)`");
    static_assert(HasFittingResetInfo<E>,
                  "an environment's `reset_info` needs to return the struct that `step` returns as `info`");
    static_assert(!CallsOf<E>::names_action_mask || CallsOf<E>::has_action_mask,
                  "an environment's `action_mask` needs the form `static ... action_mask(const Parameters&, const State&)`; "
                  "`action_mask(const State<Batch>&) const`, in Dynamics<Batch>");
    static_assert(!CallsOf<E>::has_action_mask || is_discrete<ActionRowsOf<E>>,
                  "an environment with an `action_mask` needs an ActionSpace with actions to choose from: a Discrete, a "
                  "MultiDiscrete or a MultiBinary");
    static_assert(HasFittingActionMask<E>,
                  "an environment's `action_mask` needs to return an element for each action: a std::array of bool or "
                  "std::int8_t, a std::bitset, or the bits of an unsigned integer; in Dynamics<Batch>, a std::array of masks, or "
                  "the bits of an Integer<Batch>, at most 32");
    static_assert(HasResetInfoBesideMask<E>,
                  "an environment with an `action_mask` whose steps have an `info` needs a `reset_info`, because resets report "
                  "the mask, and infos arrive together");
    static constexpr bool passed = [] {
        if constexpr (HasInfo<E> && HasVisitInfo<E>) static_assert(InfoListOf<E>::fits);
        if constexpr (BatchTier<E> && HasStep<E> && HasObservation<E>)
            return BranchesOf<E, float>::are_none && BranchesOf<E, double>::are_none;
        else
            return true;  // the scalar tier has no lanes
    }();
};

/// Properties of a State, which are true if there is none.
template <class E>
struct StateCheck {
    static constexpr bool is_plain = true, is_visited = true, is_visited_somehow = true;
};
template <class E>
    requires(HasState<E> && HasStateTemplate<E>)
struct StateCheck<E> {
    using State = StateOf<E, CheckedNumber<E>>;
    static constexpr bool is_plain = std::is_trivially_copyable_v<State> && std::is_default_constructible_v<State>;
    static constexpr bool is_visited = HasVisitState<E>;
    static constexpr bool is_visited_somehow = VisitsState<E, State, AnyVisitor&>;
};

template <class E>
struct CheckMembers {
    static_assert(std::is_base_of_v<Environment, E>,
                  "an environment derives from operant::Environment: `struct E : operant::Environment`");
    static_assert(!std::is_base_of_v<Environment, E> || std::derived_from<E, Environment>,
                  "an environment has public members: write `struct`, not `class`");
    static_assert(HasName<E>, "an environment needs a public `static constexpr std::string_view name`");
    static_assert(HasMaxEpisodeSteps<E>, "an environment needs `static constexpr std::int32_t max_episode_steps`");
    static_assert(HasActionSpace<E>,
                  "an environment needs `using ActionSpace`, a Discrete<n>, a MultiDiscrete<n...>, a MultiBinary<n> or a Box<n>; or a "
                  "std::tuple of those, or a struct of those with OPERANT_MEMBERS");
    static_assert(HasBoundedActions<E>,
                  "an environment whose ActionSpace is a Box, or has one as a part, needs `static ActionSpace action_space(const "
                  "Parameters&)`, which returns the bounds");
    static_assert(HasFewValues<E>,
                  "an environment whose ActionSpace is a std::tuple or a struct needs discrete parts of up to 16777216 values");
    static_assert(HasObservationSpace<E>,
                  "an environment needs `static ... observation_space(const Parameters&)`, which returns a Box, a Discrete, a "
                  "MultiDiscrete, a MultiBinary, a std::tuple of spaces, or a struct of spaces with OPERANT_MEMBERS");
    static_assert(!HasObservationSpace<E> || HasStorableLeaves<E>,
                  "an environment's `observation_space` needs Boxes of one to three dimensions, of float, double, std::uint8_t, "
                  "std::int8_t, std::int16_t, std::int32_t or bool");
    static_assert(HasVisitParameters<E> || !VisitsParameters<E, AnyVisitor&>,
                  "an environment's `visit_parameters` needs the form `template <class P, class Visitor> static void "
                  "visit_parameters(P& parameters, const Visitor& visit)`");
    static_assert(HasVisitParameters<E> || VisitsParameters<E, AnyVisitor&>,
                  "an environment's Parameters need a list of their members: `OPERANT_PARAMETERS((name, limits, \"documentation\"), ...)`");
    static_assert(HasVisitResetBounds<E> || !VisitsResetBounds<E, AnyVisitor&>,
                  "an environment's `visit_reset_bounds` needs the form `template <class B, class Visitor> static void "
                  "visit_reset_bounds(B& bounds, const Visitor& visit)`");
    static_assert(HasVisitResetBounds<E> || VisitsResetBounds<E, AnyVisitor&>,
                  "an environment's ResetBounds need a list of their members: `OPERANT_MEMBERS(name, ...)`");
    static_assert(HasState<E>, "an environment needs a struct `State`");
    static_assert(!HasState<E> || HasStateTemplate<E>,
                  "an environment with a Dynamics<Batch> needs a class template `template <class Number> struct State`");
    static_assert(StateCheck<E>::is_plain,
                  "an environment's State consists of numbers, std::arrays and structs of numbers, without pointers, containers, strings or "
                  "references");
    static_assert(StateCheck<E>::is_visited || !StateCheck<E>::is_visited_somehow,
                  "an environment's `visit_state` needs the form `template <class S, class Visitor> static void visit_state(S& "
                  "state, const Visitor& visit)`");
    static_assert(StateCheck<E>::is_visited || StateCheck<E>::is_visited_somehow,
                  "an environment's State needs a list of its members: `OPERANT_MEMBERS(name, ...)`");
    static_assert(HasReset<E>,
                  "an environment needs `static State reset(const Parameters&, const ResetBounds&, Random&)`, or the same "
                  "without the bounds; it returns a State<double> if State is a template");
    static_assert(!requires { requires copies<typename E::Random, decltype(&E::reset)>; },
                  "an environment's `reset` needs to take its generator as `Random&`: the draws of a copy would be the same in each "
                  "episode");
    static_assert(!HasReset<E> || ReturnsState<E>,
                  "an environment's `reset` needs to return a State; a State<double> or a State<typename Random::Number> if State is "
                  "a template");
    static_assert(!requires { E::check; } || requires(const typename E::Parameters& p) { E::check(p); },
                  "an environment's `check` needs the form `static void check(const Parameters&)`");
    static_assert(!requires { E::check_state; } || HasCheckState<E>,
                  "an environment's `check_state` needs the form `static void check_state(const Parameters&, const State&)`, with "
                  "a State<double> if State is a template");
    static_assert(!requires { E::fixed_reward; } || HasFixedReward<E>,
                  "an environment's `fixed_reward` needs the form `static FixedReward fixed_reward(const Parameters&)`");
    static constexpr bool passed = [] {
        if constexpr (StateCheck<E>::is_visited && HasVisitParameters<E> && HasVisitResetBounds<E>)
            return std::derived_from<E, Environment> && HasActionSpace<E> && HasObservationSpace<E> && ListsOf<E>::fit;
        else
            return false;
    }();
};

template <class E, bool has_members = CheckMembers<E>::passed>
struct CheckAll : CheckSteps<E> {};
template <class E>
struct CheckAll<E, false> {
    static constexpr bool passed = false;
};

}  // namespace detail

/// Compiles only if E has everything that environment.hpp lists. Otherwise the first error names the missing member.
template <class E>
struct CheckEnvironment : detail::CheckAll<E> {};

}  // namespace operant
