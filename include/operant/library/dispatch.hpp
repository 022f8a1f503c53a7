#pragma once
/// \file
/// Asks the processor for its instruction sets, and chooses kernels. No other file does.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <operant/abi/library.hpp>
#include <operant/library/architecture.hpp>

namespace operant {

/// An instruction set.
struct Architecture {
    std::string_view name;  ///< the name that `OPERANT_ARCH` uses
    bool available;         ///< true if the processor and the operating system support it
};

/// Lists the instruction sets for which Operant builds kernels, best first.
inline std::vector<Architecture> architectures() {
    const auto processor = xsimd::available_architectures();
    std::vector<Architecture> list;
    Architectures::for_each([&](auto arch) { list.push_back({architecture_name<decltype(arch)>(), processor.has(arch)}); });
    return list;
}

namespace detail {

inline std::string joined(const std::vector<Architecture>& list, bool available_only) {
    std::string names;
    for (const Architecture& one : list) {
        if (available_only && !one.available) continue;
        if (!names.empty()) names += ", ";
        names += one.name;
    }
    return names;
}

/// Returns the element for this instruction set, or the element for every processor.
template <class One>
const One* choose(const One* list, std::size_t count, std::string_view architecture, const std::string& name) {
    const One* end = list + count;
    const auto find = [&](std::string_view wanted) {
        return std::find_if(list, end, [&](const One& one) { return one.architecture == wanted; });
    };
    const One* chosen = find(architecture);
    if (chosen == end) chosen = find("");
    if (chosen != end) return chosen;
    std::string names;
    for (const One* one = list; one != end; ++one) names += (one == list ? "" : ", ") + std::string(one->architecture);
    throw std::runtime_error(name + ": its library has kernels for " + names + ", and not for " + std::string(architecture) +
                             ", which is in use; build it again");
}

}  // namespace detail

/// Returns the instruction set to use: the one that `forced` names, or, if that is empty, the best that the processor has.
/// \param forced usually the value of the environment variable `OPERANT_ARCH`
/// \throws std::runtime_error if there is no such instruction set, or the processor does not have it
inline std::string_view choose_architecture(std::string_view forced = {}) {
    const auto list = architectures();
    const auto chosen = std::find_if(list.begin(), list.end(), [&](const Architecture& one) {
        return forced.empty() ? one.available : one.name == forced;
    });
    if (chosen == list.end())
        throw std::runtime_error(
            forced.empty() ? "this processor has none of the instruction sets that Operant needs: " + detail::joined(list, false)
                           : "OPERANT_ARCH: expected one of " + detail::joined(list, false) + ", got '" +
                                 std::string(forced) + "'");
    if (!chosen->available)
        throw std::runtime_error("OPERANT_ARCH: this processor does not support " + std::string(forced) + "; it supports " +
                                 detail::joined(list, true));
    return chosen->name;
}

/// Finds an environment by its name.
/// \throws std::invalid_argument if the library has none
inline const EnvironmentDescription& find_environment(const EnvironmentLibrary& library, std::string_view name) {
    for (std::uint32_t i = 0; i < library.environment_count; ++i)
        if (library.environments[i]->name == name) return *library.environments[i];
    throw std::invalid_argument("this library has no environment " + std::string(name));
}

/// Returns the kernels of an environment for an instruction set.
/// \param environment of a library
/// \param float64 true for a state in double, false for a state in float
/// \param architecture the result of `choose_architecture`
/// \throws std::runtime_error if the library has no kernels for it
inline const Kernels& choose_kernels(const EnvironmentDescription& environment, bool float64, std::string_view architecture) {
    const ArchitectureKernels* chosen =
        detail::choose(environment.kernels, environment.architecture_count, architecture, environment.name);
    return float64 ? *chosen->float64(environment.context) : *chosen->float32(environment.context);
}

/// Returns the function of a library's policy for an instruction set. \throws as choose_kernels
inline const ArchitecturePolicy& choose_policy(const PolicyDescription& policy, std::string_view architecture) {
    return *detail::choose(policy.functions, policy.architecture_count, architecture, policy.name);
}

/// Returns the functions of Operant's own policies for an instruction set. \throws as choose_kernels
inline const ArchitectureNetworks& choose_networks(const EnvironmentLibrary& library, std::string_view architecture) {
    return *detail::choose(library.networks, library.network_count, architecture, "networks");
}

}  // namespace operant
