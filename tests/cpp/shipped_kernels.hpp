#pragma once
// The kernels of the Python module, chosen at run time.

#include <vector>

#include <operant/library/dispatch.hpp>
#include <operant/operant.hpp>

#include <builtin_environments.hpp>

using operant::Architecture;

/// Lists the instruction sets of this processor.
inline std::vector<Architecture> available_architectures() {
    auto architectures = operant::architectures();
    std::erase_if(architectures, [](const Architecture& architecture) { return !architecture.available; });
    return architectures;
}

template <class E, class Scalar>
operant::VectorEnv<E, Scalar> make(const Architecture& architecture, std::size_t num_envs,
                                   typename operant::VectorEnv<E, Scalar>::Options options = {}) {
    return {num_envs, options, operant_builtin_environments(), architecture.name};
}
