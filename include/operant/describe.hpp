#pragma once
/// \file
/// Makes the description of an environment for its library. This is compiled once, for every processor.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <operant/environment.hpp>
#include <operant/environment_library.hpp>
#include <operant/kernel/batch_tier.hpp>
#include <operant/kernel/infos.hpp>
#include <operant/kernel/library_kernels.hpp>
#include <operant/kernel/policy.hpp>
#include <operant/kernel/scalar_tier.hpp>

namespace operant {
namespace detail {

/// How many numbers a parameter that is a map takes: rows, columns and characters.
inline constexpr std::size_t grid_numbers = 2 + Grid::largest * Grid::largest;

/// Turns parameters into doubles.
class WriteNumbers {
public:
    explicit WriteNumbers(std::vector<double>& numbers) : numbers_(numbers) {}

    void operator()(const char*, double value, Sign, const char* = "") const { numbers_.push_back(value); }
    template <std::size_t size>
    void operator()(const char*, const std::array<double, size>& values, Sign, const char* = "") const {
        numbers_.insert(numbers_.end(), values.begin(), values.end());
    }
    void operator()(const char*, bool value, const char* = "") const { numbers_.push_back(value); }
    template <class Choice, std::size_t size>
        requires std::is_enum_v<Choice>
    void operator()(const char*, Choice value, const std::array<std::string_view, size>&, const char* = "") const {
        numbers_.push_back(static_cast<double>(value));
    }
    void operator()(const char*, const Grid& grid, const char* = "") const {
        numbers_.push_back(grid.rows);
        numbers_.push_back(grid.columns);
        for (const char cell : grid.cells) numbers_.push_back(static_cast<unsigned char>(cell));
    }

private:
    std::vector<double>& numbers_;
};

/// Reads parameters from doubles, in the order of WriteNumbers.
class ReadNumbers {
public:
    explicit ReadNumbers(const double* numbers) : next_(numbers) {}

    void operator()(const char*, double& value, Sign, const char* = "") const { value = *next_++; }
    template <std::size_t size>
    void operator()(const char*, std::array<double, size>& values, Sign, const char* = "") const {
        for (double& value : values) value = *next_++;
    }
    void operator()(const char*, bool& value, const char* = "") const { value = *next_++ != 0; }
    template <class Choice, std::size_t size>
        requires std::is_enum_v<Choice>
    void operator()(const char*, Choice& value, const std::array<std::string_view, size>&, const char* = "") const {
        value = static_cast<Choice>(static_cast<int>(*next_++));
    }
    void operator()(const char*, Grid& grid, const char* = "") const {
        grid.rows = static_cast<std::int32_t>(*next_++);
        grid.columns = static_cast<std::int32_t>(*next_++);
        for (char& cell : grid.cells) cell = static_cast<char>(static_cast<unsigned char>(*next_++));
    }

private:
    mutable const double* next_;
};

/// Which of Gymnasium's spaces an action space is.
template <class ActionSpace>
constexpr SpaceDescription::Kind action_kind() {
    if constexpr (!is_discrete<ActionSpace>)
        return SpaceDescription::Kind::box;
    else
        return ActionSpace::size == 1 ? SpaceDescription::Kind::discrete : SpaceDescription::Kind::multi_discrete;
}

/// Calls a check, which may throw.
/// \return whether it passes. Otherwise the reason is written to `message`, which has `size` characters.
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

/// The descriptions of an environment's or policy's parameters, and their default values.
class ParameterList {
public:
    /// \param visit_defaults calls its argument, a visitor, for every parameter with its default value
    template <class VisitDefaults>
    explicit ParameterList(const VisitDefaults& visit_defaults) {
        visit_defaults(AddParameter{*this});
        visit_defaults(WriteNumbers(numbers_));
        for (ParameterDescription& parameter : parameters_)
            parameter.choices = choices_.empty() ? nullptr : choices_.data() + first_choices_[&parameter - parameters_.data()];
    }

    ParameterList(const ParameterList&) = delete;
    ParameterList& operator=(const ParameterList&) = delete;

    /// The descriptions, valid as long as this object.
    const std::vector<ParameterDescription>& parameters() const { return parameters_; }
    /// The default values, valid as long as this object.
    const std::vector<double>& numbers() const { return numbers_; }

private:
    using Kind = ParameterDescription::Kind;

