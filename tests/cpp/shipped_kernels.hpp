#pragma once
// The kernels that the Python module holds, chosen at run time.

#include <cstdint>
#include <vector>

#include <simd.hpp>

using operant::bindings::Architecture;

/// Those that this processor can run.
inline std::vector<Architecture> available_architectures() {
    auto architectures = operant::bindings::compiled_architectures();
    std::erase_if(architectures, [](const Architecture& architecture) { return !architecture.available; });
    return architectures;
}

template <class E, class Scalar>
auto kernels_of(const Architecture& architecture) {
    return architecture.kernels().template get<E, Scalar>();
}
