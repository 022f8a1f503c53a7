#pragma once
// The kernels of the Python module, chosen at run time.

#include <cstddef>
#include <cstring>
#include <vector>

#include <operant/library/dispatch.hpp>
#include <operant/operant.hpp>

#include <builtin_environments.hpp>

using operant::Architecture;

#define CLASSIC_CONTROL \
    operant::CartPole, operant::MountainCar, operant::MountainCarContinuous, operant::Pendulum, operant::Acrobot

template <class E>
constexpr std::size_t observation_size = operant::ObservationTraits<E>::numbers;

template <class A, class B>
bool same_bytes(const A& a, const B& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(a[0])) == 0);
}

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
