#pragma once
/// \file
/// Makes the descriptions of environments and policies, and the library of them. Compiled once, for every processor.

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <operant/abi/library.hpp>
#include <operant/contract/state_members.hpp>
#include <operant/environment.hpp>
#include <operant/kernel/batch_tier.hpp>
#include <operant/kernel/infos.hpp>
#include <operant/kernel/scalar_tier.hpp>
#include <operant/library/kernels.hpp>
#include <operant/policies/compiled.hpp>

/// The function that a shared library of environments exports. The source of the library defines it.
#if defined(_WIN32)
extern "C" __declspec(dllexport) const operant::EnvironmentLibrary* operant_environment_library();
#else
extern "C" __attribute__((visibility("default"))) const operant::EnvironmentLibrary* operant_environment_library();
#endif

namespace operant {
namespace detail {

/// The number of numbers of a parameter that is a map: rows, columns and characters.
inline constexpr std::size_t grid_numbers = 2 + Grid::largest * Grid::largest;

/// The type of the numbers of a parameter, and their shape.
template <class T>
struct ParameterTraits {
    using Number = T;
    static constexpr Shape shape{};
};
template <class T, std::size_t size>
struct ParameterTraits<std::array<T, size>> {
    using Number = typename ParameterTraits<T>::Number;
    static constexpr Shape shape = within(size, ParameterTraits<T>::shape);
};

/// A parameter that is a number other than a bool, or an array of such numbers of one or two dimensions.
template <class T>
concept ParameterNumbers =
    std::is_arithmetic_v<typename ParameterTraits<T>::Number> && !std::is_same_v<typename ParameterTraits<T>::Number, bool> &&
    ParameterTraits<T>::shape.dimensions <= 2;
/// The limits of numbers.
template <class Limits>
concept NumberLimits = std::same_as<Limits, Sign> || std::same_as<Limits, Range>;

/// Calls `visit(number)` for each number of a parameter. A flag and a choice are a number each; a map has its size and the codes
/// of its characters.
template <class Member, class Visit>
void for_each_number(Member& member, const Visit& visit) {
    if constexpr (is_array<std::remove_cv_t<Member>>) {
        for (auto& one : member) for_each_number(one, visit);
    } else if constexpr (std::is_same_v<std::remove_cv_t<Member>, Grid>) {
        using Code = std::conditional_t<std::is_const_v<Member>, const unsigned char, unsigned char>;
        visit(member.rows);
        visit(member.columns);
        for (auto& cell : member.cells) visit(reinterpret_cast<Code&>(cell));
    } else {
        visit(member);
    }
}

/// Returns a visitor that turns parameters into doubles and appends them.
inline auto write_numbers(std::vector<double>& numbers) {
    return [&](const char*, const auto& member, const auto&...) {
        for_each_number(member, [&](auto number) { numbers.push_back(static_cast<double>(number)); });
    };
}

/// Returns a visitor that reads parameters from doubles, in the order of write_numbers.
/// \param next the first double; the visitor advances it
inline auto read_numbers(const double*& next) {
    return [&](const char*, auto& member, const auto&...) {
        for_each_number(member, [&]<class Number>(Number& number) { number = static_cast<Number>(*next++); });
    };
}

/// Returns the class of an action space in Gymnasium. A MultiDiscrete of one number is described as a Discrete.
template <class ActionSpace>
constexpr SpaceKind action_kind() {
    return ActionSpace::kind == SpaceKind::multi_discrete && ActionSpace::size == 1 ? SpaceKind::discrete : ActionSpace::kind;
}

/// Calls a check, which may throw.
/// \return true if it passes. Otherwise the reason is in `message`, which has `size` characters.
template <class Check>
bool passes(const Check& check, char* message, std::size_t size) {
    try {
        check();
    } catch (const std::exception& error) {
        std::strncpy(message, error.what(), size - 1);
        message[size - 1] = '\0';
        return false;
    }
    return true;
}

/// The descriptions of the parameters of an environment or a policy, and their default values.
class ParameterList {
public:
    /// \param visit_defaults calls its argument, a visitor, for every parameter with its default value
    template <class VisitDefaults>
    explicit ParameterList(const VisitDefaults& visit_defaults) {
        visit_defaults(AddParameter{*this});
        visit_defaults(write_numbers(numbers_));
    }

    ParameterList(const ParameterList&) = delete;
    ParameterList& operator=(const ParameterList&) = delete;

