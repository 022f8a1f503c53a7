#pragma once
/// \file
/// The one place that asks the processor what it can do, and chooses an environment's kernels accordingly.

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <operant/architecture.hpp>
#include <operant/environment_library.hpp>

namespace operant {

/// An instruction set.
struct Architecture {
    std::string_view name;  ///< as `OPERANT_ARCH` spells it
    bool available;         ///< the processor and the operating system support it
};

/// All instruction sets that Operant builds kernels for, best first.
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

}  // namespace detail

/// The instruction set that `forced` names, or the best that the processor has when it is empty.
/// \param forced usually the environment variable `OPERANT_ARCH`
/// \throws std::runtime_error when there is no such instruction set, or the processor lacks it
inline std::string_view choose_architecture(std::string_view forced = {}) {
    const auto list = architectures();
    const auto chosen = std::ranges::find_if(
        list, [&](const Architecture& one) { return forced.empty() ? one.available : one.name == forced; });
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

/// The kernels of an environment for an instruction set.
/// \param environment of a library
/// \param float64 whether the state is kept in double
/// \param architecture what `choose_architecture` returns. A library made for one machine has no other than that
///        machine's best; then that one is taken, if the processor has it.
/// \throws std::runtime_error when the library has none that this processor can run
inline const Kernels& choose_kernels(const EnvironmentDescription& environment, bool float64, std::string_view architecture) {
    const ArchitectureKernels* begin = environment.kernels;
    const ArchitectureKernels* end = begin + environment.architecture_count;
    const auto is = [](std::string_view name) { return [=](const ArchitectureKernels& one) { return one.architecture == name; }; };
    const ArchitectureKernels* chosen = std::find_if(begin, end, is(architecture));
    if (chosen == end) chosen = std::find_if(begin, end, is(""));
    if (chosen == end) {
        std::string names;
        for (const ArchitectureKernels* one = begin; one != end; ++one) names += (one == begin ? "" : ", ") + std::string(one->architecture);
        throw std::runtime_error(std::string(environment.name) + ": its library has kernels for " + names + ", and not for " +
                                 std::string(architecture) + ", which is in use; build it anew");
    }
    return float64 ? *chosen->float64() : *chosen->float32();
}

}  // namespace operant
