#pragma once
/// \file
/// Checks the types of the members in the lists of an environment, and explains a wrong one in one sentence. The compiler's
/// notes have the line of the list.

#include <cstddef>
#include <type_traits>

#include <operant/contract/parameters.hpp>
#include <operant/contract/spaces.hpp>

namespace operant::detail {

/// True for a type that an env can store or report, and arrays of it. Pointers, containers and strings are not such types.
template <class Member, class Number = typename NumberIn<Member>::type>
inline constexpr bool is_plain =
    std::is_trivially_copyable_v<Number> && !std::is_pointer_v<Number> && !std::is_array_v<Number>;
/// True for a plain number, or an array of such numbers, which is the same in all lanes.
template <class Member>
inline constexpr bool is_scalar = std::is_scalar_v<typename NumberIn<Member>::type>;

/// Checks the type of each member of a State.
template <bool is_batch_tier>
struct CheckStateMember {
    template <class Member>
    void operator()(const char*, const Member&) const {
        static_assert(is_plain<Member>,
                      "a member of an environment's State is a number, an enum or a std::array of them, not a pointer, a container, a "
                      "string or a C array");
        static_assert(!is_batch_tier || !is_scalar<Member>,
                      "a member of an environment's State<Number> is a Number, an Integer<Number>, an Angle<Number> or a std::array "
                      "of them, so that it has a value for each lane");
    }
};

/// Checks the type of each member of an info.
struct CheckInfoMember {
    template <class Member>
    void operator()(const char*, const Member&) const {
        static_assert(is_plain<Member>,
                      "a member of an environment's info is a number, a bool or a std::array of them, not a pointer, a container, a "
                      "string or a C array");
    }
};

/// Checks the type of each bound of a reset.
struct CheckBound {
    template <class Member>
    void operator()(const char*, const Member&) const {
        static_assert(std::is_same_v<Member, double>, "a member of an environment's ResetBounds is a double");
    }
};

/// True if the first of some types converts to Expected.
template <class Expected, class... Type>
inline constexpr bool starts_with = false;
template <class Expected, class First, class... Rest>
inline constexpr bool starts_with<Expected, First, Rest...> = std::is_convertible_v<const First&, Expected>;

/// Checks the type of each parameter, and that its limits suit its type.
struct CheckParameter {
    template <class Member, class... Limits>
    void operator()(const char*, const Member&, const Limits&...) const {
        static_assert(is_plain<Member>,
                      "a member of an environment's Parameters is a number, a bool, an enum, an operant::Grid or a std::array of "
                      "numbers, not a pointer, a container, a string or a C array");
        if constexpr (std::is_arithmetic_v<Member> && !std::is_same_v<Member, bool>)
            static_assert(sizeof...(Limits) != 0 && !starts_with<const char*, Limits...>,
                          "an environment's parameter that is a number needs its limits in the list: `(name, operant::Sign::any, "
                          "\"documentation\")`, `not_negative` or `positive`, or an operant::Range");
        if constexpr (std::is_same_v<Member, bool>)
            static_assert(sizeof...(Limits) == 0 || starts_with<const char*, Limits...>,
                          "an environment's parameter that is a bool has no limits: `(name, \"documentation\")`");
        if constexpr (std::is_enum_v<Member>)
            static_assert(sizeof...(Limits) != 0 && !starts_with<Sign, Limits...> && !starts_with<const char*, Limits...>,
                          "an environment's parameter that is an enum needs the names of its values in the list: `(name, "
                          "operant::choices(\"first\", \"second\"), \"documentation\")`");
    }
};

}  // namespace operant::detail
