#pragma once
/// \file
/// Finds the numbers inside of a numpy array of actions.

#include <cstddef>

#include <nanobind/nanobind.h>

namespace operant::bindings {

enum class ActionType { int32, int64, float32, float64, other };

/// To be called once, when the module is imported, before `view_actions`.
void prepare_actions();

/// Actions where they lie, or `other` when they cannot be used without a conversion.
struct ActionView {
    ActionType type = ActionType::other;
    const void* data = nullptr;
};

/// Looks at a numpy array of shape (num_envs, size), or, if size is 1, (num_envs,), that is contiguous, aligned and in
/// native byte order. Reads the array's own fields: a general array conversion costs as much as stepping a few copies.
ActionView view_actions(nanobind::handle actions, std::size_t num_envs, std::size_t size);

}  // namespace operant::bindings
