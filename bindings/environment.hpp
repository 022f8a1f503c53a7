#pragma once
/// \file
/// An environment of a library, as Python sees it.

#include <cstddef>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <operant/environment_library.hpp>

namespace operant::bindings {

namespace nb = nanobind;

/// Parameters as numbers: of shape (number_count,), or (num_envs, number_count) with one row for each copy.
using Numbers = nb::ndarray<const double, nb::c_contig, nb::device::cpu>;

/// The description of an environment. Libraries stay loaded for ever, so that it does, too.
class Environment {
public:
    explicit Environment(const EnvironmentDescription& description) : description_(&description) {}

    const EnvironmentDescription& description() const { return *description_; }

    /// What a copy takes at least: its state in float32, elapsed steps, random stream, and a row of each output array.
    std::size_t bytes_per_copy() const;
    /// Name, documentation, kind, default and so on of every parameter.
    nb::list parameters() const;
    /// Default values by name.
    nb::dict reset_bounds() const;
    /// Names of the state variables.
    nb::list state_names() const;
    /// (name, dtype, width) of every info.
    nb::list infos() const;
    /// What steps write: (role, name, dtype, width) of every array.
    nb::list outputs(const std::string& autoreset_mode, bool episode_statistics) const;
    /// \param numbers of all copies, or a row for each
    /// \throws std::invalid_argument when the parameters are refused
    /// \return for "action" and "observation" (kind, low, high, n): three arrays with a row for each row of `numbers`
    nb::dict spaces(const Numbers& numbers) const;

private:
    const EnvironmentDescription* description_;
};

/// The mode with that value in Gymnasium's enum. \throws nb::value_error when there is none
AutoresetMode autoreset_mode_of(const std::string& value);

/// The environments that this module has.
std::vector<Environment> builtin_environments();

/// A shared library of environments and policies.
/// \throws nb::import_error when it cannot be loaded, is none, or is one of another version
const EnvironmentLibrary& load_library(const std::string& path);

/// Those of a library.
std::vector<Environment> environments_of(const EnvironmentLibrary& library);

/// The instruction set in use, chosen when the module is imported.
std::string_view active_architecture();

}  // namespace operant::bindings
