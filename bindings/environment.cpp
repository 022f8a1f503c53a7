#include "environment.hpp"

#include <array>
#include <cstdlib>
#include <string_view>
#include <tuple>

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <operant/dispatch.hpp>
#include <operant/parameter_table.hpp>

#include "builtin_environments.hpp"

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace operant::bindings {
namespace {

/// The function that a shared library exports, or null if it does not export it.
GetEnvironmentLibrary open_library(const std::string& path) {
    constexpr const char* name = "operant_environment_library";
#if defined(_WIN32)
    const HMODULE module = ::LoadLibraryA(path.c_str());
    if (!module) throw nb::import_error((path + ": Windows error " + std::to_string(::GetLastError())).c_str());
    return reinterpret_cast<GetEnvironmentLibrary>(::GetProcAddress(module, name));
#else
    void* module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!module) throw nb::import_error(::dlerror());
    return reinterpret_cast<GetEnvironmentLibrary>(::dlsym(module, name));
#endif
}

const char* kind_of(ParameterDescription::Kind kind) {
    return std::array{"number", "numbers", "flag", "choice", "grid"}[static_cast<std::size_t>(kind)];
}

const char* kind_of(SpaceDescription::Kind kind) {
    return std::array{"box", "discrete", "multi_discrete", "tuple"}[static_cast<std::size_t>(kind)];
}

const char* dtype_of(ElementType type) {
    return std::array{"float32", "float64", "int8", "int32", "uint32", "int64", "bool"}[static_cast<std::size_t>(type)];
}

}  // namespace

std::size_t Environment::bytes_per_copy() const {
    std::size_t bytes = sizeof(float) * description_->state_size + sizeof(std::int64_t) + description_->random_size;
    for (const OutputDescription& output : output_list(*description_, AutoresetMode::next_step, false)) bytes += output.row_size();
    return bytes;
}

nb::list Environment::parameters() const {
    nb::list list;
    for (std::size_t i = 0; i < description_->parameter_count; ++i) {
        const ParameterDescription& parameter = description_->parameters[i];
        nb::dict entry;
        entry["name"] = parameter.name;
        entry["documentation"] = parameter.documentation;
        entry["kind"] = kind_of(parameter.kind);
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

nb::dict Environment::reset_bounds() const {
    nb::dict bounds;
    for (std::size_t i = 0; i < description_->reset_bound_count; ++i)
        bounds[description_->reset_bounds[i].name] = description_->reset_bounds[i].value;
    return bounds;
}

nb::list Environment::state_names() const {
    nb::list names;
    for (std::size_t i = 0; i < description_->state_size; ++i) names.append(description_->state_names[i]);
    return names;
}

nb::list Environment::infos() const {
    nb::list infos;
    for (std::size_t i = 0; i < description_->info_count; ++i)
        infos.append(nb::make_tuple(description_->infos[i].name, dtype_of(description_->infos[i].type),
                                    description_->infos[i].width));
    return infos;
}

nb::list Environment::outputs(const std::string& autoreset_mode, bool episode_statistics) const {
    static constexpr std::array roles{"observation", "reward",            "termination", "truncation",     "info",
                                      "has_infos",   "ended",             "final_observation", "final_info",
                                      "episode",     "episode",           "episode"};
    nb::list outputs;
    for (const OutputDescription& output : output_list(*description_, autoreset_mode_of(autoreset_mode), episode_statistics))
        outputs.append(nb::make_tuple(roles[static_cast<std::size_t>(output.role)], output.name, dtype_of(output.type), output.width));
    return outputs;
}

nb::dict Environment::spaces(const Numbers& numbers) const {
    const std::size_t rows = numbers.ndim() == 2 ? numbers.shape(0) : 1;
    const ParameterTable parameters(*description_, {numbers.data(), numbers.data() + numbers.size()}, rows);
    const auto make_bounds = [&](std::size_t size) {
        return std::tuple(std::vector<float>(rows * size), std::vector<float>(rows * size),
                          std::vector<std::int64_t>(rows * size));
    };
    const std::size_t action_size = description_->action.size, observation_size = description_->observation.size;
    auto [action_low, action_high, action_n] = make_bounds(action_size);
    auto [observation_low, observation_high, observation_n] = make_bounds(observation_size);
    for (std::size_t row = 0; row < rows; ++row) {
        description_->get_spaces(parameters.of_copy(row),
                                 {action_low.data() + row * action_size, action_high.data() + row * action_size,
                                  action_n.data() + row * action_size, observation_low.data() + row * observation_size,
                                  observation_high.data() + row * observation_size,
                                  observation_n.data() + row * observation_size});
    }
    const auto array = [&]<class T>(const std::vector<T>& values) {
        return nb::ndarray<nb::numpy, const T>(values.data(), {rows, values.size() / rows}).cast(nb::rv_policy::copy);
    };
    nb::dict spaces;
    spaces["action"] =
        nb::make_tuple(kind_of(description_->action.kind), array(action_low), array(action_high), array(action_n));
    spaces["observation"] = nb::make_tuple(kind_of(description_->observation.kind), array(observation_low),
                                           array(observation_high), array(observation_n));
    return spaces;
}

AutoresetMode autoreset_mode_of(const std::string& value) {
    if (value == "NextStep") return AutoresetMode::next_step;
    if (value == "SameStep") return AutoresetMode::same_step;
    if (value == "Disabled") return AutoresetMode::disabled;
    throw nb::value_error(("autoreset_mode: expected 'NextStep', 'SameStep' or 'Disabled', got '" + value + "'").c_str());
}

std::vector<Environment> environments_of(const EnvironmentLibrary& library) {
    std::vector<Environment> environments;
    for (std::size_t i = 0; i < library.environment_count; ++i) environments.emplace_back(*library.environments[i]);
    return environments;
}

std::vector<Environment> builtin_environments() { return environments_of(operant_builtin_environments()); }

const EnvironmentLibrary& load_library(const std::string& path) {
    const GetEnvironmentLibrary get_library = open_library(path);
    if (!get_library) throw nb::import_error((path + " is no library of Operant environments").c_str());
    const EnvironmentLibrary& library = *get_library();
    if (library.version != library_version)
        throw nb::import_error((path + " was built for version " + std::to_string(library.version) +
                                " of the interface to environments, this Operant has version " +
                                std::to_string(library_version) + ": build it anew")
                                   .c_str());
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
