#pragma once
/// \file
/// Finds the numbers in a numpy array of actions.

#include <cstddef>

#include <nanobind/nanobind.h>

namespace operant::bindings {

enum class ActionType { int32, int64, float32, float64, other };

/// Call this once, when the module is imported, before `view_actions`.
void prepare_actions();

/// The actions in an array's memory, or `other` if they cannot be used without a conversion.
struct ActionView {
    ActionType type = ActionType::other;
    const void* data = nullptr;
};

/// Views a numpy array of shape (num_envs, size), or (num_envs,) if size is 1, that is contiguous, aligned and in native byte
/// order. This reads the fields of the array directly, because a general conversion takes as long as a step of a few copies.
ActionView view_actions(nanobind::handle actions, std::size_t num_envs, std::size_t size);

}  // namespace operant::bindings