    struct AddParameter {
        ParameterList& list;

        void add(const char* name, const char* documentation, Kind kind, Sign sign, std::size_t size) const {
            const std::size_t first =
                list.parameters_.empty() ? 0 : list.parameters_.back().first + list.parameters_.back().size;
            list.first_choices_.push_back(list.choices_.size());
            list.parameters_.push_back({name, documentation, kind, sign, first, size, nullptr, 0});
        }
        void operator()(const char* name, double, Sign sign, const char* documentation = "") const {
            add(name, documentation, Kind::number, sign, 1);
        }
        template <std::size_t size>
        void operator()(const char* name, const std::array<double, size>&, Sign sign, const char* documentation = "") const {
            add(name, documentation, Kind::numbers, sign, size);
        }
        void operator()(const char* name, bool, const char* documentation = "") const {
            add(name, documentation, Kind::flag, Sign::any, 1);
        }
        template <class Choice, std::size_t size>
            requires std::is_enum_v<Choice>
        void operator()(const char* name, Choice, const std::array<std::string_view, size>& choices,
                        const char* documentation = "") const {
            add(name, documentation, Kind::choice, Sign::any, 1);
            list.parameters_.back().choice_count = size;
            for (const std::string_view choice : choices) list.choices_.push_back(choice.data());  // literals
        }
        void operator()(const char* name, const Grid&, const char* documentation = "") const {
            add(name, documentation, Kind::grid, Sign::any, grid_numbers);
        }
    };

    std::vector<ParameterDescription> parameters_;
    std::vector<std::size_t> first_choices_;
    std::vector<const char*> choices_;
    std::vector<double> numbers_;
};

/// The description of an environment, with everything that it points to.
template <class E>
class Description {
    using Parameters = ParametersOf<E>;
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
              visit_parameters<E>(parameters, visit);
          }) {
        ResetBoundsOf<E> bounds{};
        visit_reset_bounds<E>(bounds, [&](const char* name, double value) { bounds_.push_back({name, value}); });
        add_state_names();
        add_infos();
        data_ = {
            name_.c_str(),
            E::max_episode_steps,
            {action_kind<ActionSpace>(), ActionSpace::size},
            {observation_kind(), ObservationTraits<E>::numbers},
            parameters_.parameters().data(),
            parameters_.parameters().size(),
            parameters_.numbers().size(),
            parameters_.numbers().data(),
            sizeof(Parameters),
            &read_parameters,
            &check_parameters,
            &get_spaces,
            nullptr,
            bounds_.data(),
            bounds_.size(),
            state_names_.data(),
            state_names_.size(),
            sizeof(RandomOf<E>),
            infos_.data(),
            infos_.size(),
            has_reset_info(),
            kernels_.data(),
            kernels_.size(),
        };
        if constexpr (HasFixedReward<E>) data_.get_fixed_reward = &get_fixed_reward;
    }

    Description(const Description&) = delete;
    Description& operator=(const Description&) = delete;

    /// The description, valid as long as this object.
    const EnvironmentDescription& data() const { return data_; }

private:
    void add_state_names() {
        State state{};
        E::visit_state(state, [&](const char* name, const auto& member) {
            if constexpr (is_array<std::remove_cvref_t<decltype(member)>>)
                for (std::size_t i = 0; i < member.size(); ++i)
                    names_of_state_.push_back(name + ("[" + std::to_string(i) + "]"));
            else
                names_of_state_.push_back(name);
        });
        for (const std::string& name : names_of_state_) state_names_.push_back(name.c_str());
    }

    void add_infos() {
        if constexpr (HasInfo<typename Tier::StepOutcome>) {
            InfoOf<typename Tier::StepOutcome> info{};
            E::visit_info(info, [&](const char* name, const auto& member) {
                using Traits = InfoTraits<std::remove_cvref_t<decltype(member)>>;
                infos_.push_back({name, ElementTypeOf<typename Traits::Element>::value, Traits::width});
            });
        }
    }

    static constexpr bool has_reset_info() {
        if constexpr (BatchTier<E>)
            return requires(const State& state) { E::reset_info(state); };
        else
            return requires(const Parameters& parameters, const State& state) { E::reset_info(parameters, state); };
    }