    /// Returns the descriptions, valid as long as this object.
    const std::vector<ParameterDescription>& parameters() const { return parameters_; }
    /// Returns the default values, valid as long as this object.
    const std::vector<double>& numbers() const { return numbers_; }

private:
    using Kind = ParameterDescription::Kind;

    struct AddParameter {
        ParameterList& list;

        void add(const char* name, const char* documentation, Kind kind, std::size_t size) const {
            const std::size_t first =
                list.parameters_.empty() ? 0 : list.parameters_.back().first + list.parameters_.back().size;
            list.parameters_.push_back(
                {.name = name, .documentation = documentation, .kind = kind, .first = first, .size = size});
        }
        template <ParameterNumbers Numbers, NumberLimits Limits>
        void operator()(const char* name, const Numbers&, Limits limits, const char* documentation = "") const {
            using Traits = ParameterTraits<Numbers>;
            using Number = typename Traits::Number;
            using NumberRange = std::numeric_limits<Number>;
            add(name, documentation, Traits::shape.dimensions == 0 ? Kind::number : Kind::numbers, Traits::shape.size());
            ParameterDescription& parameter = list.parameters_.back();
            parameter.shape = Traits::shape;
            parameter.integer = std::is_integral_v<Number>;
            // Beyond this, several integers have the same double.
            constexpr double most = std::is_integral_v<Number> ? 9007199254740991.0 : std::numeric_limits<double>::max();
            parameter.low = std::max(static_cast<double>(NumberRange::lowest()), -most);
            parameter.high = std::min(static_cast<double>(NumberRange::max()), most);
            if constexpr (std::same_as<Limits, Range>) {
                parameter.low = std::max(parameter.low, limits.low);
                parameter.high = std::min(parameter.high, limits.high);
            } else {
                parameter.sign = limits;
                if (limits != Sign::any) parameter.low = std::max(parameter.low, limits == Sign::positive && parameter.integer ? 1.0 : 0.0);
            }
        }
        void operator()(const char* name, bool, const char* documentation = "") const {
            add(name, documentation, Kind::flag, 1);
        }
        template <class Choice, std::size_t size>
            requires std::is_enum_v<Choice>
        void operator()(const char* name, Choice, const std::array<std::string_view, size>& choices,
                        const char* documentation = "") const {
            add(name, documentation, Kind::choice, 1);
            std::vector<const char*>& names = list.choices_.emplace_back();
            for (const std::string_view choice : choices) names.push_back(choice.data());  // literals
            list.parameters_.back().choices = names.data();
            list.parameters_.back().choice_count = size;
        }
        void operator()(const char* name, const Grid&, const char* documentation = "") const {
            add(name, documentation, Kind::grid, grid_numbers);
        }
        /// Refuses any other entry at compile time, with the reason.
        template <class Member, class... Limits>
        void operator()(const char*, const Member&, const Limits&...) const {
            static_assert(!ParameterNumbers<Member>,
                          "a parameter that is a number or an array of numbers needs limits, a Sign or a Range: `(mass, "
                          "operant::Sign::positive, \"[kg]\")`");
            static_assert(!std::is_enum_v<Member>,
                          "a parameter that is an enum needs the names of its values as limits: `(side, operant::choices(\"left\", "
                          "\"right\"))`");
            static_assert(!std::is_same_v<Member, bool> && !std::is_same_v<Member, Grid>,
                          "a parameter that is a bool or a Grid has no limits: `(slippery, \"true on ice\")`");
            static_assert(ParameterNumbers<Member> || std::is_enum_v<Member> || std::is_same_v<Member, bool> || std::is_same_v<Member, Grid>,
                          "a parameter must be a number, a bool, an enum, a Grid, or a std::array of numbers of one or two dimensions");
        }
    };

    std::vector<ParameterDescription> parameters_;
    std::vector<std::vector<const char*>> choices_;  // the names of each choice; a move leaves them in place
    std::vector<double> numbers_;
};

/// The description of an environment, with all objects that it points to.
template <class E>
class Description {
    using Parameters = typename E::Parameters;
    using Arch = xsimd::default_arch;
    using Tier = std::conditional_t<BatchTier<E>, BatchTierKernels<E, double, Arch>, ScalarTierKernels<E, double, Arch>>;
    using State = StateOf<E, std::conditional_t<BatchTier<E>, xsimd::batch<double, Arch>, double>>;
    using ActionSpace = typename E::ActionSpace;
    using ObservationSpace = ObservationSpaceOf<E>;

