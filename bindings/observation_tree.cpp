#include "observation_tree.hpp"

#include <algorithm>

namespace nb = nanobind;

namespace operant::bindings {

ObservationTree::ObservationTree(const SpaceDescription& space, std::size_t first_leaf)
    : kind_(space.kind), leaf_(first_leaf), name_(space.name), key_(nb::steal(PyUnicode_InternFromString(space.name))) {
    leaves_ = space.part_count == 0 ? 1 : 0;
    for (std::size_t i = 0; i < space.part_count; ++i)
        leaves_ += parts_.emplace_back(space.parts[i], first_leaf + leaves_).leaves_;
    if (kind_ == SpaceKind::dict) std::ranges::sort(parts_, {}, &ObservationTree::name_);
}

}  // namespace operant::bindings
