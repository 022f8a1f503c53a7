#pragma once
/// \file
/// Finds mistakes in the `visit_...` functions of an environment or a policy. These functions need not be constexpr, so
/// static_assert cannot check them, but the description shows their results.

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <operant/abi/library.hpp>

namespace operant {
namespace detail {

/// Looks for names that are empty or occur twice.
/// \param function the function that gives the names, such as "an environment's `visit_state`"
/// \param names the names; arrays and structs give names such as "name[0]" and "name.member"
/// \return the first mistake in a sentence; empty if there is none
inline std::string mistake_in_names(const std::string& function, std::vector<std::string_view> names) {
    for (const std::string_view name : names)
        if (name.empty() || name.front() == '[' || name.front() == '.')
            return function + " gives an empty name: every member needs one";
    if (names.empty()) return "";  // qsort takes no null pointer
    // std::sort takes the compiler longer.
    std::qsort(names.data(), names.size(), sizeof(std::string_view), [](const void* a, const void* b) {
        return static_cast<const std::string_view*>(a)->compare(*static_cast<const std::string_view*>(b));
    });
    const auto twice = std::adjacent_find(names.begin(), names.end());
    return twice == names.end() ? "" : function + " gives the name \"" + std::string(*twice) + "\" twice: choose another one";
}

/// Lists the names of descriptions.
template <class Described>
std::vector<std::string_view> names_of(const Described* described, std::size_t count) {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < count; ++i) names.emplace_back(described[i].name);
    return names;
}

}  // namespace detail

/// Finds the first mistake in an environment's description.
/// \return a sentence; empty if there is no mistake
inline std::string mistake_in(const EnvironmentDescription& environment) {
    if (std::string_view(environment.name).empty()) return "an environment's `name` is empty";
    for (const std::string& mistake :
         {detail::mistake_in_names("an environment's `visit_parameters`",
                                   detail::names_of(environment.parameters, environment.parameter_count)),
          detail::mistake_in_names("an environment's `visit_reset_bounds`",
                                   detail::names_of(environment.reset_bounds, environment.reset_bound_count)),
          detail::mistake_in_names("an environment's `visit_state`",
                                   {environment.state_names, environment.state_names + environment.state_size}),
          detail::mistake_in_names("an environment's `visit_info`",
                                   detail::names_of(environment.infos, environment.info_count))})
        if (!mistake.empty()) return mistake;
    if (environment.visited_numbers < environment.state_size) return "an environment's `visit_state` visits a member twice";
    if (environment.visited_numbers < environment.numbers_in_state)
        return "an environment's `visit_state` visits " + std::to_string(environment.visited_numbers) + " of the " +
               std::to_string(environment.numbers_in_state) + " numbers in its State: the others would be lost";
    return "";
}

/// Finds the first mistake in a policy's description.
inline std::string mistake_in(const PolicyDescription& policy) {
    if (std::string_view(policy.name).empty()) return "a policy's `policy_name` is empty";
    return detail::mistake_in_names("a policy's `visit_parameters`",
                                    detail::names_of(policy.parameters, policy.parameter_count));
}

}  // namespace operant
