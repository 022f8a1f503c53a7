#pragma once
/// \file
/// Declares a library's kernels. table.hpp defines them, and one translation unit per instruction set instantiates them.

#include <cstddef>
#include <type_traits>

#include <operant/abi/library.hpp>
#include <operant/contract/block.hpp>
#include <operant/contract/check_environment.hpp>
#include <operant/environment.hpp>
#include <operant/library/architecture.hpp>
#include <operant/policies/compiled.hpp>

namespace operant {

/// The instruction set of E's kernels in a library for `Arch`. The scalar tier uses no SIMD lanes, so its kernels are for
/// PortableArchitecture in every library.
template <class E, class Arch>
using KernelArchitecture = std::conditional_t<UsesLanes<E>, Arch, PortableArchitecture>;

/// The kernels of E for one instruction set. The translation unit that is compiled for this instruction set instantiates them
/// explicitly. Other units only use the addresses of the functions.
template <class E, class Arch>
struct LibraryKernels {
    static_assert(CheckEnvironment<E>::passed);

    static const Kernels* float32(const void*);  ///< with the state in float; null if there are no kernels
    static const Kernels* float64(const void*);  ///< with the state in double; null if there are no kernels
};

/// The function of a compiled policy for one instruction set. The same unit instantiates it.
template <class P, class Arch>
struct LibraryPolicy {
    static_assert(CheckPolicy<P>::passed);

    /// Chooses actions, as PolicyFunction::act. Its first argument is a PolicyData.
    static void act(const void* data, const void* observations, void* actions, std::size_t begin, std::size_t end,
                    const void* masks);
};

/// The functions of Operant's own policies for one instruction set.
template <class Arch>
struct LibraryNetworks {
    /// Chooses the actions of a Network.
    static void act(const void* network, const void* observations, void* actions, std::size_t begin, std::size_t end,
                    const void* masks);
    /// Chooses random actions.
    static void act_randomly(const void* space, const void* observations, void* actions, std::size_t begin, std::size_t end,
                             const void* masks);
};

}  // namespace operant
