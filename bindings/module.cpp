#include <cstdlib>
#include <string>
#include <type_traits>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include "actions.hpp"
#include "csv_rows.hpp"
#include "kernels.hpp"
#include "parameters.hpp"
#include "released_gil.hpp"
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

template <class E>
typename E::Parameters read_parameters(const nb::dict& values) {
    typename E::Parameters parameters;
    E::visit_parameters(parameters, ReadParameters(values));
    return parameters;
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
                      const std::string& autoreset_mode, const nb::dict& parameters, bool record_episode_statistics,
                      nb::object as_actions, nb::object make_infos) {
                const AutoresetMode mode = autoreset_mode == "NextStep"   ? AutoresetMode::next_step
                                           : autoreset_mode == "SameStep" ? AutoresetMode::same_step
                                                                          : AutoresetMode::disabled;
                new (self) Env(num_envs, {workers, max_episode_steps, mode, read_parameters<E>(parameters)},
                               record_episode_statistics, std::move(as_actions), std::move(make_infos), kernels);
            },
            "num_envs"_a, "workers"_a, "max_episode_steps"_a, "autoreset_mode"_a, "parameters"_a,
            "record_episode_statistics"_a, "as_actions"_a, "make_infos"_a)
        .def("reset", &Env::reset, "seed"_a.none(), "bounds"_a, "mask"_a.none())
        .def("step", &Env::step, "actions"_a.none())
        .def("state", &Env::state)
        .def("set_state", &Env::set_state, "state"_a)
        .def("logs", &Env::logs)
        .def("clear_logs", &Env::clear_logs)
        .def("save", &Env::save)
        .def("load", &Env::load, "bytes"_a)
        .def("close", &Env::close);
}

/// What a copy takes at least: its state in float32, elapsed steps, random stream, and a row of each output array.
template <class E>
constexpr std::size_t bytes_per_copy =
    sizeof(float) * (E::state_size + 1) + sizeof(Pcg64) + sizeof(float) * (E::observation_size + 1) + 2 * sizeof(bool);

/// What the Python package needs to know to build an environment's spaces.
template <class E>
nb::dict describe(const nb::dict& values) {
    const auto parameters = read_parameters<E>(values);
    nb::dict complete;
    E::visit_parameters(parameters, WriteParameters(complete));
    const auto observations = E::observation_space(parameters);
    nb::dict description;
    description["parameters"] = complete;
    description["max_episode_steps"] = E::max_episode_steps;
    description["state_size"] = E::state_size;
    description["bytes_per_copy"] = bytes_per_copy<E>;
    const typename E::ResetBounds bounds;
    const auto [low, high] = bounds;
    description["reset_bounds"] = nb::make_tuple(low, high);
    description["observation_low"] = nb::cast(std::vector<float>(observations.low.begin(), observations.low.end()));
    description["observation_high"] = nb::cast(std::vector<float>(observations.high.begin(), observations.high.end()));
    if constexpr (std::is_same_v<typename E::ActionSpace, Interval>)
        description["actions"] = nb::make_tuple(E::action_space(parameters).low, E::action_space(parameters).high);
    else
        description["actions"] = E::ActionSpace::n;
    return description;
}

template <class E>
void bind_environment(nb::module_& module, const AllKernels& kernels) {
    bind_precision<E, float>(module, "Float32", kernels);
    bind_precision<E, double>(module, "Float64", kernels);
    module.def(("describe_" + std::string(E::name)).c_str(), &describe<E>, "parameters"_a);
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
    module.attr("most_workers") = operant::VectorEnv<operant::CartPole>::most_workers;

    // What a daemon thread holds when the interpreter exits is nobody's mistake. The tests switch the warnings on.
    nb::set_leak_warnings(false);
    module.def("set_leak_warnings", &nb::set_leak_warnings, "value"_a);

    prepare_actions();
    ReleasedGil::prepare_exit();
    nb::register_exception_translator(raise_as_gymnasium_does);
    bind_environments(module, architecture.kernels(), Environments{});
    module.def("move_csv_rows", &move_csv_rows, "rows"_a, "names"_a, "text"_a);
}
