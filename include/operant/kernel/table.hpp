#pragma once
/// \file
/// The table of an environment's kernels for one instruction set. Instantiate it in a translation unit that is compiled for
/// this instruction set and defines nothing else.

#include <cstddef>
#include <type_traits>

#include <operant/environment_library.hpp>
#include <operant/kernel/batch_tier.hpp>
#include <operant/kernel/library_kernels.hpp>
#include <operant/kernel/network.hpp>
#include <operant/kernel/policy.hpp>
#include <operant/kernel/random_actions.hpp>
#include <operant/kernel/returns.hpp>
#include <operant/kernel/scalar_tier.hpp>

namespace operant {

namespace detail {

template <class E, class Scalar, class Arch>
struct TierOf {
    using type = ScalarTierKernels<E, Scalar, Arch>;
};
template <BatchTier E, class Scalar, class Arch>
struct TierOf<E, Scalar, Arch> {
    using type = BatchTierKernels<E, Scalar, Arch>;
};

/// The element types of the arrays of a state.
template <class E, class State>
struct StateTypes {
    ElementType types[sizeof(State)];  // every member takes at least a byte

    XSIMD_INLINE StateTypes() {
        State state{};
        for_each_member<E>(state, [&](std::size_t i, const auto& member) {
            types[i] = ElementTypeOf<typename MemberTraits<std::remove_cvref_t<decltype(member)>>::Stored>::value;
        });
    }
};

/// The kernel that steps with a linear policy, or null. Policies have float32 numbers, so it exists only in float32.
template <class E, class Scalar, class Arch>
constexpr Kernels::Step step_linear_of() {
    if constexpr (BatchTier<E> && std::is_same_v<Scalar, float>)
        if constexpr (LinearActions<E, Arch>::exists) return &BatchTierKernels<E, Scalar, Arch>::step_linear;
    return nullptr;
}

}  // namespace detail

/// The kernels of E in one precision.
template <class E, class Scalar, class Arch>
const Kernels* kernels_of() {
    using Tier = typename detail::TierOf<E, Scalar, Arch>::type;
    using State = StateOf<E, std::conditional_t<BatchTier<E>, xsimd::batch<Scalar, Arch>, Scalar>>;
    using Narrow = typename E::ActionSpace::Narrow;
    using Wide = typename E::ActionSpace::Wide;
    static const detail::StateTypes<E, State> state;
    static const Kernels kernels{
        &Tier::template step<Narrow>,
        &Tier::template step<Wide>,
        detail::step_linear_of<E, Scalar, Arch>(),
        &Actions<E, Arch>::template are_valid<Narrow>,
        &Actions<E, Arch>::template are_valid<Wide>,
        &Tier::restart,
        &Tier::observe,
        Tier::lanes,
        Tier::dynamics_size,
        &Tier::prepare,
        state.types,
        &Tier::get_state,
        &Tier::set_state,
        &Returns<Arch>::add,
    };
    return &kernels;
}

// These are defined outside of the class. Inside, they would be inline, and every translation unit that uses them would
// instantiate them.
template <class E, class Arch>
const Kernels* LibraryKernels<E, Arch>::float32() {
    if constexpr (exists)
        return kernels_of<E, float, Arch>();
    else
        return nullptr;
}
template <class E, class Arch>
const Kernels* LibraryKernels<E, Arch>::float64() {
    if constexpr (exists)
        return kernels_of<E, double, Arch>();
    else
        return nullptr;
}

template <class P, class Arch>
void LibraryPolicy<P, Arch>::act(const void* data, const void* observations, void* actions, std::size_t begin,
                                 std::size_t end) {
    PolicyKernels<P, Arch>::act(data, observations, actions, begin, end);
}

template <class Arch>
void LibraryNetworks<Arch>::act(const void* network, const void* observations, void* actions, std::size_t begin,
                                std::size_t end) {
    NetworkKernels<Arch>::act(network, observations, actions, begin, end);
}
template <class Arch>
void LibraryNetworks<Arch>::act_randomly(const void* space, const void* observations, void* actions, std::size_t begin,
                                         std::size_t end) {
    RandomActionsKernels<Arch>::act(space, observations, actions, begin, end);
}

}  // namespace operant
