#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <operant/dispatch.hpp>

#include "actions.hpp"
#include "environment.hpp"
#include "foreign_environment.hpp"
#include "policy.hpp"
#include "released_gil.hpp"
#include "vector_env.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace operant::bindings {
namespace {

/// Raises Gymnasium's exceptions for errors for which it has one.
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

void bind_environment(nb::module_& module) {
    nb::class_<Environment>(module, "Environment")
        .def_prop_ro("name", [](const Environment& self) { return self.description().name; })
        .def_prop_ro("max_episode_steps", [](const Environment& self) { return self.description().max_episode_steps; })
        .def_prop_ro("number_count", [](const Environment& self) { return self.description().number_count; })
        .def_prop_ro("has_reset_info", [](const Environment& self) { return self.description().has_reset_info; })
        .def_prop_ro("bytes_per_copy", &Environment::bytes_per_copy)
        .def_prop_ro("parameters", &Environment::parameters)
        .def_prop_ro("reset_bounds", &Environment::reset_bounds)
        .def_prop_ro("state_names", &Environment::state_names)
        .def_prop_ro("infos", &Environment::infos)
        .def("outputs", &Environment::outputs, "autoreset_mode"_a, "episode_statistics"_a)
        .def("spaces", &Environment::spaces, "numbers"_a);
}

void bind_vector_env(nb::module_& module) {
    nb::class_<PyVectorEnv::Snapshot>(module, "Snapshot", "Where an environment stood.");
    nb::class_<PyVectorEnv>(module, "VectorEnv")
        .def(
            "__init__",
            [](PyVectorEnv* self, const Environment& environment, std::size_t num_envs, std::size_t workers,
               std::int32_t max_episode_steps, const std::string& autoreset_mode, bool float64, const Numbers& parameters,
               bool record_episode_statistics, nb::object as_actions, nb::object fitting_actions,
               nb::object final_observations, nb::object final_tuples) {
                new (self) PyVectorEnv(environment, num_envs,
                                       {workers, max_episode_steps, autoreset_mode, float64, record_episode_statistics},
                                       parameters, std::move(as_actions), std::move(fitting_actions),
                                       std::move(final_observations), std::move(final_tuples));
            },
            "environment"_a, "num_envs"_a, "workers"_a, "max_episode_steps"_a, "autoreset_mode"_a, "float64"_a,
            "parameters"_a, "record_episode_statistics"_a, "as_actions"_a, "fitting_actions"_a, "final_observations"_a,
            "final_tuples"_a)
        .def("reset", &PyVectorEnv::reset, "seed"_a.none(), "bounds"_a, "mask"_a.none())
        .def("seed", &PyVectorEnv::seed, "first"_a)
        .def("generators", &PyVectorEnv::generators)
        .def("set_generators", &PyVectorEnv::set_generators, "generators"_a)
        .def("step", &PyVectorEnv::step, "actions"_a.none())
        .def("rollout", &PyVectorEnv::rollout, "source"_a, "steps"_a, "arrays"_a, "chosen_actions"_a.none(),
             "returns"_a.none(), "progress"_a.none())
        .def("evaluate", &PyVectorEnv::evaluate, "policy"_a, "episodes"_a, "returns"_a, "lengths"_a, "progress"_a.none())
        .def("observe", &PyVectorEnv::observe)
        .def("set_parameters", &PyVectorEnv::set_parameters, "parameters"_a)
        .def("snapshot", &PyVectorEnv::snapshot, "note"_a)
        .def("restore", &PyVectorEnv::restore, "snapshot"_a)
        .def("copy_state", &PyVectorEnv::copy_state, "source"_a, "target"_a, "random"_a)
        .def("state", &PyVectorEnv::state)
        .def("set_state", &PyVectorEnv::set_state, "state"_a)
        .def("logs", &PyVectorEnv::logs)
        .def("clear_logs", &PyVectorEnv::clear_logs)
        .def("save", &PyVectorEnv::save)
        .def("load", &PyVectorEnv::load, "bytes"_a)
        .def("foreign_number", &PyVectorEnv::foreign_number)
        .def("close", &PyVectorEnv::close);
}

}  // namespace
}  // namespace operant::bindings

NB_MODULE(_core, module) {
    using namespace operant::bindings;
    module.doc() = "Operant's C++ core; use it through operant.envs.";

    nb::list available;
    for (const operant::Architecture& architecture : operant::architectures())
        if (architecture.available) available.append(architecture.name);
    module.attr("simd_active") = active_architecture();
    module.attr("simd_available") = nb::tuple(available);
    module.attr("most_workers") = operant::VectorEnvCore::most_workers;

    // When the interpreter exits, a daemon thread may still hold objects of this module, which is not a leak. The tests
    // switch the warnings on.
    nb::set_leak_warnings(false);
    module.def("set_leak_warnings", &nb::set_leak_warnings, "value"_a);

    prepare_actions();
    ReleasedGil::prepare_exit();
    nb::register_exception_translator(raise_as_gymnasium_does);
    bind_environment(module);
    bind_policies(module);
    bind_vector_env(module);
    module.attr("foreign_calls") = reinterpret_cast<std::uintptr_t>(&foreign_calls());
    module.def("builtin_environments", &builtin_environments);
    module.def(
        "load_library",
        [](const std::string& path) {
            const operant::EnvironmentLibrary& library = load_library(path);
            return std::pair(environments_of(library), policies_of(library));
        },
        "path"_a);
}
