#pragma once
/// \file
/// The kernels of every environment for one architecture. To add an environment, add it to `Environments`.

#include <operant/operant.hpp>

namespace operant::bindings {

template <class... E>
struct EnvironmentList {};

using Environments = EnvironmentList<CartPole, MountainCar, MountainCarContinuous, Pendulum, Acrobot>;

template <class E>
struct EnvironmentKernels {
    Kernels<E, float> single_precision;
    Kernels<E, double> double_precision;
};

template <class List>
struct KernelSet;

template <class... E>
struct KernelSet<EnvironmentList<E...>> : EnvironmentKernels<E>... {
    template <class Environment, class Scalar>
    const Kernels<Environment, Scalar>& get() const {
        const EnvironmentKernels<Environment>& kernels = *this;
        if constexpr (std::is_same_v<Scalar, float>)
            return kernels.single_precision;
        else
            return kernels.double_precision;
    }
};

using AllKernels = KernelSet<Environments>;

/// Instantiated in one translation unit an architecture, kernels_*.cpp, which is compiled for it and defines nothing
/// else. Everything it instantiates carries the architecture in its type; tests/cpp/check_symbols.py checks that.
template <class Arch>
AllKernels kernels_for() {
    return []<class... E>(EnvironmentList<E...>) {
        return AllKernels{{StepKernel<E, float, Arch>::functions(), StepKernel<E, double, Arch>::functions()}...};
    }(Environments{});
}

}  // namespace operant::bindings
