#pragma once
/// \file
/// Arranges the arrays of observations as the observation space is arranged: one array, a tuple or a dict.

#include <cstddef>
#include <string_view>
#include <vector>

#include <nanobind/nanobind.h>

#include <operant/core/output_list.hpp>

namespace operant::bindings {

/// The arrangement of the leaves of an observation space. Keys are sorted, as `gymnasium.spaces.Dict` sorts them.
class ObservationTree {
public:
    /// \param space the observation space, or a part of it
    /// \param first_leaf the index of its first leaf
    explicit ObservationTree(const SpaceDescription& space, std::size_t first_leaf = 0);

    /// Arranges one object for each leaf.
    /// \param object_of returns the object of the leaf with this index
    template <class ObjectOf>
    nanobind::object arranged(const ObjectOf& object_of) const {
        if (kind_ != SpaceKind::tuple && kind_ != SpaceKind::dict) return object_of(leaf_);
        if (kind_ == SpaceKind::tuple) {
            const nanobind::object tuple = nanobind::steal(PyTuple_New(static_cast<Py_ssize_t>(parts_.size())));
            if (!tuple.is_valid()) throw nanobind::python_error();
            for (std::size_t i = 0; i < parts_.size(); ++i)
                PyTuple_SetItem(tuple.ptr(), static_cast<Py_ssize_t>(i), parts_[i].arranged(object_of).release().ptr());
            return tuple;
        }
        nanobind::dict dict;
        for (const ObservationTree& part : parts_) {
            const nanobind::object value = part.arranged(object_of);
            if (PyDict_SetItem(dict.ptr(), part.key_.ptr(), value.ptr()) != 0) throw nanobind::python_error();
        }
        return dict;
    }

private:
    SpaceKind kind_;
    std::size_t leaf_;       // the index of the first leaf
    std::size_t leaves_;     // the number of leaves
    std::string_view name_;  // in a dict
    nanobind::object key_;   // the same for Python
    std::vector<ObservationTree> parts_;
};

}  // namespace operant::bindings
