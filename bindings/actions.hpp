#pragma once
/// \file
/// Reads numpy arrays of actions without a conversion.

#include <cstddef>

#include <nanobind/nanobind.h>

#include <operant/core/engine.hpp>

namespace operant::bindings {

/// Must be called once, when the module is imported, before `view_actions`.
void prepare_actions();

/// Views a numpy array of shape (rows, size), or (rows,) if size is 1, that is contiguous, aligned and in native byte order, and
/// whose type the environment takes. Its `data` is null if the array has to be converted first. Reads the fields of the array
/// directly, because a general conversion takes as long as a step of a few envs.
/// \param rows the number of envs, or of envs and steps
ActionArray view_actions(nanobind::handle actions, const Engine& core, std::size_t rows);

}  // namespace operant::bindings
