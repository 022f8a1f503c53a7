#include "description_binding.hpp"

#include <array>
#include <cstdlib>
#include <span>

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <operant/core/output_list.hpp>
#include <operant/library/dispatch.hpp>
#include <operant/library/mistakes.hpp>

#include "names.hpp"
#include "observation_tree.hpp"

#if defined(_WIN32)
#include <filesystem>

#include <windows.h>
#else
#include <dlfcn.h>
#endif

using namespace nanobind::literals;

namespace operant::bindings {
namespace {

/// Raises an ImportError. Paths may not be UTF-8, so the message is decoded as Python decodes the names of files.
[[noreturn]] void raise_import_error(const std::string& message) {
    const nb::object text = nb::steal(PyUnicode_DecodeFSDefault(message.c_str()));
    if (text) PyErr_SetObject(PyExc_ImportError, text.ptr());
    nb::raise_python_error();
}

/// The function that a shared library exports, or null if it does not export it.
GetEnvironmentLibrary open_library(const std::string& path) {
    constexpr const char* name = "operant_environment_library";
#if defined(_WIN32)
    const HMODULE module = ::LoadLibraryW(std::filesystem::path(std::u8string(path.begin(), path.end())).c_str());
    if (!module) raise_import_error(path + ": Windows error " + std::to_string(::GetLastError()));
    return reinterpret_cast<GetEnvironmentLibrary>(::GetProcAddress(module, name));
#else
    void* module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!module) raise_import_error(::dlerror());
    return reinterpret_cast<GetEnvironmentLibrary>(::dlsym(module, name));
#endif
}

const char* kind_of(ParameterDescription::Kind kind) {
    return std::array{"number", "numbers", "flag", "choice", "grid"}[static_cast<std::size_t>(kind)];
}

const char* role_of(OutputDescription::Role role) {
    static constexpr std::array names{
        "observation", "reward", "termination",       "truncation", "info",    "has_infos",
        "ended",       "final_observation", "final_info", "episode",    "episode", "episode"};  // one name for all statistics
    return names[static_cast<std::size_t>(role)];
}

const char* limits_of(Sign sign) {
    return std::array{"", "not negative", "more than 0"}[static_cast<std::size_t>(sign)];
}

nb::tuple tuple_of(const Shape& shape) {
    nb::list lengths;
    for (std::size_t i = 0; i < shape.dimensions; ++i) lengths.append(shape.lengths[i]);
    return nb::tuple(lengths);
}

/// (kind, dtype, shape) of every leaf of a space.
nb::list leaves_of(const SpaceDescription& space) {
    nb::list leaves;
    for_each_leaf(space, [&](const SpaceDescription& leaf) {
        leaves.append(nb::make_tuple(name_of(leaf.kind), name_of(leaf.type), tuple_of(leaf.shape)));
    });
    return leaves;
}

/// The indices of the leaves of a space, arranged as its elements are: an int, or a tuple or dict of them.
nb::object tree_of(const SpaceDescription& space) {
    return ObservationTree(space).arranged([](std::size_t leaf) { return nb::int_(leaf); });
}

/// The least memory that an env needs [bytes]: its state in float32, elapsed steps, random stream, and a row of each output
/// array.
std::size_t bytes_per_env(const EnvironmentDescription& description) {
    std::size_t bytes = sizeof(float) * description.state_size + sizeof(std::int64_t) + description.random_size;
    for (const OutputDescription& output : output_list(description, AutoresetMode::next_step, false))
        bytes += output.row_size();
    return bytes;
}

/// The default values by name.
nb::dict reset_bounds_of(const EnvironmentDescription& description) {
    nb::dict bounds;
    for (std::size_t i = 0; i < description.reset_bound_count; ++i)
        bounds[description.reset_bounds[i].name] = description.reset_bounds[i].value;
    return bounds;
}

/// (name, dtype, shape of one env) of every info.
nb::list infos_of(const EnvironmentDescription& description) {
    nb::list infos;
    for (const InfoDescription& info : std::span(description.infos, description.info_count))
        infos.append(nb::make_tuple(info.name, name_of(info.type), tuple_of(info.shape)));
    return infos;
}

/// (role, name, dtype, shape) of every array that steps write.
nb::list outputs_of(const EnvironmentDescription& description, const std::string& autoreset_mode, bool episode_statistics) {
    nb::list outputs;
    for (const OutputDescription& output : output_list(description, autoreset_mode_of(autoreset_mode), episode_statistics))
        outputs.append(nb::make_tuple(role_of(output.role), output.name, name_of(output.type), tuple_of(output.shape)));
    return outputs;
}

}  // namespace

