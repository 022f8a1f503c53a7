#pragma once
/// \file
/// Releases the GIL, so that other Python threads run during a step.

#include <nanobind/nanobind.h>

namespace operant::bindings {

/// Releases the GIL during its lifetime, unless the interpreter has begun to exit.
///
/// If a daemon thread asks for the GIL after the interpreter has begun to exit, Python before 3.14 ends the thread by
/// unwinding its stack, which makes C++ call std::terminate. So the exit waits for all threads that have released the GIL,
/// and from then on no thread releases it.
class ReleasedGil {
public:
    ReleasedGil();
    ~ReleasedGil();
    ReleasedGil(const ReleasedGil&) = delete;
    ReleasedGil& operator=(const ReleasedGil&) = delete;

    /// Call this once, when the module is imported.
    static void prepare_exit();

private:
    PyThreadState* thread_ = nullptr;
};

}  // namespace operant::bindings
