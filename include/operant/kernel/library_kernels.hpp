#pragma once
/// \file
/// Declarations of a library's kernels. The definitions are in table.hpp, and other translation units instantiate them.

#include <cstddef>
#include <type_traits>

#include <operant/architecture.hpp>
#include <operant/check_environment.hpp>
#include <operant/environment.hpp>
#include <operant/environment_library.hpp>
#include <operant/kernel/policy.hpp>

namespace operant {

/// The kernels of E for one instruction set. The translation unit that is compiled for this instruction set instantiates them
/// explicitly; others only use the addresses of the functions. SIMD does not help environments of the scalar tier, so they
/// have kernels only for PortableArchitecture.
template <class E, class Arch>
struct LibraryKernels {
    static_assert(CheckEnvironment<E>::passed);

    static constexpr bool exists = BatchTier<E> || std::is_same_v<Arch, PortableArchitecture>;  ///< whether there are kernels

    static const Kernels* float32();  ///< the state in float
    static const Kernels* float64();  ///< the state in double
};

/// The function of a compiled policy for one instruction set, instantiated in the same way.
template <class P, class Arch>
struct LibraryPolicy {
    static_assert(CheckPolicy<P>::passed);

    /// As PolicyFunction::act.
    static void act(const void* data, const void* observations, void* actions, std::size_t begin, std::size_t end);
};

/// The functions of Operant's own policies for one instruction set.
template <class Arch>
struct LibraryNetworks {
    /// The actions of a Network.
    static void act(const void* network, const void* observations, void* actions, std::size_t begin, std::size_t end);
    /// Random actions.
    static void act_randomly(const void* space, const void* observations, void* actions, std::size_t begin, std::size_t end);
};

}  // namespace operant