nb::list parameters_of(const EnvironmentDescription& description) {
    nb::list list;
    for (const ParameterDescription& parameter : std::span(description.parameters, description.parameter_count)) {
        nb::dict entry;
        entry["name"] = parameter.name;
        entry["documentation"] = parameter.documentation;
        entry["kind"] = kind_of(parameter.kind);
        entry["integer"] = parameter.integer;
        entry["shape"] = tuple_of(parameter.shape);
        entry["limits"] = limits_of(parameter.sign);
        entry["first"] = parameter.first;
        entry["size"] = parameter.size;
        const double* defaults = description.default_numbers + parameter.first;
        entry["default"] = std::vector<double>(defaults, defaults + parameter.size);
        entry["choices"] = std::vector<const char*>(parameter.choices, parameter.choices + parameter.choice_count);
        list.append(entry);
    }
    return list;
}

nb::dict ParametersBinding::spaces() const {
    const EnvironmentDescription& description = table_->environment();
    SpaceNumbers all = table_->spaces(0);
    const auto append = [](auto& rows, const auto& row) { rows.insert(rows.end(), row.begin(), row.end()); };
    for (std::size_t row = 1; row < table_->rows(); ++row) {
        const SpaceNumbers spaces = table_->spaces(row);
        append(all.action_low, spaces.action_low);
        append(all.action_high, spaces.action_high);
        append(all.action_n, spaces.action_n);
        append(all.observation_low, spaces.observation_low);
        append(all.observation_high, spaces.observation_high);
        append(all.observation_n, spaces.observation_n);
    }
    const auto array = [&]<class T>(const std::vector<T>& values) {
        const std::size_t rows = table_->rows();
        return nb::ndarray<nb::numpy, const T>(values.data(), {rows, values.size() / rows}).cast(nb::rv_policy::copy);
    };
    nb::dict spaces;
    spaces["action"] = nb::make_tuple(name_of(description.action.kind), array(all.action_low), array(all.action_high),
                                      array(all.action_n));
    spaces["observation"] = nb::make_tuple(array(all.observation_low), array(all.observation_high), array(all.observation_n));
    return spaces;
}

AutoresetMode autoreset_mode_of(const std::string& value) {
    if (value == "NextStep") return AutoresetMode::next_step;
    if (value == "SameStep") return AutoresetMode::same_step;
    if (value == "Disabled") return AutoresetMode::disabled;
    throw nb::value_error(("autoreset_mode: expected 'NextStep', 'SameStep' or 'Disabled', got '" + value + "'").c_str());
}

const EnvironmentLibrary& load_library(const std::string& path) {
    const GetEnvironmentLibrary get_library = open_library(path);
    if (!get_library) raise_import_error(path + " is not a library of Operant environments");
    const EnvironmentLibrary& library = *get_library();
    if (library.version != library_version)
        raise_import_error(path + " was built for version " + std::to_string(library.version) +
                           " of the interface to environments, this Operant has version " +
                           std::to_string(library_version) + ": build it again");
    return library;
}

std::string_view active_architecture() {
    static const std::string_view chosen = [] {
        const char* forced = std::getenv("OPERANT_ARCH");
        return choose_architecture(forced ? forced : "");
    }();
    return chosen;
}

void bind_descriptions(nb::module_& module) {
    using Description = EnvironmentDescription;
    nb::class_<Description>(module, "EnvironmentDescription")
        .def_ro("name", &Description::name)
        .def_ro("max_episode_steps", &Description::max_episode_steps)
        .def_ro("has_action_mask", &Description::has_action_mask)
        .def_ro("has_reset_info", &Description::has_reset_info)
        .def_prop_ro("bytes_per_env", &bytes_per_env)
        .def_prop_ro("parameters", &parameters_of)
        .def_prop_ro("reset_bounds", &reset_bounds_of)
        .def_prop_ro("state_names", [](const Description& self) { return std::vector(self.state_names, self.state_names + self.state_size); })
        .def_prop_ro("infos", &infos_of)
        .def_prop_ro("leaves", [](const Description& self) { return leaves_of(self.observation); })
        .def_prop_ro("observation_tree", [](const Description& self) { return tree_of(self.observation); })
        .def_prop_ro("action_leaves", [](const Description& self) { return leaves_of(self.action); })
        .def_prop_ro("action_tree", [](const Description& self) { return tree_of(self.action); })
        .def_prop_ro("observation_size", [](const Description& self) { return self.observation.size; })
        .def_prop_ro("mistake", [](const Description& self) { return mistake_in(self); })
        .def("outputs", &outputs_of, "autoreset_mode"_a, "episode_statistics"_a)
        .def(
            "check_parameters",
            [](const Description& self, const Numbers& numbers) { return ParametersBinding(self, numbers); }, "numbers"_a);
    nb::class_<ParametersBinding>(module, "Parameters").def("spaces", &ParametersBinding::spaces);
}

}  // namespace operant::bindings
