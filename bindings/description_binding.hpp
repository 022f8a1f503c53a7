#pragma once
/// \file
/// `_core.EnvironmentDescription` and `_core.Parameters`: the description of an environment and its checked parameters.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <operant/abi/library.hpp>
#include <operant/core/parameter_table.hpp>

namespace operant::bindings {

namespace nb = nanobind;

/// Parameters as numbers, of shape (number_count,), or (num_envs, number_count) with one row per env.
using Numbers = nb::ndarray<const double, nb::c_contig, nb::device::cpu>;

/// Checked parameters. Python reads the spaces from them and passes them to an Engine.
class ParametersBinding {
public:
    /// \throws std::invalid_argument if the parameters are invalid
    ParametersBinding(const EnvironmentDescription& environment, const Numbers& numbers)
        : table_(std::make_shared<const ParameterTable>(
              environment, std::vector<double>(numbers.data(), numbers.data() + numbers.size()),
              numbers.ndim() == 2 ? numbers.shape(0) : 1)) {}

    const std::shared_ptr<const ParameterTable>& table() const { return table_; }

    /// \return (kind, low, high, n) for "action" and (low, high, n), with the numbers of all leaves, for "observation". The last
    ///         three are arrays with one row, or with one row per env if each env has its own parameters
    nb::dict spaces() const;

private:
    std::shared_ptr<const ParameterTable> table_;
};

/// The description of an environment. It is never destroyed, because libraries are never unloaded.
class DescriptionBinding {
public:
    explicit DescriptionBinding(const EnvironmentDescription& description) : description_(&description) {}

    const EnvironmentDescription& description() const { return *description_; }

    /// The least memory that an env needs [bytes]: its state in float32, elapsed steps, random stream, and a row of each
    /// output array.
    std::size_t bytes_per_env() const;
    /// A dict per parameter, with name, documentation, kind, default and so on.
    nb::list parameters() const;
    /// The default values by name.
    nb::dict reset_bounds() const;
    /// The names of the state variables.
    nb::list state_names() const;
    /// (name, dtype, shape of one env) of every info.
    nb::list infos() const;
    /// (kind, dtype, shape) of every leaf of the observation space.
    nb::list leaves() const;
    /// The indices of the leaves, arranged as observations are: an int, or a tuple or dict of them.
    nb::object observation_tree() const;
    /// As leaves(), of the action space.
    nb::list action_leaves() const;
    /// As observation_tree(), of the action space.
    nb::object action_tree() const;
    /// (role, name, dtype, shape) of every array that steps write.
    nb::list outputs(const std::string& autoreset_mode, bool episode_statistics) const;

private:
    const EnvironmentDescription* description_;
};

/// The mode with this value in Gymnasium's enum. \throws nb::value_error if there is none
AutoresetMode autoreset_mode_of(const std::string& value);

/// The environments that are built into this module.
std::vector<DescriptionBinding> builtin_environments();

/// Loads a shared library of environments and policies. The path is in the encoding of the file system; on Windows, UTF-8.
/// \throws nb::python_error, an ImportError, if the library cannot be loaded, is of another kind or has another version
const EnvironmentLibrary& load_library(const std::string& path);

/// The environments of a library.
std::vector<DescriptionBinding> environments_of(const EnvironmentLibrary& library);

/// The instruction set in use, chosen when the module is imported.
std::string_view active_architecture();

}  // namespace operant::bindings
