#pragma once
// The kernels of the Python module, chosen at run time.

#include <stdexcept>
#include <vector>

#include <operant/library/dispatch.hpp>
#include <operant/operant.hpp>

#include <builtin_environments.hpp>

using operant::Architecture;

// VectorEnv::core() and steps with actions of 64 bits compile an environment's kernels for the unit's own instruction set, which
// environments with a library's kernels never use. These tests do without them: compiling them would take longer than the rest.
namespace operant {

#define OPERANT_TEST_ONLY_SHIPPED_KERNELS(E)                                                                                    \
    template <>                                                                                                                  \
    inline const Kernels* kernels_of<E, float, xsimd::default_arch, false>(const void*) {                                        \
        throw std::logic_error("expected the kernels of the Python module");                                                     \
    }                                                                                                                            \
    template <>                                                                                                                  \
    inline const Kernels* kernels_of<E, double, xsimd::default_arch, false>(const void*) {                                       \
        throw std::logic_error("expected the kernels of the Python module");                                                     \
    }
OPERANT_TEST_ONLY_SHIPPED_KERNELS(CartPole)
OPERANT_TEST_ONLY_SHIPPED_KERNELS(MountainCar)
OPERANT_TEST_ONLY_SHIPPED_KERNELS(MountainCarContinuous)
OPERANT_TEST_ONLY_SHIPPED_KERNELS(Pendulum)
OPERANT_TEST_ONLY_SHIPPED_KERNELS(Acrobot)
#undef OPERANT_TEST_ONLY_SHIPPED_KERNELS

}  // namespace operant

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
