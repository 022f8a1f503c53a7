#pragma once
/// \file
/// Lists the members of a struct once, for everything that handles them by name: keywords, state variables, infos.
///
///     struct State {
///         double position;
///         double velocity;
///         OPERANT_MEMBERS(position, velocity)
///     };
///     struct Parameters {
///         double mass = 1.0;
///         bool slippery = false;
///         OPERANT_PARAMETERS((mass, operant::Sign::positive, "[kg]"), (slippery, "true on ice"))
///     };

#include <array>
#include <cstddef>
#include <string_view>

#include <xsimd/xsimd.hpp>

/// Lists members of the struct in which it stands: `State::visit_members(state, visit)` calls `visit("name", state.name)` for
/// each. `State::with_members(state, function)` returns `function(state, state.name...)`, and `State::member_names()` the names.
#define OPERANT_MEMBERS(...)                                                    \
    template <class Self, class Visitor>                                        \
    static XSIMD_INLINE void visit_members([[maybe_unused]] Self& self, [[maybe_unused]] const Visitor& visit) { \
        OPERANT_FOR_EACH(OPERANT_VISIT_MEMBER, __VA_ARGS__)                     \
    }                                                                           \
    template <class Self, class Function>                                       \
    static XSIMD_INLINE constexpr decltype(auto) with_members(Self& self, const Function& function) { \
        return function(self OPERANT_FOR_EACH(OPERANT_AND_MEMBER, __VA_ARGS__)); \
    }                                                                           \
    static consteval auto member_names() {                                      \
        return ::operant::detail::names_of({OPERANT_FOR_EACH(OPERANT_NAME_OF_MEMBER, __VA_ARGS__) ""}); \
    }

/// Lists parameters of the struct in which it stands. Each entry is `(name, limits, "documentation")`; the limits depend on the
/// member's type, as docs/environment-contract.md lists them. `visit_parameters(parameters, visit)` calls `visit("name",
/// parameters.name, limits, "documentation")` for each.
#define OPERANT_PARAMETERS(...)                                                    \
    template <class Self, class Visitor>                                           \
    static XSIMD_INLINE void visit_parameters([[maybe_unused]] Self& self, [[maybe_unused]] const Visitor& visit) { \
        OPERANT_FOR_EACH(OPERANT_VISIT_PARAMETER, __VA_ARGS__)                     \
    }

/// \cond
#define OPERANT_VISIT_MEMBER(name) visit(#name, self.name);
#define OPERANT_AND_MEMBER(name) , self.name
#define OPERANT_NAME_OF_MEMBER(name) #name,
#define OPERANT_VISIT_PARAMETER(entry) OPERANT_VISIT_ENTRY entry
#define OPERANT_VISIT_ENTRY(name, ...) visit(#name, self.name __VA_OPT__(, ) __VA_ARGS__);

// Calls macro(argument) for each argument, up to 341 of them. A macro cannot call itself, but each OPERANT_EXPAND scans its
// arguments once more, and finds the call that OPERANT_NEXT has left.
#define OPERANT_FOR_EACH(macro, ...) __VA_OPT__(OPERANT_EXPAND(OPERANT_EACH(macro, __VA_ARGS__)))
#define OPERANT_EACH(macro, first, ...) macro(first) __VA_OPT__(OPERANT_NEXT OPERANT_PARENTHESES(macro, __VA_ARGS__))
#define OPERANT_NEXT() OPERANT_EACH
#define OPERANT_PARENTHESES ()
#define OPERANT_EXPAND(...) OPERANT_EXPAND_4(OPERANT_EXPAND_4(OPERANT_EXPAND_4(OPERANT_EXPAND_4(__VA_ARGS__))))
#define OPERANT_EXPAND_4(...) OPERANT_EXPAND_3(OPERANT_EXPAND_3(OPERANT_EXPAND_3(OPERANT_EXPAND_3(__VA_ARGS__))))
#define OPERANT_EXPAND_3(...) OPERANT_EXPAND_2(OPERANT_EXPAND_2(OPERANT_EXPAND_2(OPERANT_EXPAND_2(__VA_ARGS__))))
#define OPERANT_EXPAND_2(...) OPERANT_EXPAND_1(OPERANT_EXPAND_1(OPERANT_EXPAND_1(OPERANT_EXPAND_1(__VA_ARGS__))))
#define OPERANT_EXPAND_1(...) __VA_ARGS__
/// \endcond

namespace operant {

namespace detail {

/// Returns all names but the last.
template <std::size_t size>
consteval std::array<std::string_view, size - 1> names_of(const std::string_view (&names)[size]) {
    std::array<std::string_view, size - 1> result;
    for (std::size_t i = 0; i + 1 < size; ++i) result[i] = names[i];
    return result;
}

}  // namespace detail

/// The names of an enum's values, string literals, in their order: the limits of a parameter that is an enum.
template <std::size_t... size>
consteval std::array<std::string_view, sizeof...(size)> choices(const char (&... names)[size]) {
    return {names...};
}

}  // namespace operant
