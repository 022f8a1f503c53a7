#include <cstdlib>
#include <string>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <operant/cartpole.hpp>

#include "kernels.hpp"
#include "simd.hpp"
#include "vector_env.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace operant::bindings {
namespace {

/// Errors that Gymnasium has exceptions for.
void raise_as_gymnasium_does(const std::exception_ptr& error, void*) {
    const auto raise = [](const char* exception, const char* message) {
        PyErr_SetString(nb::object(nb::module_::import_("gymnasium.error").attr(exception)).ptr(), message);
    };
    try {
        std::rethrow_exception(error);
    } catch (const ResetNeeded& needed) {
        raise("ResetNeeded", needed.what());
    } catch (const ClosedEnvironment& closed) {
        raise("ClosedEnvironmentError", closed.what());
    }
}

template <class E, class Scalar>
void bind_precision(nb::module_& module, const char* suffix, const AllKernels& all_kernels) {
    using Env = PyVectorEnv<E, Scalar>;
    const auto kernels = all_kernels.get<E, Scalar>();
    const std::string name = std::string(E::name) + suffix;
    nb::class_<Env>(module, name.c_str())
        .def(
            "__init__",
            [kernels](Env* self, std::size_t num_envs, std::size_t workers, std::int32_t max_episode_steps,
                      nb::object as_actions) {
                new (self) Env(num_envs, workers, max_episode_steps, {}, std::move(as_actions), kernels);
            },
            "num_envs"_a, "workers"_a, "max_episode_steps"_a, "as_actions"_a)
        .def("reset", &Env::reset, "seed"_a.none(), "low"_a, "high"_a)
        .def("step", &Env::step, "actions"_a.none())
        .def("state", &Env::state)
        .def("set_state", &Env::set_state, "state"_a)
        .def("close", &Env::close);
}

template <class E>
void bind_environment(nb::module_& module, const AllKernels& kernels) {
    bind_precision<E, float>(module, "Float32", kernels);
    bind_precision<E, double>(module, "Float64", kernels);
    const auto space = E::observation_space({});
    nb::dict description;
    description["actions"] = E::ActionSpace::n;
    description["observation_low"] = nb::cast(std::vector<float>(space.low.begin(), space.low.end()));
    description["observation_high"] = nb::cast(std::vector<float>(space.high.begin(), space.high.end()));
    description["max_episode_steps"] = E::max_episode_steps;
    module.attr(E::name.data()) = description;
}

template <class... E>
void bind_environments(nb::module_& module, const AllKernels& kernels, EnvironmentList<E...>) {
    (bind_environment<E>(module, kernels), ...);
}

}  // namespace
}  // namespace operant::bindings

NB_MODULE(_core, module) {
    using namespace operant::bindings;
    module.doc() = "Operant's C++ core; use it through operant.envs.";

    const char* forced = std::getenv("OPERANT_ARCH");
    const Architecture architecture = choose_architecture(forced ? forced : "");
    nb::list available;
    for (const Architecture& compiled : compiled_architectures())
        if (compiled.available) available.append(compiled.name);
    module.attr("simd_active") = architecture.name;
    module.attr("simd_available") = nb::tuple(available);

    nb::register_exception_translator(raise_as_gymnasium_does);
    bind_environments(module, architecture.kernels(), Environments{});
}