    static constexpr SpaceDescription::Kind observation_kind() {
        using Traits = ObservationTraits<E>;
        return Traits::is_box     ? SpaceDescription::Kind::box
               : Traits::is_tuple ? SpaceDescription::Kind::tuple
                                  : SpaceDescription::Kind::discrete;
    }

    static void read_parameters(const double* numbers, void* memory) {
        auto* parameters = new (memory) Parameters();
        visit_parameters<E>(*parameters, ReadNumbers(numbers));
    }

    static bool check_parameters(const void* memory, char* message, std::size_t size) {
        if constexpr (requires(const Parameters& parameters) { E::check(parameters); })
            return passes([&] { E::check(*static_cast<const Parameters*>(memory)); }, message, size);
        return true;
    }

    static void get_spaces(const void* memory, const SpaceBounds& bounds) {
        const auto& parameters = *static_cast<const Parameters*>(memory);
        if constexpr (is_discrete<ActionSpace>) {
            for (std::size_t i = 0; i < ActionSpace::size; ++i) bounds.action_n[i] = ActionSpace::limit(i);
        } else {
            const auto space = E::action_space(parameters);
            std::ranges::copy(space.low, bounds.action_low);
            std::ranges::copy(space.high, bounds.action_high);
        }
        const auto space = E::observation_space(parameters);
        if constexpr (ObservationTraits<E>::is_box) {
            std::ranges::copy(space.low, bounds.observation_low);
            std::ranges::copy(space.high, bounds.observation_high);
        } else if constexpr (ObservationTraits<E>::is_tuple) {
            std::apply([&](const auto&... part) { std::size_t i = 0; ((bounds.observation_n[i++] = part.n), ...); }, space);
        } else {
            bounds.observation_n[0] = space.n;
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
    EnvironmentDescription data_;
};

/// The description of a policy, with everything that it points to.
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
            name_.c_str(),
            P::observation_size,
            {action_kind<ActionSpace>(), ActionSpace::size},
            choices_.data(),
            PolicyDraws<P, xsimd::default_arch>,
            parameters_.parameters().data(),
            parameters_.parameters().size(),
            parameters_.numbers().size(),
            parameters_.numbers().data(),
            sizeof(P),
            &read_parameters,
            &check_parameters,
            functions_.data(),
            functions_.size(),
        };
    }

    PolicyDescriptionOf(const PolicyDescriptionOf&) = delete;
    PolicyDescriptionOf& operator=(const PolicyDescriptionOf&) = delete;

    /// The description, valid as long as this object.
    const PolicyDescription& data() const { return data_; }

private:
    template <class Visitor>
    static void visit_members([[maybe_unused]] P& policy, [[maybe_unused]] const Visitor& visit) {
        if constexpr (requires { P::visit_parameters(policy, visit); }) P::visit_parameters(policy, visit);
    }

    static void read_parameters(const double* numbers, void* memory) { visit_members(*new (memory) P(), ReadNumbers(numbers)); }

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

/// The description of E, with its kernels for the instruction sets `Arch`, best first. The kernels are compiled in other
/// translation units: the caller declares `extern template struct LibraryKernels<E, Arch>;` for each.
template <class E, class... Arch>
const EnvironmentDescription& describe() {
    static const detail::Description<E> description([] {
        std::vector<ArchitectureKernels> kernels;
        const auto add = [&]<class One>(One) {
            using Kernels = LibraryKernels<E, One>;
            const auto name = BatchTier<E> ? architecture_name<One>() : std::string_view("");
            if (Kernels::exists) kernels.push_back({name.data(), &Kernels::float32, &Kernels::float64});
        };
        (add(Arch{}), ...);
        return kernels;
    }());
    return description.data();
}

/// The description of a policy, with its functions for the instruction sets `Arch`, best first. The caller declares
/// `extern template struct LibraryPolicy<P, Arch>;` for each.
template <class P, class... Arch>
const PolicyDescription& describe_policy() {
    static const detail::PolicyDescriptionOf<P> description(
        {ArchitecturePolicy{architecture_name<Arch>().data(), &LibraryPolicy<P, Arch>::act}...});
    return description.data();
}

}  // namespace operant
