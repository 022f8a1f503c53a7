#include "observation_tree.hpp"

#include <algorithm>
#include <string_view>

namespace nb = nanobind;

namespace operant::bindings {
namespace {

/// The parts of a space with the indices of their first leaves.
struct Numbered {
    const SpaceDescription* space;
    std::size_t first_leaf;
};

std::size_t leaves_of(const SpaceDescription& space) {
    std::size_t count = 0;
    for_each_leaf(space, [&](const SpaceDescription&) { ++count; });
    return count;
}

}  // namespace

ObservationTree::ObservationTree(const SpaceDescription& space, std::size_t first_leaf)
    : kind_(space.kind), leaf_(first_leaf), key_(nb::steal(PyUnicode_InternFromString(space.name))) {
    std::vector<Numbered> parts;
    for (std::size_t i = 0; i < space.part_count; ++i) {
        parts.push_back({&space.parts[i], first_leaf});
        first_leaf += leaves_of(space.parts[i]);
    }
    if (kind_ == SpaceKind::dict)
        std::ranges::sort(parts, {}, [](const Numbered& part) { return std::string_view(part.space->name); });
    for (const auto& [part, leaf] : parts) parts_.emplace_back(*part, leaf);
}

}  // namespace operant::bindings
