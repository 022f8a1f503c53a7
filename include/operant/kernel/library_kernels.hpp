#pragma once
/// \file
/// Names the kernels of a library, which other translation units define: table.hpp has the definitions.

#include <cstddef>
#include <type_traits>

#include <operant/architecture.hpp>
#include <operant/check_environment.hpp>
#include <operant/environment.hpp>
#include <operant/environment_library.hpp>
#include <operant/kernel/policy.hpp>

namespace operant {

/// The kernels of E in a library for one instruction set. Explicitly instantiated in the translation unit that is compiled
/// for it; others only take the addresses of the functions. An environment of the scalar tier gains nothing from SIMD: it
/// has kernels for the least instruction set only.
template <class E, class Arch>
struct LibraryKernels {
    static_assert(CheckEnvironment<E>::passed);

    static constexpr bool exists = BatchTier<E> || std::is_same_v<Arch, PortableArchitecture>;  ///< whether it has any

    static const Kernels* float32();  ///< the state in float
    static const Kernels* float64();  ///< the state in double
};

/// The function of a policy of one's own in a library, in the same way.
template <class P, class Arch>
struct LibraryPolicy {
    static_assert(CheckPolicy<P>::passed);

    /// As PolicyFunction::act.
    static void act(const void* data, const void* observations, void* actions, std::size_t begin, std::size_t end);
};

/// Those of Operant's own policies.
template <class Arch>
struct LibraryNetworks {
    /// Of a Network.
    static void act(const void* network, const void* observations, void* actions, std::size_t begin, std::size_t end);
    /// Of RandomActions.
    static void act_randomly(const void* space, const void* observations, void* actions, std::size_t begin, std::size_t end);
};

}  // namespace operant