    static_assert(alignof(Parameters) <= 8, "Parameters must consist of numbers, bools, enums, arrays of numbers and Grids");

public:
    /// \param kernels one element per instruction set, best first
    explicit Description(std::vector<ArchitectureKernels> kernels)
        : kernels_(std::move(kernels)),
          name_(E::name),
          parameters_([](const auto& visit) {
              Parameters parameters{};
              E::visit_parameters(parameters, visit);
          }) {
        typename E::ResetBounds bounds{};
        E::visit_reset_bounds(bounds, [&](const char* name, double value) { bounds_.push_back({name, value}); });
        add_state_names();
        add_infos();
        const SpaceDescription observation = described<ObservationSpace>("");
        SpaceDescription action = described<ActionSpace>("");
        if constexpr (ActionLeaf<ActionSpace>) action.kind = action_kind<ActionSpace>();
        data_ = {
            .name = name_.c_str(),
            .max_episode_steps = E::max_episode_steps,
            .action = action,
            .observation = observation,
            .parameters = parameters_.parameters().data(),
            .parameter_count = parameters_.parameters().size(),
            .number_count = parameters_.numbers().size(),
            .default_numbers = parameters_.numbers().data(),
            .parameters_size = sizeof(Parameters),
            .read_parameters = &read_parameters,
            .check_parameters = &check_parameters,
            .get_spaces = &get_spaces,
            .get_fixed_reward = HasFixedReward<E> ? &get_fixed_reward : nullptr,
            .reset_bounds = bounds_.data(),
            .reset_bound_count = bounds_.size(),
            .state_names = state_names_.data(),
            .state_size = state_names_.size(),
            .random_size = sizeof(typename E::Random),
            .infos = infos_.data(),
            .info_count = infos_.size(),
            .has_action_mask = HasActionMask<E>,
            .has_reset_info = Tier::has_reset_info,
            .check_state = HasCheckState<E> ? &check_state : nullptr,
            .visited_numbers = visited_numbers<E, State>(),
            .numbers_in_state = numbers_in_state<E, State, Tier>(),
            .kernels = kernels_.data(),
            .architecture_count = kernels_.size(),
        };
    }

    Description(const Description&) = delete;
    Description& operator=(const Description&) = delete;

    /// Returns the description, valid as long as this object.
    const EnvironmentDescription& data() const { return data_; }

private:
    void add_state_names() {
        State state{};
        E::visit_state(state, [&](const char* name, const auto& member) { add_names_of(name, member); });
        for (const std::string& name : names_of_state_) state_names_.push_back(name.c_str());
    }

    /// Adds the names of a member's numbers: "name", "name[0][1]" for an element of nested arrays, "name.x" for a member x.
    template <class Member>
    void add_names_of(const std::string& name, const Member& member) {
        if constexpr (is_array<Member>)
            for (std::size_t i = 0; i < member.size(); ++i) add_names_of(name + "[" + std::to_string(i) + "]", member[i]);
        else if constexpr (HasMembers<const Member>)
            Member::visit_members(member, [&](const char* inner, const auto& one) { add_names_of(name + "." + inner, one); });
        else
            names_of_state_.push_back(name);
    }

    void add_infos() {
        typename Tier::Infos infos{};
        visit_infos<E>(infos, [&](const char* name, const auto& member) {
            using Traits = InfoTraits<std::remove_cvref_t<decltype(member)>>;
            infos_.push_back({name, element_type_of<typename Traits::Element>(), Traits::shape});
        });
    }

    /// Describes a space and its parts, which `parts_` keeps.
    template <class Space>
    SpaceDescription described(const char* name) {
        if constexpr (Leaf<Space>) {
            Shape shape{.dimensions = Space::shape.size()};
            std::copy(Space::shape.begin(), Space::shape.end(), shape.lengths);
            return {.kind = Space::kind,
                    .size = Space::size,
                    .type = element_type_of<typename Space::Element>(),
                    .shape = shape,
                    .name = name};
        } else {
            const bool is_dict = HasMembers<Space>;
            constexpr std::size_t count = part_count<Space>;
            std::vector<SpaceDescription> parts;
            [&]<std::size_t... i>(std::index_sequence<i...>) {
                (parts.push_back(described<Part<i, Space>>(name_of_part<i, Space>())), ...);
            }(std::make_index_sequence<count>());
            parts_.push_back(std::move(parts));
            return {.kind = is_dict ? SpaceKind::dict : SpaceKind::tuple,
                    .size = SpaceTraits<Space>::numbers,
                    .name = name,
                    .parts = parts_.back().data(),
                    .part_count = count};
        }
    }
    template <std::size_t i, class Space>
    static constexpr const char* name_of_part() {
        if constexpr (HasMembers<Space>)
            return Space::member_names()[i].data();  // a literal
        else
            return "";
    }

