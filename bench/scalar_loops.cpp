// The scalar loops to compare with Operant, in a separate file because they have other compiler flags.

#include "scalar_environments.hpp"

namespace operant::benchmarks {

template <template <class> class Physics>
std::unique_ptr<ScalarSteps<typename Physics<float>::Action>> make_scalar_loop(std::size_t num_envs) {
    return std::make_unique<ScalarLoop<Physics<float>>>(num_envs);
}

template std::unique_ptr<ScalarSteps<float>> make_scalar_loop<ScalarQuadrotor>(std::size_t);
template std::unique_ptr<ScalarSteps<float>> make_scalar_loop<ScalarCartPoleSwingUp>(std::size_t);
template std::unique_ptr<ScalarSteps<float>> make_scalar_loop<ScalarPointMass>(std::size_t);
template std::unique_ptr<ScalarSteps<float>> make_scalar_loop<ScalarPendulumChain>(std::size_t);
template std::unique_ptr<ScalarSteps<std::int32_t>> make_scalar_loop<ScalarJointReplenishment>(std::size_t);

}  // namespace operant::benchmarks
