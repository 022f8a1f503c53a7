#include "function_environment.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <operant/core/output_list.hpp>
#include <operant/library/function_tier.hpp>

#include "names.hpp"

namespace operant::bindings {
namespace {

using namespace nb::literals;

/// The position of a name that Python gives in a list of them.
template <class Enum, std::size_t size>
Enum enum_of(const std::array<const char*, size>& names, nb::handle name) {
    const auto given = nb::cast<std::string>(name);
    for (std::size_t i = 0; i < size; ++i)
        if (given == names[i]) return static_cast<Enum>(i);
    throw std::invalid_argument("unknown name " + given);
}

Shape shape_of(nb::handle lengths) {
    Shape shape;
    for (nb::handle length : lengths) {
        if (shape.dimensions == Shape::most_dimensions) throw std::invalid_argument("expected at most three dimensions");
        shape.lengths[shape.dimensions++] = nb::cast<std::size_t>(length);
    }
    return shape;
}

template <class Number>
void append(std::vector<Number>& numbers, nb::handle given) {
    for (nb::handle one : given) numbers.push_back(nb::cast<Number>(one));
}

}  // namespace

struct FunctionEnvironment::Data : FunctionTable {
    EnvironmentDescription description{};
    PyObject* program = nullptr;  // compiles the functions
    std::deque<std::string> names;  // an append leaves the others in place
    std::deque<std::vector<SpaceDescription>> parts;
    std::vector<ParameterDescription> parameters;
    std::vector<double> defaults;
    std::vector<const char*> state_names;
    std::vector<InfoDescription> infos;
    std::vector<float> action_low, action_high;
    std::vector<std::int64_t> action_n, observation_n;
    std::vector<double> observation_low, observation_high;
    ArchitectureKernels kernels_for_all{"", &kernels_of, &kernels_of};

    const char* name_of(nb::handle name) { return names.emplace_back(nb::cast<std::string>(name)).c_str(); }

    SpaceDescription space(nb::handle given, const char* name) {
        SpaceDescription made{.kind = enum_of<SpaceKind>(space_kinds, given["kind"]), .size = 0, .name = name};
        if (made.kind == SpaceKind::tuple || made.kind == SpaceKind::dict) {
            std::vector<SpaceDescription> list;
            for (nb::handle part : given["parts"]) {
                list.push_back(space(part, name_of(part["name"])));
                made.size += list.back().size;
            }
            made.parts = parts.emplace_back(std::move(list)).data();
            made.part_count = parts.back().size();
        } else {
            made.type = enum_of<ElementType>(element_types, given["dtype"]);
            made.shape = shape_of(given["shape"]);
            made.size = made.shape.size();
        }
        return made;
    }

    /// Adds the bounds of the leaves of the observation space.
    void add_bounds(nb::handle given) {
        if (nb::cast<nb::dict>(given).contains("parts")) {
            for (nb::handle part : given["parts"]) add_bounds(part);
            return;
        }
        append(observation_low, given["low"]);
        append(observation_high, given["high"]);
        append(observation_n, given["n"]);
    }

    static const Kernels* kernels_of(const void* context) {
        // The context is const for kernels. An engine is constructed with the GIL held.
        auto& own = const_cast<Data&>(*static_cast<const Data*>(static_cast<const FunctionTable*>(context)));
        if (!own.kernels.actions) {
            const auto addresses = nb::cast<std::vector<std::uintptr_t>>(nb::handle(own.program).attr("functions")());
            for (std::size_t i = 0; i < 3; ++i) own.functions[i] = reinterpret_cast<EnvFunction>(addresses.at(i));
            FunctionTier::complete(own);
        }
        return &own.kernels;
    }