    static void read_parameters(const void*, const double* numbers, void* memory) {
        E::visit_parameters(*new (memory) Parameters(), read_numbers(numbers));
    }

    static bool check_parameters(const void* memory, char* message, std::size_t size) {
        if constexpr (requires(const Parameters& parameters) { E::check(parameters); })
            return passes([&] { E::check(*static_cast<const Parameters*>(memory)); }, message, size);
        return true;
    }

    static bool check_state(const void* memory, const double* numbers, char* message, std::size_t size) {
        if constexpr (HasCheckState<E>) {
            StateOf<E, double> state{};
            for_each_member<E>(state, [&](std::size_t i, auto& member) {
                using Member = std::remove_cvref_t<decltype(member)>;
                if constexpr (requires { member.radians; })
                    member.radians = numbers[i];
                else
                    member = static_cast<Member>(MemberTraits<Member>::stored(numbers[i]));
            });
            return passes([&] { E::check_state(*static_cast<const Parameters*>(memory), std::as_const(state)); }, message, size);
        }
        return true;
    }

    static void get_spaces(const void*, const void* memory, const SpaceBounds& bounds) {
        const auto& parameters = *static_cast<const Parameters*>(memory);
        std::size_t number = 0;
        if constexpr (is_unbounded_action<ActionSpace>)
            add_action_bounds(ActionSpace{}, bounds, number);
        else
            add_action_bounds(E::action_space(parameters), bounds, number);
        const auto space = E::observation_space(parameters);
        std::size_t first = 0;
        add_bounds(space, bounds, first);
    }

    /// Writes the bounds of the actions, from number `first` on, and adds the number of numbers to it.
    template <class Space>
    static void add_action_bounds(const Space& space, const SpaceBounds& bounds, std::size_t& first) {
        if constexpr (ActionParts<Space>) {
            with_parts(space, [&](const auto&... part) { (add_action_bounds(part, bounds, first), ...); });
        } else {
            for (std::size_t i = 0; i < Space::size; ++i, ++first) {
                bounds.action_n[first] = Space::limit(i);
                if constexpr (!is_discrete<Space>) {
                    bounds.action_low[first] = space.low[i];
                    bounds.action_high[first] = space.high[i];
                }
            }
        }
    }

    /// Writes the bounds of the observations, from number `first` on, and adds the number of numbers to it.
    template <class Space>
    static void add_bounds(const Space& space, const SpaceBounds& bounds, std::size_t& first) {
        if constexpr (!Leaf<Space>) {
            with_parts(space, [&](const auto&... part) { (add_bounds(part, bounds, first), ...); });
        } else {
            for (std::size_t i = 0; i < Space::size; ++i, ++first) {
                if constexpr (Space::kind == SpaceKind::box) {
                    bounds.observation_low[first] = static_cast<double>(space.low[i]);
                    bounds.observation_high[first] = static_cast<double>(space.high[i]);
                } else if constexpr (Space::kind == SpaceKind::discrete) {
                    bounds.observation_n[first] = space.n;
                } else if constexpr (Space::kind == SpaceKind::multi_discrete) {
                    bounds.observation_n[first] = Space::limit(i);
                }
            }
        }
    }

    static void get_fixed_reward(const void* memory, double& each_step, double& at_termination) {
        if constexpr (HasFixedReward<E>) {
            const FixedReward reward = E::fixed_reward(*static_cast<const Parameters*>(memory));
            each_step = reward.each_step;
            at_termination = reward.at_termination;
        }
    }

    std::vector<ArchitectureKernels> kernels_;
    std::string name_;
    ParameterList parameters_;
    std::vector<std::string> names_of_state_;
    std::vector<const char*> state_names_;
    std::vector<BoundDescription> bounds_;
    std::vector<InfoDescription> infos_;
    std::vector<std::vector<SpaceDescription>> parts_;  // of the observation space; a move leaves their elements in place
    EnvironmentDescription data_;
};

/// The description of a policy, with all objects that it points to.
template <class P>
class PolicyDescriptionOf {
    using ActionSpace = typename P::ActionSpace;

public:
    /// \param functions one per instruction set, best first
    explicit PolicyDescriptionOf(std::vector<ArchitecturePolicy> functions)
        : functions_(std::move(functions)), name_(P::policy_name), parameters_([](const auto& visit) {
              P policy{};
              visit_members(policy, visit);
          }) {
        if constexpr (is_discrete<ActionSpace>)
            for (std::size_t i = 0; i < ActionSpace::size; ++i) choices_.push_back(ActionSpace::limit(i));
        data_ = {
            .name = name_.c_str(),
            .observation_size = P::observation_size,
            .action = {action_kind<ActionSpace>(), ActionSpace::size},
            .choices = choices_.data(),
            .draws = PolicyDraws<P, xsimd::default_arch>,
            .parameters = parameters_.parameters().data(),
            .parameter_count = parameters_.parameters().size(),
            .number_count = parameters_.numbers().size(),
            .default_numbers = parameters_.numbers().data(),
            .policy_size = sizeof(P),
            .read_parameters = &read_parameters,
            .check_parameters = &check_parameters,
            .functions = functions_.data(),
            .architecture_count = functions_.size(),
        };
    }

