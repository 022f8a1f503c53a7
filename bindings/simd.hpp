#pragma once
/// \file
/// The one place that asks the processor what it can do, and chooses the kernels accordingly.

#include <string>
#include <string_view>
#include <vector>

#include "kernels.hpp"

namespace operant::bindings {

struct Architecture {
    std::string_view name;
    bool available;  ///< the processor and the operating system support it
    AllKernels (*kernels)();
};

/// All architectures that this build has kernels for, best first.
std::vector<Architecture> compiled_architectures();

/// The one that `forced` names, or the best available when it is empty.
/// \throws std::runtime_error when there is no such architecture or the processor lacks it
Architecture choose_architecture(std::string_view forced);

}  // namespace operant::bindings
