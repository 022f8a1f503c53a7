#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <operant/core/usable_cores.hpp>
#include <operant/library/dispatch.hpp>

#include "actions.hpp"
#include "builtin_environments.hpp"
#include "description_binding.hpp"
#include "engine_binding.hpp"
#include "function_environment.hpp"
#include "policy_bindings.hpp"
#include "released_gil.hpp"
#include "shared_streams.hpp"
#include "step_method.hpp"
#include "xla/foreign_environment.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace operant::bindings {
namespace {

/// Raises the RuntimeError of an environment that has failed. If the environment is in Python, the `__cause__` is its
/// exception. If that is not an `Exception`, but for example a KeyboardInterrupt, it is raised itself, with the RuntimeError as
/// `__cause__`.
void raise_failure(const EnvironmentFailed& failed) {
    nb::object error = nb::borrow(PyExc_RuntimeError)(failed.what()), cause = cause_in_python(failed.what());
    if (!cause.is_none()) {
        if (PyErr_GivenExceptionMatches(cause.ptr(), PyExc_Exception) == 0) std::swap(error, cause);
        error.attr("__cause__") = cause;
    }
    PyErr_SetObject(error.type().ptr(), error.ptr());
}

/// Raises Gymnasium's exception for each error for which Gymnasium has one.
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
    } catch (const EnvironmentFailed& failed) {
        raise_failure(failed);
    }
}

void bind_engine(nb::module_& module) {
    nb::class_<EngineBinding::Snapshot>(module, "Snapshot", "The state of an environment, in memory.");
    nb::class_<EngineBinding>(module, "Engine")
        .def(nb::init<const ParametersBinding&, std::size_t, std::size_t, std::int32_t, const std::string&, bool, bool, nb::object,
                      nb::object, nb::object, nb::object>(),
             "parameters"_a, "num_envs"_a, "workers"_a, "max_episode_steps"_a, "autoreset_mode"_a, "float64"_a,
             "record_episode_statistics"_a, "as_actions"_a, "fitting_actions"_a, "lazy_infos"_a, "final_observations"_a)
        .def("reset", &EngineBinding::reset, "seed"_a.none(), "bounds"_a, "mask"_a.none())
        .def("seed", &EngineBinding::seed, "first"_a)
        .def("generators", &EngineBinding::generators, "make"_a)
        .def("shared_generators", &EngineBinding::shared_generators)
        .def("take_generator", &EngineBinding::take_generator, "env"_a, "generator"_a)
        .def("halves", &EngineBinding::halves)
        .def("set_halves", &EngineBinding::set_halves, "halves"_a)
        .def("step", &EngineBinding::step, "actions"_a.none())
        .def("resume", [](EngineBinding& self) { self.lock()->resume(); })
        .def("rollout", &EngineBinding::rollout, "source"_a, "steps"_a, "arrays"_a, "chosen_actions"_a.none(),
             "returns"_a.none(), "log_probs"_a.none(), "values"_a.none(), "critic"_a.none(), "progress"_a.none())
        .def("evaluate", &EngineBinding::evaluate, "policy"_a, "episodes"_a, "returns"_a, "lengths"_a, "progress"_a.none())
        .def("observe", &EngineBinding::observe)
        .def("action_masks", &EngineBinding::action_masks)
        .def(
            "set_parameters",
            [](EngineBinding& self, const ParametersBinding& parameters) { self.lock()->set_parameters(parameters.table()); },
            "parameters"_a)
        .def("snapshot", &EngineBinding::snapshot, "note"_a)
        .def("restore", &EngineBinding::restore, "snapshot"_a)
        .def("copy_state", &EngineBinding::copy_state, "source"_a, "target"_a, "random"_a)
        .def("state", &EngineBinding::state)
        .def("set_state", &EngineBinding::set_state, "state"_a, "mask"_a.none())
        .def("logs",
             [](EngineBinding& self) {
                 const Logs logs = self.lock()->logs();
                 return nb::make_tuple(logs.episode_count, logs.total_reward, logs.total_steps);
             })
        .def("clear_logs", [](EngineBinding& self) { self.lock()->clear_logs(); })
        .def("save",
             [](EngineBinding& self) {
                 const std::vector<std::byte> bytes = self.lock()->save();
                 return nb::bytes(bytes.data(), bytes.size());
             })
        .def(
            "load",
            [](EngineBinding& self, const nb::bytes& bytes) {
                self.lock()->load({static_cast<const std::byte*>(bytes.data()), bytes.size()});
            },
            "bytes"_a)
        .def("foreign_number", &EngineBinding::foreign_number)
        .def("close", &EngineBinding::close);
}

/// Copies the attributes that an earlier import of the module has made.
void copy_attributes(nb::module_& module, const nb::object& earlier) {
    for (const auto [name, value] : nb::cast<nb::dict>(earlier.attr("__dict__")))
        if (!nb::cast<std::string_view>(name).starts_with("__")) module.attr(name) = value;
}

}  // namespace
}  // namespace operant::bindings

NB_MODULE(_core, module) {
    using namespace operant::bindings;
    module.doc() = "Operant's C++ core; use it through operant.envs.";

    // nanobind binds a C++ type once per process, but Python imports the module again if it was removed from `sys.modules`.
    // The second module gets the attributes of the first, so that objects of the first import stay usable.
    auto imported = nb::borrow<nb::dict>(PyInterpreterState_GetDict(PyInterpreterState_Get()));
    constexpr auto name = "operant._core";
    if (imported.contains(name)) return copy_attributes(module, imported[name]);

    nb::list available;
    for (const operant::Architecture& architecture : operant::architectures())
        if (architecture.available) available.append(architecture.name);
    module.attr("simd_active") = active_architecture();
    module.attr("simd_available") = nb::tuple(available);
    module.attr("most_workers") = operant::Engine::most_workers;
    module.def("usable_cores", &operant::detail::usable_cores);

    // When the interpreter exits, a daemon thread may still hold objects of this module, which is not a leak. The tests
    // enable the warnings.
    nb::set_leak_warnings(false);
    module.def("set_leak_warnings", &nb::set_leak_warnings, "value"_a);

    prepare_actions();
    prepare_shared_streams();
    ReleasedGil::prepare_exit();
    nb::register_exception_translator(raise_as_gymnasium_does);
    bind_descriptions(module);
    bind_function_environments(module);
    bind_policies(module);
    bind_engine(module);
    bind_step_method(module);
    module.attr("foreign_calls") = reinterpret_cast<std::uintptr_t>(&foreign_calls());
    module.def(
        "builtin_environments",
        [] {
            const operant::EnvironmentLibrary& library = operant_builtin_environments();
            return std::vector(library.environments, library.environments + library.environment_count);
        },
        nb::rv_policy::reference);
    module.def(
        "load_library",
        [](const nb::bytes& path) {  // not a string, because the names of files may not be UTF-8
            const operant::EnvironmentLibrary& library = load_library(std::string(path.c_str(), path.size()));
            return std::pair(std::vector(library.environments, library.environments + library.environment_count),
                             std::vector(library.policies, library.policies + library.policy_count));
        },
        nb::rv_policy::reference, "path"_a);
    imported[name] = module;
}
