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

/// Makes a numpy array.
/// \param data receives the address of its numbers
template <class T>
nb::object new_array(std::size_t rows, std::size_t width, void*& data) {
    data = new T[rows * width];
    const nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    const std::size_t shape[] = {rows, width};
    return nb::ndarray<nb::numpy, T>(data, 2, shape, owner).cast();
}

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

/// A dict per parameter of an environment or a policy, with name, documentation, kind, default and so on.
nb::list parameters_of(const EnvironmentDescription& description);

/// The mode with this value in Gymnasium's enum. \throws nb::value_error if there is none
AutoresetMode autoreset_mode_of(const std::string& value);

/// Loads a shared library of environments and policies. The path is in the encoding of the file system; on Windows, UTF-8.
/// \throws nb::python_error, an ImportError, if the library cannot be loaded, is of another kind or has another version
const EnvironmentLibrary& load_library(const std::string& path);

/// The instruction set in use, chosen when the module is imported.
std::string_view active_architecture();

/// Adds the descriptions of environments, which are never destroyed, because libraries are never unloaded.
void bind_descriptions(nb::module_& module);

}  // namespace operant::bindings
