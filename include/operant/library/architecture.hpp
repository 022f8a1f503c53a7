#pragma once
/// \file
/// The instruction sets for which Operant builds kernels, and their names. cmake/architectures.json has their compiler flags.

#include <string_view>
#include <type_traits>

#include <xsimd/xsimd.hpp>

namespace operant {

/// The instruction sets for which Operant builds kernels, best first.
#if defined(__aarch64__) || defined(_M_ARM64)
using Architectures = xsimd::arch_list<xsimd::neon64>;
using PortableArchitecture = xsimd::neon64;  ///< the one that most processors have
#else
using Architectures = xsimd::arch_list<xsimd::avx512bw, xsimd::fma3<xsimd::avx2>, xsimd::sse4_2>;
using PortableArchitecture = xsimd::sse4_2;  ///< the one that most processors have
#endif

/// Returns the name that `OPERANT_ARCH` and `operant.simd` use.
template <class Arch>
constexpr std::string_view architecture_name() {
    if constexpr (std::is_same_v<Arch, xsimd::fma3<xsimd::avx2>>)
        return "avx2";  // with FMA
    else if constexpr (std::is_same_v<Arch, xsimd::neon64>)
        return "neon";
    else
        return Arch::name();
}

}  // namespace operant
