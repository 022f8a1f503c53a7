#pragma once
/// \file
/// The method `step` of the Python class, written in C. It is as fast as the core's own method, and Python treats it like any
/// method of a class.

#include <nanobind/nanobind.h>

namespace operant::bindings {

/// Defines `step_method` in the module, which takes a Python function and returns a method with the same behaviour. EngineBinding
/// must be bound already.
void bind_step_method(nanobind::module_& module);

}  // namespace operant::bindings
