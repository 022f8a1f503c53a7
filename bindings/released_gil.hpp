#pragma once
/// \file
/// Work during which other Python threads run.

#include <nanobind/nanobind.h>

namespace operant::bindings {

/// Lets go of the GIL while it lives, unless the interpreter is about to exit.
///
/// A daemon thread that comes back for the GIL when the interpreter has begun to exit is ended by Python before 3.14,
/// by unwinding its stack, which C++ answers with std::terminate. So the exit waits for those that are out, and from then
/// on nobody lets go.
class ReleasedGil {
public:
    ReleasedGil();
    ~ReleasedGil();
    ReleasedGil(const ReleasedGil&) = delete;
    ReleasedGil& operator=(const ReleasedGil&) = delete;

    /// To be called once, when the module is imported.
    static void prepare_exit();

private:
    PyThreadState* thread_ = nullptr;
};

}  // namespace operant::bindings
