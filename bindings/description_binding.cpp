#include "description_binding.hpp"

#include <array>
#include <cstdlib>

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <operant/core/output_list.hpp>
#include <operant/core/space_numbers.hpp>
#include <operant/library/dispatch.hpp>

#include "builtin_environments.hpp"
#include "observation_tree.hpp"

#if defined(_WIN32)
#include <filesystem>

#include <windows.h>
#else
#include <dlfcn.h>
#endif

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

const char* limits_of(Sign sign) {
    return std::array{"", "not negative", "more than 0"}[static_cast<std::size_t>(sign)];
}

const char* kind_of(SpaceDescription::Kind kind) {
    return std::array{"box", "discrete", "multi_discrete", "multi_binary", "tuple", "dict"}[static_cast<std::size_t>(kind)];
}

const char* dtype_of(ElementType type) {
    static constexpr std::array names{"float32", "float64", "int8",  "int32",  "uint32", "int64",
                                      "bool",    "uint8",   "int16", "uint16", "uint64"};
    return names[static_cast<std::size_t>(type)];
}

nb::tuple tuple_of(const Shape& shape) {
    nb::list lengths;
    for (std::size_t i = 0; i < shape.dimensions; ++i) lengths.append(shape.lengths[i]);
    return nb::tuple(lengths);
}

nb::list leaves_of(const SpaceDescription& space) {
    nb::list leaves;
    for_each_leaf(space, [&](const SpaceDescription& leaf) {
        leaves.append(nb::make_tuple(kind_of(leaf.kind), dtype_of(leaf.type), tuple_of(leaf.shape)));
    });
    return leaves;
}

nb::object tree_of(const SpaceDescription& space) {
    return ObservationTree(space).arranged([](std::size_t leaf) { return nb::int_(leaf); });
}

}  // namespace

std::size_t DescriptionBinding::bytes_per_env() const {
    std::size_t bytes = sizeof(float) * description_->state_size + sizeof(std::int64_t) + description_->random_size;
    for (const OutputDescription& output : output_list(*description_, AutoresetMode::next_step, false))
        bytes += output.row_size();
    return bytes;
}

nb::list DescriptionBinding::parameters() const {
    nb::list list;
    for (std::size_t i = 0; i < description_->parameter_count; ++i) {
        const ParameterDescription& parameter = description_->parameters[i];
        nb::dict entry;
        entry["name"] = parameter.name;
        entry["documentation"] = parameter.documentation;
        entry["kind"] = kind_of(parameter.kind);
        entry["integer"] = parameter.integer;
        entry["shape"] = tuple_of(parameter.shape);
        entry["limits"] = limits_of(parameter.sign);
        entry["first"] = parameter.first;
        entry["size"] = parameter.size;
        const double* defaults = description_->default_numbers + parameter.first;
        entry["default"] = nb::cast(std::vector<double>(defaults, defaults + parameter.size));
        nb::list choices;
        for (std::size_t k = 0; k < parameter.choice_count; ++k) choices.append(parameter.choices[k]);
        entry["choices"] = choices;
        list.append(entry);
    }
    return list;
}

nb::dict DescriptionBinding::reset_bounds() const {
    nb::dict bounds;
    for (std::size_t i = 0; i < description_->reset_bound_count; ++i)
        bounds[description_->reset_bounds[i].name] = description_->reset_bounds[i].value;
    return bounds;
}

nb::list DescriptionBinding::state_names() const {
    nb::list names;
    for (std::size_t i = 0; i < description_->state_size; ++i) names.append(description_->state_names[i]);
    return names;
}

nb::list DescriptionBinding::infos() const {
    nb::list infos;
    for (std::size_t i = 0; i < description_->info_count; ++i)
        infos.append(nb::make_tuple(description_->infos[i].name, dtype_of(description_->infos[i].type),
                                    tuple_of(description_->infos[i].shape)));
    return infos;
}

nb::list DescriptionBinding::leaves() const { return leaves_of(description_->observation); }

nb::object DescriptionBinding::observation_tree() const { return tree_of(description_->observation); }

nb::list DescriptionBinding::action_leaves() const { return leaves_of(description_->action); }

nb::object DescriptionBinding::action_tree() const { return tree_of(description_->action); }

nb::list DescriptionBinding::outputs(const std::string& autoreset_mode, bool episode_statistics) const {
    nb::list outputs;
    for (const OutputDescription& output : output_list(*description_, autoreset_mode_of(autoreset_mode), episode_statistics))
        outputs.append(nb::make_tuple(OutputDescription::role_names[static_cast<std::size_t>(output.role)], output.name,
                                      dtype_of(output.type), tuple_of(output.shape)));
    return outputs;
}

nb::dict ParametersBinding::spaces() const {
    const EnvironmentDescription& description = table_->environment();
    std::vector<float> action_low, action_high;
    std::vector<double> observation_low, observation_high;
    std::vector<std::int64_t> action_n, observation_n;
    const auto append = [](auto& rows, const auto& row) { rows.insert(rows.end(), row.begin(), row.end()); };
    for (std::size_t row = 0; row < table_->rows(); ++row) {
        const SpaceNumbers spaces(description, table_->of_env(row));
        append(action_low, spaces.action_low);
        append(action_high, spaces.action_high);
        append(action_n, spaces.action_n);
        append(observation_low, spaces.observation_low);
        append(observation_high, spaces.observation_high);
        append(observation_n, spaces.observation_n);
    }
    const auto array = [&]<class T>(const std::vector<T>& values) {
        const std::size_t rows = table_->rows();
        return nb::ndarray<nb::numpy, const T>(values.data(), {rows, values.size() / rows}).cast(nb::rv_policy::copy);
    };
    nb::dict spaces;
    spaces["action"] = nb::make_tuple(kind_of(description.action.kind), array(action_low), array(action_high), array(action_n));
    spaces["observation"] = nb::make_tuple(array(observation_low), array(observation_high), array(observation_n));
    return spaces;
}

AutoresetMode autoreset_mode_of(const std::string& value) {
    if (value == "NextStep") return AutoresetMode::next_step;
    if (value == "SameStep") return AutoresetMode::same_step;
    if (value == "Disabled") return AutoresetMode::disabled;
    throw nb::value_error(("autoreset_mode: expected 'NextStep', 'SameStep' or 'Disabled', got '" + value + "'").c_str());
}

std::vector<DescriptionBinding> environments_of(const EnvironmentLibrary& library) {
    std::vector<DescriptionBinding> environments;
    for (std::size_t i = 0; i < library.environment_count; ++i) environments.emplace_back(*library.environments[i]);
    return environments;
}

std::vector<DescriptionBinding> builtin_environments() { return environments_of(operant_builtin_environments()); }

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

}  // namespace operant::bindings
