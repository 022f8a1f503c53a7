#pragma once
/// \file
/// `_core.FunctionEnvironment`: an environment that is described in Python and consists of functions in memory.

#include <nanobind/nanobind.h>

#include <operant/abi/library.hpp>

namespace operant::bindings {

namespace nb = nanobind;

/// The description of an environment, and the functions it consists of.
class FunctionEnvironment {
public:
    /// \param description a dict, as Declaration.description in Python makes it
    /// \param program has `explain_address`, the address of a function of the type of FunctionTable::explain, and `functions()`,
    ///        which returns the addresses of step, restart and observe. The first vector environment calls it.
    FunctionEnvironment(const nb::dict& description, nb::object program);

    const EnvironmentDescription& description() const;

private:
    struct Data;
    Data* data_;  // never deleted: vector environments may outlive the class in Python, as they may outlive a library's
};

/// Returns the exception of an environment in Python that has led to a message, or None.
nb::object cause_in_python(const char* message);

/// Adds FunctionEnvironment, and numpy's draws from a generator at an address.
void bind_function_environments(nb::module_& module);

}  // namespace operant::bindings
