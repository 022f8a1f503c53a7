#pragma once
/// \file
/// The description of an environment, as Python sees it.

#include <cstddef>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <operant/environment_library.hpp>

namespace operant::bindings {

namespace nb = nanobind;

/// Parameters as numbers, of shape (number_count,), or (num_envs, number_count) with one row per copy.
using Numbers = nb::ndarray<const double, nb::c_contig, nb::device::cpu>;

/// The description of an environment. It is never destroyed, because libraries are never unloaded.
class Environment {
public:
    explicit Environment(const EnvironmentDescription& description) : description_(&description) {}

    const EnvironmentDescription& description() const { return *description_; }

    /// The least memory that a copy needs [bytes]: its state in float32, elapsed steps, random stream, and a row of each
    /// output array.
    std::size_t bytes_per_copy() const;
    /// A dict per parameter, with name, documentation, kind, default and so on.
    nb::list parameters() const;
    /// The default values by name.
    nb::dict reset_bounds() const;
    /// The names of the state variables.
    nb::list state_names() const;
    /// (name, dtype, width) of every info.
    nb::list infos() const;
    /// (role, name, dtype, width) of every array that steps write.
    nb::list outputs(const std::string& autoreset_mode, bool episode_statistics) const;
    /// \param numbers the parameters of all copies, or a row per copy
    /// \throws std::invalid_argument if the parameters are invalid
    /// \return (kind, low, high, n) for "action" and for "observation"; the last three are arrays with a row for each row of
    ///         `numbers`
    nb::dict spaces(const Numbers& numbers) const;

private:
    const EnvironmentDescription* description_;
};

/// The mode with this value in Gymnasium's enum. \throws nb::value_error if there is none
AutoresetMode autoreset_mode_of(const std::string& value);

/// The environments that are built into this module.
std::vector<Environment> builtin_environments();

/// Loads a shared library of environments and policies.
/// \throws nb::import_error if it cannot be loaded, or is another kind of library, or has another version
const EnvironmentLibrary& load_library(const std::string& path);

/// The environments of a library.
std::vector<Environment> environments_of(const EnvironmentLibrary& library);

/// The instruction set in use, chosen when the module is imported.
std::string_view active_architecture();

}  // namespace operant::bindings
