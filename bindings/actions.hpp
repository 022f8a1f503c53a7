#pragma once
/// \file
/// Reads numpy arrays of actions without a conversion.

#include <cstddef>

#include <nanobind/nanobind.h>

namespace operant::bindings {

enum class ActionType { int32, int64, float32, float64, other };

/// Must be called once, when the module is imported, before `view_actions`.
void prepare_actions();

/// The actions in an array's memory. The type is `other` if they have to be converted first.
struct ActionView {
    ActionType type = ActionType::other;
    const void* data = nullptr;
};

/// Views a numpy array of shape (num_envs, size), or (num_envs,) if size is 1, that is contiguous, aligned and in native byte
/// order. Reads the fields of the array directly, because a general conversion takes as long as a step of a few envs.
ActionView view_actions(nanobind::handle actions, std::size_t num_envs, std::size_t size);

}  // namespace operant::bindings
