#include "simd.hpp"

#include <algorithm>
#include <stdexcept>

namespace operant::bindings {

#if defined(__aarch64__) || defined(_M_ARM64)
extern template AllKernels kernels_for<xsimd::neon64>();
#else
extern template AllKernels kernels_for<xsimd::avx512bw>();
extern template AllKernels kernels_for<xsimd::fma3<xsimd::avx2>>();
extern template AllKernels kernels_for<xsimd::sse4_2>();
#endif

std::vector<Architecture> compiled_architectures() {
    const auto processor = xsimd::available_architectures();
    std::vector<Architecture> architectures;
    Architectures::for_each([&](auto arch) {
        using Arch = decltype(arch);
        architectures.push_back({architecture_name<Arch>(), processor.has(arch), &kernels_for<Arch>});
    });
    return architectures;
}

Architecture choose_architecture(std::string_view forced) {
    const auto architectures = compiled_architectures();
    const auto chosen = std::ranges::find_if(architectures, [&](const Architecture& architecture) {
        return forced.empty() ? architecture.available : architecture.name == forced;
    });
    std::string names;
    for (const auto& architecture : architectures) {
        if (forced.empty() || chosen == architectures.end() || architecture.available) {
            if (!names.empty()) names += ", ";
            names += architecture.name;
        }
    }
    if (chosen == architectures.end())
        throw std::runtime_error(forced.empty()
                                     ? "this processor has none of the instruction sets that Operant needs: " + names
                                     : "OPERANT_ARCH: expected one of " + names + ", got '" + std::string(forced) + "'");
    if (!chosen->available)
        throw std::runtime_error("OPERANT_ARCH: this processor does not support " + std::string(forced) +
                                 "; it supports " + names);
    return *chosen;
}

}  // namespace operant::bindings