    PolicyDescriptionOf(const PolicyDescriptionOf&) = delete;
    PolicyDescriptionOf& operator=(const PolicyDescriptionOf&) = delete;

    /// Returns the description, valid as long as this object.
    const PolicyDescription& data() const { return data_; }

private:
    template <class Visitor>
    static void visit_members([[maybe_unused]] P& policy, [[maybe_unused]] const Visitor& visit) {
        if constexpr (requires { P::visit_parameters(policy, visit); }) P::visit_parameters(policy, visit);
    }

    static void read_parameters(const void*, const double* numbers, void* memory) {
        visit_members(*new (memory) P(), read_numbers(numbers));
    }

    static bool check_parameters(const void* memory, char* message, std::size_t size) {
        if constexpr (requires(const P& policy) { policy.check(); })
            return passes([&] { static_cast<const P*>(memory)->check(); }, message, size);
        return true;
    }

    std::vector<ArchitecturePolicy> functions_;
    std::string name_;
    ParameterList parameters_;
    std::vector<std::int64_t> choices_;
    PolicyDescription data_;
};

}  // namespace detail

/// Lists of types, for make_library().
template <class... E>
struct Environments {};
template <class... P>
struct Policies {};

/// Returns the description of E with its kernels for the instruction sets `Arch`, best first. Other translation units
/// instantiate the kernels. The scalar tier has kernels for PortableArchitecture only, which run on every processor.
template <class E, class... Arch>
const EnvironmentDescription& describe() {
    static const detail::Description<E> description([] {
        if constexpr (UsesLanes<E>)
            return std::vector<ArchitectureKernels>{{.architecture = architecture_name<Arch>().data(),
                                                     .float32 = &LibraryKernels<E, Arch>::float32,
                                                     .float64 = &LibraryKernels<E, Arch>::float64}...};
        else
            return std::vector<ArchitectureKernels>{{.architecture = "",
                                                     .float32 = &LibraryKernels<E, PortableArchitecture>::float32,
                                                     .float64 = &LibraryKernels<E, PortableArchitecture>::float64}};
    }());
    return description.data();
}

/// Returns the description of a policy with its functions for the instruction sets `Arch`, best first.
template <class P, class... Arch>
const PolicyDescription& describe_policy() {
    static const detail::PolicyDescriptionOf<P> description(
        {ArchitecturePolicy{.architecture = architecture_name<Arch>().data(), .act = &LibraryPolicy<P, Arch>::act}...});
    return description.data();
}

/// Returns a library.
/// \tparam networks true if it has Operant's own policies
/// \param operant_version the version of the Operant that builds it
template <bool networks = false, class... E, class... P, class... Arch>
const EnvironmentLibrary& make_library(Environments<E...>, Policies<P...>, xsimd::arch_list<Arch...>, const char* operant_version) {
    // The null pointers at the ends are not counted: C++ has no empty arrays.
    static const EnvironmentDescription* const environments[] = {&describe<E, Arch...>()..., nullptr};
    static const PolicyDescription* const policies[] = {&describe_policy<P, Arch...>()..., nullptr};
    static const std::vector<ArchitectureNetworks> functions = [] {
        if constexpr (networks)
            return std::vector<ArchitectureNetworks>{{.architecture = architecture_name<Arch>().data(),
                                                      .act = &LibraryNetworks<Arch>::act,
                                                      .act_randomly = &LibraryNetworks<Arch>::act_randomly}...};
        else
            return std::vector<ArchitectureNetworks>();
    }();
    static const EnvironmentLibrary library{.version = library_version,
                                            .environment_count = sizeof...(E),
                                            .operant_version = operant_version,
                                            .environments = environments,
                                            .policies = policies,
                                            .policy_count = sizeof...(P),
                                            .networks = functions.data(),
                                            .network_count = functions.size()};
    return library;
}

}  // namespace operant
