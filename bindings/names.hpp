#pragma once
/// \file
/// The names that Python uses for the values of the core's enums.

#include <array>
#include <cstddef>

#include <operant/abi/library.hpp>

namespace operant::bindings {

/// numpy's names of the types, in the order of ElementType.
inline constexpr std::array element_types{"float32", "float64", "int8",  "int32",  "uint32", "int64",
                                          "bool",    "uint8",   "int16", "uint16", "uint64"};
/// The names of the spaces, in the order of SpaceKind.
inline constexpr std::array space_kinds{"box", "discrete", "multi_discrete", "multi_binary", "tuple", "dict"};

inline const char* name_of(ElementType type) { return element_types[static_cast<std::size_t>(type)]; }
inline const char* name_of(SpaceKind kind) { return space_kinds[static_cast<std::size_t>(kind)]; }

}  // namespace operant::bindings