    static void get_spaces(const void* context, const void*, const SpaceBounds& bounds) {
        const Data& own = *static_cast<const Data*>(static_cast<const FunctionTable*>(context));
        std::ranges::copy(own.action_low, bounds.action_low);
        std::ranges::copy(own.action_high, bounds.action_high);
        std::ranges::copy(own.action_n, bounds.action_n);
        std::ranges::copy(own.observation_low, bounds.observation_low);
        std::ranges::copy(own.observation_high, bounds.observation_high);
        std::ranges::copy(own.observation_n, bounds.observation_n);
    }
};

FunctionEnvironment::FunctionEnvironment(const nb::dict& given, nb::object program) : data_(new Data) {
    Data& own = *data_;
    own.explain = reinterpret_cast<decltype(own.explain)>(nb::cast<std::uintptr_t>(program.attr("explain_address")));
    own.program = program.release().ptr();
    for (nb::handle one : given["parameters"]) {
        const bool flag = nb::cast<bool>(one["flag"]), integer = nb::cast<bool>(one["integer"]);
        own.parameters.push_back({.name = own.name_of(one["name"]),
                                  .documentation = own.name_of(one["documentation"]),
                                  .kind = flag ? ParameterDescription::Kind::flag : ParameterDescription::Kind::number,
                                  .integer = integer,
                                  .low = nb::cast<double>(one["low"]),
                                  .high = nb::cast<double>(one["high"]),
                                  .first = own.parameters.size(),
                                  .size = 1});
        own.defaults.push_back(nb::cast<double>(one["default"]));
        own.integers.push_back(flag || integer);
    }
    for (nb::handle one : given["state"]) {
        own.state_names.push_back(own.name_of(one["name"]));
        own.variables.push_back({.type = enum_of<ElementType>(element_types, one["dtype"]),
                                 .array = nb::cast<std::uint32_t>(one["array"]),
                                 .offset = nb::cast<std::uint32_t>(one["offset"])});
    }
    append(own.strides, given["strides"]);
    for (nb::handle one : given["infos"]) {
        own.infos.push_back({.name = own.name_of(one["name"]),
                             .type = enum_of<ElementType>(element_types, one["dtype"]),
                             .shape = shape_of(one["shape"])});
        own.info_rows.push_back(size_of(own.infos.back().type) * own.infos.back().shape.size());
    }
    own.has_reset_info = nb::cast<bool>(given["has_reset_info"]);
    const nb::handle action = given["action"];
    append(own.action_low, action["low"]);
    append(own.action_high, action["high"]);
    append(own.action_n, action["n"]);
    own.add_bounds(given["observation"]);
    own.description = {
        .name = own.name_of(given["name"]),
        .max_episode_steps = nb::cast<std::int32_t>(given["max_episode_steps"]),
        .action = own.space(action, ""),
        .observation = own.space(given["observation"], ""),
        .parameters = own.parameters.data(),
        .parameter_count = own.parameters.size(),
        .number_count = own.parameters.size(),
        .default_numbers = own.defaults.data(),
        .parameters_size = 8 * own.parameters.size(),
        .read_parameters = &FunctionTier::read_parameters,
        .check_parameters = [](const void*, char*, std::size_t) { return true; },
        .get_spaces = &Data::get_spaces,
        .state_names = own.state_names.data(),
        .state_size = own.state_names.size(),
        .random_size = sizeof(BufferedPcg64),
        .infos = own.infos.data(),
        .info_count = own.infos.size(),
        .has_action_mask = nb::cast<bool>(given["has_action_mask"]),
        .has_reset_info = own.has_reset_info,
        .visited_numbers = own.state_names.size(),
        .numbers_in_state = own.state_names.size(),
        .kernels = &own.kernels_for_all,
        .architecture_count = 1,
        .context = static_cast<const FunctionTable*>(data_),
    };
    own.action_size = own.description.action.size;
    if (own.description.action.kind != SpaceKind::box) own.action_limits = own.action_n;
    for_each_leaf(own.description.observation, [&](const SpaceDescription& leaf) {
        own.observation_rows.push_back(size_of(leaf.type) * leaf.size);
    });
}

const EnvironmentDescription& FunctionEnvironment::description() const { return data_->description; }

namespace {

BufferedPcg64& generator_at(std::uintptr_t address) { return *reinterpret_cast<BufferedPcg64*>(address); }

/// The draws that compiled functions call: the others are compiled with them.
double normal(BufferedPcg64* random) { return random->normal(); }
double exponential(BufferedPcg64* random) { return random->exponential(); }
std::int64_t integers(BufferedPcg64* random, std::int64_t low, std::int64_t high) { return random->integers(low, high); }

}  // namespace

nb::object cause_in_python(const char* message) {
    const nb::dict modules = nb::module_::import_("sys").attr("modules");
    constexpr auto name = "operant.python.plain";
    return modules.contains(name) ? modules[name].attr("cause_of")(message) : nb::none();
}

void bind_function_environments(nb::module_& module) {
    nb::class_<FunctionEnvironment>(module, "FunctionEnvironment")
        .def(nb::init<const nb::dict&, nb::object>(), "description"_a, "program"_a)
        .def_prop_ro("description", &FunctionEnvironment::description, nb::rv_policy::reference);

    module.def("draw_random", [](std::uintptr_t generator) { return generator_at(generator).random(); }, "generator"_a);
    module.def("draw_normal", [](std::uintptr_t generator) { return generator_at(generator).normal(); }, "generator"_a);
    module.def("draw_exponential", [](std::uintptr_t generator) { return generator_at(generator).exponential(); }, "generator"_a);
    module.def(
        "draw_integers",
        [](std::uintptr_t generator, std::int64_t low, std::int64_t high) { return generator_at(generator).integers(low, high); },
        "generator"_a, "low"_a, "high"_a);
    nb::dict draws;
    draws["operant_normal"] = reinterpret_cast<std::uintptr_t>(&normal);
    draws["operant_exponential"] = reinterpret_cast<std::uintptr_t>(&exponential);
    draws["operant_integers"] = reinterpret_cast<std::uintptr_t>(&integers);
    module.attr("draw_addresses") = draws;
}

}  // namespace operant::bindings
