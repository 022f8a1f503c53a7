#pragma once
/// \file
/// Defines a library's kernels for one instruction set. A translation unit that is compiled for this instruction set
/// instantiates them and defines nothing else.

#include <cstddef>
#include <iterator>
#include <tuple>
#include <type_traits>

#include <operant/abi/library.hpp>
#include <operant/kernel/batch_tier.hpp>
#include <operant/kernel/returns.hpp>
#include <operant/kernel/scalar_tier.hpp>
#include <operant/library/caught_error.hpp>
#include <operant/library/kernels.hpp>
#include <operant/policies/compiled.hpp>
#include <operant/policies/network.hpp>
#include <operant/policies/random_actions.hpp>

namespace operant {

namespace detail {

/// The functions for each type of actions.
template <class E, class Arch, class Tier, bool is_in_library, class Types>
struct KernelsOfActions;
template <class E, class Arch, class Tier, bool is_in_library, class... Action>
struct KernelsOfActions<E, Arch, Tier, is_in_library, std::tuple<Action...>> {
    static constexpr ActionKernels all[] = {{.type = element_type_of<Action>(),
                                             .step = guarded<Arch, is_in_library, &Tier::template step<Action>>(),
                                             .are_valid = &Actions<E, Arch>::template are_valid<Action>}...};
};

/// Returns the kernels for actions of some types.
/// \tparam step_linear steps with a linear policy; or null
template <class E, class Scalar, class Arch, bool is_in_library, class Types, ActionKernels::Step step_linear>
const Kernels* kernels_with() {
    using Tier = std::conditional_t<BatchTier<E>, BatchTierKernels<E, Scalar, Arch>, ScalarTierKernels<E, Scalar, Arch>>;
    using State = StateOf<E, std::conditional_t<BatchTier<E>, xsimd::batch<Scalar, Arch>, Scalar>>;
    using OfActions = KernelsOfActions<E, Arch, Tier, is_in_library, Types>;
    static const StateLayout<E, State, Tier> state;
    static const Kernels kernels{
        .actions = OfActions::all,
        .action_type_count = std::size(OfActions::all),
        .step_linear = guarded<Arch, is_in_library, step_linear>(),
        .restart = guarded<Arch, is_in_library, &Tier::restart>(),
        .observe = guarded<Arch, is_in_library, &Tier::observe>(),
        .envs_per_batch = Tier::envs_per_batch,
        .dynamics_size = Tier::dynamics_size,
        .prepare = &Tier::prepare,
        .state_variables = state.variables,
        .state_strides = state.strides,
        .state_array_count = state.array_count,
        .default_state = BatchTier<E> ? nullptr : &state.default_state,
        .get_state = &Tier::get_state,
        .set_state = &Tier::set_state,
        .add_rewards = &Returns<Arch>::add,
        .take_error = is_in_library ? &CaughtError<Arch>::take : nullptr,
    };
    return &kernels;
}

/// Returns the kernel that steps with a LinearPolicy; null if there is none. Policies have float32 numbers, so it exists only in
/// float32.
template <class E, class Scalar, class Arch>
constexpr ActionKernels::Step linear_step() {
    if constexpr (BatchTier<E> && std::is_same_v<Scalar, float>)
        if constexpr (LinearActions<E, Arch>::exists) return &BatchTierKernels<E, Scalar, Arch>::step_linear;
    return nullptr;
}

/// Returns the kernels for steps with actions of 32 bits. Each other step kernel would take the compiler most of a second.
template <class E, class Scalar, class Arch>
const Kernels* narrow_kernels_of() {
    return kernels_with<E, Scalar, Arch, false, std::tuple<typename ActionRowsOf<E>::Narrow>, nullptr>();
}

}  // namespace detail

/// Returns the kernels of E in one precision for one instruction set.
/// \tparam is_in_library true if exceptions become messages
template <class E, class Scalar, class Arch, bool is_in_library = false>
const Kernels* kernels_of() {
    return detail::kernels_with<E, Scalar, Arch, is_in_library, ActionTypes<ActionRowsOf<E>>,
                                detail::linear_step<E, Scalar, Arch>()>();
}

// The definitions are outside the classes. Inside, they would be inline, and every translation unit that uses them would
// instantiate them. If E's State has one type of numbers, both precisions have the same kernels.
template <class E, class Arch>
const Kernels* LibraryKernels<E, Arch>::float32(const void*) {
    if constexpr (std::is_same_v<Arch, KernelArchitecture<E, Arch>>)
        return kernels_of<E, detail::StateNumber<E, float>, Arch, true>();
    else
        return nullptr;
}
template <class E, class Arch>
const Kernels* LibraryKernels<E, Arch>::float64(const void*) {
    if constexpr (std::is_same_v<Arch, KernelArchitecture<E, Arch>>)
        return kernels_of<E, detail::StateNumber<E, double>, Arch, true>();
    else
        return nullptr;
}

template <class P, class Arch>
void LibraryPolicy<P, Arch>::act(const void* data, const void* observations, void* actions, std::size_t begin,
                                 std::size_t end, const void* masks) {
    PolicyKernels<P, Arch>::act(data, observations, actions, begin, end, masks);
}

template <class Arch>
void LibraryNetworks<Arch>::act(const void* network, const void* observations, void* actions, std::size_t begin,
                                std::size_t end, const void* masks) {
    NetworkKernels<Arch>::act(network, observations, actions, begin, end, masks);
}
template <class Arch>
void LibraryNetworks<Arch>::act_randomly(const void* space, const void* observations, void* actions, std::size_t begin,
                                         std::size_t end, const void* masks) {
    RandomActionsKernels<Arch>::act(space, observations, actions, begin, end, masks);
}

}  // namespace operant
